//! `~/query_regions`: what was seen, from memory.

use r2r::segcap::srv::QueryRegions;
use tokio_util::task::TaskTracker;

use super::{Pending, Serving, serve};
use crate::core::query::Query;
use crate::ros::cameras::Cameras;
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;
use crate::runtime::api::Refusal;

/// Answers every call in a task of its own, which `calls` knows, so that the thread `ros-spin` goes on meanwhile.
///
/// # Errors
/// When rcl cannot create the service.
///
/// # Panics
/// Outside a tokio runtime.
pub fn serve_query_regions(
    node: &mut r2r::Node,
    handle: Handle,
    cameras: Cameras,
    calls: TaskTracker,
) -> r2r::Result<Serving> {
    let tokio = tokio::runtime::Handle::current();
    let qos = interfaces::service_qos();
    serve::<QueryRegions::Service>(node, interfaces::QUERY_REGIONS, qos, move |request, pending| {
        calls.spawn_on(answer(handle.clone(), cameras.clone(), request, pending), &tokio);
    })
}

async fn answer(
    handle: Handle,
    cameras: Cameras,
    request: QueryRegions::Request,
    pending: Pending<QueryRegions::Service>,
) {
    let include_masks = request.include_masks;
    let query = convert::query(request).and_then(|query| of_camera(&cameras, query));
    let response = match query.and_then(|query| handle.query(&query)) {
        Ok(recalled) => convert::recalled(&recalled, include_masks),
        Err(refusal) => {
            log::debug!("query_regions: {}: {refusal}", refusal.code);
            convert::query_refused(&refusal)
        }
    };
    pending.respond_in_turn(response).await;
}

/// No camera means all of them; but a pixel is one of a certain camera.
fn of_camera(cameras: &Cameras, mut query: Query) -> Result<Query, Refusal> {
    if !query.camera.is_empty() || query.is_about_pixels() {
        query.camera = cameras.find(&query.camera)?.to_string();
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::result_code::ResultCode;
    use crate::core::settings::configuration::InputOptions;

    #[test]
    fn a_pixel_is_one_of_a_camera() {
        let names = ["front", "rear"].map(str::to_owned).to_vec();
        let two = Cameras::new(&InputOptions { cameras: names, ..InputOptions::default() });
        let one = Cameras::new(&InputOptions { cameras: vec!["front".to_owned()], ..InputOptions::default() });
        let pixel = Query { point: Some((1.0, 1.0)), ..Query::default() };
        assert_eq!(of_camera(&two, pixel.clone()).unwrap_err().code, ResultCode::NotFound);
        assert_eq!(of_camera(&one, pixel).unwrap().camera, "front");
        assert_eq!(of_camera(&two, Query::default()).unwrap().camera, "");
        let wrong = Query { camera: "left".into(), ..Query::default() };
        assert!(of_camera(&two, wrong).unwrap_err().message.contains("one of front, rear"));
    }
}

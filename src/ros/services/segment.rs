//! `~/segment`: the whole job in one call.

use r2r::segcap::srv::Segment;
use tokio_util::task::TaskTracker;

use super::{Pending, Serving, serve};
use crate::ros::cameras::Cameras;
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;
use crate::runtime::api::{Refusal, SegmentRequest};

/// Answers every call in a task of its own, which `calls` knows, so that shutdown can wait for the last answers. The
/// runtime bounds how many wait (`limits.max_pending`).
///
/// # Errors
/// When rcl cannot create the service.
///
/// # Panics
/// Outside a tokio runtime.
pub fn serve_segment(
    node: &mut r2r::Node,
    handle: Handle,
    cameras: Cameras,
    calls: TaskTracker,
) -> r2r::Result<Serving> {
    let tokio = tokio::runtime::Handle::current();
    serve::<Segment::Service>(node, interfaces::SEGMENT, interfaces::service_qos(), move |request, pending| {
        calls.spawn_on(answer(handle.clone(), cameras.clone(), request, pending), &tokio);
    })
}

async fn answer(handle: Handle, cameras: Cameras, request: Segment::Request, pending: Pending<Segment::Service>) {
    let answer = match convert::segment_request(request).and_then(|request| for_camera(&cameras, request)) {
        Ok(request) => handle.segment(request).await,
        Err(refusal) => Err(refusal),
    };
    let response = match answer {
        Ok(array) => convert::segmented(&array),
        Err(refusal) => {
            log::debug!("segment: {}: {refusal}", refusal.code);
            convert::refused(&refusal)
        }
    };
    pending.respond_in_turn(response).await;
}

/// A request's own image is of no camera; otherwise the camera must be there.
fn for_camera(cameras: &Cameras, mut request: SegmentRequest) -> Result<SegmentRequest, Refusal> {
    if request.image.is_none() {
        request.camera = cameras.find(&request.camera)?.to_string();
    }
    Ok(request)
}

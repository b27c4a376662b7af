//! Prompts that come as messages: `~/prompts`, `~/prompt_point`, clicks into the overlay, and a detector's boxes.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
#[cfg(has_vision_msgs)]
use futures::stream::BoxStream;
use futures::stream::select_all;
use r2r::geometry_msgs::msg::{Point, PointStamped};
use r2r::segcap::msg::PromptArray;

use crate::core::result_code::ResultCode;
use crate::ros::services::Serving;
use crate::ros::throttle::{Throttle, more};
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;
use crate::runtime::api::{PromptSubmission, Refusal};

/// Subscribes to a camera's prompts.
///
/// # Errors
/// When rcl cannot create a subscription.
pub fn take_prompts(node: &mut r2r::Node, camera: &Arc<str>, handle: &Handle) -> r2r::Result<Serving> {
    let topic = |name| interfaces::camera_topic(camera, name);
    let qos = interfaces::prompts_qos();
    let prompts = node.subscribe::<PromptArray>(&topic(interfaces::PROMPTS), qos.clone())?;
    let points = node.subscribe::<PointStamped>(&topic(interfaces::PROMPT_POINT), qos.clone())?;
    let clicks = node.subscribe::<Point>(&topic(interfaces::OVERLAY_CLICK), qos)?;

    let names = [Arc::clone(camera), Arc::clone(camera), Arc::clone(camera)];
    let [for_prompts, for_points, for_clicks] = names;
    let prompts = prompts.map(move |message| convert::prompt_submission(&for_prompts, message));
    let points = points.map(move |message| Ok(convert::click(&for_points, message.point.x, message.point.y)));
    let clicks = clicks.map(move |message| Ok(convert::click(&for_clicks, message.x, message.y)));
    let sources = [prompts.boxed(), points.boxed(), clicks.boxed()];
    #[cfg(has_vision_msgs)]
    let sources = sources.into_iter().chain([take_boxes(node, camera)?]);
    let mut submissions = select_all(sources);

    let mut sink = Sink { handle: handle.clone(), throttle: Throttle::default() };
    Ok(Box::pin(async move {
        while let Some(submission) = submissions.next().await {
            sink.take(submission);
        }
    }))
}

/// Prompts, or why a message holds none.
type Submission = Result<PromptSubmission, Refusal>;

/// Any detector's boxes. That it has found nothing is no fault.
#[cfg(has_vision_msgs)]
fn take_boxes(node: &mut r2r::Node, camera: &Arc<str>) -> r2r::Result<BoxStream<'static, Submission>> {
    let topic = interfaces::camera_topic(camera, interfaces::PROMPT_BOXES);
    let boxes = node.subscribe::<r2r::vision_msgs::msg::Detection2DArray>(&topic, interfaces::prompts_qos())?;
    let camera = Arc::clone(camera);
    let found = boxes.filter(|message| std::future::ready(!message.detections.is_empty()));
    Ok(found.map(move |message| convert::box_prompts(&camera, &message)).boxed())
}

struct Sink {
    handle: Handle,
    throttle: Throttle<ResultCode>,
}

impl Sink {
    fn take(&mut self, submission: Submission) {
        if let Err(refusal) = submission.and_then(|prompts| self.handle.prompts(prompts))
            && let Some(untold) = self.throttle.tell(refusal.code, &refusal.message, Instant::now())
        {
            log::warn!("prompts refused: {}: {refusal}{}", refusal.code, more(untold));
        }
    }
}

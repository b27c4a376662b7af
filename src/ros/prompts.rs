//! Prompts that come as messages: `~/prompts`, `~/prompt_point`, and clicks into the overlay.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use r2r::geometry_msgs::msg::{Point, PointStamped};
use r2r::segcap::msg::PromptArray;

use super::services::Serving;
use super::throttle::{Throttle, more};
use super::{convert, interfaces};
use crate::core::code::ResultCode;
use crate::runtime::Handle;
use crate::runtime::api::PromptSubmission;

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
    let points = points.map(move |message| convert::click(&for_points, message.point.x, message.point.y));
    let clicks = clicks.map(move |message| convert::click(&for_clicks, message.x, message.y));
    let mut submissions = futures::stream::select_all([prompts.boxed(), points.boxed(), clicks.boxed()]);

    let mut sink = Sink { handle: handle.clone(), throttle: Throttle::default() };
    Ok(Box::pin(async move {
        while let Some(submission) = submissions.next().await {
            sink.submit(submission);
        }
    }))
}

struct Sink {
    handle: Handle,
    throttle: Throttle<ResultCode>,
}

impl Sink {
    fn submit(&mut self, submission: PromptSubmission) {
        if let Err(refusal) = self.handle.prompts(submission)
            && let Some(untold) = self.throttle.tell(refusal.code, &refusal.message, Instant::now())
        {
            log::warn!("prompts refused: {}: {refusal}{}", refusal.code, more(untold));
        }
    }
}

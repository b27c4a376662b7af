//! The way out: everything that the runtime has to say becomes messages, in the order in which it was said.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use image::RgbImage;
use r2r::Publisher;
use r2r::segcap::msg::RegionArray as RegionArrayMessage;
use r2r::sensor_msgs::msg::Image as ImageMessage;

use super::markers::MarkerTopic;
use super::overlay::AnswerFeed;
use super::{has_listeners, send};
use crate::core::region::RegionArray;
use crate::core::result_code::ResultCode;
use crate::ros::throttle::{Throttle, more};
use crate::ros::{convert, interfaces};
use crate::runtime::api::{Output, Refusal};
use crate::runtime::{Handle, OutputReceiver};

/// Where a camera's answers go.
pub struct AnswerTopics {
    regions: Publisher<RegionArrayMessage>,
    label_map: Publisher<ImageMessage>,
    #[cfg(has_vision_msgs)]
    detections: Publisher<r2r::vision_msgs::msg::Detection2DArray>,
    overlay: AnswerFeed,
    markers: MarkerTopic,
}

impl AnswerTopics {
    /// # Errors
    /// When rcl cannot create a publisher.
    pub fn create(node: &mut r2r::Node, camera: &str, overlay: AnswerFeed) -> r2r::Result<Self> {
        let topic = |name| interfaces::camera_topic(camera, name);
        Ok(Self {
            regions: node.create_publisher(&topic(interfaces::REGIONS), interfaces::regions_qos())?,
            label_map: node.create_publisher(&topic(interfaces::LABEL_MAP), interfaces::picture_qos())?,
            #[cfg(has_vision_msgs)]
            detections: node.create_publisher(&topic(interfaces::DETECTIONS), interfaces::regions_qos())?,
            overlay,
            markers: MarkerTopic::create(node, camera)?,
        })
    }

    fn publish(&mut self, array: Arc<RegionArray>, image: Arc<RgbImage>) {
        if has_listeners(&self.regions) {
            send(&self.regions, &convert::region_array(&array));
        }
        #[cfg(has_vision_msgs)]
        if has_listeners(&self.detections) {
            send(&self.detections, &convert::detections(&array));
        }
        if has_listeners(&self.label_map) {
            send(&self.label_map, &convert::label_map_message(&array.header, array.size, &array.label_map()));
        }
        self.markers.publish(&array);
        self.overlay.show(array, image);
    }
}

/// Publishes the runtime's outputs until there are no more. What was under way when the node became inactive is kept back.
pub async fn publish_outputs(
    mut outputs: OutputReceiver,
    mut cameras: HashMap<Arc<str>, AnswerTopics>,
    handle: Handle,
) {
    let mut throttle = Throttle::default();
    while let Some(output) = outputs.recv().await {
        match output {
            Output::Regions { .. } if !handle.is_active() => {}
            Output::Regions { array, image } => match cameras.get_mut(array.header.origin.name()) {
                Some(topics) => topics.publish(array, image),
                None => log::error!("regions of {:?}, which was never declared", array.header.origin),
            },
            Output::Refused { what, camera, refusal } => tell(&mut throttle, what, camera, &refusal),
        }
    }
}

type Kind = (&'static str, Arc<str>, ResultCode);

fn tell(throttle: &mut Throttle<Kind>, what: &'static str, camera: Arc<str>, refusal: &Refusal) {
    let of = if camera.is_empty() { String::new() } else { format!("{camera}: ") };
    if let Some(untold) = throttle.tell((what, camera, refusal.code), &refusal.message, Instant::now()) {
        log::warn!("{of}{what} refused: {}: {refusal}{}", refusal.code, more(untold));
    }
}

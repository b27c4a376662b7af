//! Depth and calibration of a camera, on the dedicated thread. Without a publisher they cost nothing.

use std::sync::Arc;

use futures::{FutureExt, Stream, StreamExt};
use r2r::NativeMsg;
use r2r::sensor_msgs::msg::{CameraInfo, Image};

use crate::core::settings::configuration::InputOptions;
use crate::ros::names::Names;
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;

type Messages<M> = Box<dyn Stream<Item = M> + Unpin>;

/// One camera's two subscriptions. Native messages cannot leave the thread that made them, and neither can this.
pub struct DepthInput {
    camera: Arc<str>,
    depth: Messages<NativeMsg<Image>>,
    info: Messages<CameraInfo>,
    /// Full names.
    topics: (String, String),
    /// Which of the two has been heard.
    heard: (bool, bool),
}

impl DepthInput {
    /// # Errors
    /// When rcl cannot create a subscription.
    pub fn subscribe(
        node: &mut r2r::Node,
        names: &Names,
        camera: Arc<str>,
        options: &InputOptions,
    ) -> r2r::Result<Self> {
        let [depth, info] =
            [interfaces::DEPTH, interfaces::CAMERA_INFO].map(|name| interfaces::input_topic(&camera, name));
        let qos = || interfaces::depth_qos(options.reliability);
        Ok(Self {
            depth: Box::new(node.subscribe_native(&depth, qos())?),
            info: Box::new(node.subscribe(&info, qos())?),
            topics: (names.resolve(&depth), names.resolve(&info)),
            camera,
            heard: (false, false),
        })
    }

    /// Takes everything that has arrived: which depth belongs to which picture is seen later.
    pub fn drain(&mut self, handle: &Handle) {
        while let Some(Some(message)) = self.info.next().now_or_never() {
            let (header, info) = convert::camera_info(&self.camera, &message);
            handle.camera_info(header, info);
            first(&mut self.heard.1, &self.topics.1, "calibration arrives");
        }
        while let Some(Some(message)) = self.depth.next().now_or_never() {
            // Copied only where it is kept.
            if handle.is_active() {
                let (header, image) = convert::depth_image(&self.camera, &message);
                handle.depth(header, image);
            }
            first(&mut self.heard.0, &self.topics.0, "depth arrives");
        }
    }
}

fn first(heard: &mut bool, topic: &str, what: &str) {
    if !std::mem::replace(heard, true) {
        log::info!("{what} on {topic}");
    }
}

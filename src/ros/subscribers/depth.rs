//! Depth and calibration of a camera, on the dedicated thread. Without a publisher they cost nothing.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use futures::{FutureExt, Stream, StreamExt};
use r2r::NativeMsg;
use r2r::sensor_msgs::msg::{CameraInfo, Image};

use super::calibration::CalibrationWatch;
use crate::core::settings::configuration::InputOptions;
use crate::ros::names::Names;
use crate::ros::publishers::diagnostics::Pulse;
use crate::ros::{convert, interfaces};
use crate::runtime::Handle;

type Messages<M> = Box<dyn Stream<Item = M> + Unpin>;

/// One camera's two subscriptions. Native messages cannot leave the thread that made them, and neither can this.
pub struct DepthInput {
    camera: Arc<str>,
    depth: Messages<NativeMsg<Image>>,
    info: Messages<CameraInfo>,
    watch: CalibrationWatch,
    pulse: Pulse,
}

impl DepthInput {
    /// # Errors
    /// When rcl cannot create a subscription.
    pub fn subscribe(
        node: &mut r2r::Node,
        names: &Names,
        camera: Arc<str>,
        options: &InputOptions,
        pulse: Pulse,
    ) -> r2r::Result<Self> {
        let depth = interfaces::input_topic(&camera, interfaces::DEPTH);
        let info = names.camera_info(&camera, options.transport);
        let (depth_topic, info_topic) = (names.resolve(&depth), names.resolve(&info));
        pulse.lock().unwrap_or_else(PoisonError::into_inner).calibration_topic.clone_from(&info_topic);
        let input = interfaces::input_topic(&camera, interfaces::CAMERA_INFO);
        let qos = || interfaces::depth_qos(options.reliability);
        Ok(Self {
            depth: Box::new(node.subscribe_native(&depth, qos())?),
            info: Box::new(node.subscribe(&info, qos())?),
            watch: CalibrationWatch::new(depth_topic, info_topic, input),
            camera,
            pulse,
        })
    }

    /// Takes everything that has arrived: which depth belongs to which picture is seen later.
    pub fn drain(&mut self, handle: &Handle) {
        while let Some(Some(message)) = self.info.next().now_or_never() {
            let (header, info) = convert::camera_info(&self.camera, &message);
            handle.camera_info(header, info);
            self.watch.calibrated();
        }
        while let Some(Some(message)) = self.depth.next().now_or_never() {
            // Copied only where it is kept.
            if handle.is_active() {
                let (header, image) = convert::depth_image(&self.camera, &message);
                match image {
                    Ok(image) => handle.depth(header, image),
                    Err(error) => handle.depth_refused(&self.camera, error),
                }
            }
            self.watch.depth(Instant::now());
        }
    }

    /// Warns when depth comes without a calibration; call some times a second.
    pub fn listen(&mut self, node: &r2r::Node, now: Instant) {
        let uncalibrated = self.watch.check(node, now);
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner).uncalibrated = uncalibrated;
    }
}

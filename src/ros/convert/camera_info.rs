//! Calibrations (sensor_msgs/CameraInfo).

use std::sync::Arc;

use r2r::sensor_msgs::msg::CameraInfo as CameraInfoMessage;

use super::{stamp, text};
use crate::core::frame::Header;
use crate::core::geometry::PixelBox;
use crate::core::space::CameraInfo;

/// A camera's message; numbers as they came.
pub fn camera_info(camera: &Arc<str>, message: &CameraInfoMessage) -> (Header, CameraInfo) {
    let header = Header {
        origin: camera.into(),
        stamp: stamp(&message.header.stamp),
        frame_id: text(&message.header.frame_id).into(),
    };
    let roi = &message.roi;
    let info = CameraInfo {
        width: message.width,
        height: message.height,
        k: array(&message.k),
        distortion_model: text(&message.distortion_model),
        distortion: message.d.clone(),
        p: array(&message.p),
        binning: (message.binning_x, message.binning_y),
        roi: PixelBox::new(roi.x_offset, roi.y_offset, roi.width, roi.height),
    };
    (header, info)
}

/// The message's arrays have fixed lengths; r2r has them as vectors.
fn array<const N: usize>(values: &[f64]) -> [f64; N] {
    let mut all = [0.0; N];
    all.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    all
}

#[cfg(test)]
mod tests {
    use r2r::sensor_msgs::msg::RegionOfInterest;
    use r2r::std_msgs;

    use super::*;

    #[test]
    fn a_calibration_comes_over_whole() {
        let numbers = |count: u32| (0..count).map(f64::from).collect::<Vec<_>>();
        let roi = RegionOfInterest { x_offset: 1, y_offset: 2, height: 3, width: 4, do_rectify: true };
        let message = CameraInfoMessage {
            header: std_msgs::msg::Header { frame_id: "optical".into(), ..Default::default() },
            height: 480,
            width: 640,
            distortion_model: "plumb_bob".into(),
            d: numbers(5),
            k: numbers(9),
            r: numbers(9),
            p: numbers(12),
            binning_x: 2,
            binning_y: 3,
            roi,
        };
        let (header, info) = camera_info(&"front".into(), &message);
        assert_eq!((header.origin.name(), &*header.frame_id), ("front", "optical"));
        assert_eq!((info.width, info.height, info.binning), (640, 480, (2, 3)));
        assert_eq!((info.k[8], info.p[11], info.distortion.len()), (8.0, 11.0, 5));
        assert_eq!((info.distortion_model.as_str(), info.roi), ("plumb_bob", PixelBox::new(1, 2, 4, 3)));
    }
}

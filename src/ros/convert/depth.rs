//! Depth images, read in their C form and copied once.

use std::sync::Arc;

use r2r::NativeMsg;
use r2r::sensor_msgs::msg::Image as ImageMessage;

use super::image::native_image;
use crate::core::frame::Header;
use crate::core::pixels::ImageError;
use crate::core::pixels::raw_image::RawImage;

/// A camera's depth, copied if it is no larger than its rows; what else is wrong with it is core's to say.
pub fn depth_image(camera: &Arc<str>, message: &NativeMsg<ImageMessage>) -> (Header, Result<RawImage, ImageError>) {
    native_image(camera, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::settings::Limits;
    use crate::core::space::DepthImage;

    #[test]
    fn padding_and_byte_order_come_over() {
        let message = ImageMessage {
            height: 2,
            width: 1,
            encoding: "16UC1".into(),
            is_bigendian: 1,
            step: 4,
            data: vec![0x05, 0xdc, 9, 9, 0, 0, 9, 9],
            ..ImageMessage::default()
        };
        let (header, raw) = depth_image(&"front".into(), &NativeMsg::from(&message));
        assert_eq!(header.origin.name(), "front");
        let depth = DepthImage::new(raw.expect("no more than its rows"), &Limits::default()).expect("a depth image");
        assert_eq!((depth.metres(0, 0), depth.metres(0, 1)), (Some(1.5), None));
    }
}

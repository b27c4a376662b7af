//! Pictures. Camera messages are read in their C form and copied once; everything else goes through r2r's structs.

use std::ffi::c_char;
use std::sync::Arc;

use image::RgbImage;
use r2r::NativeMsg;
use r2r::sensor_msgs::msg::{CompressedImage as CompressedMessage, Image as ImageMessage};

use super::header;
use crate::core::frame::{Header, Stamp};
use crate::core::geometry::Size;
use crate::core::pixels::raw_image::{CompressedImage, ImagePayload, RawFrame, RawImage};
use crate::core::pixels::{ImageError, RawImageRef, check_frame_id};

/// What compressed_image_transport writes for a JPEG of an rgb8 image; its subscribers read the colours' order from it.
const JPEG_FORMAT: &str = "rgb8; jpeg compressed bgr8";

/// A camera's message, copied if it is no larger than its rows.
pub fn raw_frame(camera: &Arc<str>, message: &NativeMsg<ImageMessage>) -> RawFrame {
    let (header, image) = native_image(camera, message);
    RawFrame { header, payload: image.map_or_else(ImagePayload::Refused, ImagePayload::Raw) }
}

/// Nothing is copied of what is refused.
pub(super) fn native_image(
    camera: &Arc<str>,
    message: &NativeMsg<ImageMessage>,
) -> (Header, Result<RawImage, ImageError>) {
    // SAFETY: rcl has filled the message; its strings and sequences point to `size` valid bytes while it lives.
    let (frame_id, encoding, data) = unsafe {
        (
            native_bytes(message.header.frame_id.data.cast(), message.header.frame_id.size),
            native_text(message.encoding.data, message.encoding.size),
            native_bytes(message.data.data, message.data.size),
        )
    };
    let stamp = Stamp { secs: message.header.stamp.sec, nanos: message.header.stamp.nanosec };
    let (header, header_checked) = native_header(camera, frame_id, stamp);
    let view = RawImageRef {
        width: message.width,
        height: message.height,
        encoding: &encoding,
        big_endian: message.is_bigendian != 0,
        step: message.step,
        data,
    };
    let checked = header_checked.and_then(|()| view.check_excess());
    let image = checked.map(|()| RawImage {
        width: view.width,
        height: view.height,
        big_endian: view.big_endian,
        step: view.step,
        data: data.to_vec(),
        encoding,
    });
    (header, image)
}

/// The header, without a frame id that is at fault.
fn native_header(camera: &Arc<str>, frame_id: &[u8], stamp: Stamp) -> (Header, Result<(), ImageError>) {
    let checked = check_frame_id(frame_id.len());
    let frame_id = match checked {
        Ok(()) => super::text(&String::from_utf8_lossy(frame_id)).into(),
        Err(_) => "".into(),
    };
    (Header { origin: camera.into(), stamp, frame_id }, checked)
}

/// A camera's compressed message, copied.
pub fn compressed_frame(camera: &Arc<str>, message: &NativeMsg<CompressedMessage>) -> RawFrame {
    // SAFETY: as in `native_image`.
    let (frame_id, format, data) = unsafe {
        (
            native_bytes(message.header.frame_id.data.cast(), message.header.frame_id.size),
            native_text(message.format.data, message.format.size),
            native_bytes(message.data.data, message.data.size),
        )
    };
    let stamp = Stamp { secs: message.header.stamp.sec, nanos: message.header.stamp.nanosec };
    let (header, checked) = native_header(camera, frame_id, stamp);
    let file = checked.map(|()| CompressedImage { format, data: data.to_vec() });
    RawFrame { header, payload: file.map_or_else(ImagePayload::Refused, ImagePayload::Compressed) }
}

/// # Safety
/// `data` is null or points to `size` bytes that live as long as the result is used.
unsafe fn native_bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    if data.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(data, size) } }
}

/// # Safety
/// As for [`native_bytes`].
unsafe fn native_text(data: *const c_char, size: usize) -> String {
    // SAFETY: the caller's promise.
    super::text(&String::from_utf8_lossy(unsafe { native_bytes(data.cast(), size) }))
}

/// A picture inside another message; its bytes move, and nothing is copied of it.
pub fn raw_image(message: ImageMessage) -> RawImage {
    RawImage {
        width: message.width,
        height: message.height,
        encoding: message.encoding,
        big_endian: message.is_bigendian != 0,
        step: message.step,
        data: message.data,
    }
}

/// rgb8.
pub fn rgb_message(of: &Header, image: RgbImage) -> ImageMessage {
    let size = Size::new(image.width(), image.height());
    image_message(of, "rgb8", size, 3, image.into_raw())
}

/// mono16, one value for each pixel.
pub fn label_map_message(of: &Header, size: Size, labels: &[u16]) -> ImageMessage {
    let bytes = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    image_message(of, "mono16", size, 2, bytes)
}

/// mono8, without padding.
pub fn mono_message(of: &Header, size: Size, pixels: &[u8]) -> ImageMessage {
    image_message(of, "mono8", size, 1, pixels.to_vec())
}

/// The bytes of a JPEG file.
pub fn jpeg_message(of: &Header, file: Vec<u8>) -> CompressedMessage {
    CompressedMessage { header: header(of), format: JPEG_FORMAT.into(), data: file }
}

fn image_message(of: &Header, encoding: &str, size: Size, pixel_bytes: u32, data: Vec<u8>) -> ImageMessage {
    ImageMessage {
        header: header(of),
        height: size.height,
        width: size.width,
        encoding: encoding.into(),
        is_bigendian: 0,
        step: size.width * pixel_bytes,
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header { origin: "".into(), stamp: Stamp { secs: 7, nanos: 8 }, frame_id: "cam".into() }
    }

    #[test]
    fn a_native_message_is_copied_field_by_field() {
        let message = ImageMessage {
            header: super::header(&header()),
            height: 2,
            width: 1,
            encoding: "rgb8".into(),
            is_bigendian: 1,
            step: 4,
            data: vec![1, 2, 3, 0, 4, 5, 6, 0],
        };
        let frame = raw_frame(&"front".into(), &NativeMsg::from(&message));
        assert_eq!(frame.header, Header { origin: "front".into(), ..header() });
        let ImagePayload::Raw(image) = frame.payload else { panic!("expected a raw image") };
        assert_eq!((image.width, image.height, image.step), (1, 2, 4));
        assert_eq!((image.encoding.as_str(), image.big_endian), ("rgb8", true));
        assert_eq!(image.data, message.data);
        assert_eq!(image, raw_image(message));
    }

    #[test]
    fn what_is_longer_than_its_rows_is_not_copied() {
        let message = ImageMessage {
            height: 10,
            width: 10,
            encoding: "rgb8".into(),
            step: 30,
            data: vec![0; 301],
            ..ImageMessage::default()
        };
        let frame = raw_frame(&"".into(), &NativeMsg::from(&message));
        let ImagePayload::Refused(error) = frame.payload else { panic!("expected a refusal") };
        assert!(matches!(error, ImageError::DataTooLong { needed: 300, got: 301, .. }), "{error}");
        // Two planes.
        let nv12 = ImageMessage { encoding: "nv12".into(), step: 10, data: vec![0; 150], ..message };
        let frame = raw_frame(&"".into(), &NativeMsg::from(&nv12));
        assert!(matches!(frame.payload, ImagePayload::Raw(image) if image.data.len() == 150));
    }

    #[test]
    fn a_frame_id_of_more_than_256_bytes_is_a_fault_of_the_picture() {
        let with_id = |length: usize| {
            let header = r2r::std_msgs::msg::Header { frame_id: "x".repeat(length), ..Default::default() };
            let message = CompressedMessage { header, format: "jpeg".into(), data: vec![1] };
            compressed_frame(&"".into(), &NativeMsg::from(&message))
        };
        assert!(matches!(with_id(256).payload, ImagePayload::Compressed(_)));
        let frame = with_id(257);
        assert!(matches!(frame.payload, ImagePayload::Refused(ImageError::FrameIdTooLong { max: 256, got: 257 })));
        assert_eq!(&*frame.header.frame_id, "");
    }

    #[test]
    fn an_empty_native_message_is_an_empty_frame() {
        let frame = raw_frame(&"".into(), &NativeMsg::new());
        assert_eq!(frame.payload, ImagePayload::Raw(RawImage::default()));
        let frame = compressed_frame(&"".into(), &NativeMsg::new());
        assert_eq!(frame.payload, ImagePayload::Compressed(CompressedImage::default()));
    }

    #[test]
    fn a_compressed_native_message_keeps_its_bytes() {
        let message = jpeg_message(&header(), vec![0xff, 0xd8, 0]);
        let frame = compressed_frame(&"".into(), &NativeMsg::from(&message));
        let ImagePayload::Compressed(image) = frame.payload else { panic!("expected a compressed image") };
        assert_eq!((image.format.as_str(), image.data), (JPEG_FORMAT, vec![0xff, 0xd8, 0]));
    }

    #[test]
    fn label_maps_are_little_endian_mono16() {
        let message = label_map_message(&header(), Size::new(2, 1), &[1, 0x0203]);
        assert_eq!((message.encoding.as_str(), message.step, message.is_bigendian), ("mono16", 4, 0));
        assert_eq!(message.data, [1, 0, 3, 2]);
        assert_eq!(message.header.frame_id, "cam");
    }
}

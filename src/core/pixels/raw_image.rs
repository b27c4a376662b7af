//! Pictures as they come from outside, unchecked.

use super::ImageError;
use crate::core::frame::Header;

/// Pixels as in sensor_msgs/Image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawImage {
    pub width: u32,
    pub height: u32,
    /// As in sensor_msgs/image_encodings.hpp: "rgb8", "mono16", "yuv422_yuy2" ...
    pub encoding: String,
    pub big_endian: bool,
    /// Bytes from one row to the next.
    pub step: u32,
    pub data: Vec<u8>,
}

/// A file in memory, as in sensor_msgs/CompressedImage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompressedImage {
    /// What the sender says ("jpeg", "rgb8; jpeg compressed bgr8"); the bytes decide.
    pub format: String,
    pub data: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImagePayload {
    Raw(RawImage),
    Compressed(CompressedImage),
    /// Found at fault before its bytes were copied.
    Refused(ImageError),
}

impl ImagePayload {
    /// That it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Raw(raw) => raw.data.len(),
            Self::Compressed(file) => file.data.len(),
            Self::Refused(_) => 0,
        }
    }
}

/// A camera's message, not yet converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    pub header: Header,
    pub payload: ImagePayload,
}

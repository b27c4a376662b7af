//! The encodings of sensor_msgs/image_encodings.hpp that segcap reads.

use super::bayer::Pattern;
use super::error::ImageError;
use crate::core::text::one_line;

/// How the bytes of a raw image are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Rgb8,
    Bgr8,
    Rgba8,
    Bgra8,
    Mono8,
    /// Scaled from 0..=65535 to 0..=255.
    Mono16,
    Uyvy,
    Yuyv,
    Nv12,
    Nv21,
    Nv24,
    Bayer(Pattern),
}

/// Every name by which an encoding is known; the first of each is the one that messages print.
const NAMES: &[(&str, Encoding)] = &[
    ("rgb8", Encoding::Rgb8),
    ("bgr8", Encoding::Bgr8),
    // OpenCV's names without a colour order; its own order is blue, green, red.
    ("8UC3", Encoding::Bgr8),
    ("rgba8", Encoding::Rgba8),
    ("bgra8", Encoding::Bgra8),
    ("8UC4", Encoding::Bgra8),
    ("mono8", Encoding::Mono8),
    ("8UC1", Encoding::Mono8),
    ("mono16", Encoding::Mono16),
    ("uyvy", Encoding::Uyvy),
    ("yuv422", Encoding::Uyvy),
    ("yuyv", Encoding::Yuyv),
    ("yuv422_yuy2", Encoding::Yuyv),
    ("nv12", Encoding::Nv12),
    ("nv21", Encoding::Nv21),
    ("nv24", Encoding::Nv24),
    ("bayer_rggb8", Encoding::Bayer(Pattern::Rggb)),
    ("bayer_bggr8", Encoding::Bayer(Pattern::Bggr)),
    ("bayer_gbrg8", Encoding::Bayer(Pattern::Gbrg)),
    ("bayer_grbg8", Encoding::Bayer(Pattern::Grbg)),
];

impl Encoding {
    /// The encoding of this name, spelled as ROS spells it.
    ///
    /// # Errors
    /// [`ImageError::UnknownEncoding`], which lists those that are known.
    pub fn named(name: &str) -> Result<Self, ImageError> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, encoding)| *encoding).ok_or_else(|| {
            ImageError::UnknownEncoding {
                encoding: one_line(name, 40),
                expected: NAMES.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
            }
        })
    }

    /// All names that [`Encoding::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, encoding)| *encoding == self).map_or("?", |(name, _)| name)
    }

    /// Bytes that a pixel takes in the first plane.
    pub(super) fn bytes_per_pixel(self) -> u64 {
        match self {
            Self::Rgb8 | Self::Bgr8 => 3,
            Self::Rgba8 | Self::Bgra8 => 4,
            Self::Mono16 | Self::Uyvy | Self::Yuyv => 2,
            Self::Mono8 | Self::Nv12 | Self::Nv21 | Self::Nv24 | Self::Bayer(_) => 1,
        }
    }

    /// Rows of `step` bytes in the data of an image with this height: luma, then the interleaved chroma below it
    /// (NV24's chroma rows are twice as long as the luma rows, hence two steps each).
    pub(super) fn rows(self, height: u32) -> u64 {
        let height = u64::from(height);
        match self {
            Self::Nv12 | Self::Nv21 => height + height / 2,
            Self::Nv24 => height * 3,
            _ => height,
        }
    }

    /// What the size must be, where not every size will do; `None` when this one is good.
    pub(super) fn broken_size_rule(self, width: u32, height: u32) -> Option<&'static str> {
        let (odd_width, odd_height) = (width % 2 == 1, height % 2 == 1);
        match self {
            Self::Uyvy | Self::Yuyv => odd_width.then_some("an even width"),
            Self::Nv12 | Self::Nv21 => (odd_width || odd_height).then_some("an even width and height"),
            Self::Bayer(_) => (width < 2 || height < 2).then_some("at least 2x2 pixels"),
            _ => None,
        }
    }
}

//! From the pictures that clients send to 8-bit RGB.
//!
//! Every check stands before the first allocation; nothing in here panics, whatever the bytes are.

mod bayer;
mod compressed;
mod encoding;
mod error;
mod jpeg;
mod layout;
mod mono;
mod packed;
pub mod raw_image;
#[cfg(test)]
mod tests;
mod yuv;

use image::RgbImage;

pub use encoding::Encoding;
pub use error::ImageError;

use super::settings::Limits;
use super::text::one_line;
use layout::Layout;
use raw_image::{ImagePayload, RawImage};

/// Pixels as in sensor_msgs/Image, borrowed from wherever the message lies.
#[derive(Clone, Copy, Debug)]
pub struct RawImageRef<'a> {
    pub width: u32,
    pub height: u32,
    pub encoding: &'a str,
    pub big_endian: bool,
    /// Bytes from one row to the next.
    pub step: u32,
    pub data: &'a [u8],
}

/// Longest frame id of a picture, bytes: it is kept with every answer and everything remembered.
const MAX_FRAME_ID_BYTES: usize = 256;

/// # Errors
/// [`ImageError::FrameIdTooLong`].
pub fn check_frame_id(bytes: usize) -> Result<(), ImageError> {
    let max = MAX_FRAME_ID_BYTES;
    if bytes > max { Err(ImageError::FrameIdTooLong { max, got: bytes }) } else { Ok(()) }
}

impl RawImageRef<'_> {
    /// Holds for every image that is worth a copy: its bytes are no more than its rows.
    ///
    /// # Errors
    /// [`ImageError::DataTooLong`]; or what makes the rows so short: no pixels, or a step that is too small.
    pub fn check_excess(&self) -> Result<(), ImageError> {
        let Self { width, height, step, .. } = *self;
        // Encodings that are not known here, such as those of depth, have one row of bytes a row of pixels.
        let known = Encoding::named(self.encoding).ok();
        let rows = known.map_or(height.into(), |encoding| encoding.rows(height));
        let (needed, got) = (u64::from(step).saturating_mul(rows), self.data.len() as u64);
        if got <= needed {
            return Ok(());
        }
        if width == 0 || height == 0 {
            return Err(ImageError::Empty { width, height });
        }
        if let Some(encoding) = known {
            layout::check_step(encoding, width, step)?;
        }
        Err(ImageError::DataTooLong { encoding: one_line(self.encoding, 40), width, height, step, needed, got })
    }

    /// The picture as 8-bit RGB; the one copy on a frame's way.
    ///
    /// # Errors
    /// See [`ImageError`]: no pixels, more than `limits.max_image_px`, an unknown encoding, a step too small or data too short
    /// or too long for what the header says, an odd size where chroma is shared by pixels.
    pub fn to_rgb(&self, limits: &Limits) -> Result<RgbImage, ImageError> {
        let encoding = Encoding::named(self.encoding)?;
        let layout = Layout::checked(self, encoding, limits)?;
        let rgb = match encoding {
            Encoding::Rgb8 => packed::rgb(&layout),
            Encoding::Bgr8 => packed::swizzle::<3>(&layout, [2, 1, 0]),
            Encoding::Rgba8 => packed::swizzle::<4>(&layout, [0, 1, 2]),
            Encoding::Bgra8 => packed::swizzle::<4>(&layout, [2, 1, 0]),
            Encoding::Mono8 => mono::mono8(&layout),
            Encoding::Mono16 => mono::mono16(&layout, self.big_endian),
            Encoding::Uyvy => yuv::packed(&layout, yuv::UYVY),
            Encoding::Yuyv => yuv::packed(&layout, yuv::YUYV),
            Encoding::Nv12 => yuv::half_chroma(&layout, yuv::UV),
            Encoding::Nv21 => yuv::half_chroma(&layout, yuv::VU),
            Encoding::Nv24 => yuv::full_chroma(&layout, yuv::UV),
            Encoding::Bayer(pattern) => bayer::demosaic(&layout, pattern),
        };
        // Every converter writes exactly three bytes a pixel, so the image takes its buffer.
        RgbImage::from_raw(self.width, self.height, rgb)
            .ok_or(ImageError::Empty { width: self.width, height: self.height })
    }
}

impl RawImage {
    pub fn view(&self) -> RawImageRef<'_> {
        RawImageRef {
            width: self.width,
            height: self.height,
            encoding: &self.encoding,
            big_endian: self.big_endian,
            step: self.step,
            data: &self.data,
        }
    }

    /// See [`RawImageRef::to_rgb`].
    pub fn to_rgb(&self, limits: &Limits) -> Result<RgbImage, ImageError> {
        self.view().to_rgb(limits)
    }

    /// The bytes of an image of one byte a pixel, without what lies between its rows.
    ///
    /// # Errors
    /// [`ImageError`] when size, step and data do not belong together.
    pub fn to_mono8(&self, limits: &Limits) -> Result<Vec<u8>, ImageError> {
        Layout::checked(&self.view(), Encoding::Mono8, limits).map(|layout| layout.rows().flatten().copied().collect())
    }
}

impl ImagePayload {
    /// See [`RawImageRef::to_rgb`] and [`raw_image::CompressedImage::to_rgb`].
    pub fn to_rgb(&self, limits: &Limits) -> Result<RgbImage, ImageError> {
        match self {
            Self::Raw(raw) => raw.to_rgb(limits),
            Self::Compressed(file) => file.to_rgb(limits),
            Self::Refused(error) => Err(error.clone()),
        }
    }
}

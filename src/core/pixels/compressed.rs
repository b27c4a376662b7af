//! JPEG and PNG files in memory.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, RgbImage};

use super::error::ImageError;
use super::jpeg;
use super::layout::check_pixels;
use super::raw_image::CompressedImage;
use crate::core::settings::Limits;
use crate::core::text::one_line;

/// Most bytes that a decoded pixel takes: four channels of 16 bits.
const MAX_BYTES_PER_PIXEL: u64 = 8;
/// What a decoder may use beside the pixels.
const DECODER_BYTES: u64 = 16 << 20;

impl CompressedImage {
    /// The picture as 8-bit RGB, as its rows are stored (EXIF orientation is for people, camera_info knows nothing of
    /// it). Grey becomes RGB, 16 bits become 8, alpha is dropped.
    ///
    /// # Errors
    /// See [`ImageError`]: not a JPEG or PNG file (the bytes decide, not `format`), more pixels than
    /// `limits.max_image_px` (known from the header, before anything is decoded), broken or cut off. A JPEG file
    /// that lacks its end marker and no pixel is read.
    pub fn to_rgb(&self, limits: &Limits) -> Result<RgbImage, ImageError> {
        self.decoded(limits).map(|(image, _)| image.into_rgb8())
    }

    /// As [`CompressedImage::to_rgb`], turned as the file's EXIF orientation says: what a viewer shows.
    ///
    /// # Errors
    /// As [`CompressedImage::to_rgb`].
    pub fn to_upright_rgb(&self, limits: &Limits) -> Result<RgbImage, ImageError> {
        let (mut image, orientation) = self.decoded(limits)?;
        image.apply_orientation(orientation);
        Ok(image.into_rgb8())
    }

    /// The picture as it is stored, and how it is to be turned.
    fn decoded(&self, limits: &Limits) -> Result<(DynamicImage, Orientation), ImageError> {
        match image::guess_format(&self.data) {
            Ok(ImageFormat::Jpeg) => decoded_jpeg(&self.data, limits),
            Ok(ImageFormat::Png) => decode(png_decoder(&self.data, limits)?, PNG, limits),
            other => Err(self.unknown(other.ok())),
        }
    }

    fn unknown(&self, guessed: Option<ImageFormat>) -> ImageError {
        let got = match guessed {
            Some(format) => format.to_mime_type().to_owned(),
            None if self.data.is_empty() => "no bytes".to_owned(),
            None => format!("{} bytes that start with {:02x?}", self.data.len(), &self.data[..self.data.len().min(4)]),
        };
        ImageError::UnknownFile { got, format: one_line(&self.format, 60) }
    }
}

const JPEG: &str = "JPEG";
const PNG: &str = "PNG";

/// A file without an end marker is read if all of its pixels are there.
fn decoded_jpeg(data: &[u8], limits: &Limits) -> Result<(DynamicImage, Orientation), ImageError> {
    let facts = jpeg::inspect(data);
    if let Some((width, height)) = facts.size {
        check_pixels(width, height, limits)?;
    }
    let decoded = |data: &[u8]| decode(jpeg_decoder(data, limits)?, JPEG, limits);
    if facts.complete {
        return decoded(data);
    }
    // The decoder would fill what is missing with grey and say nothing.
    let cut_off = || {
        let reason = format!("its end marker is missing, {} bytes are not all of it", data.len());
        ImageError::BrokenFile { kind: JPEG, reason }
    };
    if !facts.ends_in_scan {
        return Err(cut_off());
    }
    let [one, other] = jpeg::ended(data);
    let one = decoded(&one)?;
    if one == decoded(&other)? { Ok(one) } else { Err(cut_off()) }
}

fn jpeg_decoder<'a>(data: &'a [u8], limits: &Limits) -> Result<Box<dyn ImageDecoder + 'a>, ImageError> {
    let mut decoder = JpegDecoder::new(Cursor::new(data)).map_err(|error| broken(JPEG, &error))?;
    decoder.set_limits(decoder_limits(limits)).map_err(|error| broken(JPEG, &error))?;
    Ok(Box::new(decoder))
}

fn png_decoder<'a>(data: &'a [u8], limits: &Limits) -> Result<Box<dyn ImageDecoder + 'a>, ImageError> {
    let decoder = PngDecoder::with_limits(Cursor::new(data), decoder_limits(limits));
    Ok(Box::new(decoder.map_err(|error| broken(PNG, &error))?))
}

fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut of_decoder = image::Limits::default();
    of_decoder.max_alloc = Some(limits.max_image_px.saturating_mul(MAX_BYTES_PER_PIXEL).saturating_add(DECODER_BYTES));
    of_decoder
}

/// `decoder` has read the header and nothing else.
fn decode(
    mut decoder: Box<dyn ImageDecoder + '_>,
    kind: &'static str,
    limits: &Limits,
) -> Result<(DynamicImage, Orientation), ImageError> {
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, limits)?;
    // What cannot be read of the metadata turns nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| broken(kind, &error))?;
    Ok((image, orientation))
}

fn broken(kind: &'static str, error: &image::ImageError) -> ImageError {
    ImageError::BrokenFile { kind, reason: one_line(&error.to_string(), 200) }
}

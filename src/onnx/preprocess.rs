//! From an RGB image to the encoder's input, as SAM's own preprocessing does it with Pillow.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType as PixelFormat, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::bundle::manifest::{Channels, Layout, PixelType, Preprocess};
use crate::core::geometry::Size;
use crate::core::geometry::transform::ModelFromImage;

/// The encoder's input as it was last filled: (1, 3, S, S) or (1, S, S, 3).
#[derive(Debug)]
pub enum Pixels<'a> {
    Float32(&'a [f32]),
    Uint8(&'a [u8]),
}

/// Resizes, normalises, pads. Keeps its buffers from image to image.
pub struct Preprocessor {
    rules: Preprocess,
    resizer: Resizer,
    options: ResizeOptions,
    /// The image at its new width and its old height, RGB.
    narrowed: Image<'static>,
    /// The resized image, RGB.
    resized: Image<'static>,
    /// Where the last image lay in the square; outside of it everything is padding.
    content: Size,
    buffer: Buffer,
}

enum Buffer {
    Float32 {
        pixels: Vec<f32>,
        /// For each channel of the output: from a byte to its normalised value.
        tables: Box<[[f32; 256]; 3]>,
    },
    Uint8 {
        pixels: Vec<u8>,
    },
}

impl Preprocessor {
    pub fn new(rules: Preprocess) -> Self {
        let length = 3 * rules.input_size as usize * rules.input_size as usize;
        let buffer = match rules.dtype {
            PixelType::Float32 => Buffer::Float32 { pixels: vec![0.0; length], tables: Box::new(tables(&rules)) },
            PixelType::Uint8 => Buffer::Uint8 { pixels: vec![0; length] },
        };
        Self {
            resizer: Resizer::new(),
            // Pillow's BILINEAR: a triangle filter, as wide as the reduction, on 8-bit values.
            options: ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false),
            narrowed: Image::new(1, 1, PixelFormat::U8x3),
            resized: Image::new(1, 1, PixelFormat::U8x3),
            content: Size::new(0, 0),
            buffer,
            rules,
        }
    }

    pub fn transform(&self, image: Size) -> ModelFromImage {
        ModelFromImage::new(image, self.rules.input_size, self.rules.rule())
    }

    /// The tensor's shape.
    pub fn shape(&self) -> [i64; 4] {
        let side = i64::from(self.rules.input_size);
        match self.rules.layout {
            Layout::Nchw => [1, 3, side, side],
            Layout::Nhwc => [1, side, side, 3],
        }
    }

    /// Fills the encoder's input with `image`.
    ///
    /// # Errors
    /// When the resizer refuses the image's size.
    pub fn run(&mut self, image: &RgbImage) -> Result<Pixels<'_>, fast_image_resize::ResizeError> {
        let content = self.transform(Size::new(image.width(), image.height())).content;
        self.resize(image, content)?;
        let clear = self.content != content;
        self.content = content;
        let square = Square {
            side: self.rules.input_size as usize,
            layout: self.rules.layout,
            source_channel: match self.rules.channels {
                Channels::Rgb => [0, 1, 2],
                Channels::Bgr => [2, 1, 0],
            },
        };
        let rgb = self.resized.buffer();
        let width = content.width as usize;
        Ok(match &mut self.buffer {
            Buffer::Float32 { pixels, tables } => {
                if clear {
                    pixels.fill(0.0);
                }
                square.fill(pixels, rgb, width, |channel, byte| tables[channel][usize::from(byte)]);
                Pixels::Float32(pixels)
            }
            Buffer::Uint8 { pixels } => {
                if clear {
                    pixels.fill(0);
                }
                square.fill(pixels, rgb, width, |_, byte| byte);
                Pixels::Uint8(pixels)
            }
        })
    }

    /// First across, then down, as Pillow does: values are rounded to bytes between the two, so the order shows.
    fn resize(&mut self, image: &RgbImage, content: Size) -> Result<(), fast_image_resize::ResizeError> {
        let source = ImageRef::new(image.width(), image.height(), image.as_raw(), PixelFormat::U8x3)
            .expect("an RgbImage holds three bytes a pixel");
        reshape(&mut self.narrowed, content.width, image.height());
        reshape(&mut self.resized, content.width, content.height);
        self.resizer.resize(&source, &mut self.narrowed, &self.options)?;
        self.resizer.resize(&self.narrowed, &mut self.resized, &self.options)
    }
}

/// Makes `image` one of `width` x `height`, unless it is.
fn reshape(image: &mut Image<'static>, width: u32, height: u32) {
    if (image.width(), image.height()) != (width, height) {
        *image = Image::new(width, height, PixelFormat::U8x3);
    }
}

fn tables(rules: &Preprocess) -> [[f32; 256]; 3] {
    std::array::from_fn(|channel| {
        std::array::from_fn(|byte| (byte as f32 / 255.0 - rules.mean[channel]) / rules.std[channel])
    })
}

/// How the square's pixels are ordered.
struct Square {
    side: usize,
    layout: Layout,
    /// For each channel of the output, its place in an RGB pixel.
    source_channel: [usize; 3],
}

impl Square {
    /// Writes rows of `width` RGB pixels into the top left corner of `pixels`.
    fn fill<T>(&self, pixels: &mut [T], rgb: &[u8], width: usize, value: impl Fn(usize, u8) -> T) {
        match self.layout {
            Layout::Nchw => {
                for (channel, plane) in pixels.chunks_exact_mut(self.side * self.side).enumerate() {
                    let from = self.source_channel[channel];
                    for (row, source) in plane.chunks_exact_mut(self.side).zip(rgb.chunks_exact(3 * width)) {
                        for (pixel, source) in row.iter_mut().zip(source.chunks_exact(3)) {
                            *pixel = value(channel, source[from]);
                        }
                    }
                }
            }
            Layout::Nhwc => {
                for (row, source) in pixels.chunks_exact_mut(3 * self.side).zip(rgb.chunks_exact(3 * width)) {
                    for (pixel, source) in row.chunks_exact_mut(3).zip(source.chunks_exact(3)) {
                        for channel in 0..3 {
                            pixel[channel] = value(channel, source[self.source_channel[channel]]);
                        }
                    }
                }
            }
        }
    }
}

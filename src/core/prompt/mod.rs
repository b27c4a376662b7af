//! What to segment: the prompts that clients send.

pub mod batch;
mod check;
mod error;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use error::{PromptError, PromptFault};

use super::geometry::{PixelBox, Point};
use super::mask::Mask;
use super::pixels::raw_image::RawImage;

/// A click: foreground (this is it) or background (this is not).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Click {
    pub at: Point,
    pub foreground: bool,
}

/// A valid prompt for one image: everything in it lies inside that image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Comes back as `Region.prompt_id`.
    pub id: String,
    pub shape: Shape,
}

impl Prompt {
    /// The [`RawPrompt::kind`] of a prompt that asks for everything.
    pub const EVERYTHING: u8 = 3;
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// At least one click.
    Points(Vec<Click>),
    /// A non-empty box, and clicks beside it, if any.
    Box { rect: PixelBox, clicks: Vec<Click> },
    /// A non-empty mask in the image, and clicks beside it, if any.
    Mask { mask: Arc<Mask>, clicks: Vec<Click> },
    /// Whatever is there (the automatic mask generator).
    Everything,
}

/// A prompt as it came, unchecked (`msg/Prompt.msg`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPrompt {
    pub id: String,
    /// 0 points, 1 box, 2 mask, 3 everything.
    pub kind: u8,
    pub points: Vec<(f32, f32)>,
    /// 1 foreground, 0 background; empty = all foreground.
    pub labels: Vec<u8>,
    /// x offset, y offset, width, height in pixels.
    pub rect: (u32, u32, u32, u32),
    /// mono8, the image's size; only looked at in mask prompts.
    pub mask: RawImage,
}

//! The image with its regions drawn over it: masks tinted and outlined, prompts marked, captions beside them.

mod canvas;
mod labels;
mod marks;
mod masks;
mod palette;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use image::RgbImage;

use crate::core::region::{CaptionState, Region};
use crate::core::text::one_line;
use canvas::Canvas;
use labels::Label;

pub use palette::color;

/// Longer captions are cut.
const MAX_CAPTION_CHARS: usize = 120;

/// What is drawn, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlayStyle {
    /// How much of a mask's colour covers the image, 0 to 1.
    pub alpha: f32,
    /// The clicks and boxes that asked for the regions.
    pub prompts: bool,
    pub captions: bool,
}

impl Default for OverlayStyle {
    fn default() -> Self {
        Self { alpha: 0.4, prompts: false, captions: true }
    }
}

/// Lengths in pixels that grow with the image.
#[derive(Clone, Copy)]
struct Scale {
    line: u32,
    text: f32,
}

impl Scale {
    fn of(image: &RgbImage) -> Self {
        let (width, height) = image.dimensions();
        let line = ((width.max(height) as f32 / 640.0).round() as u32).clamp(2, 8);
        // Readable on a small image, one in about 36 rows on a large one.
        let text = (width.min(height) as f32 / 36.0).clamp(13.0, 72.0);
        Self { line, text }
    }
}

/// The image with `regions` drawn over it.
pub fn draw(image: &RgbImage, regions: &[Region], style: &OverlayStyle) -> RgbImage {
    let scale = Scale::of(image);
    let mut canvas = Canvas::new(image.clone());
    masks::draw(&mut canvas, regions, style.alpha, scale.line);
    if style.prompts {
        for region in regions {
            marks::prompt(&mut canvas, region, scale);
        }
    }
    if style.captions {
        labels::draw(&mut canvas, &labels(regions), scale.text);
    }
    canvas.into_image()
}

fn labels(regions: &[Region]) -> Vec<Label<'_>> {
    let label = |region| Label { text: words(region), region };
    regions.iter().map(label).collect()
}

/// The caption, or the number in the label map where there is none.
fn words(region: &Region) -> String {
    let text = one_line(&region.caption.text, MAX_CAPTION_CHARS);
    match region.caption.state {
        CaptionState::Done | CaptionState::Stale | CaptionState::Pending if !text.is_empty() => text,
        _ => format!("#{}", region.label),
    }
}

//! Sticky prompts follow their object.

use super::{PromptKey, Tracker};
use crate::core::frame::Stamp;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::prompt::{Click, Shape};

/// The prompt with which to look for the object in the frame taken at `stamp`: a box where it is expected and a click
/// inside, once the prompt has found something; the `original` before that, and when the object has left the picture or
/// its track is dead.
pub fn following_shape(original: &Shape, tracker: &Tracker, key: PromptKey, stamp: Stamp, image: Size) -> Shape {
    if *original == Shape::Everything || tracker.size() != Some(image) {
        return original.clone();
    }
    let place = tracker.of_prompt(key).and_then(|track| {
        let shift = tracker.expected_shift(track, stamp);
        let rect = moved(track.shape.bbox(), shift, image)?;
        let (x, y) = track.shape.inner_pixel();
        Some((rect, moved(PixelBox::new(x, y, 1, 1), shift, image)))
    });
    let Some((rect, inner)) = place else { return original.clone() };
    let click =
        |pixel: PixelBox| Click { at: Point::new(pixel.x as f32 + 0.5, pixel.y as f32 + 0.5), foreground: true };
    Shape::Box { rect, clicks: inner.map(click).into_iter().collect() }
}

/// The part of the moved box that lies in the image.
fn moved(rect: PixelBox, (dx, dy): (i32, i32), image: Size) -> Option<PixelBox> {
    let along = |from: u32, length: u32, by: i32, limit: u32| {
        let start = i64::from(from) + i64::from(by);
        let (low, high) = (start.max(0), (start + i64::from(length)).min(i64::from(limit)));
        (low < high).then_some((low as u32, (high - low) as u32))
    };
    let (x, width) = along(rect.x, rect.width, dx, image.width)?;
    let (y, height) = along(rect.y, rect.height, dy, image.height)?;
    Some(PixelBox::new(x, y, width, height))
}

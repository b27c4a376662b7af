//! Sticky prompts follow their object.

use super::motion::Vector;
use super::{PromptKey, Track, Tracker};
use crate::core::camera_clock::Shot;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::prompt::{Click, Shape};

/// An object that has moved by less than this share of its size is asked for exactly as its client did.
const AT_REST: f32 = 0.05;

/// The prompt with which to look for the object in the picture `shot`: the `original`, moved by as much as the
/// object has moved since the prompt first found it. A prompt made of the last mask would be simpler, but the faults of each
/// mask would become those of the next: with the built-in model masks shrink to parts of their objects within three frames.
///
/// The `original` itself as long as nothing was found, when the object has left the picture, and, while it is out of sight,
/// every other time: things are put back where they were.
pub fn following_shape(original: &Shape, tracker: &Tracker, key: PromptKey, shot: &Shot, image: Size) -> Shape {
    let is_there = |track: &&Track| tracker.size() == Some(image) && track.missed_frames.is_multiple_of(2);
    let moved = tracker.of_prompt(key).filter(is_there).and_then(|track| {
        let way = tracker.way(track, shot);
        let is_at_rest = way.length() < AT_REST * (track.shape.area() as f32).sqrt();
        if is_at_rest { None } else { moved(original, way, image) }
    });
    moved.unwrap_or_else(|| original.clone())
}

/// `None` when that leaves the image.
fn moved(original: &Shape, way: Vector, image: Size) -> Option<Shape> {
    let by = way.rounded();
    match original {
        Shape::Everything => None,
        Shape::Points(clicks) => {
            let kept = moved_clicks(clicks, way, image);
            kept.iter().any(|click| click.foreground).then_some(Shape::Points(kept))
        }
        Shape::Box { rect, clicks } => {
            Some(Shape::Box { rect: moved_box(*rect, by, image)?, clicks: moved_clicks(clicks, way, image) })
        }
        Shape::Mask { mask, clicks } => {
            let mask = mask.translated(by.0, by.1, image)?.into();
            Some(Shape::Mask { mask, clicks: moved_clicks(clicks, way, image) })
        }
    }
}

/// Those that stay in the image.
fn moved_clicks(clicks: &[Click], way: Vector, image: Size) -> Vec<Click> {
    let moved = clicks.iter().map(|click| Click { at: Point::new(click.at.x + way.x, click.at.y + way.y), ..*click });
    let is_inside = |at: Point| at.x >= 0.0 && at.y >= 0.0 && at.x < image.width as f32 && at.y < image.height as f32;
    moved.filter(|click| is_inside(click.at)).collect()
}

/// The part of the moved box that lies in the image.
fn moved_box(rect: PixelBox, (dx, dy): (i32, i32), image: Size) -> Option<PixelBox> {
    let along = |from: u32, length: u32, by: i32, limit: u32| {
        let start = i64::from(from) + i64::from(by);
        let (low, high) = (start.max(0), (start + i64::from(length)).min(i64::from(limit)));
        (low < high).then_some((low as u32, (high - low) as u32))
    };
    let (x, width) = along(rect.x, rect.width, dx, image.width)?;
    let (y, height) = along(rect.y, rect.height, dy, image.height)?;
    Some(PixelBox::new(x, y, width, height))
}

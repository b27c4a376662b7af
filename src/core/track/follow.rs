//! Sticky prompts follow their object.

use std::sync::Arc;

use super::motion::Vector;
use super::{PromptKey, Track, Tracker};
use crate::core::camera_clock::Shot;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::Mask;
use crate::core::mask::spans::Spans;
use crate::core::prompt::{Click, Shape};

/// An object that has moved, or grown, by less than this share of its size is asked for exactly as its client did.
const AT_REST: f32 = 0.05;
/// From one frame to the next an object is believed to grow by this share of its length at most: a mask that leaks in one
/// frame does not make the next prompt leak.
const MOST_GROWTH: f32 = 0.04;
/// And to shrink by this: less, because what is partly hidden looks alike.
const MOST_SHRINKAGE: f32 = 0.025;

/// How a sticky prompt first found its object, and what became of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointed {
    /// Its centre then.
    pub at: Point,
    /// Pixels, then.
    area: f32,
    /// How much longer it is believed to be now.
    scale: f32,
}

impl Pointed {
    pub fn at(shape: &Spans) -> Self {
        Self { at: shape.centroid(), area: shape.area() as f32, scale: 1.0 }
    }

    /// The prompt has found it in a new picture. Sizes are compared with that of the first mask, never with the last one's:
    /// so the faults of masks do not add up.
    pub fn see(&mut self, area: f32) {
        let seen = (area / self.area).sqrt();
        self.scale *= (seen / self.scale).clamp(1.0 - MOST_SHRINKAGE, 1.0 + MOST_GROWTH);
    }
}

/// The prompt with which to look for the object in the picture `shot`: the `original`, moved by as much as the object has
/// moved since the prompt first found it, and as much larger as it has grown since. A prompt made of the last mask would
/// be simpler, but the faults of each mask would become those of the next: with the built-in model masks shrink to parts
/// of their objects within three frames.
///
/// The `original` itself as long as nothing was found, when the object has left the picture, and, while it is out of sight,
/// every other time: things are put back where they were.
pub fn following_shape(original: &Shape, tracker: &Tracker, key: PromptKey, shot: &Shot, image: Size) -> Shape {
    let is_there = |track: &&Track| tracker.size() == Some(image) && track.missed_frames.is_multiple_of(2);
    let changed = tracker.of_prompt(key).filter(is_there).and_then(|track| {
        let Pointed { at, scale, .. } = track.pointed;
        let change = Change { at, way: tracker.way(track, shot), scale };
        let is_at_rest = change.way.length() < AT_REST * (track.shape.area() as f32).sqrt();
        if is_at_rest && (scale - 1.0).abs() < AT_REST { None } else { change.of(original, image) }
    });
    changed.unwrap_or_else(|| original.clone())
}

/// From where and how large an object was to where and how large it is.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: Point,
    way: Vector,
    scale: f32,
}

impl Change {
    /// `None` when that leaves the image.
    fn of(self, original: &Shape, image: Size) -> Option<Shape> {
        Some(match original {
            Shape::Everything => return None,
            Shape::Points(clicks) => {
                let kept = self.of_clicks(clicks, image);
                return kept.iter().any(|click| click.foreground).then_some(Shape::Points(kept));
            }
            Shape::Box { rect, clicks } => {
                Shape::Box { rect: self.of_box(*rect, image)?, clicks: self.of_clicks(clicks, image) }
            }
            Shape::Mask { mask, clicks } => {
                Shape::Mask { mask: self.of_mask(mask, image)?, clicks: self.of_clicks(clicks, image) }
            }
        })
    }

    fn of_point(self, x: f32, y: f32) -> Point {
        let along = |from: f32, at: f32, way: f32| at + (from - at) * self.scale + way;
        Point::new(along(x, self.at.x, self.way.x), along(y, self.at.y, self.way.y))
    }

    /// Those that stay in the image.
    fn of_clicks(self, clicks: &[Click], image: Size) -> Vec<Click> {
        let moved = clicks.iter().map(|click| Click { at: self.of_point(click.at.x, click.at.y), ..*click });
        let is_inside =
            |at: Point| at.x >= 0.0 && at.y >= 0.0 && at.x < image.width as f32 && at.y < image.height as f32;
        moved.filter(|click| is_inside(click.at)).collect()
    }

    /// The part of the box that lies in the image.
    fn of_box(self, rect: PixelBox, image: Size) -> Option<PixelBox> {
        let low = self.of_point(rect.x as f32, rect.y as f32);
        let high = self.of_point(rect.right() as f32, rect.bottom() as f32);
        // Casts saturate: what lies beyond the picture ends at its edge.
        let along = |low: f32, high: f32, limit: u32| {
            let (low, high) = (low.round() as u32, (high.round() as u32).min(limit));
            (low < high).then(|| (low, high - low))
        };
        let (x, width) = along(low.x, high.x, image.width)?;
        let (y, height) = along(low.y, high.y, image.height)?;
        Some(PixelBox::new(x, y, width, height))
    }

    /// The part of the mask that lies in the image.
    fn of_mask(self, mask: &Mask, image: Size) -> Option<Arc<Mask>> {
        let window = self.of_box(mask.bbox(), image)?;
        let back = |to: u32, at: f32, way: f32| (at + (to as f32 + 0.5 - way - at) / self.scale) as u32;
        let rows = window.y..window.bottom();
        let pixels = rows.flat_map(|y| {
            let from_y = back(y, self.at.y, self.way.y);
            let columns = window.x..window.right();
            columns.map(move |x| u8::from(mask.contains(back(x, self.at.x, self.way.x), from_y)))
        });
        Some(Arc::new(Mask::from_window(window, &pixels.collect::<Vec<u8>>())?))
    }
}

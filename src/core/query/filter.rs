//! What a question excludes before its words are looked at.

use std::time::Instant;

use super::Query;
use crate::core::geometry::{PixelBox, Size};
use crate::core::memory::{RegionMemory, Remembered, View};
use crate::core::result_code::ResultCode;

/// Nobody asks in more; a longer text would only cost time.
const MOST_TEXT_CHARS: usize = 256;

/// What was expected of a question and what came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    #[error("text: expected at most {MOST_TEXT_CHARS} characters, got {got}")]
    Text { got: usize },
    #[error("point: expected finite coordinates, got ({x}, {y})")]
    Point { x: f32, y: f32 },
    #[error("point: expected a pixel of the image of {}x{}, got ({x}, {y})", size.width, size.height)]
    PointOutside { x: f32, y: f32, size: Size },
    #[error("box: expected width and height of at least 1 (width 0: no filter), got {}x{}", got.width, got.height)]
    Rect { got: PixelBox },
    #[error(
        "box: expected a part of the image of {}x{}, got {}x{} at ({}, {})",
        size.width, size.height, got.width, got.height, got.x, got.y
    )]
    RectOutside { got: PixelBox, size: Size },
    #[error("min_score: expected 0 to 1, got {got}")]
    MinScore { got: f32 },
    #[error("max_age: expected seconds, 0 or more (0: no filter), got {got}")]
    MaxAge { got: f32 },
    #[error("max_distance: expected metres, 0 or more (0: no filter), got {got}")]
    MaxDistance { got: f32 },
}

impl QueryError {
    /// Always `InvalidPrompt`: the request is at fault.
    pub fn code(&self) -> ResultCode {
        ResultCode::InvalidPrompt
    }
}

impl Query {
    pub(super) fn check(&self, memory: &RegionMemory) -> Result<(), QueryError> {
        let chars = self.text.chars().count();
        if chars > MOST_TEXT_CHARS {
            return Err(QueryError::Text { got: chars });
        }
        self.check_pixels(memory)?;
        if !(0.0..=1.0).contains(&self.min_score) {
            return Err(QueryError::MinScore { got: self.min_score });
        }
        if self.max_age_secs.is_nan() || self.max_age_secs < 0.0 {
            return Err(QueryError::MaxAge { got: self.max_age_secs });
        }
        if self.max_distance.is_nan() || self.max_distance < 0.0 {
            return Err(QueryError::MaxDistance { got: self.max_distance });
        }
        Ok(())
    }

    /// Before the first picture nobody knows what lies outside.
    fn check_pixels(&self, memory: &RegionMemory) -> Result<(), QueryError> {
        let sizes = || memory.views().filter(|view| self.is_of(view)).map(|view| view.size);
        let is_outside = |inside: &dyn Fn(Size) -> bool| if sizes().any(inside) { None } else { sizes().next() };
        if let Some((x, y)) = self.point {
            if !x.is_finite() || !y.is_finite() {
                return Err(QueryError::Point { x, y });
            }
            let inside = |size: Size| (0.0..size.width as f32).contains(&x) && (0.0..size.height as f32).contains(&y);
            if let Some(size) = is_outside(&inside) {
                return Err(QueryError::PointOutside { x, y, size });
            }
        }
        if self.rect.width > 0 {
            if self.rect.height == 0 {
                return Err(QueryError::Rect { got: self.rect });
            }
            let inside = |size: Size| self.rect.x < size.width && self.rect.y < size.height;
            if let Some(size) = is_outside(&inside) {
                return Err(QueryError::RectOutside { got: self.rect, size });
            }
        }
        Ok(())
    }

    fn is_of(&self, view: &View) -> bool {
        self.camera.is_empty() || *self.camera == *view.header.origin.name()
    }

    pub(super) fn lets_pass(&self, object: &Remembered, memory: &RegionMemory, now: Instant) -> bool {
        (self.ids.is_empty() || self.ids.contains(&object.id))
            && (self.camera.is_empty() || *self.camera == *object.header.origin.name())
            && (self.max_age_secs == 0.0 || memory.age_secs(object, now) <= f64::from(self.max_age_secs))
            && (self.max_distance == 0.0 || self.is_near(object))
            && (!self.is_about_pixels() || self.covers(object, memory))
    }

    fn is_near(&self, object: &Remembered) -> bool {
        object.place.is_some_and(|place| place.distance() <= f64::from(self.max_distance))
    }

    fn covers(&self, object: &Remembered, memory: &RegionMemory) -> bool {
        // What was last seen in a picture of another size is asked in its own pixels.
        let size = memory.view(object.header.origin.name()).map_or(object.size, |view| view.size);
        let across = f64::from(object.size.width) / f64::from(size.width);
        let down = f64::from(object.size.height) / f64::from(size.height);
        let has_point = self.point.is_none_or(|(x, y)| {
            x >= 0.0 && y >= 0.0 && object.shape.contains((f64::from(x) * across) as u32, (f64::from(y) * down) as u32)
        });
        let (rect, own) = (self.rect, object.shape.bbox());
        // Boxes of messages may end beyond what a number of pixels can be.
        let meets = |start: u32, length: u32, scale: f64, own: u32, own_length: u32| {
            let (start, end) = (f64::from(start) * scale, (f64::from(start) + f64::from(length)) * scale);
            start < f64::from(own) + f64::from(own_length) && f64::from(own) < end
        };
        let meets_rect = rect.width == 0
            || (meets(rect.x, rect.width, across, own.x, own.width)
                && meets(rect.y, rect.height, down, own.y, own.height));
        has_point && meets_rect
    }
}

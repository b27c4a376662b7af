//! What a question excludes before its words are looked at.

use super::Query;
use crate::core::code::ResultCode;
use crate::core::frame::Stamp;
use crate::core::memory::Remembered;

/// What was expected of a question and what came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    #[error("point: expected finite coordinates, got ({x}, {y})")]
    Point { x: f32, y: f32 },
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
    pub(super) fn check(&self) -> Result<(), QueryError> {
        if let Some((x, y)) = self.point.filter(|(x, y)| !x.is_finite() || !y.is_finite()) {
            return Err(QueryError::Point { x, y });
        }
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

    pub(super) fn lets_pass(&self, object: &Remembered, now: Stamp) -> bool {
        (self.ids.is_empty() || self.ids.contains(&object.id))
            && (self.camera.is_empty() || *self.camera == *object.header.camera)
            && (self.max_age_secs == 0.0 || object.age_secs(now) <= f64::from(self.max_age_secs))
            && (self.max_distance == 0.0 || self.is_near(object))
            && (self.rect.is_empty() || self.rect_meets(object))
            && self.point.is_none_or(|(x, y)| x >= 0.0 && y >= 0.0 && object.shape.contains(x as u32, y as u32))
    }

    fn is_near(&self, object: &Remembered) -> bool {
        object.place.is_some_and(|place| place.distance() <= f64::from(self.max_distance))
    }

    /// Boxes of messages may end beyond what a number of pixels can be.
    fn rect_meets(&self, object: &Remembered) -> bool {
        let (rect, own) = (self.rect, object.shape.bbox());
        let meets = |a: u32, a_length: u32, b: u32, b_length: u32| {
            u64::from(a) < u64::from(b) + u64::from(b_length) && u64::from(b) < u64::from(a) + u64::from(a_length)
        };
        meets(rect.x, rect.width, own.x, own.width) && meets(rect.y, rect.height, own.y, own.height)
    }
}

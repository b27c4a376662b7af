//! Where an object is expected: constant velocity, relative to the picture as a whole.

use crate::core::geometry::Point;
use crate::core::mask::spans::Spans;

/// How quickly the speed of an object is forgotten that is not seen, seconds: it has probably stopped somewhere.
const COAST_SECS: f64 = 1.5;
/// Share of the newest displacement in the velocity.
const NEWEST: f32 = 0.5;

/// Pixels, to the right and down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Vector {
    pub x: f32,
    pub y: f32,
}

impl Vector {
    pub fn between(from: Point, to: Point) -> Self {
        Self { x: to.x - from.x, y: to.y - from.y }
    }

    pub fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    pub fn times(self, factor: f32) -> Self {
        Self { x: self.x * factor, y: self.y * factor }
    }

    /// Whole pixels; far beyond any picture there is no difference any more.
    pub fn rounded(self) -> (i32, i32) {
        (self.x.round() as i32, self.y.round() as i32)
    }
}

impl std::ops::Add for Vector {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }
}

impl std::ops::Sub for Vector {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }
}

/// Of one track, from frame to frame.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    /// Where it was last seen, pixels.
    pub centroid: Point,
    /// Relative to the camera's, pixels a second.
    velocity: Vector,
    /// What it is believed to have moved since it was last seen.
    offset: Vector,
    /// It was seen in the frame before.
    pub in_sight: bool,
}

impl Motion {
    pub fn at_rest(shape: &Spans) -> Self {
        Self { centroid: shape.centroid(), velocity: Vector::default(), offset: Vector::default(), in_sight: true }
    }

    /// Where it is now relative to where it was last seen, `dt_secs` after the frame before, when the camera has moved
    /// the picture by `picture`.
    pub fn expected(&self, dt_secs: f64, picture: Vector) -> Vector {
        self.offset + picture + self.velocity.times(coasting(dt_secs))
    }

    /// It was seen there. Where it `is_whole` not, its centre is not that of the object, and it keeps its speed.
    pub fn seen(&mut self, shape: &Spans, dt_secs: f64, picture: Vector, is_whole: bool) {
        let centroid = shape.centroid();
        if !self.in_sight {
            // What it did out of sight is not known.
            self.velocity = Vector::default();
        } else if dt_secs > 0.0 && is_whole {
            let own = Vector::between(self.centroid, centroid) - picture;
            self.velocity = self.velocity.times(1.0 - NEWEST) + own.times(NEWEST / dt_secs as f32);
        }
        self.centroid = centroid;
        self.offset = Vector::default();
        self.in_sight = true;
    }

    /// It was not seen.
    pub fn unseen(&mut self, dt_secs: f64, picture: Vector) {
        self.offset = self.expected(dt_secs, picture);
        self.velocity = self.velocity.times((-dt_secs / COAST_SECS).exp() as f32);
        self.in_sight = false;
    }

    /// The clock jumped: speeds mean nothing any more.
    pub fn stop(&mut self) {
        self.velocity = Vector::default();
    }
}

/// Seconds for which the object goes on at full speed, when it loses its speed as in [`COAST_SECS`].
fn coasting(dt_secs: f64) -> f32 {
    (COAST_SECS * (1.0 - (-dt_secs / COAST_SECS).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::geometry::PixelBox;
    use crate::core::mask::Mask;

    const STILL: Vector = Vector { x: 0.0, y: 0.0 };

    fn at(x: u32) -> Spans {
        Spans::from(&Mask::filled(PixelBox::new(x, 50, 10, 10)).unwrap())
    }

    /// Moves 4 pixels a tenth of a second, seen six times.
    fn moving() -> Motion {
        let mut motion = Motion::at_rest(&at(0));
        (1..6).for_each(|step| motion.seen(&at(4 * step), 0.1, STILL, true));
        motion
    }

    #[test]
    fn what_moves_goes_on() {
        let expected = moving().expected(0.1, STILL);
        assert!((expected.x - 4.0).abs() < 0.5 && expected.y == 0.0, "{expected:?}");
        assert_eq!(Motion::at_rest(&at(0)).expected(0.1, Vector { x: 3.0, y: 1.0 }), Vector { x: 3.0, y: 1.0 });
    }

    #[test]
    fn out_of_sight_it_goes_on_for_a_while() {
        let mut motion = moving();
        (0..100).for_each(|_| motion.unseen(0.1, STILL));
        let gone = motion.expected(0.1, STILL).x;
        assert!((54.0..61.0).contains(&gone), "40 pixels a second for 1.5 seconds: {gone}");
        motion.seen(&at(60), 0.1, STILL, true);
        assert_eq!(motion.expected(0.1, STILL), STILL, "its way out of sight says nothing of its speed");
    }

    #[test]
    fn the_picture_s_own_motion_is_not_the_object_s() {
        let mut motion = Motion::at_rest(&at(0));
        (1..6).for_each(|step| motion.seen(&at(4 * step), 0.1, Vector { x: 4.0, y: 0.0 }, true));
        assert_eq!(motion.expected(0.1, STILL), STILL);
    }

    #[test]
    fn what_is_half_hidden_keeps_its_speed() {
        let mut motion = moving();
        let before = motion.expected(0.1, STILL);
        motion.seen(&at(20), 0.1, STILL, false);
        assert_eq!(motion.expected(0.1, STILL), before);
    }

    #[test]
    fn the_same_stamp_again_and_a_jump_change_no_speed() {
        let mut motion = moving();
        let before = motion.expected(0.1, STILL);
        motion.seen(&at(20), 0.0, STILL, true);
        assert_eq!(motion.expected(0.1, STILL), before);
        motion.stop();
        assert_eq!(motion.expected(0.1, STILL), STILL);
    }
}

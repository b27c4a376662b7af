//! A camera's time in the memory.

use std::time::Instant;

use crate::core::frame::Stamp;

/// Goes on with the stamps of the camera's pictures, between them with the node's own clock, and never back: neither a
/// recording that begins again, nor a camera whose clock is wrong, nor one without stamps makes objects young or old.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    newest: Stamp,
    arrived: Instant,
    /// The time of the newest picture.
    secs: f64,
}

impl Clock {
    /// `secs`: the time of this first picture.
    pub fn start(stamp: Stamp, arrived: Instant, secs: f64) -> Self {
        Self { newest: stamp, arrived, secs }
    }

    /// The time of a picture, and whether it is the newest one. `arrived`: when it came in; `None` where nobody knows.
    pub fn take(&mut self, stamp: Stamp, arrived: Option<Instant>, now: Instant) -> (f64, bool) {
        let ahead_secs = stamp.secs_since(self.newest);
        let is_newest = arrived.map_or(ahead_secs > 0.0, |arrived| arrived > self.arrived);
        if !is_newest {
            return (self.secs + ahead_secs.min(0.0), false);
        }
        let arrived = arrived.unwrap_or(now);
        let elapsed_secs = arrived.saturating_duration_since(self.arrived).as_secs_f64();
        let step_secs = if ahead_secs > 0.0 { ahead_secs } else { elapsed_secs };
        *self = Self { newest: stamp, arrived, secs: self.secs + step_secs };
        (self.secs, true)
    }

    pub fn at(&self, now: Instant) -> f64 {
        self.secs + now.saturating_duration_since(self.arrived).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stamp(secs: i32) -> Stamp {
        Stamp { secs, nanos: 0 }
    }

    #[test]
    fn it_goes_on_with_the_stamps_and_between_them() {
        let begin = Instant::now();
        let after = |secs| begin + Duration::from_secs(secs);
        let mut clock = Clock::start(stamp(100), begin, 0.0);
        assert_eq!(clock.take(stamp(110), Some(after(1)), after(1)), (10.0, true), "a simulation ten times as fast");
        assert_eq!(clock.at(after(4)), 13.0);
        assert_eq!(clock.take(stamp(104), Some(begin), after(5)), (4.0, false), "an older picture is looked at again");
        assert_eq!(clock.take(stamp(109), None, after(5)), (9.0, false));
        assert_eq!(clock.take(stamp(112), None, after(5)), (12.0, true), "one that nobody had asked about before");
    }

    #[test]
    fn it_never_goes_back() {
        let begin = Instant::now();
        let after = |secs| begin + Duration::from_secs(secs);
        let mut clock = Clock::start(stamp(100), begin, 7.0);
        assert_eq!(clock.take(stamp(3), Some(after(2)), after(2)), (9.0, true), "a recording begins again");
        assert_eq!(clock.take(stamp(5), Some(after(4)), after(4)), (11.0, true));
        assert_eq!(clock.take(stamp(100), Some(begin), after(4)), (11.0, false), "of the time before");
    }

    #[test]
    fn cameras_without_stamps_have_the_node_s_time() {
        let begin = Instant::now();
        let after = |secs| begin + Duration::from_secs(secs);
        let mut clock = Clock::start(stamp(0), begin, 0.0);
        assert_eq!(clock.take(stamp(0), Some(after(3)), after(3)), (3.0, true));
        assert_eq!(clock.at(after(5)), 5.0);
    }
}

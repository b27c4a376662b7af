//! The tracker's own time: it goes on with the stamps, and stands still where they jump back.

use crate::core::frame::Stamp;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    last: Option<Stamp>,
    secs: f64,
}

/// From one frame to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Seconds since the frame before; 0 for the first one, for the same stamp again, and after a jump back.
    pub dt_secs: f64,
    /// The stamp is older than the one before: a recording that begins again, a clock that was set.
    pub jumped_back: bool,
}

impl Clock {
    /// Seconds since the first frame.
    pub fn secs(&self) -> f64 {
        self.secs
    }

    pub fn advance(&mut self, stamp: Stamp) -> Step {
        let dt = self.last.map_or(0.0, |last| stamp.secs_since(last));
        self.last = Some(stamp);
        self.secs += dt.max(0.0);
        Step { dt_secs: dt.max(0.0), jumped_back: dt < 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let mut clock = Clock::default();
        let mut at = |secs, nanos| (clock.advance(Stamp { secs, nanos }), clock.secs());
        assert_eq!(at(100, 0), (Step { dt_secs: 0.0, jumped_back: false }, 0.0));
        assert_eq!(at(100, 500_000_000), (Step { dt_secs: 0.5, jumped_back: false }, 0.5));
        assert_eq!(at(100, 500_000_000), (Step { dt_secs: 0.0, jumped_back: false }, 0.5));
        assert_eq!(at(3, 0), (Step { dt_secs: 0.0, jumped_back: true }, 0.5));
        assert_eq!(at(5, 0), (Step { dt_secs: 2.0, jumped_back: false }, 2.5));
    }
}

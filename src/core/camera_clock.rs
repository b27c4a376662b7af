//! A camera's own time.

use std::time::Instant;

use super::frame::Stamp;

/// When a camera took a picture, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub struct Shot {
    /// Zero where its driver gives none.
    pub stamp: Stamp,
    /// When it came in; `None` where nobody knows any more.
    pub arrived: Option<Instant>,
    /// When it is looked at: no earlier than it came in.
    pub looked_at: Instant,
}

/// From the newest picture so far to another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Seconds; 0 for the same picture again, negative for an older one, never for a newest one. By the stamps, and where these
    /// stand or have jumped back since, by when the pictures came in.
    pub secs: f64,
    pub is_newest: bool,
    /// The newest picture has an older stamp than the one before: a recording that begins again, a clock that was set.
    pub jumped_back: bool,
}

/// Goes on with the stamps of the camera's pictures; where these stand, jump back or are zero, with the node's steady clock,
/// and so between the pictures. Never back: neither a recording that begins again, nor a driver that gives every picture
/// the same stamp or none makes objects young, old, or waited for for ever.
#[derive(Clone, Copy, Debug)]
pub struct CameraClock {
    /// Of the newest picture that had one.
    stamp: Stamp,
    /// When the newest picture came in.
    arrived: Instant,
    /// The time of the newest picture.
    secs: f64,
    /// What the steady clock has added since the stamp last went on: the next stamp does not count that again.
    stood_secs: f64,
    /// When the picture came in with which the stamps last stood or jumped back: they tell nothing of the pictures before it.
    /// `None`: not so far.
    stamps_tell_since: Option<Instant>,
}

impl CameraClock {
    /// `secs`: the time of this first picture.
    pub fn start(shot: &Shot, secs: f64) -> Self {
        let arrived = shot.arrived.unwrap_or(shot.looked_at);
        Self { stamp: shot.stamp, arrived, secs, stood_secs: 0.0, stamps_tell_since: None }
    }

    /// The time of the newest picture.
    pub fn secs(&self) -> f64 {
        self.secs
    }

    /// The time now, as far as pictures tell.
    pub fn at(&self, now: Instant) -> f64 {
        self.secs + now.saturating_duration_since(self.arrived).as_secs_f64()
    }

    /// The newest picture.
    pub fn newest(&self) -> Shot {
        Shot { stamp: self.stamp, arrived: Some(self.arrived), looked_at: self.arrived }
    }

    /// Whether a newer picture has been taken in.
    pub fn is_past(&self, shot: &Shot) -> bool {
        shot.arrived.map_or(self.ahead_secs(shot.stamp) < 0.0, |arrived| arrived < self.arrived)
    }

    pub fn step_to(&self, shot: &Shot) -> Step {
        let ahead_secs = self.ahead_secs(shot.stamp);
        let is_newest = shot.arrived.map_or(ahead_secs > 0.0, |arrived| arrived > self.arrived);
        let secs = if !is_newest {
            match shot.arrived {
                Some(arrived) if ahead_secs >= 0.0 || self.stamps_tell_since.is_some_and(|since| arrived < since) => {
                    -self.arrived.saturating_duration_since(arrived).as_secs_f64()
                }
                _ => ahead_secs.min(0.0),
            }
        } else if ahead_secs > 0.0 {
            (ahead_secs - self.stood_secs).max(0.0)
        } else {
            let arrived = shot.arrived.unwrap_or(shot.looked_at);
            arrived.saturating_duration_since(self.arrived).as_secs_f64()
        };
        Step { secs, is_newest, jumped_back: is_newest && ahead_secs < 0.0 }
    }

    /// Takes in a picture; only a newest one moves the time on.
    pub fn take(&mut self, shot: &Shot) -> Step {
        let step = self.step_to(shot);
        if step.is_newest {
            let stands = shot.stamp.is_zero() || shot.stamp == self.stamp;
            if stands || step.jumped_back || self.stamp.is_zero() {
                self.stamps_tell_since = Some(shot.arrived.unwrap_or(shot.looked_at));
            }
            self.stood_secs = if stands { self.stood_secs + step.secs } else { 0.0 };
            self.stamp = if shot.stamp.is_zero() { self.stamp } else { shot.stamp };
            self.arrived = shot.arrived.unwrap_or(shot.looked_at);
            self.secs += step.secs;
        }
        step
    }

    /// By the stamps; 0 where there is none.
    fn ahead_secs(&self, stamp: Stamp) -> f64 {
        if stamp.is_zero() || self.stamp.is_zero() { 0.0 } else { stamp.secs_since(self.stamp) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Rig {
        begin: Instant,
        clock: CameraClock,
    }

    impl Rig {
        /// With a first picture at the steady clock's 0.
        fn new(stamp_secs: i32, secs: f64) -> Self {
            let begin = Instant::now();
            let shot = Shot { stamp: stamp(stamp_secs), arrived: Some(begin), looked_at: begin };
            Self { begin, clock: CameraClock::start(&shot, secs) }
        }

        fn after(&self, secs: u64) -> Instant {
            self.begin + Duration::from_secs(secs)
        }

        fn shot(&self, stamp_secs: i32, arrived_secs: u64) -> Shot {
            let at = self.after(arrived_secs);
            Shot { stamp: stamp(stamp_secs), arrived: Some(at), looked_at: at }
        }

        /// The time after a picture, and whether it is the newest one.
        fn take(&mut self, stamp_secs: i32, arrived_secs: u64) -> (f64, bool) {
            let before = self.clock.secs();
            let step = self.clock.take(&self.shot(stamp_secs, arrived_secs));
            (before + step.secs, step.is_newest)
        }
    }

    fn stamp(secs: i32) -> Stamp {
        Stamp { secs, nanos: 0 }
    }

    #[test]
    fn it_goes_on_with_the_stamps_and_between_them() {
        let mut rig = Rig::new(100, 0.0);
        assert_eq!(rig.take(110, 1), (10.0, true), "a simulation ten times as fast");
        assert_eq!(rig.clock.at(rig.after(4)), 13.0);
        assert_eq!(rig.take(110, 1), (10.0, false), "the same picture again");
        assert_eq!(rig.take(104, 0), (4.0, false), "an older picture is looked at again");
        let unknown = |rig: &Rig, secs| Shot { arrived: None, ..rig.shot(secs, 5) };
        assert!(rig.clock.is_past(&unknown(&rig, 109)) && !rig.clock.is_past(&unknown(&rig, 110)));
        assert_eq!(rig.clock.step_to(&unknown(&rig, 109)).secs, -1.0);
        let step = rig.clock.take(&unknown(&rig, 112));
        assert_eq!(step, Step { secs: 2.0, is_newest: true, jumped_back: false });
        assert_eq!(rig.clock.at(rig.after(6)), 13.0, "it counts as new when it is looked at");
    }

    #[test]
    fn it_never_goes_back() {
        let mut rig = Rig::new(100, 7.0);
        assert!(rig.clock.step_to(&rig.shot(3, 2)).jumped_back);
        assert_eq!(rig.take(3, 2), (9.0, true), "a recording begins again");
        assert_eq!(rig.take(5, 4), (11.0, true));
        let old = rig.shot(100, 0);
        assert!(rig.clock.is_past(&old) && !rig.clock.step_to(&old).jumped_back);
        assert_eq!(rig.take(100, 0), (7.0, false), "of the time before");
    }

    #[test]
    fn where_stamps_stand_the_steady_clock_goes_on() {
        for secs in [0, 77] {
            let mut rig = Rig::new(secs, 0.0);
            assert_eq!(rig.take(secs, 3), (3.0, true));
            assert_eq!(rig.take(secs, 4), (4.0, true));
            assert_eq!(rig.take(secs, 3), (3.0, false), "an older picture is looked at again");
            assert_eq!(rig.clock.at(rig.after(6)), 6.0);
        }
    }

    #[test]
    fn every_stamp_twice_is_no_time_twice() {
        let mut rig = Rig::new(100, 0.0);
        assert_eq!(rig.take(100, 2), (2.0, true));
        assert_eq!(rig.take(104, 4), (4.0, true));
        assert_eq!(rig.take(104, 6), (6.0, true));
        assert_eq!(rig.take(105, 6 + 1), (6.0, true), "stamps behind the steady clock wait for it");
        assert_eq!(rig.take(106, 8), (7.0, true));
    }

    #[test]
    fn a_stamp_of_zero_is_none() {
        let mut rig = Rig::new(0, 0.0);
        assert_eq!(rig.take(1_700_000_000, 1), (1.0, true), "the driver has found its clock");
        assert_eq!(rig.take(0, 2), (2.0, true));
        assert_eq!(rig.take(1_700_000_003, 3), (4.0, true));
        assert!(rig.clock.step_to(&rig.shot(5, 4)).jumped_back);
    }
}

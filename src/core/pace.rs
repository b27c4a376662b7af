//! How fast the answers of one service may follow each other.
//!
//! ROS 2 sends an answer to every client of the service, and each keeps the last ten until it looks for its own. Forty
//! refusals in a moment would push each other out before a busy client looks, and it would wait for ever. So a few go at
//! once, and more in steps.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Answers that may go together.
const AT_ONCE: u32 = 4;
/// Between two answers beyond those. A client that keeps ten has at least seven steps to look for its own, and an rclpy
/// process with fifty clients needs some 10 ms to look through all of them.
pub const STEP: Duration = Duration::from_millis(20);

/// Turns of the answers of one service.
#[derive(Debug, Default)]
pub struct Pace {
    /// When every answer so far has had its step.
    idle_from: Mutex<Option<Instant>>,
}

impl Pace {
    /// How long the answer that is ready `now` waits. `step`: between two answers beyond the first few.
    pub fn wait(&self, now: Instant, step: Duration) -> Duration {
        // A panic under this lock leaves a moment, which is all that it guards.
        let mut idle_from = self.idle_from.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = idle_from.map_or(now, |idle_from| idle_from.max(now));
        *idle_from = Some(begins + step);
        (begins - now).saturating_sub(step * (AT_ONCE - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_at_once_and_more_in_steps() {
        let (pace, now) = (Pace::default(), Instant::now());
        let waits: Vec<u128> = (0..11).map(|_| pace.wait(now, STEP).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 20, 40, 60, 80, 100, 120, 140]);
    }

    #[test]
    fn what_comes_no_faster_than_the_steps_never_waits() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert!((0..100).all(|step| pace.wait(now + STEP * step, STEP).is_zero()));
    }

    #[test]
    fn nobody_s_answer_is_pushed_out_at_once() {
        let (pace, start) = (Pace::default(), Instant::now());
        // Bursts of all sizes, at odd times.
        let ready =
            (0..40u32).flat_map(|burst| (0..burst % 17).map(move |_| start + Duration::from_millis(37) * burst));
        let sent: Vec<Instant> = ready.map(|ready| ready + pace.wait(ready, STEP)).collect();
        assert!(sent.is_sorted(), "first come, first served");
        // Of eleven in a row the first is pushed out by the last.
        assert!(sent.windows(11).all(|eleven| eleven[10] - eleven[0] >= 7 * STEP));
    }

    #[test]
    fn after_a_rest_a_few_go_at_once_again() {
        let (pace, now) = (Pace::default(), Instant::now());
        for _ in 0..50 {
            pace.wait(now, STEP);
        }
        let later = now + STEP * 50;
        assert!((0..AT_ONCE).all(|_| pace.wait(later, STEP).is_zero()));
        assert_eq!(pace.wait(later, STEP), STEP);
    }
}

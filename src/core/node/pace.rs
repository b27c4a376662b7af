//! How fast the answers of one service may follow each other while many clients wait.
//!
//! ROS 2 sends an answer to every client of the service, and each keeps the last ten until it looks for its own. Forty
//! refusals in a moment would push each other out before a busy client looks, and it would wait for ever. So in a crowd
//! a few go at once, and more in steps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many may wait at the same time and are no crowd: two fewer than the answers that a client keeps.
const FEW: usize = 8;
/// In a crowd, answers that may go together.
const AT_ONCE: u32 = 4;
/// Between two answers beyond those. A client that keeps ten has at least seven steps to look for its own, and an rclpy
/// process with fifty clients needs some 10 ms to look through all of them.
pub const STEP: Duration = Duration::from_millis(20);

/// Of one service.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    /// When every answer so far has had its step.
    idle_from: Option<Instant>,
}

/// A client that waits for its answer, until this is dropped.
#[derive(Debug)]
pub struct Asker(Arc<Pace>);

impl Pace {
    pub fn asked(self: &Arc<Self>) -> Asker {
        self.state().waiting += 1;
        Asker(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change under this lock is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asker {
    /// How long its answer, which is ready `now`, is to be held back. `step`: between two answers beyond the first few, for
    /// example [`STEP`].
    pub fn wait(&self, now: Instant, step: Duration) -> Duration {
        let mut state = self.0.state();
        if state.waiting <= FEW {
            return Duration::ZERO;
        }
        let begins = state.idle_from.map_or(now, |idle_from| idle_from.max(now));
        state.idle_from = Some(begins + step);
        (begins - now).saturating_sub(step * (AT_ONCE - 1))
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(pace: &Arc<Pace>, clients: usize) -> Vec<Asker> {
        (0..clients).map(|_| pace.asked()).collect()
    }

    #[test]
    fn in_a_crowd_a_few_go_at_once_and_more_in_steps() {
        let (pace, now) = (Arc::default(), Instant::now());
        let waits: Vec<u128> = crowd(&pace, 11).iter().map(|asker| asker.wait(now, STEP).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 20, 40, 60, 80, 100, 120, 140]);
    }

    #[test]
    fn a_few_clients_never_wait_however_often_they_ask() {
        let (pace, now) = (Arc::default(), Instant::now());
        for _ in 0..100 {
            assert!(crowd(&pace, FEW).iter().all(|asker| asker.wait(now, STEP).is_zero()));
        }
    }

    #[test]
    fn nobody_s_answer_is_pushed_out_at_once() {
        let (pace, start) = (Arc::default(), Instant::now());
        let clients = crowd(&pace, 320);
        // Bursts of all sizes, at odd times.
        let ready =
            (0..40u32).flat_map(|burst| (0..burst % 17).map(move |_| start + Duration::from_millis(37) * burst));
        let sent: Vec<Instant> = ready.zip(&clients).map(|(ready, asker)| ready + asker.wait(ready, STEP)).collect();
        assert!(sent.len() > 250 && sent.is_sorted(), "first come, first served");
        // Of eleven in a row the first is pushed out by the last.
        assert!(sent.windows(11).all(|eleven| eleven[10] - eleven[0] >= 7 * STEP));
    }

    #[test]
    fn after_a_rest_a_few_go_at_once_again() {
        let (pace, now) = (Arc::default(), Instant::now());
        let clients = crowd(&pace, 50);
        assert_eq!(clients.iter().map(|asker| asker.wait(now, STEP)).max(), Some(46 * STEP));
        let later = now + STEP * 50;
        let waits: Vec<Duration> = clients.iter().take(5).map(|asker| asker.wait(later, STEP)).collect();
        assert_eq!(waits, [Duration::ZERO, Duration::ZERO, Duration::ZERO, Duration::ZERO, STEP]);
    }
}

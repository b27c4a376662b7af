//! How fast the answers of one service may follow each other while many clients wait.
//!
//! ROS 2 sends an answer to every client of the service, and each keeps the last ten until it looks for its own. Forty
//! refusals in a moment would push each other out before a busy client looks, and it would wait for ever. So in a crowd
//! an answer goes out twice: soon, for those who look soon, and [surely](Steps::sure), so slowly that a client that is
//! busy finds it. Who has heard the first passes over the second. What comes while others are still repeated goes out
//! once, surely, and before them. Where only a few wait, an answer goes out at once, and surely once more if so many
//! followed that it may have been pushed out. Measured in `benches/RESULTS.md`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many may wait at the same time and are no crowd: two fewer than the answers that a client keeps.
const FEW: usize = 8;
/// Answers that a client keeps.
const KEPT: u64 = 10;
/// Of those that went out at once, so many may wait to be repeated; what is asked without end is not worth more.
const MOST_TO_REPEAT: usize = 64;
/// Answers that may go together although each is to be found surely.
const AT_ONCE: u32 = 4;
/// With these, a client that keeps ten has at least so many sure steps to look for its own.
const LOOK_STEPS: u32 = 7;
/// From the first one of a crowd, so many soon ones can go; the others go out once.
const SOON_ONES: u32 = 50;

/// From one answer to the next, in a crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    pub soon: Duration,
    pub sure: Duration,
}

impl Default for Steps {
    /// An rclpy process with fifty clients needs some 10 ms to look through all of them. On a busy machine a client may not
    /// run for 0.2 s: repetitions alone must not push out, in that time, what it has not read.
    fn default() -> Self {
        Self { soon: Duration::from_millis(5), sure: Duration::from_millis(30) }
    }
}

impl Steps {
    /// For so long no crowd of answers may follow one that goes out once.
    fn look(self) -> Duration {
        self.sure * LOOK_STEPS
    }
}

/// Of one service.
#[derive(Debug, Default)]
pub struct Pace {
    steps: Steps,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    to_repeat: usize,
    /// Answers that have gone out.
    sent: u64,
    /// When the next soon one may go, and when the time for them is over.
    soon: Option<(Instant, Instant)>,
    /// When every sure one so far has had its step.
    sure_from: Option<Instant>,
    /// Until then somebody may not have looked for an answer that went out once.
    unread_until: Option<Instant>,
}

/// A client that waits for its answer, until this is dropped.
#[derive(Debug)]
pub struct Asker {
    pace: Arc<Pace>,
    waits: bool,
    repeats: bool,
    /// Answers that had gone out when its own did.
    sent: u64,
}

/// When an answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub wait: Duration,
    pub again: Again,
}

/// Whether it goes out once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    Never,
    /// As [`Asker::wait_to_repeat`] says.
    Surely,
    /// After so long, if [`Asker::may_be_unheard`].
    Perhaps(Duration),
}

impl Pace {
    pub fn new(steps: Steps) -> Self {
        Self { steps, state: Mutex::default() }
    }

    pub fn asked(self: &Arc<Self>) -> Asker {
        self.state().waiting += 1;
        Asker { pace: Arc::clone(self), waits: true, repeats: false, sent: 0 }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever panics under this lock, which nothing does, leaves times and numbers that are each right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asker {
    /// For its answer, which is ready `now`.
    pub fn turn(&mut self, now: Instant) -> Turn {
        let mut state = self.pace.state();
        let turn = state.turn(now, self.pace.steps);
        self.repeats = turn.again == Again::Surely;
        state.to_repeat += usize::from(self.repeats);
        state.sent += 1;
        self.sent = state.sent;
        if matches!(turn.again, Again::Perhaps(_)) {
            // It is hardly a part of the crowd any more.
            state.waiting -= 1;
            self.waits = false;
        }
        turn
    }

    /// So many answers have followed that a client that has not looked yet will never see this one: it is to be
    /// repeated.
    pub fn may_be_unheard(&mut self) -> bool {
        let mut state = self.pace.state();
        self.repeats = state.sent - self.sent >= KEPT && state.to_repeat < MOST_TO_REPEAT;
        state.to_repeat += usize::from(self.repeats);
        self.repeats
    }

    /// How long an answer that is to go out once more has still to wait; `None`: it goes now.
    pub fn wait_to_repeat(&mut self, now: Instant) -> Option<Duration> {
        let mut state = self.pace.state();
        let sure_from = state.sure_from.unwrap_or(now);
        if sure_from > now {
            return Some(sure_from - now);
        }
        if std::mem::take(&mut self.repeats) {
            state.to_repeat -= 1;
        }
        state.sent += 1;
        state.goes_once(now, self.pace.steps);
        state.sure_from = Some(now + self.pace.steps.sure);
        None
    }
}

impl State {
    fn turn(&mut self, now: Instant, steps: Steps) -> Turn {
        if self.waiting <= FEW {
            return Turn { wait: Duration::ZERO, again: Again::Perhaps(steps.look()) };
        }
        if let Some(at) = self.soon_turn(now, steps) {
            return Turn { wait: at - now, again: Again::Surely };
        }
        let begins = self.sure_from.map_or(now, |sure_from| sure_from.max(now));
        self.sure_from = Some(begins + steps.sure);
        let wait = (begins - now).saturating_sub(steps.sure * (AT_ONCE - 1));
        self.goes_once(now + wait, steps);
        Turn { wait, again: Again::Never }
    }

    /// `None` when soon ones would push out what goes out once.
    fn soon_turn(&mut self, now: Instant, steps: Steps) -> Option<Instant> {
        let mut time = self.soon.filter(|(_, until)| now < *until);
        if time.is_none() && self.to_repeat == 0 {
            let unread_until = self.unread_until.map_or(now, |until| until.max(now));
            if unread_until <= now + steps.look() {
                let until = unread_until + steps.soon * SOON_ONES;
                // Those that go together go after it, too.
                self.sure_from = Some(until + steps.sure * (AT_ONCE - 1));
                time = Some((unread_until, until));
            }
        }
        let (next, until) = time?;
        let at = next.max(now);
        self.soon = Some((at + steps.soon, until));
        (at < until).then_some(at)
    }

    fn goes_once(&mut self, at: Instant, steps: Steps) {
        let until = at + steps.look();
        self.unread_until = Some(self.unread_until.map_or(until, |unread_until| unread_until.max(until)));
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.waiting -= usize::from(self.waits);
        state.to_repeat -= usize::from(self.repeats);
    }
}

#[cfg(test)]
mod tests;

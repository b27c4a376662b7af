//! The clock by which everything in the runtime ages and waits.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Two clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Only goes forward. No two readings are the same: answers are told apart by it.
    pub steady: Instant,
    /// The date.
    pub wall: SystemTime,
}

/// The machine's clocks. Tests have some that stand still until they move them: what they see then does not depend on how
/// fast the machine is.
#[derive(Clone)]
pub(super) struct Clock(Arc<dyn Fn() -> Reading + Send + Sync>);

impl Clock {
    pub(super) fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(super) fn read(&self) -> Reading {
        (self.0)()
    }

    /// The steady clock.
    pub(super) fn now(&self) -> Instant {
        self.read().steady
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(|| Reading { steady: Instant::now(), wall: SystemTime::now() })
    }
}

//! Holds threads at a place, so that a test decides what comes before what.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use super::rig::PATIENCE;

/// Open at first.
#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    panic: AtomicBool,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// So many may pass though it is closed.
    permits: usize,
    held: usize,
}

impl Gate {
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap();
        (state.closed, state.permits) = (true, 0);
    }

    pub fn open(&self) {
        self.state.lock().unwrap().closed = false;
        self.changed.notify_all();
    }

    /// So many pass, and stay in front of it when they come again.
    pub fn let_pass(&self, count: usize) {
        self.state.lock().unwrap().permits += count;
        self.changed.notify_all();
    }

    /// Returns when a thread is held and no one may pass any more.
    pub fn wait_for_arrival(&self) {
        let state = self.state.lock().unwrap();
        let held = self.changed.wait_timeout_while(state, PATIENCE, |state| state.held <= state.permits).unwrap();
        assert!(!held.1.timed_out(), "no thread came to the gate");
    }

    /// The next thread that passes panics.
    pub fn panic_next(&self) {
        self.panic.store(true, Ordering::SeqCst);
    }

    pub fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.held += 1;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.closed && state.permits == 0).unwrap();
        state.held -= 1;
        state.permits = state.permits.saturating_sub(usize::from(state.closed));
        drop(state);
        assert!(!self.panic.swap(false, Ordering::SeqCst), "told to panic");
    }
}

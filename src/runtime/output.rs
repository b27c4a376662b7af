//! The way out: a bounded queue in which the newest output displaces the oldest.
//!
//! tokio's bounded channel would either block the vision thread or throw away the newest answer when its consumer is
//! slow; a robot wants the newest. So this is a short ring with a wake-up: a consumer that falls behind finds the last
//! [`CAPACITY`] outputs and the others counted in [`Stats`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::api::{Output, Refusal};
use super::stats::Stats;

/// Outputs that wait for the consumer; each may hold an image, so this bounds memory too.
pub const CAPACITY: usize = 8;

struct Shared {
    queue: Mutex<Queue>,
    arrived: Notify,
    stats: Arc<Stats>,
}

#[derive(Default)]
struct Queue {
    outputs: VecDeque<Output>,
    closed: bool,
}

/// The threads' end. Closing is explicit, because several threads hold a clone.
#[derive(Clone)]
pub(super) struct OutputSender(Arc<Shared>);

/// The consumer's end: see [`OutputReceiver::recv`].
pub struct OutputReceiver(Arc<Shared>);

pub(super) fn channel(stats: Arc<Stats>) -> (OutputSender, OutputReceiver) {
    let shared = Arc::new(Shared { queue: Mutex::default(), arrived: Notify::new(), stats });
    (OutputSender(Arc::clone(&shared)), OutputReceiver(shared))
}

impl Shared {
    fn with_queue<T>(&self, act: impl FnOnce(&mut Queue) -> T) -> T {
        // Every change of the queue is a single push or pop: a poisoned one is still whole.
        act(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OutputSender {
    /// Never blocks. A full queue loses its oldest refusal, or, without one, its oldest output.
    pub(super) fn send(&self, output: Output) {
        let displaced = self.0.with_queue(|queue| {
            let displaced = if queue.outputs.len() < CAPACITY { None } else { queue.displace() };
            queue.outputs.push_back(output);
            displaced
        });
        // The displaced output may own the last reference to an image: freed here, outside the lock.
        if displaced.is_some() {
            self.0.stats.outputs_displaced.add(1);
        }
        self.0.arrived.notify_one();
    }

    pub(super) fn refused(&self, what: &'static str, camera: Arc<str>, refusal: Refusal) {
        self.send(Output::Refused { what, camera, refusal });
    }

    /// What is queued can still be received, then the receiver sees the end.
    pub(super) fn close(&self) {
        self.0.with_queue(|queue| queue.closed = true);
        self.0.arrived.notify_one();
    }
}

impl Queue {
    /// Refusals repeat (a broken camera makes one a frame) and must not push out regions.
    fn displace(&mut self) -> Option<Output> {
        let oldest_refusal = self.outputs.iter().position(|output| matches!(output, Output::Refused { .. }));
        self.outputs.remove(oldest_refusal.unwrap_or(0))
    }
}

impl OutputReceiver {
    /// The oldest waiting output; waits for one; `None` after shutdown, when everything has been received. Can be dropped
    /// while it waits without losing an output (`tokio::select!`).
    pub async fn recv(&mut self) -> Option<Output> {
        loop {
            // `notify_one` leaves a permit when nobody waits, so an output between check and wait is not missed.
            let (output, closed) = self.0.with_queue(|queue| (queue.outputs.pop_front(), queue.closed));
            if output.is_some() || closed {
                return output;
            }
            self.0.arrived.notified().await;
        }
    }

    /// The oldest waiting output, if there is one now.
    pub fn try_recv(&mut self) -> Option<Output> {
        self.0.with_queue(|queue| queue.outputs.pop_front())
    }
}

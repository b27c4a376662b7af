//! Where regions wait for their words.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use image::RgbImage;

use super::api::Refusal;
use super::requests::Reply;
use super::sticky::Words;
use crate::core::ports::Embedding;
use crate::core::region::RegionArray;

/// Who gets the captioned regions.
pub(super) enum Recipient {
    /// Whoever listens to the node's outputs. `once`: the frame answers once-prompts, whose captions come only now;
    /// otherwise a newer frame of the camera makes this one superfluous.
    Output {
        image: Arc<RgbImage>,
        once: bool,
    },
    Caller(Reply),
}

impl Recipient {
    /// Nobody would hear the words.
    pub(super) fn has_left(&self) -> bool {
        matches!(self, Self::Caller(reply) if reply.is_gone())
    }
}

/// The regions of one frame, to be captioned.
pub(super) struct CaptionJob {
    pub embedding: Embedding,
    pub array: RegionArray,
    /// For each region, where its sticky prompt remembers its words.
    pub words: Vec<Option<Words>>,
    pub recipient: Recipient,
}

impl CaptionJob {
    pub(super) fn refuse(self, refusal: &Refusal) {
        if let Recipient::Caller(reply) = self.recipient {
            reply.answer(Err(refusal.clone()));
        }
    }

    fn is_stream(&self) -> bool {
        matches!(self.recipient, Recipient::Output { once: false, .. })
    }
}

#[derive(Default)]
struct Waiting {
    /// Requests and once-prompts, oldest first; bounded, refuses when full.
    asked: VecDeque<CaptionJob>,
    /// The newest frame of each camera, the camera that waits longest first.
    streams: VecDeque<CaptionJob>,
}

pub(super) struct CaptionInbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    stopped: AtomicBool,
    most_pending: AtomicUsize,
}

impl CaptionInbox {
    pub(super) fn new(most_pending: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            stopped: AtomicBool::new(false),
            most_pending: AtomicUsize::new(most_pending),
        }
    }

    pub(super) fn set_most_pending(&self, most_pending: usize) {
        self.most_pending.store(most_pending, Ordering::Relaxed);
    }

    /// Never waits. `Ok` holds the older frame that this one displaces, `Err` gives the job back: the queue is full.
    pub(super) fn put(&self, job: CaptionJob) -> Result<Option<CaptionJob>, Box<CaptionJob>> {
        let mut waiting = self.lock();
        // Under the lock, so that no job slips in behind `stop`.
        if self.is_stopped() {
            return Err(Box::new(job));
        }
        let displaced = if job.is_stream() {
            waiting.put_stream(job)
        } else if waiting.asked.len() < self.most_pending.load(Ordering::Relaxed) {
            waiting.asked.push_back(job);
            None
        } else {
            return Err(Box::new(job));
        };
        drop(waiting);
        self.arrived.notify_one();
        Ok(displaced)
    }

    /// What was asked for goes first; `None` when stopped.
    pub(super) fn take(&self) -> Option<CaptionJob> {
        let mut waiting = self.lock();
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(job) = waiting.asked.pop_front().or_else(|| waiting.streams.pop_front()) {
                return Some(job);
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Asked between tokens, hence without the lock.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Returns what waited.
    pub(super) fn stop(&self) -> Vec<CaptionJob> {
        let mut waiting = self.lock();
        self.stopped.store(true, Ordering::Release);
        self.arrived.notify_all();
        let Waiting { asked, streams } = std::mem::take(&mut *waiting);
        asked.into_iter().chain(streams).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic under this lock leaves whole queues: each change is one push or one removal.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn put_stream(&mut self, job: CaptionJob) -> Option<CaptionJob> {
        let camera = &job.array.header.camera;
        match self.streams.iter_mut().find(|waiting| waiting.array.header.camera == *camera) {
            Some(slot) => Some(std::mem::replace(slot, job)),
            None => {
                self.streams.push_back(job);
                None
            }
        }
    }
}

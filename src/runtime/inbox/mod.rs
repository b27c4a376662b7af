//! Where frames, prompts and requests wait for the vision thread. Everything in it is bounded; nobody waits to put.

pub(super) mod camera;
pub(super) mod request_queue;
pub(super) mod waiting;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::api::{PromptSubmission, Refusal};
use super::clock::Clock;
use super::describe::SearchPart;
use super::requests::{PendingRequest, bytes_of};
use super::stats::Stats;
use super::vision::sliced::SlicedTurn;
use crate::core::node::health::Queues;
use crate::core::pixels::raw_image::RawFrame;
use crate::core::result_code::ResultCode;
use camera::Arrived;
use request_queue::Bounds;
use waiting::{PendingPrompts, Waiting};

/// Cameras come from the node's configuration; this bounds what a fault in it could do.
const MOST_CAMERAS: usize = 16;

/// Of requests that wait at a time; what fewer leave behind is used again by the next.
const FLOOD_BYTES: usize = 32 << 20;

/// What the planner answers to "what now?".
pub(super) enum Next<W> {
    Work(W),
    /// Nothing before this moment, unless something arrives.
    Wait(Option<Instant>),
    Stop,
}

pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Prompt messages that may wait, and requests likewise.
    bounds: Mutex<Bounds>,
    /// So much waited, or was refused, that its memory is worth giving back when it is over.
    was_flooded: AtomicBool,
    stats: Arc<Stats>,
    clock: Clock,
}

impl Inbox {
    pub(super) fn new(bounds: Bounds, stats: Arc<Stats>, clock: Clock) -> Self {
        let (waiting, was_flooded) = (Mutex::default(), AtomicBool::new(false));
        Self { waiting, arrived: Condvar::new(), bounds: Mutex::new(bounds), was_flooded, stats, clock }
    }

    /// Ignored while inactive. Fails when there are too many cameras.
    pub(super) fn put_frame(&self, raw: RawFrame) -> Result<(), Refusal> {
        let Some(camera) = raw.header.origin.camera().cloned() else {
            return Err(Refusal::new(ResultCode::Internal, "expected a camera's picture, got that of a client"));
        };
        let frame = Arc::new(Arrived::new(Arc::clone(&camera), raw, self.clock.read()));
        let mut waiting = self.lock();
        if waiting.check_open().is_err() {
            return Ok(());
        }
        if waiting.cameras.len() >= MOST_CAMERAS && !waiting.cameras.contains_key(&camera) {
            let message = format!("expected frames of at most {MOST_CAMERAS} cameras, got one more: {camera:?}");
            return Err(Refusal::new(ResultCode::NotFound, message));
        }
        let (displaced, fallen) = waiting.cameras.entry(camera).or_default().put(frame);
        self.stats.frames_in.add(1);
        self.stats.frames_displaced.add(u64::from(displaced));
        drop(waiting);
        self.arrived.notify_one();
        // Freeing megabytes takes time: not under the lock.
        drop(fallen);
        Ok(())
    }

    pub(super) fn put_prompts(&self, mut submission: PromptSubmission) -> Result<(), Refusal> {
        let mut waiting = self.lock();
        waiting.check_open()?;
        // Otherwise the camera may still come.
        if let Ok(camera) = waiting.resolve(&submission.camera) {
            submission.camera = camera.to_string();
        }
        if submission.sticky {
            // Clients repeat their sticky prompts; before the first frame these would fill the queue.
            waiting
                .prompts
                .retain(|PendingPrompts { submission: old, .. }| !(old.sticky && old.camera == submission.camera));
        }
        let bounds = self.bounds();
        if waiting.prompts.len() >= bounds.number {
            return Err(bounds.overloaded("prompt messages"));
        }
        let own = bytes_of(&submission.prompts);
        let others = waiting.prompts.iter().map(|pending| bytes_of(&pending.submission.prompts)).sum::<usize>();
        if own > 0 && own + others > bounds.bytes {
            return Err(bounds.too_many_bytes("prompt messages", own));
        }
        waiting.prompts.push_back(PendingPrompts { submission, arrived: self.clock.now() });
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    pub(super) fn put_request(&self, mut request: PendingRequest) -> Result<(), Refusal> {
        let mut waiting = self.lock();
        waiting.check_open()?;
        if request.request.image.is_none() {
            request.request.camera = waiting.resolve(&request.request.camera)?.to_string();
        }
        let put = waiting.requests.put(request, self.bounds());
        let bytes = waiting.requests.bytes();
        drop(waiting);
        self.arrived.notify_one();
        let is_flooded = bytes >= FLOOD_BYTES || !matches!(&put, Ok(displaced) if displaced.is_empty());
        self.was_flooded.fetch_or(is_flooded, Relaxed);
        // Freeing pictures takes time: not under the lock.
        match put {
            Ok(displaced) => {
                displaced.into_iter().for_each(|(request, refusal)| request.refuse(refusal));
                Ok(())
            }
            Err(refused) => Err(refused.1),
        }
    }

    /// For the vision thread, once: many bytes have waited, and nothing waits any more.
    pub(super) fn is_flood_over(&self) -> bool {
        self.was_flooded.load(Relaxed) && self.lock().requests.len() == 0 && self.was_flooded.swap(false, Relaxed)
    }

    /// `make` gets the camera that is meant. A goal that is there already has ended: there is one at a time.
    pub(super) fn put_describe(
        &self,
        camera: &str,
        make: impl FnOnce(Arc<str>) -> Box<SearchPart>,
    ) -> Result<(), Refusal> {
        let mut waiting = self.lock();
        waiting.check_open()?;
        let camera = waiting.resolve(camera)?;
        // Dropped outside the lock: it ends its goal.
        let old = waiting.describe.replace(make(camera));
        drop(waiting);
        self.arrived.notify_one();
        drop(old);
        Ok(())
    }

    /// For the vision thread: a goal that needs another turn; unless a newer one has come, which means that it has ended.
    pub(super) fn put_back(&self, part: Box<SearchPart>) {
        let mut waiting = self.lock();
        let dropped = if waiting.describe.is_none() { waiting.describe.replace(part) } else { Some(part) };
        drop((waiting, dropped));
    }

    /// For the vision thread: a turn that needs another slice. Where nothing is worked on any more its callers are refused.
    pub(super) fn put_back_slices(&self, turn: SlicedTurn) {
        let mut waiting = self.lock();
        match waiting.check_open() {
            Ok(()) => waiting.sliced.push(turn),
            Err(refusal) => {
                drop(waiting);
                turn.into_requests().for_each(|request| request.refuse(refusal.clone()));
            }
        }
    }

    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        self.lock().check_open()
    }

    /// A pause is no hindrance: for what needs no model.
    pub(super) fn check_active(&self) -> Result<(), Refusal> {
        self.lock().check_active()
    }

    /// Also wakes the vision thread: settings have changed.
    pub(super) fn set_bounds(&self, bounds: Bounds) {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
        // Under the lock, so that the wake-up does not fall between the thread's plan and its wait.
        let _waiting = self.lock();
        self.arrived.notify_one();
    }

    fn bounds(&self) -> Bounds {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the vision thread: asks `plan` until it finds work or stops; between, waits for something to arrive.
    pub(super) fn next<W>(&self, mut plan: impl FnMut(&mut Waiting, Instant) -> Next<W>) -> Option<W> {
        let mut waiting = self.lock();
        loop {
            let now = self.clock.now();
            waiting = match plan(&mut waiting, now) {
                Next::Work(work) => return Some(work),
                Next::Stop => return None,
                Next::Wait(None) => self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Next::Wait(Some(until)) => {
                    let timeout = until.saturating_duration_since(now);
                    self.arrived.wait_timeout(waiting, timeout).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// For the vision thread: a look between two steps of its work.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Waiting) -> T) -> T {
        look(&mut self.lock())
    }

    /// What waits, but for captions.
    pub(super) fn queues(&self) -> Queues {
        let waiting = self.lock();
        let frames = waiting.cameras.values().filter(|camera| camera.fresh).count();
        let (prompts, requests) = (waiting.prompts.len(), waiting.requests.len());
        Queues { frames, prompts, requests, captions: 0, most: self.bounds().number }
    }

    pub(super) fn is_active(&self) -> bool {
        let waiting = self.lock();
        !waiting.inactive && !waiting.disabled
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    pub(super) fn activate(&self) {
        let mut waiting = self.lock();
        (waiting.inactive, waiting.disabled) = (false, false);
    }

    /// As before [`Inbox::disable`].
    pub(super) fn enable(&self) -> Result<(), Refusal> {
        let mut waiting = self.lock();
        waiting.disabled = false;
        waiting.check_open()
    }

    /// Returns what waited, to be refused by the caller.
    pub(super) fn disable(&self) -> Result<(Vec<PendingPrompts>, Vec<PendingRequest>), Refusal> {
        let mut waiting = self.lock();
        waiting.disabled = false;
        waiting.check_open()?;
        waiting.disabled = true;
        Ok(waiting.drain())
    }

    /// Returns what waited, to be refused by the caller.
    pub(super) fn deactivate(&self) -> (Vec<PendingPrompts>, Vec<PendingRequest>) {
        let mut waiting = self.lock();
        waiting.inactive = true;
        waiting.drain()
    }

    /// As new, and inactive: everything is forgotten, and a next vision thread may come.
    pub(super) fn reset(&self) {
        let old = std::mem::replace(&mut *self.lock(), Waiting { inactive: true, ..Waiting::default() });
        // Freeing megabytes takes time: not under the lock.
        drop(old);
    }

    /// Nothing can be put any more, and the vision thread leaves. Returns what waited, to be refused by the caller.
    pub(super) fn stop(&self) -> (Vec<PendingPrompts>, Vec<PendingRequest>) {
        let mut waiting = self.lock();
        waiting.stopped = true;
        self.arrived.notify_all();
        waiting.drain()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic under this lock leaves whole queues: each change is one push or one removal.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Where regions wait for their words.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::core::ports::Embedding;
use crate::core::region::{CaptionState, RegionArray};
use crate::core::track::TrackId;
use crate::runtime::api::Refusal;
use crate::runtime::describe::WordsPart;
use crate::runtime::inbox::request_queue::Bounds;
use crate::runtime::places::answers::Sent;
use crate::runtime::requests::Reply;

/// Who gets the captioned regions.
pub(in crate::runtime) enum Recipient {
    /// Whoever listens to the node's outputs.
    Output(Sent),
    Caller(Reply),
}

impl Recipient {
    /// Nobody would hear the words.
    pub(super) fn has_left(&self) -> bool {
        matches!(self, Self::Caller(reply) if reply.is_gone())
    }
}

/// The regions of one frame, to be captioned.
pub(in crate::runtime) struct CaptionJob {
    pub embedding: Embedding,
    pub array: RegionArray,
    /// For each region the tracked object whose words it has; `None`: it gets words of its own.
    pub objects: Vec<Option<TrackId>>,
    /// When the picture came in; `None` where that says nothing.
    pub arrived: Option<Instant>,
    pub recipient: Recipient,
}

impl CaptionJob {
    pub(in crate::runtime) fn refuse(self, refusal: &Refusal) {
        if let Recipient::Caller(reply) = self.recipient {
            reply.answer(Err(refusal.clone()));
        }
    }

    /// That it keeps from being freed while it waits.
    fn bytes(&self) -> usize {
        let masks = self.array.regions.iter().map(|region| region.mask.pixels().len());
        self.embedding.data.bytes() + masks.sum::<usize>()
    }

    /// Not everything has been described.
    pub(super) fn lacks_words(&self) -> bool {
        self.array.regions.iter().any(|region| region.caption.state == CaptionState::Pending)
    }

    pub(super) fn is_of_caller(&self) -> bool {
        matches!(self.recipient, Recipient::Caller(_))
    }

    pub(super) fn is_stream(&self) -> bool {
        matches!(self.recipient, Recipient::Output(Sent { once: false, .. }))
    }
}

/// What the caption thread does next.
pub(in crate::runtime) enum Work {
    Job(Box<CaptionJob>),
    /// A turn of a goal.
    Describe(Box<WordsPart>),
}

#[derive(Default)]
struct Waiting {
    /// Requests and once-prompts, oldest first; bounded, refuses when full.
    asked: VecDeque<CaptionJob>,
    /// The newest frame of each camera, the camera that waits longest first.
    streams: VecDeque<CaptionJob>,
    /// There is one goal at a time; it takes turns with everything else.
    describe: Option<Box<WordsPart>>,
    had_turn: bool,
    /// The last of those that were asked for was the oldest: the next is the smallest.
    had_oldest: bool,
}

pub(in crate::runtime) struct CaptionInbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    stopped: AtomicBool,
    bounds: Mutex<Bounds>,
}

impl CaptionInbox {
    pub(in crate::runtime) fn new(bounds: Bounds) -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            stopped: AtomicBool::new(false),
            bounds: Mutex::new(bounds),
        }
    }

    pub(in crate::runtime) fn set_bounds(&self, bounds: Bounds) {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
    }

    /// Never waits. `Ok` holds the older frame that this one displaces, `Err` gives the job back: the queue is full.
    pub(in crate::runtime) fn put(&self, job: CaptionJob) -> Result<Option<CaptionJob>, Box<CaptionJob>> {
        let mut waiting = self.lock();
        // Under the lock, so that no job slips in behind `stop`.
        if self.is_stopped() {
            return Err(Box::new(job));
        }
        let displaced = if job.is_stream() {
            waiting.put_stream(job)
        } else if waiting.has_room(&job, *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)) {
            waiting.asked.push_back(job);
            None
        } else {
            return Err(Box::new(job));
        };
        drop(waiting);
        self.arrived.notify_one();
        Ok(displaced)
    }

    /// Never waits. A goal that is there already has ended: there is one at a time.
    pub(in crate::runtime) fn put_describe(&self, part: Box<WordsPart>) {
        let mut waiting = self.lock();
        // Dropped outside the lock: it ends its goal.
        let dropped = if self.is_stopped() { Some(part) } else { waiting.describe.replace(part) };
        drop(waiting);
        self.arrived.notify_one();
        drop(dropped);
    }

    /// A goal that needs another turn; unless a newer one has come, which means that it has ended.
    pub(in crate::runtime) fn put_back(&self, part: Box<WordsPart>) {
        let mut waiting = self.lock();
        // One lock for look and change: a goal that came in between would be displaced by the one before it.
        let is_wanted = !self.is_stopped() && waiting.describe.is_none();
        let dropped = if is_wanted { waiting.describe.replace(part) } else { Some(part) };
        drop(waiting);
        // Dropped outside the lock: it ends its goal. Only the caption thread calls this, so nobody is to be woken.
        drop(dropped);
    }

    /// A stream's frame of which not everything has been described; unless a newer one has come.
    pub(super) fn put_back_stream(&self, job: CaptionJob) {
        let mut waiting = self.lock();
        let origin = &job.array.header.origin;
        if !self.is_stopped() && !waiting.streams.iter().any(|newer| newer.array.header.origin == *origin) {
            waiting.streams.push_back(job);
        }
    }

    /// What a caller has asked for, of which not everything has been described; behind the others. Gives it back where nobody else
    /// waits.
    pub(super) fn put_back_asked(&self, job: CaptionJob) -> Option<CaptionJob> {
        let mut waiting = self.lock();
        if self.is_stopped() || (waiting.asked.is_empty() && waiting.streams.is_empty() && waiting.describe.is_none()) {
            return Some(job);
        }
        waiting.asked.push_back(job);
        None
    }

    /// What was asked for goes first; a goal has every other turn. `None` when stopped.
    pub(in crate::runtime) fn take(&self) -> Option<Work> {
        let mut waiting = self.lock();
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(work) = waiting.next() {
                return Some(work);
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Asked between tokens, hence without the lock.
    pub(in crate::runtime) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Returns what waited.
    pub(in crate::runtime) fn stop(&self) -> Vec<CaptionJob> {
        let mut waiting = self.lock();
        self.stopped.store(true, Ordering::Release);
        self.arrived.notify_all();
        let Waiting { asked, streams, describe, .. } = std::mem::take(&mut *waiting);
        drop((waiting, describe));
        asked.into_iter().chain(streams).collect()
    }

    /// Jobs that wait.
    pub(in crate::runtime) fn length(&self) -> usize {
        let waiting = self.lock();
        waiting.asked.len() + waiting.streams.len() + usize::from(waiting.describe.is_some())
    }

    /// A next caption thread may come.
    pub(in crate::runtime) fn reset(&self) {
        let old = std::mem::take(&mut *self.lock());
        self.stopped.store(false, Ordering::Release);
        // Dropped outside the lock: it may end a goal.
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic under this lock leaves whole queues: each change is one push or one removal.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// One job always has.
    fn has_room(&self, job: &CaptionJob, bounds: Bounds) -> bool {
        let bytes = job.bytes() + self.asked.iter().map(CaptionJob::bytes).sum::<usize>();
        self.asked.is_empty() || (self.asked.len() < bounds.number && bytes <= bounds.bytes)
    }

    fn next(&mut self) -> Option<Work> {
        let goal_first = !self.had_turn;
        if let Some(part) = self.describe.take_if(|_| goal_first) {
            self.had_turn = true;
            return Some(Work::Describe(part));
        }
        self.had_turn = false;
        let job = self.next_asked().or_else(|| self.streams.pop_front());
        job.map(|job| Work::Job(Box::new(job))).or_else(|| self.describe.take().map(Work::Describe))
    }

    /// The oldest and the smallest by turns: what is large does not keep what is small waiting, nor the other way round.
    fn next_asked(&mut self) -> Option<CaptionJob> {
        self.had_oldest = !self.had_oldest;
        let sizes = self.asked.iter().map(|job| job.array.regions.len()).enumerate();
        let smallest = sizes.min_by_key(|(_, size)| *size).map_or(0, |(index, _)| index);
        self.asked.remove(if self.had_oldest { 0 } else { smallest })
    }

    fn put_stream(&mut self, job: CaptionJob) -> Option<CaptionJob> {
        let origin = &job.array.header.origin;
        match self.streams.iter_mut().find(|waiting| waiting.array.header.origin == *origin) {
            Some(slot) => Some(std::mem::replace(slot, job)),
            None => {
                self.streams.push_back(job);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::core::frame::{Header, Stamp};
    use crate::core::geometry::Size;
    use crate::core::testing::fake_model::fake_embedding;
    use crate::runtime::clock::Clock;
    use crate::runtime::describe::{Course, Runner};

    fn goal() -> (Arc<Course>, Box<WordsPart>) {
        let course = Arc::new(Course::new(None, Clock::default()));
        let size = Size::new(8, 8);
        let header = Header { origin: "".into(), stamp: Stamp::default(), frame_id: "".into() };
        let array = RegionArray { header, size, model: "".into(), regions: Vec::new() };
        let sent = Sent { image: Arc::default(), once: true, at: Instant::now(), arrived: None };
        let part = WordsPart::new(Runner::new(course.clone()), fake_embedding(size), array, sent);
        (course, Box::new(part))
    }

    #[test]
    fn a_newer_goal_is_never_displaced_by_the_one_before_it() {
        // Between look and change there are some ten nanoseconds: the two meet there in one round of many.
        for round in 0..20_000 {
            let inbox = CaptionInbox::new(Bounds { number: 1, bytes: usize::MAX });
            let ((_, old), (course, new)) = (goal(), goal());
            let begun = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    begun.store(true, Ordering::Release);
                    inbox.put_back(old);
                });
                while !begun.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                (0..round % 64).for_each(|_| std::hint::spin_loop());
                inbox.put_describe(new);
            });
            assert!(!course.is_over(), "the newer goal was dropped, which ends it");
        }
    }

    #[test]
    fn a_goal_that_comes_back_waits_for_its_next_turn_or_ends() {
        let inbox = CaptionInbox::new(Bounds { number: 1, bytes: usize::MAX });
        let (course, part) = goal();
        inbox.put_back(part);
        assert!(matches!(inbox.take(), Some(Work::Describe(_))));
        assert!(course.is_over());
        inbox.stop();
        let (course, part) = goal();
        inbox.put_back(part);
        assert!(course.is_over() && inbox.length() == 0, "nothing waits in an inbox that is stopped");
    }
}

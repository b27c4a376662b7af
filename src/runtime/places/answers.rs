//! Regions on their way out: masks at once, the same stamp again with words, and again with places when depth comes late.
//!
//! A registered depth image comes some milliseconds after its picture. Masks do not wait for it: an answer that has gone
//! out without depth waits here until there is some for its picture, and goes out again (`thread`).

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use image::RgbImage;

use crate::core::region::RegionArray;
use crate::runtime::api::Output;
use crate::runtime::clock::Clock;
use crate::runtime::output::OutputSender;

/// For depth that comes later than so long after the masks nobody waits.
const WAIT: Duration = Duration::from_secs(1);
/// A clock that is read a little early makes no thread go round and round.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// Answers that wait, of all cameras. The oldest goes first.
const MOST_WAITING: usize = 8;
/// And the bytes that they keep from being freed: each has its picture and its masks.
const MOST_BYTES: usize = 64 << 20;

/// What all versions of an answer have in common.
#[derive(Clone)]
pub(in crate::runtime) struct Sent {
    pub image: Arc<RgbImage>,
    /// It answers somebody who asked once; otherwise a newer frame of the camera makes it superfluous.
    pub once: bool,
    /// When its masks went out: no other answer of the camera has the same.
    pub at: Instant,
    /// When the picture came in; `None` where that says nothing.
    pub arrived: Option<Instant>,
}

/// One version of an answer.
pub(in crate::runtime) struct Answer {
    pub array: Arc<RegionArray>,
    pub sent: Sent,
}

/// How many messages that say something of places had come when an answer looked for its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::runtime) struct Arrivals(u64);

pub(in crate::runtime) struct Answers {
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Without places, oldest first.
    waiting: VecDeque<Waiting>,
    arrivals: Arrivals,
    stopped: bool,
}

struct Waiting {
    answer: Arc<Answer>,
    looked: Arrivals,
}

impl Answers {
    pub(in crate::runtime) fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Asked before places are looked for.
    pub(in crate::runtime) fn arrivals(&self) -> Arrivals {
        self.lock().arrivals
    }

    /// Depth or a calibration has come.
    pub(in crate::runtime) fn arrived(&self) {
        let mut state = self.lock();
        state.arrivals.0 += 1;
        if !state.waiting.is_empty() {
            self.changed.notify_one();
        }
    }

    /// Sends a version of an answer; an older one goes out no more. `looked`: it has no places yet, and waits for them.
    pub(in crate::runtime) fn send(
        &self,
        output: &OutputSender,
        array: Arc<RegionArray>,
        sent: &Sent,
        looked: Option<Arrivals>,
    ) {
        let answer = Answer { array, sent: sent.clone() };
        let mut state = self.lock();
        let fallen = state.take_older(&answer, self.clock.now());
        // Under the lock: a version with other words, or without places, must not overtake it.
        output.send(answer.output());
        let is_wanted = !state.stopped && !state.waiting.iter().any(|other| other.answer.displaces(&answer));
        if let Some(looked) = looked.filter(|_| is_wanted) {
            let is_first = state.waiting.is_empty();
            state.waiting.push_back(Waiting { answer: Arc::new(answer), looked });
            if is_first || looked != state.arrivals {
                self.changed.notify_one();
            }
        }
        drop((state, fallen));
    }

    /// An answer for whose picture there may be depth now; waits for one. `None` when stopped.
    pub(in crate::runtime) fn take(&self) -> Option<Arc<Answer>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            let now = self.clock.now();
            let old = state.take_old(now);
            if !old.is_empty() {
                // Freeing pictures takes time: not under the lock.
                drop(state);
                drop(old);
                state = self.lock();
                continue;
            }
            let arrivals = state.arrivals;
            if let Some(next) = state.waiting.iter_mut().find(|waiting| waiting.looked != arrivals) {
                next.looked = arrivals;
                return Some(Arc::clone(&next.answer));
            }
            // What waits in vain is let go when its time is over, though nothing comes.
            let left = state.waiting.iter().map(|waiting| waiting.answer.left(now)).min();
            state = match left {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let left = left.max(SHORTEST_WAIT);
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Its places are found: sends it again, unless another version has gone out since. `with` gets them before.
    pub(in crate::runtime) fn complete(
        &self,
        output: &OutputSender,
        answer: &Arc<Answer>,
        array: RegionArray,
        with: impl FnOnce(&RegionArray),
    ) {
        let mut state = self.lock();
        let Some(at) = state.waiting.iter().position(|waiting| Arc::ptr_eq(&waiting.answer, answer)) else { return };
        state.waiting.remove(at);
        with(&array);
        output.send(Output::Regions { array: Arc::new(array), image: Arc::clone(&answer.sent.image) });
    }

    /// What waits goes out no more.
    pub(in crate::runtime) fn clear(&self) {
        let old = std::mem::take(&mut self.lock().waiting);
        // Freeing pictures takes time: not under the lock.
        drop(old);
    }

    pub(in crate::runtime) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
        self.clear();
    }

    /// A next thread may come.
    pub(in crate::runtime) fn reset(&self) {
        self.clear();
        self.lock().stopped = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock leaves a whole queue: each change is one push or one removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What has waited for long enough.
    fn take_old(&mut self, now: Instant) -> VecDeque<Waiting> {
        let (old, kept) = self.waiting.drain(..).partition(|waiting| waiting.answer.is_too_old(now));
        self.waiting = kept;
        old
    }

    /// What needs to wait no longer when this goes out, to be freed outside the lock.
    fn take_older(&mut self, newest: &Answer, now: Instant) -> Vec<Waiting> {
        let (mut old, mut kept): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|other| newest.displaces(&other.answer) || other.answer.is_too_old(now));
        old.extend(kept.drain(..kept.len().saturating_sub(MOST_WAITING - 1)));
        let mut bytes = newest.bytes() + kept.iter().map(|waiting| waiting.answer.bytes()).sum::<usize>();
        while bytes > MOST_BYTES {
            let Some(oldest) = kept.pop_front() else { break };
            bytes -= oldest.answer.bytes();
            old.push_back(oldest);
        }
        self.waiting = kept;
        old.into()
    }
}

impl Answer {
    fn output(&self) -> Output {
        Output::Regions { array: Arc::clone(&self.array), image: Arc::clone(&self.sent.image) }
    }

    fn is_too_old(&self, now: Instant) -> bool {
        self.left(now).is_zero()
    }

    /// For so long it waits still.
    fn left(&self, now: Instant) -> Duration {
        (WAIT + SHORTEST_WAIT).saturating_sub(now.saturating_duration_since(self.sent.at))
    }

    /// That it keeps from being freed.
    fn bytes(&self) -> usize {
        let masks = self.array.regions.iter().map(|region| region.mask.pixels().len());
        self.sent.image.as_raw().len() + masks.sum::<usize>()
    }

    /// An older version of the same answer, or of a stream's older frame.
    fn displaces(&self, other: &Self) -> bool {
        let is_of_one_stream = !self.sent.once && !other.sent.once;
        self.array.header.origin == other.array.header.origin
            && (self.sent.at == other.sent.at || (is_of_one_stream && self.sent.at > other.sent.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frame::{Header, Stamp};
    use crate::core::geometry::Size;
    use crate::runtime::output;
    use crate::runtime::stats::Stats;

    fn send(answers: &Answers, output: &OutputSender, secs: i32, image: &Arc<RgbImage>) {
        let header = Header { origin: "".into(), stamp: Stamp { secs, nanos: 0 }, frame_id: "".into() };
        let size = Size::new(image.width(), image.height());
        let array = RegionArray { header, size, model: "".into(), regions: Vec::new() };
        let sent = Sent { image: Arc::clone(image), once: true, at: answers.clock.now(), arrived: None };
        answers.send(output, Arc::new(array), &sent, Some(answers.arrivals()));
    }

    fn waiting(answers: &Answers) -> usize {
        answers.lock().waiting.len()
    }

    #[test]
    fn what_waits_for_depth_is_bounded_in_number_and_bytes() {
        for (side, expected) in [(10, MOST_WAITING), (3000, 2), (6000, 1)] {
            let (answers, (output, _receiver)) =
                (Answers::new(Clock::default()), output::channel(Arc::new(Stats::default())));
            let image = Arc::new(RgbImage::new(side, side));
            (1..=20).for_each(|secs| send(&answers, &output, secs, &image));
            assert_eq!(waiting(&answers), expected, "{side} pixels a side");
        }
    }

    #[test]
    fn what_waits_in_vain_is_let_go_though_nothing_comes() {
        let answers = Arc::new(Answers::new(Clock::default()));
        let (output, _receiver) = output::channel(Arc::new(Stats::default()));
        let thread = std::thread::spawn({
            let answers = Arc::clone(&answers);
            move || answers.take().is_none()
        });
        let image = Arc::new(RgbImage::new(10, 10));
        send(&answers, &output, 1, &image);
        while Arc::strong_count(&image) > 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // One more is in the output, which nobody reads.
        assert_eq!(waiting(&answers), 0);
        answers.stop();
        assert!(thread.join().unwrap(), "stopped");
    }
}

//! What a goal's threads and whoever waits for it hold in common. Either side can end it; the first to do so decides how.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::core::frame::Stamp;
use crate::core::progress::Stage;
use crate::core::result_code::ResultCode;
use crate::runtime::api::{DescribeProgress, Refusal};
use crate::runtime::clock::Clock;

/// Progress that waits to be heard; a slow listener finds the newest.
const MOST_REPORTS: usize = 64;

/// When the time is over in the middle of the search, the vision thread has so long to make regions of what it has found.
const GRACE: Duration = Duration::from_millis(300);

/// How a goal ended: every region was found and, where asked, described; or why not.
pub(in crate::runtime) type Ending = Result<(), Refusal>;

pub(in crate::runtime) struct Course {
    state: Mutex<State>,
    changed: Notify,
    clock: Clock,
    time_limit: Option<Duration>,
    deadline: Option<Instant>,
}

#[derive(Default)]
struct State {
    reports: VecDeque<DescribeProgress>,
    newest: (String, String),
    stamp: Stamp,
    /// `None` before the search is over. Ids and words.
    regions: Option<Vec<(String, String)>>,
    ended: Option<Ending>,
}

/// What a listener is told.
pub(super) enum News {
    Progress(DescribeProgress),
    Ended,
    /// Nothing for so long, unless something changes.
    Wait(Option<Duration>),
}

impl Course {
    pub(in crate::runtime) fn new(time_limit: Option<Duration>, clock: Clock) -> Self {
        // Beyond what a clock can tell there is no limit.
        let deadline = time_limit.and_then(|limit| clock.now().checked_add(limit));
        Self { state: Mutex::default(), changed: Notify::new(), clock, time_limit, deadline }
    }

    /// Work for it is in vain.
    pub(in crate::runtime) fn is_over(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// Its time is over: what has been done so far is to be handed over.
    pub(in crate::runtime) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.clock.now() >= deadline)
    }

    /// No effect when it has ended before.
    pub(in crate::runtime) fn end(&self, ending: Ending) {
        self.lock().ended.get_or_insert(ending);
        self.changed.notify_one();
    }

    pub(in crate::runtime) fn end_late(&self) {
        let limit = self.time_limit.unwrap_or_default().as_secs_f32();
        let message = format!("the time limit of {limit} s is over; the result holds what was done until then");
        self.end(Err(Refusal::new(ResultCode::Timeout, message)))
    }

    /// Nobody wants to hear of what came before.
    pub(super) fn cancel(&self) {
        self.end(Err(Refusal::new(ResultCode::Canceled, "canceled by the client")));
        self.lock().reports.clear();
    }

    pub(super) fn tell(&self, stage: Stage, done: usize, total: usize) {
        let mut state = self.lock();
        let (id, caption) = state.newest.clone();
        state.put(DescribeProgress { stage, done, total, id, caption });
        drop(state);
        self.changed.notify_one();
    }

    /// The search is over: ids in the order of the labels.
    pub(super) fn found(&self, stamp: Stamp, ids: impl Iterator<Item = String>) {
        let mut state = self.lock();
        let regions: Vec<_> = ids.map(|id| (id, String::new())).collect();
        state.newest = regions.last().cloned().unwrap_or_default();
        state.stamp = stamp;
        state.regions = Some(regions);
    }

    /// The words of the region with this index, "" where there are none to be had.
    pub(super) fn described(&self, index: usize, words: &str) {
        let mut state = self.lock();
        if let Some(region) = state.regions.as_mut().and_then(|regions| regions.get_mut(index)) {
            region.1 = words.to_owned();
            state.newest = region.clone();
        }
    }

    /// The next thing that a listener should know. Also ends what is late.
    pub(super) fn news(&self) -> News {
        let mut state = self.lock();
        if let Some(report) = state.reports.pop_front() {
            return News::Progress(report);
        }
        if state.ended.is_some() {
            return News::Ended;
        }
        let Some(deadline) = self.deadline else { return News::Wait(None) };
        let last_moment = if state.regions.is_some() { deadline } else { deadline + GRACE };
        let left = last_moment.saturating_duration_since(self.clock.now());
        if !left.is_zero() {
            return News::Wait(Some(left));
        }
        drop(state);
        self.end_late();
        News::Ended
    }

    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Stamp, regions and ending, as far as it came.
    pub(super) fn outcome(&self) -> (Stamp, Vec<(String, String)>, Option<Ending>) {
        let state = self.lock();
        (state.stamp, state.regions.clone().unwrap_or_default(), state.ended.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, report: DescribeProgress) {
        if self.ended.is_some() {
            return;
        }
        if self.reports.len() >= MOST_REPORTS {
            self.reports.pop_front();
        }
        self.reports.push_back(report);
    }
}

/// Held by the part that has the goal in hand. Dropped before the end, it ends the course: no fault in a thread leaves a
/// client waiting.
pub(in crate::runtime) struct Runner(Arc<Course>);

impl Runner {
    pub(in crate::runtime) fn new(course: Arc<Course>) -> Self {
        Self(course)
    }
}

impl std::ops::Deref for Runner {
    type Target = Course;

    fn deref(&self) -> &Course {
        &self.0
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let message = "the goal was lost in a fault of the node; see its log";
        self.0.end(Err(Refusal::new(ResultCode::Internal, message)));
    }
}

//! One object's words.

use super::{Look, ReuseSettings};
use crate::core::region::{Caption, CaptionState};

/// Failures beyond this many do not make the pause longer.
const MOST_DOUBLINGS: u32 = 5;

/// What makes an object due, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// A client waits for its words.
    Asked,
    /// It has no words yet.
    New,
    /// Its words are of an earlier look.
    Changed,
    /// Its words are old.
    Old,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its newest words, with their state.
    pub caption: Caption,
    /// When a client asked for new words that nobody is at work on.
    pub asked_at: Option<f64>,
    pub seen_at: f64,
    /// Since when it waits for its turn.
    pub waiting_since: f64,
    newest: Look,
    described: Option<Look>,
    /// Frames in a row in which it differed from what was described.
    differing_frames: u32,
    /// The model is at work on this look of it; `asked_at` when it began. Who asks meanwhile asks for a later look.
    in_work: Option<(Look, Option<f64>)>,
    finished_at: Option<f64>,
    failures: u32,
    retry_at: f64,
}

impl Entry {
    pub fn new(look: Look, now: f64) -> Self {
        Self {
            caption: Caption { state: CaptionState::Pending, ..Caption::default() },
            asked_at: None,
            seen_at: now,
            waiting_since: now,
            newest: look,
            described: None,
            differing_frames: 0,
            in_work: None,
            finished_at: None,
            failures: 0,
            retry_at: now,
        }
    }

    pub fn see(&mut self, look: Look, now: f64, settings: &ReuseSettings) {
        let was_due = self.reason(now, settings).is_some();
        let differs = self.described.as_ref().is_some_and(|described| look.differs(described, settings.change_thresh));
        self.differing_frames = if differs { self.differing_frames.saturating_add(1) } else { 0 };
        if self.caption.state == CaptionState::Done && self.has_changed(settings) {
            self.caption.state = CaptionState::Stale;
        }
        (self.newest, self.seen_at) = (look, now);
        if !was_due {
            self.waiting_since = now;
        }
    }

    /// Why it should be described now; `None` when it need not, or must wait.
    pub fn reason(&self, now: f64, settings: &ReuseSettings) -> Option<Reason> {
        if self.in_work.is_some() {
            return None;
        }
        if self.asked_at.is_some() {
            return Some(Reason::Asked);
        }
        if now < self.retry_at {
            return None;
        }
        let Some(finished_at) = self.finished_at else { return Some(Reason::New) };
        if now - finished_at < settings.pause_secs {
            return None;
        }
        if self.caption.state == CaptionState::Stale {
            return Some(Reason::Changed);
        }
        let is_old = settings.refresh_secs > 0.0 && now - finished_at >= settings.refresh_secs;
        is_old.then_some(Reason::Old)
    }

    pub fn is_in_work(&self) -> bool {
        self.in_work.is_some()
    }

    pub fn start(&mut self) {
        self.in_work = Some((self.newest.clone(), self.asked_at.take()));
        if self.caption.text.is_empty() {
            self.caption.state = CaptionState::Pending;
        }
    }

    /// The model was stopped, or its frame is gone.
    pub fn give_up(&mut self) {
        if let Some((_, asked_at)) = self.in_work.take() {
            self.asked_at = asked_at.or(self.asked_at);
        }
    }

    pub fn finish(&mut self, caption: Caption, now: f64, settings: &ReuseSettings) {
        let look = self.in_work.take().map_or_else(|| self.newest.clone(), |(look, _)| look);
        // What changed while the model spoke is not in its words.
        let differs = self.newest.differs(&look, settings.change_thresh);
        self.differing_frames = u32::from(differs);
        self.described = Some(look);
        let state = if self.has_changed(settings) { CaptionState::Stale } else { CaptionState::Done };
        self.caption = Caption { state, ..caption };
        (self.finished_at, self.failures, self.waiting_since) = (Some(now), 0, now);
    }

    pub fn fail(&mut self, now: f64, settings: &ReuseSettings) {
        self.in_work = None;
        self.retry_at = now + settings.retry_secs * f64::from(1u32 << self.failures.min(MOST_DOUBLINGS));
        self.failures = self.failures.saturating_add(1);
        let has_words = !self.caption.text.is_empty();
        self.caption.state = if has_words { CaptionState::Stale } else { CaptionState::Failed };
    }

    fn has_changed(&self, settings: &ReuseSettings) -> bool {
        self.differing_frames >= settings.change_frames.max(1)
    }
}

//! The words of all objects, between the thread that sees them and the thread that describes them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::core::caption::reuse::CaptionBook;
use crate::core::region::{Caption, CaptionState};
use crate::core::settings::CaptionMode;
use crate::core::track::TrackId;
use crate::runtime::clock::Clock;

pub(in crate::runtime) struct Words {
    book: Mutex<CaptionBook>,
    clock: Clock,
    /// Zero of the book's clock.
    began: Instant,
}

impl Words {
    pub(in crate::runtime) fn new(clock: Clock) -> Self {
        Self { book: Mutex::default(), began: clock.now(), clock }
    }

    /// `act` gets the book and the time by its clock.
    pub(in crate::runtime) fn with<T>(&self, act: impl FnOnce(&mut CaptionBook, f64) -> T) -> T {
        // A panic under this lock leaves a whole book: each change is of one entry.
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut book, self.clock.now().saturating_duration_since(self.began).as_secs_f64())
    }

    /// As they are to be published.
    pub(in crate::runtime) fn published(&self, id: TrackId, mode: CaptionMode) -> Caption {
        let known = || self.with(|book, _| book.caption(id));
        match mode {
            CaptionMode::Off => Caption::default(),
            // Nobody is at work on what nobody has asked for.
            CaptionMode::OnRequest => Some(known()).filter(|caption| !caption.text.is_empty()).unwrap_or_default(),
            CaptionMode::Background => known(),
        }
    }

    /// New words have been asked for: the old ones, if there are any, until they come.
    pub(in crate::runtime) fn awaited(&self, id: TrackId) -> Caption {
        Caption { state: CaptionState::Pending, ..self.with(|book, _| book.caption(id)) }
    }
}

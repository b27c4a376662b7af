//! When an object gets new words. It is captioned once, and again only when it has changed or its words are old;
//! everything else reuses them.
//!
//! The states are those of `msg/Region.msg`:
//!
//! ```text
//!             start                  finish
//! (unknown) ─────────► Pending ─────────────────► Done ──── it changes ───► Stale ─── start, finish ──► Done
//!                         │ fail                   └── its words are old: described again, still Done
//!                         └──────► Failed ── after a pause ──► Pending
//! ```
//!
//! An object counts as changed when its size or its looks differ from those that were described, in several frames in a
//! row: one bad mask is no change. An attempt that fails leaves the old words, if there are any.
//! Pure state: the caller gives the time (seconds of any clock that does not go back) and runs the model.

mod book;
mod entry;
#[cfg(test)]
mod tests;

pub use book::{CaptionBook, Counts};

use crate::core::track::Appearance;

#[derive(Clone, Debug, PartialEq)]
pub struct ReuseSettings {
    /// Words older than this are made anew, seconds; 0 = never (`caption.refresh_s`).
    pub refresh_secs: f64,
    /// How much an object may change before its words are stale, 0 to 1 (`caption.change_thresh`): the share by which
    /// its area grows or shrinks, and the distance 1 - cosine between its appearances.
    pub change_thresh: f32,
    /// Frames in a row that must say so.
    pub change_frames: u32,
    /// Least time between two captions of one object, seconds.
    pub pause_secs: f64,
    /// Time after a failure until the next attempt, seconds; doubles with each further one, up to 32 times.
    pub retry_secs: f64,
    /// Most objects; beyond that those go that were not seen for longest.
    pub capacity: usize,
}

impl Default for ReuseSettings {
    fn default() -> Self {
        Self {
            refresh_secs: 60.0,
            change_thresh: 0.5,
            change_frames: 3,
            pause_secs: 1.0,
            retry_secs: 1.0,
            capacity: 1024,
        }
    }
}

/// What an object looks like in a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Pixels.
    pub area: u32,
    pub appearance: Option<Appearance>,
}

impl Look {
    /// Whether it is more than `threshold` away from `described`.
    fn differs(&self, described: &Self, threshold: f32) -> bool {
        let (a, b) = (self.area.max(1) as f32, described.area.max(1) as f32);
        let grown = a.max(b) / a.min(b) - 1.0;
        let turned =
            self.appearance.as_ref().zip(described.appearance.as_ref()).map_or(0.0, |(a, b)| 1.0 - a.cosine(b));
        grown > threshold || turned > threshold
    }
}

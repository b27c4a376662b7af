//! Objects that keep their ids from frame to frame.
//!
//! A [`Tracker`] stands for one camera. Each [`DetectionSet`] says what was segmented in a frame; the tracker says which track each
//! detection belongs to. A frame may be looked at several times ([`frame`]): it moves tracks on, misses them and ages them once.
//! The way of a frame:
//!
//! 1. [`camera_clock`](super::camera_clock): the picture moves the camera's own time on, which never goes back.
//! 2. [`camera_motion`]: how the whole picture has moved, when the objects agree on that ([`motion`] is for single ones).
//! 3. [`detection`]: detections that are one another's duplicates are put together.
//! 4. [`affinity`]: how well each track goes with each detection: mask IoU at the place where the track is expected,
//!    and likeness of what the model sees there ([`appearance`]). What is below the gates does not go together.
//! 5. [`assignment`]: the pairs with the largest sum.
//! 6. [`life`]: pairs go on, the rest is born, lost, or dead.
//!
//! Everything is deterministic, and the order of the detections makes no difference to who gets which id.

pub mod affinity;
pub mod appearance;
mod assignment;
mod camera_motion;
mod detection;
mod follow;
mod frame;
mod life;
mod motion;
#[cfg(test)]
mod tests;
mod tracker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use appearance::{Appearance, Pooling};
pub use follow::following_shape;
pub use tracker::{Assigned, Tracker, Update};

use super::camera_clock::Shot;
use super::frame::Stamp;
use super::geometry::Size;
use super::mask::spans::Spans;
use affinity::Gates;
use follow::Pointed;
use motion::Motion;

/// Names an object. Given out in rising order, none of them twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId(pub u64);

/// As in `Region.id`: "r1", "r2" ...
impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

impl std::str::FromStr for TrackId {
    type Err = ();

    /// Only what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let id = text.strip_prefix('r').and_then(|digits| digits.parse().ok()).map(Self).ok_or(())?;
        if id.to_string() == text { Ok(id) } else { Err(()) }
    }
}

/// Where new ids come from: one for all cameras of a node, whatever model is loaded. Clones go on counting together.
#[derive(Clone, Debug, Default)]
pub struct TrackIds(Arc<AtomicU64>);

impl TrackIds {
    /// Also for regions that are not tracked, so that no two things ever share an id.
    pub fn issue(&self) -> TrackId {
        TrackId(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Names a sticky prompt of this camera; the caller gives the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptKey(pub u64);

/// One mask in a frame.
#[derive(Clone, Debug)]
pub struct Detection {
    pub shape: Arc<Spans>,
    /// How sure the model is of the mask, 0 to 1; of duplicates the surest leads.
    pub score: f32,
    pub appearance: Option<Appearance>,
    /// The sticky prompt that made it.
    pub prompt: Option<PromptKey>,
}

/// What a frame was searched for: a track that was not looked for is not missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched<'a> {
    /// Everything-mode: whatever there is.
    Everywhere,
    /// Only with these sticky prompts (and, it may be, with others that come once).
    For(&'a [PromptKey]),
}

/// Which frame of the camera it is.
#[derive(Clone, Copy, Debug)]
pub struct FrameTime {
    pub shot: Shot,
    /// Of the picture. Tracks are scaled when it changes.
    pub size: Size,
}

/// What one look at a frame has found.
#[derive(Clone, Copy, Debug)]
pub struct DetectionSet<'a> {
    pub detections: &'a [Detection],
    pub searched: Searched<'a>,
}

/// A frame that is looked at once.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    pub shot: Shot,
    pub size: Size,
    pub detections: &'a [Detection],
    pub searched: Searched<'a>,
}

impl<'a> Observation<'a> {
    pub fn frame(&self) -> FrameTime {
        FrameTime { shot: self.shot, size: self.size }
    }

    pub fn detections(&self) -> DetectionSet<'a> {
        DetectionSet { detections: self.detections, searched: self.searched }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct TrackSettings {
    /// Seconds for which an object that is not seen keeps its id (`memory.ttl_s`).
    pub ttl_secs: f64,
    /// Seconds for which a sticky prompt waits for its object that is not seen; then it points at its place again.
    pub prompt_patience_secs: f64,
    /// Most tracks, those that are out of sight included; further ones displace the stalest (`memory.max_regions`).
    pub max_tracks: usize,
    /// Frames in which an object must have been seen before it survives not being seen.
    pub confirm_frames: u32,
    /// Detections that overlap more than this (IoU of masks) are the same object.
    pub duplicate_iou: f32,
    pub gates: Gates,
}

impl Default for TrackSettings {
    fn default() -> Self {
        Self {
            ttl_secs: 10.0,
            prompt_patience_secs: 3.0,
            max_tracks: 256,
            confirm_frames: 2,
            duplicate_iou: 0.8,
            gates: Gates::default(),
        }
    }
}

/// How sure it is that there is something, and that it is still there. Dead tracks are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackState {
    /// Seen in fewer than [`TrackSettings::confirm_frames`] frames.
    Tentative,
    Confirmed,
    /// Looked for in the newest frame, and not found: hidden, or out of the picture.
    Lost,
}

/// One object.
#[derive(Clone, Debug)]
pub struct Track {
    pub id: TrackId,
    pub state: TrackState,
    /// Where it was last seen.
    pub shape: Arc<Spans>,
    pub first_seen: Stamp,
    pub last_seen: Stamp,
    /// Number of frames.
    pub seen_frames: u32,
    /// The sticky prompt that found it last.
    pub prompt: Option<PromptKey>,
    /// Then and now.
    pointed: Pointed,
    pub appearance: Option<Appearance>,
    /// The camera's own time when it was last seen.
    seen_at_secs: f64,
    /// Pixels, when nothing hides it.
    usual_area: f32,
    /// Frames in a row in which it was looked for and not found.
    missed_frames: u32,
    motion: Motion,
}

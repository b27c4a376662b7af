//! A frame between its begin and its end: what the looks at it have found and looked for so far.

use std::collections::{BTreeMap, BTreeSet};

use super::camera_motion::common_motion;
use super::motion::Vector;
use super::{PromptKey, Searched, Track, TrackId};
use crate::core::frame::Stamp;

#[derive(Clone, Debug)]
pub(super) struct OpenFrame {
    pub stamp: Stamp,
    /// Since the frame before, seconds.
    pub dt_secs: f64,
    /// Not one that has ended and is looked at again.
    pub is_new: bool,
    /// Tracks that a look has found; whether it was the look of the sticky prompt that follows it.
    seen: BTreeMap<TrackId, bool>,
    /// Tracks that are missed at no look: they have come in between.
    pub spared: BTreeSet<TrackId>,
    everywhere: bool,
    keys: BTreeSet<PromptKey>,
    /// By how much the objects in sight have moved since the frame before, pixels.
    pub displacements: Vec<Vector>,
}

impl OpenFrame {
    pub fn new(stamp: Stamp, dt_secs: f64) -> Self {
        Self {
            stamp,
            dt_secs,
            is_new: true,
            seen: BTreeMap::new(),
            spared: BTreeSet::new(),
            everywhere: false,
            keys: BTreeSet::new(),
            displacements: Vec::new(),
        }
    }

    /// A frame that has ended. Its time is over: nothing has moved since, and nothing is missed twice.
    pub fn again(stamp: Stamp) -> Self {
        Self { is_new: false, ..Self::new(stamp, 0.0) }
    }

    pub fn search(&mut self, searched: Searched) {
        match searched {
            Searched::Everywhere => self.everywhere = true,
            Searched::For(keys) => self.keys.extend(keys),
        }
    }

    pub fn has_seen(&self, id: TrackId) -> bool {
        self.seen.contains_key(&id)
    }

    /// The sticky prompt that follows it has found it.
    pub fn has_seen_by_prompt(&self, id: TrackId) -> bool {
        self.seen.get(&id) == Some(&true)
    }

    pub fn note(&mut self, id: TrackId, by_prompt: bool) {
        *self.seen.entry(id).or_default() |= by_prompt;
    }

    /// A look has looked for it, and none has found it.
    pub fn misses(&self, track: &Track) -> bool {
        let is_looked_for = self.everywhere || track.prompt.is_some_and(|key| self.keys.contains(&key));
        is_looked_for && !self.has_seen(track.id) && !self.spared.contains(&track.id)
    }

    /// How the picture has moved since the frame before, pixels; none when too few objects tell.
    pub fn motion(&self) -> Vector {
        common_motion(&self.displacements)
    }

    /// As the looks so far say; where none says anything, as it did before, `velocity` pixels a second.
    pub fn picture(&self, velocity: Vector) -> Vector {
        if self.displacements.is_empty() { velocity.times(self.dt_secs as f32) } else { self.motion() }
    }

    /// Where a track is in this frame relative to where it was last seen, when the picture has moved by `picture`.
    pub fn expected(&self, track: &Track, picture: Vector) -> Vector {
        if self.has_seen(track.id) { Vector::default() } else { track.motion.expected(self.dt_secs, picture) }
    }
}

//! The words of all objects, and whose turn it is.

use std::collections::BTreeMap;

use super::entry::{Entry, Reason};
use super::{Look, ReuseSettings};
use crate::core::region::Caption;
use crate::core::track::TrackId;

/// How much reuse has saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Looks at objects: so many captions it would take to describe every object in every frame.
    pub looks: u64,
    /// Captions that were begun.
    pub started: u64,
    pub finished: u64,
    pub failed: u64,
}

/// Of one node: ids are those of tracks of all cameras.
#[derive(Debug, Default)]
pub struct CaptionBook {
    entries: BTreeMap<TrackId, Entry>,
    counts: Counts,
}

impl CaptionBook {
    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The object's words as they are to be published: their state, and the old ones until there are new ones. No words
    /// (`None` state) for an object that is not in the book.
    pub fn caption(&self, id: TrackId) -> Caption {
        self.entries.get(&id).map(|entry| entry.caption.clone()).unwrap_or_default()
    }

    /// The object is in a frame. Call it once a frame and object, then [`Self::caption`] and [`Self::start`].
    pub fn see(&mut self, id: TrackId, look: Look, now_secs: f64, settings: &ReuseSettings) {
        self.counts.looks += 1;
        match self.entries.get_mut(&id) {
            Some(entry) => entry.see(look, now_secs, settings),
            None => {
                self.make_room(settings.capacity.max(1) - 1);
                self.entries.insert(id, Entry::new(look, now_secs));
            }
        }
    }

    /// A client wants words for it as it is now: they are made before what nobody asked for, however good the old ones
    /// are. `false` when it is not in the book.
    pub fn ask(&mut self, id: TrackId, now_secs: f64) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        entry.asked_at.get_or_insert(now_secs);
        true
    }

    /// Takes the `visible` objects to be described now, at most `most` beside those that clients ask for, the most urgent
    /// first: asked for, new, changed, and those with old words; among equals the one that waits longest. They count as
    /// being in work until [`Self::finish`], [`Self::fail`] or [`Self::give_up`] is called for each.
    pub fn start(&mut self, visible: &[TrackId], most: usize, now_secs: f64, settings: &ReuseSettings) -> Vec<TrackId> {
        let mut due: Vec<(Reason, f64, TrackId)> = Vec::new();
        for &id in visible {
            let Some(entry) = self.entries.get(&id) else { continue };
            if let Some(reason) = entry.reason(now_secs, settings) {
                due.push((reason, entry.asked_at.unwrap_or(entry.waiting_since), id));
            }
        }
        due.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        due.dedup_by_key(|one| one.2);
        let asked = due.iter().take_while(|one| one.0 == Reason::Asked).count();
        due.truncate(asked.saturating_add(most));
        let chosen: Vec<TrackId> = due.into_iter().map(|(.., id)| id).collect();
        for id in &chosen {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.start();
            }
        }
        self.counts.started += chosen.len() as u64;
        chosen
    }

    /// Whether [`Self::start`] would take something.
    pub fn has_due(&self, visible: &[TrackId], now_secs: f64, settings: &ReuseSettings) -> bool {
        let mut entries = visible.iter().filter_map(|id| self.entries.get(id));
        entries.any(|entry| entry.reason(now_secs, settings).is_some())
    }

    /// Words have come. `caption.state` is set by the book: `Stale` when the object has changed meanwhile.
    pub fn finish(&mut self, id: TrackId, caption: Caption, now_secs: f64, settings: &ReuseSettings) {
        self.counts.finished += 1;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.finish(caption, now_secs, settings);
        }
    }

    /// The model failed, or had nothing to say.
    pub fn fail(&mut self, id: TrackId, now_secs: f64, settings: &ReuseSettings) {
        self.counts.failed += 1;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.fail(now_secs, settings);
        }
    }

    /// Nothing was tried: the job was displaced or canceled. The object is due again at once.
    pub fn give_up(&mut self, id: TrackId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.give_up();
        }
    }

    /// The track is dead.
    pub fn forget(&mut self, id: TrackId) {
        self.entries.remove(&id);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn make_room(&mut self, most: usize) {
        while self.entries.len() > most {
            // What the model is at work on goes last: its words are nearly there.
            let order = |entry: &Entry| (entry.is_in_work(), entry.seen_at);
            let stalest = self.entries.iter().min_by(|(_, a), (_, b)| {
                let ((a_works, a_seen), (b_works, b_seen)) = (order(a), order(b));
                a_works.cmp(&b_works).then(a_seen.total_cmp(&b_seen))
            });
            let Some(stalest) = stalest.map(|(id, _)| *id) else { return };
            self.entries.remove(&stalest);
        }
    }
}

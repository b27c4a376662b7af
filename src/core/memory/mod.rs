//! What a camera has shown, kept for those who ask later: the newest look at each object.
//!
//! Bounded: beyond [`RegionMemory::capacity`] the object goes that was not seen for longest. Masks are kept as spans
//! and captions with their words taken apart, so that a question costs no more than reading.

mod colours;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use colours::clear_colours;

use super::frame::{Header, Stamp};
use super::geometry::Size;
use super::prompt::Shape;
use super::region::{Caption, Region};
use super::space::Located;
use super::spans::Spans;
use super::track::TrackId;
use super::words::{Term, Vocabulary};

/// The newest look at an object.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub id: TrackId,
    /// Of the picture in which it was last seen; `header.stamp` is its time, or that of arrival where it had none.
    pub header: Header,
    /// Of that picture.
    pub size: Size,
    pub label: u16,
    pub prompt_id: String,
    /// In that picture.
    pub shape: Arc<Spans>,
    pub predicted_iou: f32,
    pub stability: f32,
    pub caption: Caption,
    pub first_seen: Stamp,
    /// `None` without depth.
    pub place: Option<Located>,
    /// The colours of most of its pixels; empty when that is not clear.
    pub colours: Vec<&'static str>,
    pub prompt: Arc<Shape>,
    /// The caption's words.
    terms: Vec<Term>,
}

/// What is new about an object.
#[derive(Clone, Debug)]
pub struct Sight<'a> {
    pub id: TrackId,
    pub header: &'a Header,
    pub size: Size,
    pub region: &'a Region,
    pub shape: Arc<Spans>,
    /// `None` keeps what was known.
    pub place: Option<Located>,
    pub colours: Vec<&'static str>,
}

impl Remembered {
    fn new(sight: Sight) -> Self {
        let Sight { id, header, size, region, shape, place, colours } = sight;
        Self {
            id,
            header: header.clone(),
            size,
            label: region.label,
            prompt_id: region.prompt_id.clone(),
            shape,
            predicted_iou: region.predicted_iou,
            stability: region.stability,
            terms: Vocabulary::shared().terms(&region.caption.text),
            caption: region.caption.clone(),
            first_seen: region.first_seen,
            place,
            colours,
            prompt: Arc::clone(&region.prompt),
        }
    }

    pub fn last_seen(&self) -> Stamp {
        self.header.stamp
    }

    /// Seconds since it was last seen; 0 when the clock has gone back behind that.
    pub fn age_secs(&self, now: Stamp) -> f64 {
        now.secs_since(self.last_seen()).max(0.0)
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// As it is published, with its mask.
    pub fn region(&self) -> Region {
        Region {
            id: self.id.to_string(),
            label: self.label,
            prompt_id: self.prompt_id.clone(),
            mask: Arc::new(self.shape.to_mask()),
            predicted_iou: self.predicted_iou,
            stability: self.stability,
            caption: self.caption.clone(),
            first_seen: self.first_seen,
            last_seen: self.last_seen(),
            prompt: Arc::clone(&self.prompt),
        }
    }
}

/// Objects by their ids, of all cameras.
#[derive(Debug)]
pub struct RegionMemory {
    capacity: usize,
    objects: BTreeMap<TrackId, Remembered>,
}

impl RegionMemory {
    /// At most `capacity` objects (`memory.max_regions`).
    pub fn new(capacity: usize) -> Self {
        Self { capacity, objects: BTreeMap::new() }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
        self.shrink();
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn get(&self, id: TrackId) -> Option<&Remembered> {
        self.objects.get(&id)
    }

    /// By rising id.
    pub fn iter(&self) -> impl Iterator<Item = &Remembered> {
        self.objects.values()
    }

    /// Takes in a look at an object. What this look does not tell stays as it was: place, colours, and words, where the
    /// region comes without any.
    pub fn remember(&mut self, sight: Sight) {
        let mut new = Remembered::new(sight);
        if let Some(old) = self.objects.remove(&new.id) {
            new.place = new.place.or(old.place);
            new.first_seen = new.first_seen.min(old.first_seen);
            if new.colours.is_empty() {
                new.colours = old.colours;
            }
            if new.caption.text.is_empty() {
                new.terms = old.terms;
                new.caption = Caption { state: new.caption.state, ..old.caption };
            }
        }
        self.objects.insert(new.id, new);
        self.shrink();
    }

    /// Words have come for an object; `false` when it is not remembered any more.
    pub fn caption(&mut self, id: TrackId, caption: Caption) -> bool {
        let Some(object) = self.objects.get_mut(&id) else { return false };
        if object.caption.text != caption.text {
            object.terms = Vocabulary::shared().terms(&caption.text);
        }
        object.caption = caption;
        true
    }

    pub fn forget(&mut self, id: TrackId) {
        self.objects.remove(&id);
    }

    pub fn clear(&mut self) {
        self.objects.clear();
    }

    /// Forgets what was not seen for longer than `ttl_secs`; says what.
    pub fn expire(&mut self, now: Stamp, ttl_secs: f64) -> Vec<TrackId> {
        let is_over = |object: &Remembered| object.age_secs(now) > ttl_secs;
        let over: Vec<TrackId> = self.iter().filter(|object| is_over(object)).map(|object| object.id).collect();
        self.objects.retain(|_, object| !is_over(object));
        over
    }

    fn shrink(&mut self) {
        while self.objects.len() > self.capacity {
            let stalest =
                self.objects.values().min_by_key(|object| (object.last_seen(), object.id)).map(|object| object.id);
            let Some(stalest) = stalest else { return };
            self.objects.remove(&stalest);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

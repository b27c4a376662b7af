//! What a camera has shown, kept for those who ask later: the newest look at each object.
//!
//! Bounded: beyond [`RegionMemory::capacity`] the object goes that was not seen for longest. Masks are kept as spans
//! and captions with their words taken apart, so that a question costs no more than reading. A copy shares its objects
//! with the original and costs little, so that a question holds nobody up.
//!
//! An object's age is the time from the picture in which it was last seen to now, by its camera's own time. What a slow model
//! has just answered is as old as its picture. Forgetting (`memory.ttl_s`) counts from the answer instead: otherwise
//! nothing would be remembered of a look that takes longer than that.

mod colours;
mod object;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

pub use colours::clear_colours;
pub use object::{Remembered, Sight};

use super::camera_clock::{CameraClock, Shot};
use super::frame::{Header, Stamp};
use super::geometry::Size;
use super::region::Caption;
use super::space::Located;
use super::track::TrackId;

/// The newest picture of a camera that was looked at.
#[derive(Clone, Debug)]
pub struct View {
    pub header: Header,
    pub size: Size,
    clock: CameraClock,
}

/// When a picture was taken, and when it was answered; seconds, by the memory's own time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    taken_secs: f64,
    answered_secs: f64,
    /// When the picture came in; `None` where nobody knows. With the stamp it says which picture it was: stamps may be zero,
    /// or come again.
    arrived: Option<Instant>,
}

/// One picture of a camera. Its stamp alone does not name it: stamps may be zero, or come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub stamp: Stamp,
    /// When it came in; `None` where nobody knows: then the stamp must do.
    pub arrived: Option<Instant>,
}

/// Objects by their ids, of all cameras.
#[derive(Clone, Debug)]
pub struct RegionMemory {
    capacity: usize,
    objects: BTreeMap<TrackId, Arc<Remembered>>,
    views: BTreeMap<Arc<str>, View>,
    /// Zero of the memory's time.
    began: Option<Instant>,
}

impl RegionMemory {
    /// At most `capacity` objects (`memory.max_regions`).
    pub fn new(capacity: usize) -> Self {
        Self { capacity, objects: BTreeMap::new(), views: BTreeMap::new(), began: None }
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

    pub fn get(&self, id: TrackId) -> Option<&Arc<Remembered>> {
        self.objects.get(&id)
    }

    /// By rising id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Remembered>> {
        self.objects.values()
    }

    /// The newest pictures, by the names of their cameras.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.views.values()
    }

    pub fn view(&self, camera: &str) -> Option<&View> {
        self.views.get(camera)
    }

    /// Seconds since the picture was taken in which an object was last seen.
    pub fn age_secs(&self, object: &Remembered, now: Instant) -> f64 {
        self.secs_since(object.seen.taken_secs, object, now)
    }

    /// Seconds since the last answer that showed an object.
    fn unseen_secs(&self, object: &Remembered, now: Instant) -> f64 {
        self.secs_since(object.seen.answered_secs, object, now)
    }

    fn secs_since(&self, secs: f64, object: &Remembered, now: Instant) -> f64 {
        let camera_now = self.view(object.header.origin.name()).map_or(secs, |view| view.clock.at(now));
        (camera_now - secs).max(0.0)
    }

    /// A picture was looked at. `arrived`: when it came in; `None` where nobody knows. Gives the moment for what was seen
    /// in it.
    pub fn look(&mut self, header: &Header, size: Size, arrived: Option<Instant>, now: Instant) -> Moment {
        let shot = Shot { stamp: header.stamp, arrived, looked_at: now };
        let camera = header.origin.name();
        let Some(view) = self.views.get_mut(camera) else {
            let came = arrived.unwrap_or(now);
            let began = *self.began.get_or_insert(came);
            let secs = came.saturating_duration_since(began).as_secs_f64();
            let view = View { header: header.clone(), size, clock: CameraClock::start(&shot, secs) };
            let answered_secs = view.clock.at(now);
            self.views.insert(camera.into(), view);
            return Moment { taken_secs: secs, answered_secs, arrived };
        };
        let before_secs = view.clock.secs();
        let step = view.clock.take(&shot);
        if step.is_newest {
            (view.header, view.size) = (header.clone(), size);
        }
        Moment { taken_secs: before_secs + step.secs, answered_secs: view.clock.at(now), arrived }
    }

    /// Takes in a look at an object. What this look does not tell stays as it was: place, colours, and words, where the
    /// region comes without any. Of a look that is older than what is known only the words count.
    pub fn remember(&mut self, sight: Sight) {
        let id = sight.id;
        let object = match self.objects.remove(&id) {
            Some(old) => Remembered::again(sight, &old),
            None => Remembered::new(sight),
        };
        self.objects.insert(id, Arc::new(object));
        self.shrink();
    }

    /// What came later of a look at an object, in this picture: words, or that they could not be made, and its place. `false`
    /// when it is not remembered any more.
    pub fn complete(&mut self, id: TrackId, caption: &Caption, place: Option<Located>, picture: Picture) -> bool {
        let Some(object) = self.objects.get_mut(&id).map(Arc::make_mut) else { return false };
        object.describe(caption);
        self.locate(id, place, picture);
        true
    }

    /// Where an object is in this picture; nothing that it was seen in later is changed.
    pub fn locate(&mut self, id: TrackId, place: Option<Located>, picture: Picture) {
        let is_of_picture = |object: &Arc<Remembered>| {
            let is_other = |came: Instant| object.seen.arrived.is_some_and(|own| own != came);
            object.last_seen() == picture.stamp && !picture.arrived.is_some_and(is_other)
        };
        if let Some(object) = self.objects.get_mut(&id).filter(|object| is_of_picture(object)) {
            let object = Arc::make_mut(object);
            object.place = place.or(object.place);
        }
    }

    pub fn forget(&mut self, id: TrackId) {
        self.objects.remove(&id);
    }

    /// Every object; the cameras' newest pictures stay known.
    pub fn clear(&mut self) {
        self.objects.clear();
    }

    /// Whether [`RegionMemory::expire`] would forget something.
    pub fn has_expired(&self, now: Instant, ttl_secs: f64) -> bool {
        self.iter().any(|object| self.unseen_secs(object, now) > ttl_secs)
    }

    /// Forgets what no answer has shown for longer than `ttl_secs`; says what.
    pub fn expire(&mut self, now: Instant, ttl_secs: f64) -> Vec<TrackId> {
        let over = self.iter().filter(|object| self.unseen_secs(object, now) > ttl_secs);
        let over: Vec<TrackId> = over.map(|object| object.id).collect();
        for &id in &over {
            self.forget(id);
        }
        over
    }

    fn shrink(&mut self) {
        while self.objects.len() > self.capacity {
            let stalest =
                self.iter().min_by(|a, b| a.seen.taken_secs.total_cmp(&b.seen.taken_secs).then(a.id.cmp(&b.id)));
            let Some(stalest) = stalest.map(|object| object.id) else { return };
            self.forget(stalest);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! The node's memory: what its threads have seen, for whoever asks.
//!
//! The threads write, questions read a copy that shares everything with the original: the lock is held for the time of a
//! few hundred pointers at most, never while somebody thinks, and nobody who asks waits for a model.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use image::RgbImage;

use super::api::{Recalled, Refusal};
use super::shared::Shared;
use crate::core::frame::{Header, Origin};
use crate::core::mask::spans::Spans;
use crate::core::memory::{Picture, RegionMemory, Sight, View, clear_colours};
use crate::core::query::{Answer, Query};
use crate::core::region::RegionArray;
use crate::core::settings::MemorySettings;
use crate::core::track::TrackId;

pub(super) struct Recollection(Mutex<Arc<RegionMemory>>);

impl Recollection {
    pub(super) fn new(settings: &MemorySettings) -> Self {
        Self(Mutex::new(Arc::new(RegionMemory::new(settings.max_regions))))
    }

    /// Takes in what was seen in a camera's picture. `objects`: what the regions are masks of, where that is known: a second
    /// mask of an object is no second object. `arrived`: when the picture came in; `None` for one of the past. What a client's
    /// own picture shows is not remembered: nobody knows what took it.
    pub(super) fn remember(
        &self,
        array: &RegionArray,
        objects: &[Option<TrackId>],
        image: &RgbImage,
        arrived: Option<Instant>,
        now: Instant,
        settings: &MemorySettings,
    ) {
        let RegionArray { header, size, regions, .. } = array;
        if header.origin == Origin::Client {
            return;
        }
        let before = self.copy();
        // Everything that takes time comes before the lock.
        let seen = regions.iter().enumerate().filter_map(|(index, region)| {
            let id: TrackId = region.id.parse().ok()?;
            let object = objects.get(index).copied().flatten();
            if object.is_some_and(|object| object != id) {
                return None;
            }
            let shape = Arc::new(Spans::from(&*region.mask));
            let is_new = before.get(id).is_none();
            let colours = if is_new { clear_colours(image, &shape) } else { Vec::new() };
            Some((id, region, shape, colours))
        });
        let seen: Vec<_> = seen.collect();
        drop(before);
        self.change(|memory| {
            memory.set_capacity(settings.max_regions);
            memory.expire(now, settings.ttl_secs);
            let moment = memory.look(header, *size, arrived, now);
            for (id, region, shape, colours) in seen {
                let place = region.place;
                memory.remember(Sight { id, header, size: *size, region, shape, place, colours, moment });
            }
        });
    }

    /// Words have come for regions that were delivered before, or could not be made; and perhaps their depth.
    pub(super) fn complete(&self, array: &RegionArray, arrived: Option<Instant>) {
        let picture = Picture { stamp: array.header.stamp, arrived };
        self.change(|memory| {
            for region in &array.regions {
                if let Ok(id) = region.id.parse() {
                    memory.complete(id, &region.caption, region.place, picture);
                }
            }
        });
    }

    /// Depth has come for regions that were delivered before.
    pub(super) fn locate(&self, array: &RegionArray, arrived: Option<Instant>) {
        let picture = Picture { stamp: array.header.stamp, arrived };
        self.change(|memory| {
            for region in &array.regions {
                if let Ok(id) = region.id.parse() {
                    memory.locate(id, region.place, picture);
                }
            }
        });
    }

    /// Says how many objects were forgotten.
    pub(super) fn clear(&self) -> usize {
        self.change(|memory| {
            let count = memory.len();
            memory.clear();
            count
        })
    }

    /// What is remembered now.
    fn current(&self, settings: &MemorySettings, now: Instant) -> Arc<RegionMemory> {
        let memory = self.copy();
        if memory.len() <= settings.max_regions && !memory.has_expired(now, settings.ttl_secs) {
            return memory;
        }
        drop(memory);
        self.change(|memory| {
            memory.set_capacity(settings.max_regions);
            memory.expire(now, settings.ttl_secs);
        });
        self.copy()
    }

    fn copy(&self) -> Arc<RegionMemory> {
        Arc::clone(&self.lock())
    }

    fn change<T>(&self, act: impl FnOnce(&mut RegionMemory) -> T) -> T {
        act(Arc::make_mut(&mut self.lock()))
    }

    fn lock(&self) -> MutexGuard<'_, Arc<RegionMemory>> {
        // A panic under this lock leaves a memory that lacks a look, no worse.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    pub(super) fn recall(&self, query: &Query) -> Result<Recalled, Refusal> {
        self.inbox.check_active()?;
        let now = self.clock.now();
        let memory = self.recollection.current(&self.settings().memory, now);
        let answers = memory.ask(query, now).map_err(|error| Refusal::new(error.code(), error.to_string()))?;
        explain(query, &answers);
        let view = view_of(&memory, query, &answers);
        Ok(Recalled {
            header: view.as_ref().map(|view| view.header.clone()),
            size: view.map(|view| view.size),
            model: self.model_name(),
            answers,
        })
    }
}

/// The newest picture of the answers' camera, or of the one that was asked for; of several cameras the newest of them all,
/// without a name.
fn view_of(memory: &RegionMemory, query: &Query, answers: &[Answer]) -> Option<View> {
    let is_meant = |view: &&View| {
        let origin = &view.header.origin;
        let mut origins = answers.iter().map(|answer| &answer.object.header.origin);
        if answers.is_empty() {
            query.camera.is_empty() || *query.camera == *origin.name()
        } else {
            origins.any(|own| own == origin)
        }
    };
    let mut meant: Vec<&View> = memory.views().filter(is_meant).collect();
    meant.sort_by_key(|view| view.header.stamp);
    let mut newest = (*meant.last()?).clone();
    if meant.len() > 1 {
        newest.header = Header { origin: "".into(), ..newest.header };
    }
    Some(newest)
}

/// Why the best answers are the best, for who reads the log.
fn explain(query: &Query, answers: &[Answer]) {
    if query.text.is_empty() || !log::log_enabled!(log::Level::Debug) {
        return;
    }
    log::debug!("query {:?}: {} regions", query.text, answers.len());
    for Answer { object, score, reasons } in answers.iter().take(5) {
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        log::debug!("  {} {:?} {score:.2}: {}", object.id, object.caption.text, reasons.join("; "));
    }
}

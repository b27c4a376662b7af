//! What the caption thread describes in one go: of a frame's or a caller's regions those that are due.

use std::sync::Arc;

use super::inbox::{CaptionJob, Recipient};
use super::thread::caption_of;
use super::words::Words;
use crate::core::caption::{Spoken, Subject};
use crate::core::frame::Stamp;
use crate::core::region::CaptionState;
use crate::core::result_code::ResultCode;
use crate::core::settings::CaptionMode;
use crate::core::track::TrackId;
use crate::runtime::api::Refusal;
use crate::runtime::shared::Shared;

pub(super) struct Batch {
    /// Each by the index of the region from which it is described; the object whose words these will be, if it is
    /// tracked.
    subjects: Vec<(usize, Option<TrackId>)>,
}

impl Batch {
    /// `None` when nothing is due.
    pub(super) fn begin(shared: &Shared, job: &CaptionJob) -> Option<Self> {
        let settings = shared.settings();
        let objects: Vec<TrackId> = job.objects.iter().flatten().copied().collect();
        let most = settings.caption.batch;
        let started = shared.words.with(|book, now| book.start(&objects, most, now, &settings.reuse()));
        let first_of = |id| job.objects.iter().position(|object| *object == Some(id));
        let mut subjects: Vec<_> = started.into_iter().filter_map(|id| Some((first_of(id)?, Some(id)))).collect();
        let room = most.max(1).saturating_sub(subjects.len());
        subjects.extend(strangers(shared, job).into_iter().take(room).map(|index| (index, None)));
        (!subjects.is_empty()).then_some(Self { subjects })
    }

    pub(super) fn subjects(&self, job: &CaptionJob) -> Vec<Subject> {
        self.subjects.iter().map(|(index, _)| Subject::of(&job.array.regions[*index])).collect()
    }

    /// `spoken`: for each subject, in their order.
    pub(super) fn write_down(&self, shared: &Shared, job: &mut CaptionJob, spoken: Vec<Spoken>) {
        let reuse = shared.settings().reuse();
        shared.stats.captions.add(spoken.len() as u64);
        for (&(index, object), spoken) in self.subjects.iter().zip(spoken) {
            let caption = caption_of(spoken, job.taken(index));
            let shape = Arc::clone(&job.array.regions[index].prompt);
            for (region, of) in job.array.regions.iter_mut().zip(&job.objects) {
                let is_meant = if object.is_some() { *of == object } else { Arc::ptr_eq(&region.prompt, &shape) };
                if is_meant {
                    region.caption = caption.clone();
                }
            }
            let Some(id) = object else { continue };
            shared.words.with(|book, now| match caption.state {
                CaptionState::Done => book.finish(id, caption, now, &reuse),
                _ => book.fail(id, now, &reuse),
            });
        }
    }

    /// No words came of it.
    pub(super) fn fail(&self, shared: &Shared, mut job: CaptionJob, refusal: &Refusal) {
        let settings = shared.settings();
        let is_canceled = refusal.code == ResultCode::Canceled;
        shared.words.with(|book, now| {
            for id in self.subjects.iter().filter_map(|(_, object)| *object) {
                if is_canceled { book.give_up(id) } else { book.fail(id, now, &settings.reuse()) }
            }
        });
        if is_canceled {
            return job.refuse(refusal);
        }
        shared.stats.captions_failed.add(self.subjects.len() as u64);
        job.take_words(&shared.words, settings.caption.mode);
        shared.fail_captions(job, refusal);
    }
}

/// Those that nobody keeps the words of. All masks of a prompt share its shape, and so its words: each shape once.
fn strangers(shared: &Shared, job: &CaptionJob) -> Vec<usize> {
    let regions = &job.array.regions;
    let is_known = |id| shared.words.with(|book, _| book.caption(id)).state != CaptionState::None;
    let is_stranger = |index: &usize| {
        regions[*index].caption.state == CaptionState::Pending && !job.objects[*index].is_some_and(is_known)
    };
    let mut strangers: Vec<usize> = Vec::new();
    for index in (0..regions.len()).filter(is_stranger) {
        if !strangers.iter().any(|&other| Arc::ptr_eq(&regions[other].prompt, &regions[index].prompt)) {
            strangers.push(index);
        }
    }
    strangers
}

impl CaptionJob {
    /// The newest words of every object in it.
    pub(super) fn take_words(&mut self, words: &Words, mode: CaptionMode) {
        // A caller has asked, whatever the mode says of the others.
        let mode = if matches!(self.recipient, Recipient::Caller(_)) { CaptionMode::Background } else { mode };
        for (region, object) in self.array.regions.iter_mut().zip(&self.objects) {
            let newest = object.map(|id| words.published(id, mode)).unwrap_or_default();
            if newest.state != CaptionState::None {
                region.caption = newest;
            }
        }
    }

    /// When the picture was taken; without a stamp, when it came in, where that is known.
    fn taken(&self, index: usize) -> Stamp {
        let stamp = self.array.header.stamp;
        if stamp.is_zero() { self.array.regions[index].last_seen } else { stamp }
    }
}

//! Masks leave the vision thread: to the outputs, to callers, and to the caption thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asks::{Asker, Share};
use super::regions::{Labelled, Labelling};
use super::tracking::{Name, Names};
use crate::core::frame::Frame;
use crate::core::ports::Embedding;
use crate::core::region::{Caption, CaptionState, Region, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::settings::{CaptionMode, Settings};
use crate::core::track::TrackId;
use crate::runtime::api::Refusal;
use crate::runtime::caption::inbox::{CaptionJob, Recipient};
use crate::runtime::places::answers::{Arrivals, Sent};
use crate::runtime::requests::PendingRequest;
use crate::runtime::shared::Shared;

/// A turn's picture, when its masks are there.
pub(super) struct Delivery<'a> {
    pub shared: &'a Shared,
    pub settings: &'a Settings,
    pub frame: Frame,
    pub embedding: Embedding,
    /// When the frame came in; `None` for pictures of requests and of the past.
    pub arrived: Option<Instant>,
}

/// Which words regions go out with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    None,
    /// As they are known.
    Known,
    /// New ones, which somebody waits for.
    New,
}

impl Delivery<'_> {
    pub(super) fn hand_out(self, shares: Vec<(Asker, Share)>, names: Names) {
        let mut published: Option<Labelling> = None;
        let mut once = false;
        let mut requests = Vec::new();
        let in_background = self.mode() == CaptionMode::Background;
        for ((asker, share), names) in shares.into_iter().zip(names.of_shares) {
            let wish = match asker {
                Asker::Request(request) => {
                    requests.push((*request, share, names));
                    continue;
                }
                Asker::Once => {
                    once = true;
                    self.tell_missing(&share);
                    if in_background { Wish::New } else { Wish::Known }
                }
                Asker::Sticky | Asker::EverythingMode => Wish::Known,
            };
            self.label(published.get_or_insert_default(), &share, &names, wish);
        }
        if let Some(labelling) = published {
            self.publish(labelling.finish(&self.shared.ids), once);
        }
        for (request, share, names) in requests {
            self.answer(request, &share, &names);
        }
    }

    /// Masks at once; words, and places of late depth, later.
    fn publish(&self, labelled: Labelled, once: bool) {
        let stats = &self.shared.stats;
        let Labelled { regions, objects } = labelled;
        let (array, looked) = self.array(regions);
        stats.frames_processed.add(1);
        if let Some(arrived) = self.arrived {
            stats.answer_age.record(self.shared.clock.now().saturating_duration_since(arrived));
        }
        self.remember(&array, &objects);
        let in_background = self.mode() == CaptionMode::Background;
        if in_background {
            self.count_words(&array);
        }
        let image = Arc::clone(&self.frame.image);
        let sent = Sent { image, once, at: self.shared.clock.now(), arrived: self.arrived };
        self.shared.answers.send(&self.shared.output, Arc::new(array.clone()), &sent, looked);
        if in_background && self.words_will_come(&array, &objects) {
            self.caption(array, objects, Recipient::Output(sent));
        }
    }

    fn answer(&self, pending: PendingRequest, share: &Share, names: &[Option<Name>]) {
        let PendingRequest { request, reply, .. } = pending;
        let mut labelling = Labelling::default();
        self.label(&mut labelling, share, names, if request.caption { Wish::New } else { Wish::None });
        let Labelled { regions, objects } = labelling.finish(&self.shared.ids);
        if regions.is_empty() {
            let message = format!("no mask was found for any of the {} prompts", share.prompts.len());
            return reply.answer(Err(Refusal::new(ResultCode::NotFound, message)));
        }
        let (array, _) = self.array(regions);
        // A request's own picture is not what the camera shows, and candidates are not what there is.
        if self.arrived.is_some() && !request.all_masks {
            self.remember(&array, &objects);
        }
        if request.caption {
            self.caption(array, objects, Recipient::Caller(reply));
        } else {
            reply.answer(Ok(Arc::new(array)));
        }
    }

    fn caption(&self, array: RegionArray, objects: Vec<Option<TrackId>>, recipient: Recipient) {
        let (embedding, arrived) = (self.embedding.clone(), self.arrived);
        self.shared.caption(CaptionJob { embedding, array, objects, arrived, recipient });
    }

    fn label(&self, labelling: &mut Labelling, share: &Share, names: &[Option<Name>], wish: Wish) {
        let words = &self.shared.words;
        if wish == Wish::New {
            let objects = names.iter().flatten().filter_map(|name| name.object);
            words.with(|book, now| {
                objects.for_each(|id| {
                    book.ask(id, now);
                })
            });
        }
        let pending = Caption { state: CaptionState::Pending, ..Caption::default() };
        let mut caption = |object: Option<TrackId>| match (wish, object) {
            (Wish::None, _) | (Wish::Known, None) => Caption::default(),
            (Wish::Known, Some(id)) => words.published(id, self.mode()),
            (Wish::New, Some(id)) => words.awaited(id),
            (Wish::New, None) => pending.clone(),
        };
        labelling.add(share, names, &mut caption);
    }

    fn remember(&self, array: &RegionArray, objects: &[Option<TrackId>]) {
        let (image, settings) = (&self.frame.image, &self.settings.memory);
        let now = self.shared.clock.now();
        self.shared.recollection.remember(array, objects, image, self.arrived, now, settings);
    }

    /// Something is to be said of these regions that has not been said, or is being said now.
    fn words_will_come(&self, array: &RegionArray, objects: &[Option<TrackId>]) -> bool {
        let objects: Vec<TrackId> = objects.iter().flatten().copied().collect();
        let is_pending = |region: &Region| region.caption.state == CaptionState::Pending;
        array.regions.iter().any(is_pending)
            || self.shared.words.with(|book, now| book.has_due(&objects, now, &self.settings.reuse()))
    }

    fn count_words(&self, array: &RegionArray) {
        let stats = &self.shared.stats;
        stats.captions_wanted.add(array.regions.len() as u64);
        for region in array.regions.iter().filter(|region| !region.caption.text.is_empty()) {
            let age_secs = region.last_seen.secs_since(region.caption.captioned_at);
            stats.caption_age.record(Duration::try_from_secs_f64(age_secs).unwrap_or_default());
        }
    }

    /// A once-prompt without a mask is not passed over in silence.
    fn tell_missing(&self, share: &Share) {
        let missing: Vec<usize> = share.without_mask();
        if !missing.is_empty() {
            let message = format!("no mask was found for prompts {missing:?} (counted from 0)");
            let refusal = Refusal::new(ResultCode::NotFound, message);
            self.shared.output.refused("prompts", self.frame.header.origin.name().into(), refusal);
        }
    }

    fn mode(&self) -> CaptionMode {
        if self.shared.model_captions() { self.settings.caption.mode } else { CaptionMode::Off }
    }

    /// With the places that are known, and what [`Shared::place`] says of the others.
    fn array(&self, mut regions: Vec<Region>) -> (RegionArray, Option<Arrivals>) {
        self.shared.name_without_caption(&mut regions, &self.embedding);
        let mut array = RegionArray {
            header: self.frame.header.clone(),
            size: self.frame.size(),
            model: self.shared.model_name(),
            regions,
        };
        let looked = self.shared.place(&mut array, self.arrived);
        (array, looked)
    }
}

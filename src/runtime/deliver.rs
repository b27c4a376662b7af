//! Masks leave the vision thread: to the outputs, to callers, and to the caption thread.

use std::sync::Arc;
use std::time::Instant;

use super::api::{Output, Refusal};
use super::asks::{Asker, Asks, Share};
use super::caption_inbox::{CaptionJob, Recipient};
use super::regions::{Ids, Labelled};
use super::requests::PendingRequest;
use super::shared::Shared;
use super::sticky::StickySet;
use crate::core::code::ResultCode;
use crate::core::frame::Frame;
use crate::core::pipeline::Found;
use crate::core::ports::Embedding;
use crate::core::region::{Region, RegionArray};
use crate::core::settings::{CaptionMode, Settings};

/// A turn's picture, when its masks are there.
pub(super) struct Delivery<'a> {
    pub shared: &'a Shared,
    pub settings: &'a Settings,
    pub frame: Frame,
    pub embedding: Embedding,
    /// When the frame came in; `None` for pictures of requests and of the past.
    pub arrived: Option<Instant>,
    pub ids: &'a mut Ids,
    pub sticky: &'a mut StickySet,
}

impl Delivery<'_> {
    pub(super) fn hand_out(mut self, asks: Asks, found: &[Found]) {
        let mut published: Option<Labelled> = None;
        let mut once = false;
        let mut requests = Vec::new();
        let captions = self.captions_in_background();
        for (asker, share) in asks.share_out(found) {
            let follows = matches!(asker, Asker::Sticky);
            match asker {
                Asker::Request(request) => {
                    requests.push((*request, share));
                    continue;
                }
                Asker::Once => {
                    once = true;
                    self.tell_missing(&share);
                }
                Asker::Sticky | Asker::EverythingMode => {}
            }
            self.label(published.get_or_insert_default(), &share, captions, follows);
        }
        if let Some(labelled) = published {
            self.publish(labelled, once);
        }
        for (request, share) in requests {
            self.answer(request, &share);
        }
    }

    /// Masks at once, words later.
    fn publish(&self, labelled: Labelled, once: bool) {
        let stats = &self.shared.stats;
        let image = Arc::clone(&self.frame.image);
        let captions = self.captions_in_background() && !labelled.regions.is_empty();
        let array = self.array(labelled.regions);
        stats.frames_processed.add(1);
        if let Some(arrived) = self.arrived {
            stats.answer_age.record(arrived.elapsed());
        }
        self.shared.recollection.remember(&array, &image, self.arrived, &self.settings.memory);
        self.shared.output.send(Output::Regions { array: Arc::new(array.clone()), image: Arc::clone(&image) });
        if captions {
            let recipient = Recipient::Output { image, once };
            let job = CaptionJob { embedding: self.embedding.clone(), array, words: labelled.words, recipient };
            self.shared.caption(job);
        }
    }

    fn answer(&mut self, pending: PendingRequest, share: &Share) {
        let PendingRequest { request, reply, .. } = pending;
        let mut labelled = Labelled::default();
        self.label(&mut labelled, share, request.caption, false);
        if labelled.regions.is_empty() {
            let message = format!("no mask was found for any of the {} prompts", share.prompts.len());
            return reply.answer(Err(Refusal::new(ResultCode::NotFound, message)));
        }
        let array = self.array(labelled.regions);
        // A request's own picture is not what the camera shows, and candidates are not what there is.
        if self.arrived.is_some() && !request.all_masks {
            self.shared.recollection.remember(&array, &self.frame.image, self.arrived, &self.settings.memory);
        }
        if request.caption {
            let recipient = Recipient::Caller(reply);
            let job = CaptionJob { embedding: self.embedding.clone(), array, words: labelled.words, recipient };
            self.shared.caption(job);
        } else {
            reply.answer(Ok(Arc::new(array)));
        }
    }

    fn label(&mut self, labelled: &mut Labelled, share: &Share, captions: bool, follows: bool) {
        let sticky = follows.then_some(&mut *self.sticky);
        labelled.add(share, self.frame.header.stamp, captions, self.ids, sticky);
    }

    /// A once-prompt without a mask is not passed over in silence.
    fn tell_missing(&self, share: &Share) {
        let missing: Vec<usize> = share.without_mask();
        if !missing.is_empty() {
            let message = format!("no mask was found for prompts {missing:?} (counted from 0)");
            let refusal = Refusal::new(ResultCode::NotFound, message);
            self.shared.output.refused("prompts", self.frame.header.camera.clone(), refusal);
        }
    }

    fn captions_in_background(&self) -> bool {
        self.shared.model_captions() && self.settings.caption.mode == CaptionMode::Background
    }

    fn array(&self, regions: Vec<Region>) -> RegionArray {
        let mut array = RegionArray {
            header: self.frame.header.clone(),
            size: self.frame.size(),
            model: self.shared.model_name(),
            regions,
        };
        self.shared.place(&mut array, self.arrived);
        array
    }
}

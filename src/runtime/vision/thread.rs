//! The vision thread: owns encoder and decoder, and takes one turn after the other from the inbox.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::asks::{Asker, Asks, Share};
use super::deliver::Delivery;
use super::encoded::{Encoded, EncodedFrames};
use super::plan::{PROMPTS_A_TURN, Planner, Target, Todo, Turn};
use super::tracking::{Names, Picture, Tracking};
use crate::core::camera_clock::Shot;
use crate::core::frame::{Frame, Header, Stamp};
use crate::core::pixels::raw_image::RawFrame;
use crate::core::ports::{Embedding, VisionModel};
use crate::core::result_code::ResultCode;
use crate::core::segment::pipeline::{self, Found, SegmentOptions};
use crate::core::settings::{CaptionMode, Settings};
use crate::core::track::PromptKey;
use crate::runtime::api::{PromptSubmission, Refusal};
use crate::runtime::guard::guarded;
use crate::runtime::memory_return::return_freed_memory;
use crate::runtime::requests::PendingRequest;
use crate::runtime::shared::Shared;

/// Until the inbox is stopped.
pub(in crate::runtime) fn run(shared: &Shared, model: VisionModel) {
    let settings = shared.settings();
    let encoded = EncodedFrames::new(settings.embedding_cache_bytes);
    let tracking = Tracking::new(shared.ids.clone());
    let mut vision = Vision { shared, settings, model, planner: Planner::default(), encoded, tracking };
    while let Some(todo) = shared.inbox.next(|waiting, now| vision.planner.next(waiting, now, shared.settings())) {
        // Models are guarded where they run; this is for faults of our own. Callers hear of it by their dropped replies.
        if catch_unwind(AssertUnwindSafe(|| vision.act(todo))).is_err() {
            shared.stats.model_failures.add(1);
            log::error!("a turn of the vision thread panicked; it goes on with the next");
        }
        if shared.inbox.is_flood_over() {
            return_freed_memory();
        }
    }
}

pub(in crate::runtime) struct Vision<'a> {
    pub shared: &'a Shared,
    /// Those with which the turn began.
    pub(super) settings: Arc<Settings>,
    pub model: VisionModel,
    planner: Planner,
    encoded: EncodedFrames,
    tracking: Tracking,
}

impl Vision<'_> {
    fn act(&mut self, todo: Todo) {
        self.settings = self.shared.settings();
        self.encoded.set_most_bytes(self.settings.embedding_cache_bytes);
        if self.shared.forget_tracks.swap(false, Ordering::AcqRel) {
            self.tracking.forget();
            self.shared.words.with(|book, _| book.clear());
        }
        match todo {
            Todo::Turn(turn) => self.take(turn),
            Todo::Slice(turn) => self.slice(*turn),
            Todo::Describe(part) => self.describe(part),
            Todo::Refuse(refused) => {
                for (camera, refusal) in refused {
                    self.shared.refuse_prompts(camera, refusal);
                }
            }
        }
    }

    /// One picture's way: convert, encode, decode everybody's prompts together, hand out.
    fn take(&mut self, turn: Turn) {
        let Turn { target, streaming, once, requests } = turn;
        let shot = target.shot(self.shared.clock.now());
        let (frame, embedding) = match self.open(&target) {
            Ok(opened) => opened,
            Err(refusal) => return self.refuse_picture(&target, once, requests, &refusal),
        };
        let no_everything = self.shared.check_everything(&self.settings).err();
        let mut asks = Asks::new(frame.size(), no_everything);
        if let (Target::Arrived(arrived), Some(shot), true) = (&target, shot, streaming) {
            self.add_streaming(&mut asks, &arrived.camera, &frame, &shot);
        }
        self.add(&mut asks, &frame.header, once, requests);
        if asks.is_empty() {
            return;
        }
        let embedding = match embedding.map_or_else(|| self.encode(&frame, &target), Ok) {
            Ok(embedding) => embedding,
            Err(refusal) => return self.refuse_asks(&frame.header, asks, &refusal),
        };
        if asks.has_everything_request() {
            let for_captions = asks.want_captions() || self.settings.caption.mode == CaptionMode::Background;
            return match self.detect(&frame, &embedding, true, for_captions) {
                Ok(()) => self.begin_slices(target, shot, frame, embedding, asks),
                Err(refusal) => self.refuse_asks(&frame.header, asks, &refusal),
            };
        }
        if let Target::Arrived(arrived) = &target {
            let room = PROMPTS_A_TURN.saturating_sub(asks.prompts.len());
            let (once, requests) = self.shared.inbox.with(|waiting| waiting.take_joining(arrived, room));
            self.add(&mut asks, &frame.header, once, requests);
        }
        let for_captions = asks.want_captions() || self.settings.caption.mode == CaptionMode::Background;
        let detected = self.detect(&frame, &embedding, asks.want_everything(), for_captions);
        match detected.and_then(|()| self.segment(&embedding, &asks)) {
            Ok(found) => self.deliver(frame, embedding, &target, shot, asks, &found),
            Err(refusal) => self.refuse_asks(&frame.header, asks, &refusal),
        }
    }

    /// The converted picture, with its embedding if it has been encoded before.
    pub(in crate::runtime) fn open(&mut self, target: &Target) -> Result<(Frame, Option<Embedding>), Refusal> {
        if let Target::Arrived(arrived) = target {
            self.shared.places.hold(&arrived.raw.header, arrived.at);
        }
        let known = match target {
            Target::Arrived(arrived) => self.encoded.of_message(arrived),
            Target::Past { camera, stamp } => {
                Some(self.encoded.of_stamp(camera, *stamp).ok_or_else(|| no_such_frame(camera, *stamp))?)
            }
            Target::Own(_) => None,
        };
        let (frame, known) = match (known, target) {
            (Some(known), _) => (known.frame.clone(), Some(known)),
            (None, Target::Arrived(arrived)) => (self.convert(&arrived.raw)?, None),
            (None, Target::Own(raw)) => {
                let frame = self.convert(raw)?;
                let known = self.encoded.of_request(&frame);
                (frame, known)
            }
            (None, Target::Past { camera, stamp }) => return Err(no_such_frame(camera, *stamp)),
        };
        Ok((frame, known.map(|known| known.embedding)))
    }

    fn convert(&self, raw: &RawFrame) -> Result<Frame, Refusal> {
        let stats = &self.shared.stats;
        let image = stats.convert.time(|| raw.payload.to_rgb(&self.settings.limits))?;
        Ok(Frame { header: raw.header.clone(), image: Arc::new(image) })
    }

    fn add_streaming(&mut self, asks: &mut Asks, camera: &Arc<str>, frame: &Frame, shot: &Shot) {
        let Self { shared, settings, planner, tracking, .. } = self;
        let refuse = |added: Result<(), Refusal>| {
            if let Err(refusal) = added {
                shared.refuse_prompts(Arc::clone(camera), refusal);
            }
        };
        let sticky = planner.sticky(camera);
        match sticky.for_size(frame.size(), &settings.limits) {
            Ok(mut prompts) => {
                tracking.follow(frame, shot, &mut prompts, &sticky.keys(), sticky.take_released());
                refuse(asks.add_sticky(prompts));
            }
            Err(error) => refuse(Err(error.into())),
        }
        if settings.everything.enabled {
            refuse(asks.add_everything_mode());
        }
    }

    fn add(&self, asks: &mut Asks, header: &Header, once: Vec<PromptSubmission>, requests: Vec<PendingRequest>) {
        let limits = &self.settings.limits;
        for submission in once {
            if let Err(refusal) = asks.add_once(&submission, limits) {
                self.shared.refuse_prompts(header.origin.name().into(), refusal);
            }
        }
        for request in requests {
            asks.add_request(request, limits);
        }
    }

    pub(in crate::runtime) fn encode(&mut self, frame: &Frame, target: &Target) -> Result<Embedding, Refusal> {
        let Self { shared, model, encoded, .. } = self;
        shared.stats.encodes.add(1);
        let run = || guarded(&shared.stats, "encoding the image", || model.encoder.encode(&frame.image));
        let embedding = shared.stats.encode.time(run)?;
        let source = match target {
            Target::Arrived(arrived) => Some(Arc::downgrade(arrived)),
            Target::Past { .. } | Target::Own(_) => None,
        };
        encoded.put(Encoded { frame: frame.clone(), embedding: embedding.clone(), source });
        Ok(embedding)
    }

    /// Lets the detector look at the image, if there is one, its boxes are of use, and it has not looked before.
    pub(in crate::runtime) fn detect(
        &mut self,
        frame: &Frame,
        embedding: &Embedding,
        for_everything: bool,
        for_captions: bool,
    ) -> Result<(), Refusal> {
        let Self { shared, settings, model, .. } = self;
        let Some(detector) = &mut model.detector else { return Ok(()) };
        let is_needed = shared.needs_detections(settings, for_everything, for_captions);
        if !is_needed || embedding.detections.get().is_some() {
            return Ok(());
        }
        let detections = guarded(&shared.stats, "detecting objects", || detector.detect(&frame.image, embedding))?;
        // Only this thread sets it.
        let _ = embedding.detections.set(detections);
        Ok(())
    }

    fn segment(&mut self, embedding: &Embedding, asks: &Asks) -> Result<Vec<Found>, Refusal> {
        let Self { shared, settings, model, .. } = self;
        let everything = settings.everything.clone();
        let options = SegmentOptions { all_masks: asks.wants_all_masks(), everything };
        shared.stats.decodes.add(1);
        let mut go_on = |_| {
            if shared.inbox.is_stopped() || asks.all_have_left() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let decoder = model.decoder.as_mut();
        let run = || pipeline::segment(decoder, embedding, &asks.prompts, &options, &mut go_on);
        shared.stats.decode.time(|| guarded(&shared.stats, "decoding the prompts", run))
    }

    pub(super) fn deliver(
        &mut self,
        frame: Frame,
        embedding: Embedding,
        target: &Target,
        shot: Option<Shot>,
        asks: Asks,
        found: &[Found],
    ) {
        let arrived = match target {
            Target::Arrived(arrived) => Some(arrived.at),
            Target::Past { .. } | Target::Own(_) => None,
        };
        let keys = frame.header.origin.camera().map(|camera| self.planner.sticky(camera).keys()).unwrap_or_default();
        let shares = asks.share_out(found);
        let names = self.name(&Picture { frame: &frame, embedding: &embedding, shot }, &shares, &keys);
        let (shared, settings) = (self.shared, &*self.settings);
        Delivery { shared, settings, frame, embedding, arrived }.hand_out(shares, names);
    }

    /// Names what was found, and notes what the objects look like now.
    pub(in crate::runtime) fn name(
        &mut self,
        picture: &Picture,
        shares: &[(Asker, Share)],
        keys: &[PromptKey],
    ) -> Names {
        let names = self.tracking.name(picture, shares, keys, &self.settings);
        if self.shared.model_captions() {
            let reuse = self.settings.reuse();
            self.shared.words.with(|book, now| {
                names.died.iter().for_each(|&id| book.forget(id));
                names.looks.iter().for_each(|(id, look)| book.see(*id, look.clone(), now, &reuse));
            });
        }
        names
    }

    /// The picture itself cannot be had.
    fn refuse_picture(
        &self,
        target: &Target,
        once: Vec<PromptSubmission>,
        requests: Vec<PendingRequest>,
        refusal: &Refusal,
    ) {
        if let Target::Arrived(arrived) = target {
            self.shared.stats.frames_refused.add(1);
            self.shared.output.refused("frame", Arc::clone(&arrived.camera), refusal.clone());
        }
        for submission in once {
            self.shared.refuse_prompts(submission.camera.as_str().into(), refusal.clone());
        }
        for request in requests {
            request.refuse(refusal.clone());
        }
    }

    /// The model failed on it, or stopped because nobody waits any more.
    pub(super) fn refuse_asks(&self, header: &Header, asks: Asks, refusal: &Refusal) {
        if asks.has_listeners() && refusal.code != ResultCode::Canceled {
            self.shared.output.refused("frame", header.origin.name().into(), refusal.clone());
        }
        for request in asks.into_requests() {
            request.refuse(refusal.clone());
        }
    }
}

fn no_such_frame(camera: &str, stamp: Stamp) -> Refusal {
    let message = format!(
        "expected the stamp of a recent frame of camera {camera:?}, but {}.{:09} is not, or no longer, in the cache",
        stamp.secs, stamp.nanos
    );
    Refusal::new(ResultCode::NoImage, message)
}

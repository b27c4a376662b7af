//! A goal in the vision thread: encode, segment in batches, filter; one of them a turn.

use std::sync::Arc;
use std::time::Instant;

use super::course::Runner;
use super::words_part::WordsPart;
use crate::core::camera_clock::Shot;
use crate::core::frame::Frame;
use crate::core::node::describe::Plan;
use crate::core::ports::Embedding;
use crate::core::progress::Stage;
use crate::core::prompt::{Prompt, Shape};
use crate::core::region::{Caption, CaptionState, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::segment::everything::Search;
use crate::core::segment::pipeline::{self, Found};
use crate::core::track::TrackId;
use crate::runtime::api::Refusal;
use crate::runtime::guard::guarded;
use crate::runtime::places::answers::Sent;
use crate::runtime::vision::asks::{Asker, Share};
use crate::runtime::vision::plan::Target;
use crate::runtime::vision::regions::{Labelled, Labelling};
use crate::runtime::vision::sliced::CLICKS_A_TURN;
use crate::runtime::vision::thread::Vision;
use crate::runtime::vision::tracking::Picture;

pub(in crate::runtime) struct SearchPart {
    runner: Runner,
    camera: Arc<str>,
    plan: Plan,
    /// `None` before the image is encoded.
    look: Option<Look>,
}

struct Look {
    frame: Frame,
    arrived: Instant,
    shot: Option<Shot>,
    embedding: Embedding,
    search: Search,
}

impl Look {
    fn is_complete(&self) -> bool {
        self.search.done() == self.search.total()
    }
}

impl SearchPart {
    /// For the newest frame of `camera` at its first turn.
    pub(in crate::runtime) fn new(runner: Runner, camera: Arc<str>, plan: Plan) -> Self {
        Self { runner, camera, plan, look: None }
    }

    /// It is to be dropped, or to hand over what it has: that costs little and goes before everything else.
    pub(in crate::runtime) fn is_urgent(&self) -> bool {
        self.runner.is_over() || self.runner.is_late()
    }
}

impl Vision<'_> {
    /// One turn of a goal.
    pub(in crate::runtime) fn describe(&mut self, mut part: Box<SearchPart>) {
        let SearchPart { runner, camera, plan, look } = &mut *part;
        if runner.is_over() {
            return;
        }
        let is_late = runner.is_late();
        let step = match look {
            None if is_late => return runner.end_late(),
            None => self.look(runner, camera, plan).map(|opened| *look = Some(opened)),
            Some(look) if !is_late && !look.is_complete() => self.search(runner, look),
            Some(_) => return self.finish(*part),
        };
        match step {
            Ok(()) => self.shared.inbox.put_back(part),
            Err(refusal) => runner.end(Err(refusal)),
        }
    }

    /// The newest frame, encoded unless it has been before.
    fn look(&mut self, runner: &Runner, camera: &Arc<str>, plan: &Plan) -> Result<Look, Refusal> {
        runner.tell(Stage::Encode, 0, 1);
        let newest = self.shared.inbox.with(|waiting| waiting.cameras.get(camera)?.newest().cloned());
        let newest = newest.ok_or_else(|| Refusal::new(ResultCode::NoImage, "no frame has arrived yet"))?;
        let arrived = newest.at;
        let target = Target::Arrived(newest);
        let (frame, embedding) = self.open(&target)?;
        let embedding = embedding.map_or_else(|| self.encode(&frame, &target), Ok)?;
        runner.tell(Stage::Encode, 1, 1);
        self.detect(&frame, &embedding, true, plan.caption)?;
        let detections = embedding.detections.get().filter(|_| self.model.can_prompt_by_detector());
        let search = Search::new(plan.everything.clone(), frame.size(), detections);
        runner.tell(Stage::Segment, 0, search.total());
        Ok(Look { frame, arrived, shot: target.shot(self.shared.clock.now()), embedding, search })
    }

    fn search(&mut self, runner: &Runner, look: &mut Look) -> Result<(), Refusal> {
        let stats = &self.shared.stats;
        let decoder = self.model.decoder.as_mut();
        let Look { frame, arrived, embedding, search, .. } = look;
        // Other pictures are looked at between two turns.
        self.shared.places.hold(&frame.header, *arrived);
        let run = || search.step(decoder, embedding, CLICKS_A_TURN);
        stats.decodes.add(1);
        stats.decode.time(|| guarded(stats, "decoding the prompts", run))?;
        runner.tell(Stage::Segment, search.done(), search.total());
        Ok(())
    }

    /// Masks go out at once; words, if they are wanted and there is time, come from the caption thread.
    fn finish(&mut self, part: SearchPart) {
        let SearchPart { runner, plan, look, .. } = part;
        let Some(look) = look else { return };
        let is_complete = look.is_complete();
        let Look { frame, arrived, shot, embedding, search } = look;
        let candidates = search.candidates();
        runner.tell(Stage::Filter, 0, candidates);
        let found = pipeline::found_by(search);
        let wants_words = plan.caption && !found.is_empty() && !runner.is_late();
        let picture = Picture { frame: &frame, embedding: &embedding, shot };
        let (mut array, objects) = self.label(&picture, found, wants_words);
        let looked = self.shared.place(&mut array, Some(arrived));
        runner.found(frame.header.stamp, array.regions.iter().map(|region| region.id.clone()));
        runner.tell(Stage::Filter, candidates, candidates);
        let now = self.shared.clock.now();
        let sent = Sent { image: frame.image, once: true, at: now, arrived: Some(arrived) };
        let memory = &self.shared.settings().memory;
        self.shared.recollection.remember(&array, &objects, &sent.image, Some(arrived), now, memory);
        self.shared.answers.send(&self.shared.output, Arc::new(array.clone()), &sent, looked);
        if wants_words {
            self.shared.captions.put_describe(Box::new(WordsPart::new(runner, embedding, array, sent)));
        } else if is_complete && (!plan.caption || array.regions.is_empty()) {
            runner.end(Ok(()));
        } else {
            runner.end_late();
        }
    }

    /// And the tracked object that each of the regions shows.
    fn label(&mut self, picture: &Picture, found: Vec<Found>, captions: bool) -> (RegionArray, Vec<Option<TrackId>>) {
        let everything = Prompt { id: String::new(), shape: Shape::Everything };
        let shares = [(Asker::EverythingMode, Share { prompts: vec![everything], first: 0, found })];
        let names = self.name(picture, &shares, &[]);
        let state = if captions { CaptionState::Pending } else { CaptionState::None };
        let mut labelling = Labelling::default();
        for ((_, share), names) in shares.iter().zip(&names.of_shares) {
            labelling.add(share, names, &mut |_| Caption { state, ..Caption::default() });
        }
        let Labelled { mut regions, objects } = labelling.finish(&self.shared.ids);
        self.shared.name_without_caption(&mut regions, picture.embedding);
        let (header, size) = (picture.frame.header.clone(), picture.frame.size());
        (RegionArray { header, size, model: self.shared.model_name(), regions }, objects)
    }
}

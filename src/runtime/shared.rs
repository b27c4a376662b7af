//! What the handle and both threads hold in common.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::api::Refusal;
use super::caption::inbox::{CaptionInbox, CaptionJob, Recipient};
use super::caption::words::Words;
use super::clock::Clock;
use super::describe::{Course, Runner, SearchPart};
use super::inbox::Inbox;
use super::inbox::request_queue::Bounds;
use super::inbox::waiting::PendingPrompts;
use super::output::OutputSender;
use super::places::Places;
use super::places::answers::{Answers, Arrivals, Sent};
use super::recollection::Recollection;
use super::requests::PendingRequest;
use super::stats::Stats;
use crate::core::node::describe::Goal;
use crate::core::ports::{Embedding, Model};
use crate::core::region::{Caption, CaptionState, Region, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::settings::{CaptionMode, Settings};
use crate::core::track::TrackIds;

/// What everyone may know of the model, which itself belongs to the threads.
#[derive(Clone, Debug, Default)]
struct ModelFacts {
    name: Arc<str>,
    captions: bool,
    can_prompt_by_detector: bool,
    takes_names_from_detector: bool,
}

/// What may wait for a model.
fn bounds(settings: &Settings) -> Bounds {
    Bounds { number: settings.limits.max_pending, bytes: settings.limits.max_pending_bytes }
}

pub(super) struct Shared {
    pub clock: Clock,
    settings: Mutex<Arc<Settings>>,
    model: Mutex<ModelFacts>,
    pub inbox: Inbox,
    pub captions: CaptionInbox,
    pub words: Words,
    pub ids: TrackIds,
    /// Tells the vision thread to begin with new tracks.
    pub forget_tracks: AtomicBool,
    /// The last goal, perhaps still running.
    goal: Mutex<Option<Arc<Course>>>,
    pub places: Places,
    pub recollection: Recollection,
    pub answers: Answers,
    pub output: OutputSender,
    pub stats: Arc<Stats>,
}

impl Shared {
    pub(super) fn new(settings: Settings, output: OutputSender, stats: Arc<Stats>, clock: Clock) -> Self {
        let bounds = bounds(&settings);
        Self {
            model: Mutex::default(),
            inbox: Inbox::new(bounds, Arc::clone(&stats), clock.clone()),
            captions: CaptionInbox::new(bounds),
            words: Words::new(clock.clone()),
            ids: TrackIds::default(),
            forget_tracks: AtomicBool::new(false),
            goal: Mutex::default(),
            places: Places::default(),
            answers: Answers::new(clock.clone()),
            recollection: Recollection::new(&settings.memory),
            output,
            stats,
            settings: Mutex::new(Arc::new(settings)),
            clock,
        }
    }

    /// As they are now; work that has begun keeps those with which it began.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_settings(&self, settings: Settings) {
        let bounds = bounds(&settings);
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.captions.set_bounds(bounds);
        self.inbox.set_bounds(bounds);
    }

    /// For threads that are about to start with this model.
    pub(super) fn open(&self, model: &Model) {
        self.forget();
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = ModelFacts {
            name: Arc::clone(&model.name),
            captions: model.caption.is_some(),
            can_prompt_by_detector: model.vision.can_prompt_by_detector(),
            takes_names_from_detector: model.takes_names_from_detector(),
        };
    }

    /// The threads have ended: whatever came from the model goes, too.
    pub(super) fn forget(&self) {
        self.inbox.reset();
        self.captions.reset();
        self.answers.reset();
        self.recollection.clear();
        self.words.with(|book, _| book.clear());
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = ModelFacts::default();
    }

    /// Name and version; "" without a model.
    pub(super) fn model_name(&self) -> Arc<str> {
        self.facts().name
    }

    fn facts(&self) -> ModelFacts {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The model has its caption part.
    pub(super) fn model_captions(&self) -> bool {
        self.facts().captions
    }

    /// Whether the detector, if there is one, is to look at an image: for everything-mode, or for the names of regions.
    pub(super) fn needs_detections(&self, settings: &Settings, for_everything: bool, for_captions: bool) -> bool {
        let facts = self.facts();
        let for_names = facts.takes_names_from_detector && (for_captions || !facts.captions);
        for_names || for_everything && facts.can_prompt_by_detector && settings.everything.uses_detector()
    }

    /// Gives the regions their names, where they need not wait for a caption.
    pub(super) fn name_without_caption(&self, regions: &mut [Region], embedding: &Embedding) {
        if !self.model_captions() {
            for region in regions {
                region.caption.names = embedding.names_of(region.bbox());
            }
        }
    }

    /// Refuses where the loaded model cannot do what `everything.proposals` says. At configure it was checked, too, but the
    /// parameter can be set at any time.
    pub(super) fn check_everything(&self, settings: &Settings) -> Result<(), Refusal> {
        let checked = settings.everything.check_proposals(self.facts().can_prompt_by_detector);
        checked.map_err(|error| Refusal::new(ResultCode::Unsupported, error.to_string()))
    }

    /// Whether words can be had at all.
    pub(super) fn can_caption(&self) -> bool {
        self.model_captions() && self.settings().caption.mode != CaptionMode::Off
    }

    pub(super) fn set_active(&self, active: bool) {
        if active {
            self.inbox.activate();
        } else {
            let waited = self.inbox.deactivate();
            self.forget_depth();
            let refusal = Refusal::new(ResultCode::NotActive, "the node became inactive");
            self.end_goal(&refusal);
            self.refuse_all(waited, &refusal);
        }
    }

    /// Refused where the node is not active anyway.
    pub(super) fn set_enabled(&self, enabled: bool) -> Result<(), Refusal> {
        if enabled {
            return self.inbox.enable();
        }
        let waited = self.inbox.disable()?;
        self.forget_depth();
        let refusal = Refusal::new(ResultCode::NotActive, "inference was disabled (~/set_enabled)");
        self.end_goal(&refusal);
        self.refuse_all(waited, &refusal);
        Ok(())
    }

    /// Nor is depth of what comes after the rest that of what went out before.
    fn forget_depth(&self) {
        self.places.forget_depth();
        self.answers.clear();
    }

    /// All threads leave, at the end of the model run that they are in.
    pub(super) fn stop(&self) {
        let refusal = Refusal::new(ResultCode::Canceled, "the node is shutting down");
        let waited = self.inbox.stop();
        self.answers.stop();
        self.end_goal(&refusal);
        self.refuse_all(waited, &refusal);
        for job in self.captions.stop() {
            job.refuse(&refusal);
        }
    }

    /// Begins a goal, unless one runs.
    pub(super) fn begin_goal(&self, goal: &Goal) -> Result<Arc<Course>, Refusal> {
        let mut last = self.goal.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|course| !course.is_over()) {
            let message =
                "a goal of describe_everything runs already: expected one at a time; cancel it or ask again later";
            return Err(Refusal::new(ResultCode::Overloaded, message));
        }
        self.inbox.check_open()?;
        let settings = self.settings();
        let plan = goal.check(&settings.everything)?;
        self.check_everything(&settings)?;
        self.check_can_caption(goal.caption)?;
        let course = Arc::new(Course::new(plan.time_limit, self.clock.clone()));
        let part = |camera| Box::new(SearchPart::new(Runner::new(Arc::clone(&course)), camera, plan));
        self.inbox.put_describe(&goal.camera, part)?;
        *last = Some(Arc::clone(&course));
        Ok(course)
    }

    fn end_goal(&self, refusal: &Refusal) {
        let last = self.goal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(course) = &*last {
            course.end(Err(refusal.clone()));
        }
    }

    /// Refuses where words are `wanted` and cannot be had.
    pub(super) fn check_can_caption(&self, wanted: bool) -> Result<(), Refusal> {
        if !wanted || self.can_caption() {
            return Ok(());
        }
        let why = if self.model_captions() { "caption.mode is off" } else { "the loaded bundle does not caption" };
        Err(Refusal::new(ResultCode::Unsupported, format!("a caption was asked for, but {why}")))
    }

    /// Gives regions to the caption thread. Where it cannot take them, that is said instead of words.
    pub(super) fn caption(&self, job: CaptionJob) {
        match self.captions.put(job) {
            Ok(displaced) => self.stats.captions_displaced.add(u64::from(displaced.is_some())),
            Err(job) if self.captions.is_stopped() => {
                job.refuse(&Refusal::new(ResultCode::Canceled, "the node is shutting down"));
            }
            Err(job) => {
                let message =
                    "as many captions wait as may (limits.max_pending, limits.max_pending_mb): ask again later";
                self.stats.captions_failed.add(job.array.regions.len() as u64);
                self.fail_captions(*job, &Refusal::new(ResultCode::Overloaded, message));
            }
        }
    }

    /// Gives the regions their places, as far as there is depth for their picture by now. `arrived`: when the picture came
    /// in; `None` for pictures of requests and of the past: then stamps must tell. Depth that comes later than what has
    /// arrived by the moment that is returned may still be theirs.
    pub(super) fn place(&self, array: &mut RegionArray, arrived: Option<Instant>) -> Option<Arrivals> {
        let arrivals = self.answers.arrivals();
        let filled = self.places.fill(array, arrived, &self.settings().space);
        if let Some(refusal) = filled.refusal {
            self.output.refused("depth", array.header.origin.name().into(), refusal);
        }
        filled.may_come.then_some(arrivals)
    }

    /// The same stamp again, with the words that there are now, and with places where depth has come.
    pub(super) fn send_again(&self, array: &mut RegionArray, sent: &Sent) {
        let looked = self.place(array, sent.arrived);
        self.recollection.complete(array, sent.arrived);
        self.answers.send(&self.output, Arc::new(array.clone()), sent, looked);
    }

    /// A caller is refused; everyone else gets the masks again, marked as without new words.
    pub(super) fn fail_captions(&self, mut job: CaptionJob, refusal: &Refusal) {
        for region in job.array.regions.iter_mut().filter(|region| region.caption.state == CaptionState::Pending) {
            region.caption = Caption { state: CaptionState::Failed, ..Caption::default() };
        }
        match job.recipient {
            Recipient::Output(sent) => self.send_again(&mut job.array, &sent),
            Recipient::Caller(reply) => {
                self.place(&mut job.array, job.arrived);
                self.recollection.complete(&job.array, job.arrived);
                reply.answer(Err(refusal.clone()));
            }
        }
    }

    pub(super) fn refuse_prompts(&self, camera: Arc<str>, refusal: Refusal) {
        self.stats.prompts_refused.add(1);
        self.output.refused("prompts", camera, refusal);
    }

    fn refuse_all(&self, (prompts, requests): (Vec<PendingPrompts>, Vec<PendingRequest>), refusal: &Refusal) {
        for pending in prompts {
            self.refuse_prompts(pending.submission.camera.as_str().into(), refusal.clone());
        }
        for request in requests {
            request.refuse(refusal.clone());
        }
    }
}

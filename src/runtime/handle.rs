//! What the rest of the node holds of the runtime: frames, prompts and requests go in here.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::api::{PromptSubmission, Recalled, Refusal, SegmentRequest};
use super::describe::Describing;
use super::requests::{Answer, PendingRequest, Term};
use super::shared::Shared;
use super::stats::{Stats, StatsSnapshot};
use crate::core::frame::{Header, Origin};
use crate::core::node::describe::Goal;
use crate::core::node::health::Queues;
use crate::core::pixels::ImageError;
use crate::core::pixels::raw_image::{RawFrame, RawImage};
use crate::core::prompt::RawPrompt;
use crate::core::query::Query;
use crate::core::result_code::ResultCode;
use crate::core::settings::Settings;
use crate::core::space::CameraInfo;

/// Clones share one runtime. Nothing here ever waits for a model.
#[derive(Clone)]
pub struct Handle(pub(super) Arc<Shared>);

impl Handle {
    /// Puts a frame into its camera's inbox, where it displaces one that has not been looked at. Ignored while inactive.
    pub fn frame(&self, frame: RawFrame) {
        if self.is_active() {
            self.0.places.expect(&frame.header, self.0.clock.now());
        }
        if let Err(refusal) = self.0.inbox.put_frame(frame) {
            self.0.stats.frames_refused.add(1);
            self.0.output.refused("frame", "".into(), refusal);
        }
    }

    /// Takes a depth image of a camera, registered to its pictures (its header names the camera). Ignored while inactive.
    pub fn depth(&self, header: Header, image: RawImage) {
        if !self.is_active() {
            return;
        }
        let camera = header.origin.name().into();
        if let Err(refusal) = self.0.places.put_depth(header, image, self.0.clock.now(), &self.0.settings().limits) {
            self.0.output.refused("depth", camera, refusal);
        }
        self.0.answers.arrived();
    }

    /// Tells of a depth image that was found at fault before it was copied.
    pub fn depth_refused(&self, camera: &Arc<str>, error: ImageError) {
        self.0.output.refused("depth", Arc::clone(camera), error.into());
    }

    /// Takes a camera's calibration, also while inactive: some drivers send it once.
    pub fn camera_info(&self, header: Header, info: CameraInfo) {
        self.0.places.put_info(header, info, self.0.clock.now());
        self.0.answers.arrived();
    }

    /// Takes prompts for one frame or, sticky, for every frame. What can only be seen with the frame in hand (a point
    /// outside the image, a stamp that has left the cache) comes later as `Output::Refused`.
    ///
    /// With a zero stamp, once-prompts and a changed sticky set wait for the camera's next frame, but at most 100 ms: then
    /// they apply to its newest frame, so that a camera that sends a single picture is answered too.
    ///
    /// # Errors
    /// `NOT_ACTIVE`, `OVERLOADED` (too many messages wait), `INVALID_PROMPT` (no or too many prompts), `CANCELED` at
    /// shutdown.
    pub fn prompts(&self, submission: PromptSubmission) -> Result<(), Refusal> {
        self.0.stats.prompts_in.add(1);
        let taken = self
            .check_count(&submission.prompts, submission.sticky)
            .and_then(|()| self.0.inbox.put_prompts(submission));
        taken.inspect_err(|_| self.0.stats.prompts_refused.add(1))
    }

    /// The whole job in one call: regions of the given image or of the newest frame, with captions if asked for.
    ///
    /// The request is queued (or refused) at once, before the future is first polled. Must be awaited in a tokio runtime
    /// with time enabled. Dropping the future abandons the request.
    ///
    /// # Errors
    /// Any [`ResultCode`] but `OK`; the message names what was expected and what came.
    pub fn segment(&self, request: SegmentRequest) -> impl Future<Output = Answer> + Send + 'static + use<> {
        let tally = Tally::begin(Arc::clone(&self.0.stats));
        let admitted = self.admit(request);
        async move {
            let answer = match admitted {
                Ok((receiver, term)) => receive(receiver, &term).await,
                Err(refusal) => Err(refusal),
            };
            tally.end(answer)
        }
    }

    /// What is remembered that answers the question, best first. From memory: waits neither for a model nor for a thread
    /// that uses one; takes some milliseconds at most with a thousand objects (`benches/query.rs`).
    ///
    /// # Errors
    /// `NOT_ACTIVE`; `INVALID_PROMPT` for a filter that is none.
    pub fn query(&self, query: &Query) -> Result<Recalled, Refusal> {
        let stats = &self.0.stats;
        stats.queries.add(1);
        let recalled = stats.query.time(|| self.0.recall(query));
        recalled.inspect_err(|_| stats.queries_refused.add(1))
    }

    /// Forgets every object that was seen so far; says how many. What is seen from now on has new ids.
    ///
    /// # Errors
    /// `NOT_ACTIVE`.
    pub fn forget(&self) -> Result<usize, Refusal> {
        self.0.inbox.check_active()?;
        self.0.forget_tracks.store(true, Ordering::Release);
        Ok(self.0.recollection.clear())
    }

    /// Segments everything in the newest frame of a camera and describes it. The masks go out as `Output::Regions`, with
    /// words, if they are wanted, once more. Frames, prompts and requests have their turns between the goal's batches.
    ///
    /// # Errors
    /// `OVERLOADED` while another goal runs, `NOT_ACTIVE`, `CANCELED` at shutdown; `INVALID_PROMPT` for numbers out of
    /// range, `UNSUPPORTED` where words are wanted and cannot be had, `NO_IMAGE` or `NOT_FOUND` for the camera.
    pub fn describe_everything(&self, goal: &Goal) -> Result<Describing, Refusal> {
        let stats = &self.0.stats;
        stats.goals_in.add(1);
        let course = self.0.begin_goal(goal).inspect_err(|_| stats.goals_refused.add(1))?;
        Ok(Describing::new(course, Arc::clone(stats)))
    }

    /// Inactive: frames are ignored, prompts, requests and goals refused with `NOT_ACTIVE`, waiting ones too. Sticky sets
    /// stay.
    pub fn set_active(&self, active: bool) {
        self.0.set_active(active);
    }

    /// A pause of an active node: as inactive, but the model's settings and states are left alone. Ends with the next
    /// activation at the latest.
    ///
    /// # Errors
    /// `NOT_ACTIVE` where there is nothing to pause, `CANCELED` at shutdown.
    pub fn set_enabled(&self, enabled: bool) -> Result<(), Refusal> {
        self.0.set_enabled(enabled)
    }

    /// Active and not paused.
    pub fn is_active(&self) -> bool {
        self.0.inbox.is_active()
    }

    /// Applies to whatever is taken up from now on.
    pub fn set_settings(&self, settings: Settings) {
        self.0.set_settings(settings);
    }

    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings()
    }

    pub fn stats(&self) -> StatsSnapshot {
        self.0.stats.snapshot()
    }

    /// What waits for the model now.
    pub fn queues(&self) -> Queues {
        Queues { captions: self.0.captions.length(), ..self.0.inbox.queues() }
    }

    /// Name and version of the loaded model; "" while there is none.
    pub fn model_name(&self) -> Arc<str> {
        self.0.model_name()
    }

    /// Whether requests for captions can be answered: the model captions and `caption.mode` is not off.
    pub fn can_caption(&self) -> bool {
        self.0.can_caption()
    }

    fn admit(&self, mut request: SegmentRequest) -> Result<(oneshot::Receiver<Answer>, Term), Refusal> {
        self.0.inbox.check_open()?;
        self.check_count(&request.prompts, false)?;
        self.0.check_can_caption(request.caption)?;
        if let Some(image) = &mut request.image {
            image.header.origin = Origin::Client;
        }
        let (pending, receiver) = PendingRequest::new(request, &self.0.settings().limits);
        let term = pending.term;
        self.0.inbox.put_request(pending)?;
        Ok((receiver, term))
    }

    fn check_count(&self, prompts: &[RawPrompt], may_be_empty: bool) -> Result<(), Refusal> {
        let most = self.0.settings().limits.max_prompts;
        if prompts.len() > most || (prompts.is_empty() && !may_be_empty) {
            let message = format!("expected 1 to {most} prompts (limits.max_prompts), got {}", prompts.len());
            return Err(Refusal::new(ResultCode::InvalidPrompt, message));
        }
        Ok(())
    }
}

async fn receive(receiver: oneshot::Receiver<Answer>, term: &Term) -> Answer {
    match tokio::time::timeout_at(term.deadline.into(), receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Refusal::new(ResultCode::Internal, "the runtime dropped the request")),
        Err(_) => Err(term.is_over("its answer was ready")),
    }
}

/// Counts how a request ended, whichever way the future goes.
struct Tally {
    stats: Arc<Stats>,
    ended: bool,
}

impl Tally {
    fn begin(stats: Arc<Stats>) -> Self {
        stats.requests_in.add(1);
        Self { stats, ended: false }
    }

    fn end(mut self, answer: Answer) -> Answer {
        self.ended = true;
        let counter = if answer.is_ok() { &self.stats.requests_answered } else { &self.stats.requests_refused };
        counter.add(1);
        answer
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if !self.ended {
            self.stats.requests_abandoned.add(1);
        }
    }
}

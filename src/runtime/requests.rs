//! A call of `segment` on its way through the threads, and its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::api::{Refusal, SegmentRequest};
use crate::core::prompt::{Prompt, RawPrompt};
use crate::core::region::RegionArray;
use crate::core::result_code::ResultCode;
use crate::core::settings::Limits;

/// What a call of `segment` ends with.
pub type Answer = Result<Arc<RegionArray>, Refusal>;

/// Requests of a class take turns with those of every other, and share the room with them. It is what is known of who asks:
/// r2r 0.9.7 keeps to itself which client a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// The picture comes with the request: each costs an encode.
    pub own_picture: bool,
    /// One of the prompts asks for everything: hundreds of clicks.
    pub everything: bool,
}

/// The caller's ear. Whoever holds it answers exactly once; dropping it unanswered answers `INTERNAL`, so that no fault
/// in a thread leaves a caller waiting.
#[derive(Debug)]
pub(super) struct Reply(Option<oneshot::Sender<Answer>>);

impl Reply {
    pub(super) fn new() -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }

    /// A caller who has left gets nothing; that is counted where the caller waits.
    pub(super) fn answer(mut self, answer: Answer) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(answer);
        }
    }

    /// The caller has left, or its deadline has passed: work for it is in vain.
    pub(super) fn is_gone(&self) -> bool {
        self.0.as_ref().is_none_or(oneshot::Sender::is_closed)
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let message = "the request was lost in a fault of the node; see its log";
            let _ = sender.send(Err(Refusal::new(ResultCode::Internal, message)));
        }
    }
}

/// How long a caller waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub deadline: Instant,
    granted: Duration,
    /// More than was granted.
    asked: Option<Duration>,
}

impl Term {
    /// `asked`: `None` where the request names no timeout.
    pub(super) fn new(asked: Option<Duration>, limits: &Limits) -> Self {
        let granted = asked.unwrap_or(limits.request_timeout).min(limits.max_timeout);
        let asked = asked.filter(|asked| *asked > granted);
        Self { deadline: Instant::now() + granted, granted, asked }
    }

    /// `what` had not come until then.
    pub(super) fn is_over(&self, what: &str) -> Refusal {
        let granted = self.granted.as_secs_f32();
        let mut message = format!("the request's time of {granted} s ran out before {what}");
        if let Some(asked) = self.asked {
            let asked = asked.as_secs_f32();
            message += &format!(": {asked} s were asked for, limits.max_timeout_s allows {granted}");
        }
        Refusal::new(ResultCode::Timeout, message)
    }
}

/// A request that waits for the vision thread.
#[derive(Debug)]
pub(super) struct PendingRequest {
    pub request: SegmentRequest,
    pub term: Term,
    pub reply: Reply,
    pub class: Class,
    /// Of its picture and its prompts' masks.
    pub bytes: usize,
}

impl PendingRequest {
    pub(super) fn new(request: SegmentRequest, limits: &Limits) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, receiver) = Reply::new();
        let term = Term::new(request.timeout, limits);
        let everything = request.prompts.iter().any(|prompt| prompt.kind == Prompt::EVERYTHING);
        let class = Class { own_picture: request.image.is_some(), everything };
        let picture = request.image.as_ref().map_or(0, |image| image.payload.bytes());
        let bytes = picture + bytes_of(&request.prompts);
        (Self { request, term, reply, class, bytes }, receiver)
    }

    pub(super) fn refuse(self, refusal: Refusal) {
        self.reply.answer(Err(refusal));
    }
}

/// Of the prompts' masks.
pub(super) fn bytes_of(prompts: &[RawPrompt]) -> usize {
    prompts.iter().map(|prompt| prompt.mask.data.len()).sum()
}

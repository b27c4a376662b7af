//! A call of `segment` on its way through the threads, and its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::api::{Refusal, SegmentRequest};
use crate::core::region::RegionArray;
use crate::core::result_code::ResultCode;

/// What a call of `segment` ends with.
pub type Answer = Result<Arc<RegionArray>, Refusal>;

/// Longer timeouts are cut to this; it keeps arithmetic on a client's number from overflowing.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

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

/// A request that waits for the vision thread.
#[derive(Debug)]
pub(super) struct PendingRequest {
    pub request: SegmentRequest,
    pub deadline: Instant,
    pub reply: Reply,
}

impl PendingRequest {
    pub(super) fn new(request: SegmentRequest, default_timeout: Duration) -> (Self, oneshot::Receiver<Answer>) {
        let timeout = request.timeout.unwrap_or(default_timeout).min(LONGEST_TIMEOUT);
        let (reply, receiver) = Reply::new();
        (Self { request, deadline: Instant::now() + timeout, reply }, receiver)
    }

    pub(super) fn refuse(self, refusal: Refusal) {
        self.reply.answer(Err(refusal));
    }
}

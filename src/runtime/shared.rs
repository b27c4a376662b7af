//! What the handle and both threads hold in common.

use std::sync::Arc;

use super::api::Refusal;
use super::caption_inbox::CaptionInbox;
use super::inbox::{Inbox, PendingPrompts};
use super::output::OutputSender;
use super::requests::PendingRequest;
use super::stats::Stats;
use crate::core::code::ResultCode;
use crate::core::settings::Settings;

pub(super) struct Shared {
    pub settings: Settings,
    pub model_name: Arc<str>,
    /// The model has its caption part.
    pub model_captions: bool,
    pub inbox: Inbox,
    pub captions: CaptionInbox,
    pub output: OutputSender,
    pub stats: Arc<Stats>,
}

impl Shared {
    pub(super) fn set_active(&self, active: bool) {
        if active {
            self.inbox.activate();
        } else {
            let waited = self.inbox.deactivate();
            self.refuse_all(waited, &Refusal::new(ResultCode::NotActive, "the node became inactive"));
        }
    }

    /// Both threads leave at the end of the model run that they are in.
    pub(super) fn stop(&self) {
        let refusal = Refusal::new(ResultCode::Canceled, "the node is shutting down");
        self.refuse_all(self.inbox.stop(), &refusal);
        for job in self.captions.stop() {
            job.refuse(&refusal);
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

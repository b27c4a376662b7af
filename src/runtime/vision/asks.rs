//! The prompts of one turn, in one list for one decode, and who asked for which.

use std::ops::Range;

use crate::core::geometry::Size;
use crate::core::prompt::{Prompt, RawPrompt, Shape};
use crate::core::segment::pipeline::Found;
use crate::core::settings::Limits;
use crate::runtime::api::{PromptSubmission, Refusal};
use crate::runtime::requests::PendingRequest;

/// Who asked.
#[derive(Debug)]
pub(in crate::runtime) enum Asker {
    /// The camera's sticky prompts.
    Sticky,
    /// Everything-mode on every frame.
    EverythingMode,
    /// A message of prompts for this frame.
    Once,
    Request(Box<PendingRequest>),
}

/// One asker and the place of its prompts in the list.
#[derive(Debug)]
pub(super) struct Ask {
    pub asker: Asker,
    pub prompts: Range<usize>,
}

/// All prompts of a turn, valid for its picture.
#[derive(Debug)]
pub(super) struct Asks {
    pub prompts: Vec<Prompt>,
    asks: Vec<Ask>,
    size: Size,
    /// Why nobody can be answered who asks for everything.
    no_everything: Option<Refusal>,
}

impl Asks {
    pub(super) fn new(size: Size, no_everything: Option<Refusal>) -> Self {
        Self { prompts: Vec::new(), asks: Vec::new(), size, no_everything }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.asks.is_empty()
    }

    pub(super) fn add_sticky(&mut self, prompts: Vec<Prompt>) -> Result<(), Refusal> {
        self.check_everything(&prompts)?;
        if !prompts.is_empty() {
            self.add(Asker::Sticky, prompts);
        }
        Ok(())
    }

    pub(super) fn add_everything_mode(&mut self) -> Result<(), Refusal> {
        let prompts = vec![Prompt { id: String::new(), shape: Shape::Everything }];
        self.check_everything(&prompts)?;
        self.add(Asker::EverythingMode, prompts);
        Ok(())
    }

    pub(super) fn add_once(&mut self, submission: &PromptSubmission, limits: &Limits) -> Result<(), Refusal> {
        let prompts = self.check(&submission.prompts, limits)?;
        self.add(Asker::Once, prompts);
        Ok(())
    }

    /// A request whose prompts do not fit is answered at once.
    pub(super) fn add_request(&mut self, request: PendingRequest, limits: &Limits) {
        match self.check(&request.request.prompts, limits) {
            Ok(prompts) => self.add(Asker::Request(Box::new(request)), prompts),
            Err(refusal) => request.refuse(refusal),
        }
    }

    /// One of the requests wants everything.
    pub(super) fn has_everything_request(&self) -> bool {
        self.asks.iter().any(|ask| matches!(&ask.asker, Asker::Request(request) if request.class.everything))
    }

    /// One of the askers wants everything.
    pub(super) fn want_everything(&self) -> bool {
        self.prompts.iter().any(|prompt| prompt.shape == Shape::Everything)
    }

    /// One of the callers wants words.
    pub(super) fn want_captions(&self) -> bool {
        self.asks.iter().any(|ask| matches!(&ask.asker, Asker::Request(request) if request.request.caption))
    }

    /// One of the askers wants every candidate.
    pub(super) fn wants_all_masks(&self) -> bool {
        self.asks.iter().any(Ask::wants_all_masks)
    }

    /// Someone beside the callers of requests: the node's outputs.
    pub(super) fn has_listeners(&self) -> bool {
        self.asks.iter().any(|ask| !matches!(ask.asker, Asker::Request(_)))
    }

    /// Nobody is left who would hear the answer.
    pub(super) fn all_have_left(&self) -> bool {
        self.asks.iter().all(|ask| matches!(&ask.asker, Asker::Request(request) if request.reply.is_gone()))
    }

    pub(super) fn into_requests(self) -> impl Iterator<Item = PendingRequest> {
        self.asks.into_iter().filter_map(|ask| match ask.asker {
            Asker::Request(request) => Some(*request),
            Asker::Sticky | Asker::EverythingMode | Asker::Once => None,
        })
    }

    /// Each asker with what was found for it, in the order in which they came.
    pub(super) fn share_out(self, found: &[Found]) -> Vec<(Asker, Share)> {
        let Self { prompts, asks, .. } = self;
        let share = |ask: Ask| {
            let first_only = !ask.wants_all_masks();
            let mut seen = None;
            let theirs = found.iter().filter(|found| ask.prompts.contains(&found.prompt_index));
            let wanted = theirs.filter(|found| {
                // The candidates of a prompt come best first; everything-mode finds many regions with one prompt.
                let is_first = seen.replace(found.prompt_index) != Some(found.prompt_index);
                is_first || !first_only || prompts[found.prompt_index].shape == Shape::Everything
            });
            let found = wanted.cloned().collect();
            let first = ask.prompts.start;
            (ask.asker, Share { prompts: prompts[ask.prompts].to_vec(), first, found })
        };
        asks.into_iter().map(share).collect()
    }

    fn check(&self, raw: &[RawPrompt], limits: &Limits) -> Result<Vec<Prompt>, Refusal> {
        let prompts = Prompt::check_all(raw, self.size, limits)?;
        self.check_everything(&prompts)?;
        Ok(prompts)
    }

    fn check_everything(&self, prompts: &[Prompt]) -> Result<(), Refusal> {
        match &self.no_everything {
            Some(refusal) if prompts.iter().any(|prompt| prompt.shape == Shape::Everything) => Err(refusal.clone()),
            _ => Ok(()),
        }
    }

    fn add(&mut self, asker: Asker, prompts: Vec<Prompt>) {
        let begin = self.prompts.len();
        self.prompts.extend(prompts);
        self.asks.push(Ask { asker, prompts: begin..self.prompts.len() });
    }
}

impl Ask {
    fn wants_all_masks(&self) -> bool {
        matches!(&self.asker, Asker::Request(request) if request.request.all_masks)
    }
}

/// What one asker gets.
#[derive(Debug)]
pub(in crate::runtime) struct Share {
    /// The asker's prompts; `found[_].prompt_index - first` is the index here.
    pub prompts: Vec<Prompt>,
    pub first: usize,
    pub found: Vec<Found>,
}

impl Share {
    /// Indices of the prompts for which nothing was found.
    pub(super) fn without_mask(&self) -> Vec<usize> {
        let has_mask = |index: &usize| self.found.iter().any(|found| found.prompt_index == self.first + index);
        (0..self.prompts.len()).filter(|index| !has_mask(index)).collect()
    }
}

//! How far a piece of work has come, told between its batches, where it can also be stopped.

use std::ops::ControlFlow;

use super::ports::ModelError;

/// The part of a frame's way that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Encode,
    Segment,
    Filter,
    Caption,
}

impl Stage {
    /// As in the feedback of `action/DescribeEverything.action`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encode => "encode",
            Self::Segment => "segment",
            Self::Filter => "filter",
            Self::Caption => "caption",
        }
    }
}

/// `done` of `total` units of a stage: prompts in `Segment`, regions in `Caption`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    pub done: usize,
    pub total: usize,
}

/// Is told of progress, the first time before any work is done; `Break` stops the work with [`ModelError::Canceled`].
pub type OnProgress<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// For those who neither look nor stop.
pub fn ignore(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub(super) fn tell(on_progress: &mut OnProgress, stage: Stage, done: usize, total: usize) -> Result<(), ModelError> {
    match on_progress(Progress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ModelError::Canceled),
    }
}

//! A turn on everything in a picture that requests have asked for: in slices, between which others have their turns.

use std::ops::ControlFlow;

use super::asks::Asks;
use super::plan::Target;
use super::thread::Vision;
use crate::core::camera_clock::Shot;
use crate::core::frame::Frame;
use crate::core::ports::Embedding;
use crate::core::segment::pipeline::{SegmentOptions, Slices};
use crate::runtime::guard::guarded;
use crate::runtime::requests::{Class, PendingRequest};

/// Boxes or clicks decoded in one slice. Whoever waits beside it waits for so many. On a CPU, larger batches cost as much a click
/// (built-in model, one core: 3.5 ms a click in batches of 8 to 32, 3.9 ms in batches of 64).
pub(in crate::runtime) const CLICKS_A_TURN: usize = 8;

pub(in crate::runtime) struct SlicedTurn {
    target: Target,
    shot: Option<Shot>,
    frame: Frame,
    embedding: Embedding,
    asks: Asks,
    slices: Slices,
}

impl SlicedTurn {
    pub(in crate::runtime) fn class(&self) -> Class {
        Class { own_picture: matches!(self.target, Target::Own(_)), everything: true }
    }

    pub(in crate::runtime) fn into_requests(self) -> impl Iterator<Item = PendingRequest> {
        self.asks.into_requests()
    }
}

impl Vision<'_> {
    /// The picture is encoded; its slices come in further turns.
    pub(super) fn begin_slices(
        &mut self,
        target: Target,
        shot: Option<Shot>,
        frame: Frame,
        embedding: Embedding,
        asks: Asks,
    ) {
        let options =
            SegmentOptions { all_masks: asks.wants_all_masks(), everything: self.settings.everything.clone() };
        let slices = Slices::new(self.model.decoder.as_ref(), &embedding, &asks.prompts, options);
        let turn = SlicedTurn { target, shot, frame, embedding, asks, slices };
        self.shared.inbox.put_back_slices(turn);
    }

    /// One slice.
    pub(super) fn slice(&mut self, mut turn: SlicedTurn) {
        if turn.asks.all_have_left() {
            return;
        }
        let Self { shared, model, .. } = self;
        let SlicedTurn { target, frame, embedding, asks, slices, .. } = &mut turn;
        if let Target::Arrived(arrived) = target {
            // Other pictures are looked at between two slices.
            shared.places.hold(&frame.header, arrived.at);
        }
        let mut go_on = |_| {
            let is_vain = shared.inbox.is_stopped() || asks.all_have_left();
            if is_vain { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let decoder = model.decoder.as_mut();
        let run = || slices.step(decoder, embedding, &asks.prompts, CLICKS_A_TURN, &mut go_on);
        shared.stats.decodes.add(1);
        let step = shared.stats.decode.time(|| guarded(&shared.stats, "decoding the prompts", run));
        match step {
            Err(refusal) => self.refuse_asks(&turn.frame.header, turn.asks, &refusal),
            Ok(()) if !turn.slices.is_complete() => self.shared.inbox.put_back_slices(turn),
            Ok(()) => {
                let SlicedTurn { target, shot, frame, embedding, asks, slices } = turn;
                self.deliver(frame, embedding, &target, shot, asks, &slices.finish());
            }
        }
    }
}

//! The vision thread: owns encoder and decoder, takes work from the inbox.

use super::inbox::Next;
use super::shared::Shared;
use crate::core::ports::VisionModel;

pub(super) fn run(shared: &Shared, _model: VisionModel) {
    let _none: Option<()> = shared.inbox.next(|waiting, _| if waiting.stopped { Next::Stop } else { Next::Wait(None) });
}

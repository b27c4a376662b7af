//! The caption thread: owns mixer and language model.

use super::shared::Shared;
use crate::core::ports::CaptionModel;

pub(super) fn run(shared: &Shared, _model: CaptionModel) {
    while shared.captions.take().is_some() {}
}

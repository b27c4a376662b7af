//! The thread that gives answers their places when depth comes later than masks. It uses no model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::answers::Answer;
use crate::core::region::RegionArray;
use crate::runtime::shared::Shared;

/// Until the answers are stopped.
pub(in crate::runtime) fn run(shared: &Shared) {
    while let Some(answer) = shared.answers.take() {
        if catch_unwind(AssertUnwindSafe(|| place(shared, &answer))).is_err() {
            log::error!("the places of an answer could not be found (a panic); the next answer is tried");
        }
    }
}

/// If there is depth for it now; otherwise it goes on waiting.
fn place(shared: &Shared, answer: &Arc<Answer>) {
    let mut array = RegionArray::clone(&answer.array);
    if shared.places.fill_late(&mut array, answer.sent.arrived, &shared.settings().space) {
        shared.answers.complete(&shared.output, answer, array, |array| {
            shared.recollection.locate(array, answer.sent.arrived);
        });
    }
}

//! The caption thread: owns mixer and language model, and describes regions for whoever waits for words.

use std::sync::{Arc, PoisonError};

use super::api::{Output, Refusal};
use super::caption_inbox::{CaptionJob, Recipient};
use super::guard::guarded;
use super::shared::Shared;
use crate::core::caption::{self, Spoken};
use crate::core::code::ResultCode;
use crate::core::ports::CaptionModel;
use crate::core::prompt::Shape;
use crate::core::region::{Caption, CaptionState};

/// Until the caption inbox is stopped.
pub(super) fn run(shared: &Shared, mut model: CaptionModel) {
    while let Some(mut job) = shared.captions.take() {
        if job.recipient.has_left() {
            continue;
        }
        match describe(shared, &mut model, &job) {
            Ok(spoken) => {
                write_down(&mut job, spoken);
                shared.stats.captions.add(job.array.regions.len() as u64);
                finish(shared, job);
            }
            Err(refusal) if refusal.code == ResultCode::Canceled => job.refuse(&refusal),
            Err(refusal) => shared.fail_captions(job, &refusal),
        }
    }
}

/// A caption for each region, in their order.
fn describe(shared: &Shared, model: &mut CaptionModel, job: &CaptionJob) -> Result<Vec<Spoken>, Refusal> {
    let settings = shared.settings().caption.clone();
    let (shapes, shape_of_region) = distinct_shapes(job);
    // Asked between tokens: neither shutdown nor a caller who has left waits for the end of a sentence.
    let cancel = || shared.captions.is_stopped() || job.recipient.has_left();
    let run = || caption::describe(model, &job.embedding, &shapes, settings.max_tokens, settings.batch, &cancel);
    let spoken = shared.stats.caption.time(|| guarded(&shared.stats, "captioning", run))?;
    Ok(shape_of_region.into_iter().map(|index| spoken[index].clone()).collect())
}

/// All masks of one prompt share its shape, and so its caption: each shape once, and for each region its index.
fn distinct_shapes(job: &CaptionJob) -> (Vec<Arc<Shape>>, Vec<usize>) {
    let mut shapes: Vec<Arc<Shape>> = Vec::new();
    let indices = job.array.regions.iter().map(|region| {
        if !shapes.last().is_some_and(|last| Arc::ptr_eq(last, &region.prompt)) {
            shapes.push(Arc::clone(&region.prompt));
        }
        shapes.len() - 1
    });
    let indices = indices.collect();
    (shapes, indices)
}

fn write_down(job: &mut CaptionJob, spoken: Vec<Spoken>) {
    let captioned_at = job.array.header.stamp;
    for ((region, words), Spoken { text, score, .. }) in job.array.regions.iter_mut().zip(&job.words).zip(spoken) {
        if text.is_empty() {
            // A model that had nothing to say has not described the region.
            region.caption = Caption { state: CaptionState::Failed, ..Caption::default() };
            continue;
        }
        region.caption = Caption { state: CaptionState::Done, text, score, captioned_at };
        if let Some(words) = words {
            *words.lock().unwrap_or_else(PoisonError::into_inner) = Some(region.caption.clone());
        }
    }
}

fn finish(shared: &Shared, job: CaptionJob) {
    let CaptionJob { array, recipient, .. } = job;
    let array = Arc::new(array);
    match recipient {
        Recipient::Output { image, .. } => shared.output.send(Output::Regions { array, image }),
        Recipient::Caller(reply) => reply.answer(Ok(array)),
    }
}

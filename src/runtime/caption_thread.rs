//! The caption thread: owns mixer and language model, and describes regions for whoever waits for words.

use std::sync::{Arc, PoisonError};

use super::api::{Output, Refusal};
use super::caption_inbox::{CaptionJob, Recipient, Work};
use super::guard::guarded;
use super::shared::Shared;
use crate::core::caption::{self, Spoken};
use crate::core::code::ResultCode;
use crate::core::frame::Stamp;
use crate::core::ports::{CaptionModel, Embedding};
use crate::core::prompt::Shape;
use crate::core::region::{Caption, CaptionState};

/// Until the caption inbox is stopped.
pub(super) fn run(shared: &Shared, mut model: CaptionModel) {
    while let Some(work) = shared.captions.take() {
        match work {
            Work::Job(job) => caption(shared, &mut model, *job),
            Work::Describe(part) => {
                if let Some(part) = part.step(shared, &mut model) {
                    shared.captions.put_back(part);
                }
            }
        }
    }
}

fn caption(shared: &Shared, model: &mut CaptionModel, mut job: CaptionJob) {
    if job.recipient.has_left() {
        return;
    }
    match describe(shared, model, &job) {
        Ok(spoken) => {
            write_down(&mut job, spoken);
            shared.stats.captions.add(job.array.regions.len() as u64);
            finish(shared, job);
        }
        Err(refusal) if refusal.code == ResultCode::Canceled => job.refuse(&refusal),
        Err(refusal) => shared.fail_captions(job, &refusal),
    }
}

/// A caption for each region, in their order.
fn describe(shared: &Shared, model: &mut CaptionModel, job: &CaptionJob) -> Result<Vec<Spoken>, Refusal> {
    let (shapes, shape_of_region) = distinct_shapes(job);
    // Asked between tokens: neither shutdown nor a caller who has left waits for the end of a sentence.
    let cancel = || shared.captions.is_stopped() || job.recipient.has_left();
    let spoken = speak(shared, model, &job.embedding, &shapes, &cancel)?;
    Ok(shape_of_region.into_iter().map(|index| spoken[index].clone()).collect())
}

/// A caption for each shape. `cancel` is asked between tokens.
pub(super) fn speak(
    shared: &Shared,
    model: &mut CaptionModel,
    embedding: &Embedding,
    shapes: &[Arc<Shape>],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Spoken>, Refusal> {
    let settings = shared.settings().caption.clone();
    let run = || caption::describe(model, embedding, shapes, settings.max_tokens, settings.batch, cancel);
    shared.stats.caption.time(|| guarded(&shared.stats, "captioning", run))
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
    for ((region, words), spoken) in job.array.regions.iter_mut().zip(&job.words).zip(spoken) {
        region.caption = caption_of(spoken, captioned_at);
        if let Some(words) = words.as_ref().filter(|_| region.caption.state == CaptionState::Done) {
            *words.lock().unwrap_or_else(PoisonError::into_inner) = Some(region.caption.clone());
        }
    }
}

/// A model that had nothing to say has not described the region.
pub(super) fn caption_of(spoken: Spoken, captioned_at: Stamp) -> Caption {
    match spoken {
        Spoken { text, .. } if text.is_empty() => Caption { state: CaptionState::Failed, ..Caption::default() },
        Spoken { text, score, .. } => Caption { state: CaptionState::Done, text, score, captioned_at },
    }
}

fn finish(shared: &Shared, job: CaptionJob) {
    let CaptionJob { mut array, recipient, .. } = job;
    shared.place(&mut array, None);
    shared.recollection.complete(&array);
    let array = Arc::new(array);
    match recipient {
        Recipient::Output { image, .. } => shared.output.send(Output::Regions { array, image }),
        Recipient::Caller(reply) => reply.answer(Ok(array)),
    }
}

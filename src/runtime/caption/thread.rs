//! The caption thread: owns mixer and language model, and describes regions for whoever waits for words.

use std::sync::Arc;

use super::batch::Batch;
use super::inbox::{CaptionJob, Recipient, Work};
use crate::core::caption::{self, Spoken, Subject};
use crate::core::frame::Stamp;
use crate::core::ports::{CaptionModel, Embedding};
use crate::core::region::names::to_4_places;
use crate::core::region::{Caption, CaptionState};
use crate::runtime::api::Refusal;
use crate::runtime::guard::guarded;
use crate::runtime::shared::Shared;

/// Until the caption inbox is stopped.
pub(in crate::runtime) fn run(shared: &Shared, mut model: CaptionModel) {
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
    let told: Vec<Caption> = job.array.regions.iter().map(|region| region.caption.clone()).collect();
    let mut needs_more = false;
    while let Some(batch) = Batch::begin(shared, &job) {
        // Asked between tokens: neither shutdown nor a caller who has left waits for the end of a sentence.
        let cancel = || shared.captions.is_stopped() || job.recipient.has_left();
        match speak(shared, model, &job.embedding, &batch.subjects(&job), &cancel) {
            Ok(spoken) => batch.write_down(shared, &mut job, spoken),
            Err(refusal) => return batch.fail(shared, job, &refusal),
        }
        // Between two batches others have their turn.
        needs_more = job.is_stream();
        if needs_more {
            break;
        }
        if job.is_of_caller() && job.lacks_words() {
            match shared.captions.put_back_asked(job) {
                Some(alone) => job = alone,
                None => return,
            }
        }
    }
    job.take_words(&shared.words, shared.settings().caption.mode);
    finish(shared, job, &told, needs_more);
}

/// A caption for each subject. `cancel` is asked between tokens.
pub(in crate::runtime) fn speak(
    shared: &Shared,
    model: &mut CaptionModel,
    embedding: &Embedding,
    subjects: &[Subject],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Spoken>, Refusal> {
    let settings = shared.settings().caption.clone();
    let run = || caption::describe(model, embedding, subjects, settings.search(), settings.batch, cancel);
    shared.stats.caption.time(|| guarded(&shared.stats, "captioning", run))
}

/// A model that had nothing to say has not described the region.
pub(in crate::runtime) fn caption_of(spoken: Spoken, captioned_at: Stamp) -> Caption {
    match spoken {
        Spoken { text, .. } if text.is_empty() => Caption { state: CaptionState::Failed, ..Caption::default() },
        Spoken { text, score, score_kind, names, .. } => {
            Caption { state: CaptionState::Done, text, score: to_4_places(score), score_kind, names, captioned_at }
        }
    }
}

/// `told`: the words with which the masks went out.
fn finish(shared: &Shared, mut job: CaptionJob, told: &[Caption], needs_more: bool) {
    let sent = match job.recipient {
        Recipient::Output(ref sent) => sent.clone(),
        Recipient::Caller(reply) => {
            shared.place(&mut job.array, job.arrived);
            shared.recollection.complete(&job.array, job.arrived);
            return reply.answer(Ok(Arc::new(job.array)));
        }
    };
    let is_news = job.array.regions.iter().map(|region| &region.caption).ne(told);
    if is_news {
        shared.send_again(&mut job.array, &sent);
    }
    if needs_more {
        shared.captions.put_back_stream(job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::region::ScoreKind;
    use crate::core::region::names::NameScores;

    #[test]
    fn a_score_does_not_tell_what_else_was_in_the_batch() {
        // The built-in model's, for one region, alone and among twelve.
        let [alone, among] = [-0.349_612_4, -0.349_612].map(|score| {
            let (text, score_kind) = ("a blue bowl".into(), ScoreKind::MeanLogProb);
            let spoken = Spoken { text, tokens: vec![7], score, score_kind, names: NameScores::default() };
            caption_of(spoken, Stamp { secs: 1, nanos: 0 })
        });
        assert_eq!((alone.score, &alone), (-0.3496, &among));
    }
}

//! A goal in the caption thread: words for its regions, a batch a turn.

use super::course::Runner;
use crate::core::caption::Subject;
use crate::core::ports::{CaptionModel, Embedding};
use crate::core::progress::Stage;
use crate::core::region::{Caption, CaptionState, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::track::TrackId;
use crate::runtime::caption::thread::{caption_of, speak};
use crate::runtime::places::answers::Sent;
use crate::runtime::shared::Shared;

/// Regions described in one turn, where `caption.batch` is not smaller: whoever waits beside a goal waits for so many.
const REGIONS_A_TURN: usize = 8;

pub(in crate::runtime) struct WordsPart {
    runner: Runner,
    embedding: Embedding,
    array: RegionArray,
    sent: Sent,
    /// Regions that have been described.
    done: usize,
}

impl WordsPart {
    /// Tells that words are next. `array` holds at least one region.
    pub(in crate::runtime) fn new(runner: Runner, embedding: Embedding, array: RegionArray, sent: Sent) -> Self {
        runner.tell(Stage::Caption, 0, array.regions.len());
        Self { runner, embedding, array, sent, done: 0 }
    }

    /// One turn; gives itself back when another one is needed.
    pub(in crate::runtime) fn step(
        mut self: Box<Self>,
        shared: &Shared,
        model: &mut CaptionModel,
    ) -> Option<Box<Self>> {
        let is_over = || shared.captions.is_stopped() || self.runner.is_over() || self.runner.is_late();
        if !is_over() {
            let total = self.array.regions.len();
            let batch = shared.settings().caption.batch.clamp(1, REGIONS_A_TURN);
            let turn = self.done..total.min(self.done + batch);
            let subjects: Vec<Subject> = self.array.regions[turn].iter().map(Subject::of).collect();
            match speak(shared, model, &self.embedding, &subjects, &is_over) {
                Ok(spoken) => {
                    shared.stats.captions.add(spoken.len() as u64);
                    let captioned_at = self.array.header.stamp;
                    for spoken in spoken {
                        self.write_down(shared, caption_of(spoken, captioned_at));
                    }
                }
                // Why, the course knows.
                Err(refusal) if refusal.code == ResultCode::Canceled => {}
                Err(refusal) => {
                    shared.stats.captions_failed.add(subjects.len() as u64);
                    self.publish(shared, CaptionState::Failed);
                    self.runner.end(Err(refusal));
                    return None;
                }
            }
            if self.done < total && !self.runner.is_over() && !self.runner.is_late() {
                return Some(self);
            }
        }
        self.publish(shared, CaptionState::None);
        if self.done == self.array.regions.len() {
            self.runner.end(Ok(()));
        } else {
            self.runner.end_late();
        }
        None
    }

    fn write_down(&mut self, shared: &Shared, caption: Caption) {
        self.runner.described(self.done, &caption.text);
        // Whoever sees the object next need not describe it again.
        let id = self.array.regions[self.done].id.parse::<TrackId>();
        if let (Ok(id), CaptionState::Done) = (id, caption.state) {
            let reuse = shared.settings().reuse();
            shared.words.with(|book, now| book.finish(id, caption.clone(), now, &reuse));
        }
        self.array.regions[self.done].caption = caption;
        self.done += 1;
        self.runner.tell(Stage::Caption, self.done, self.array.regions.len());
    }

    /// The same stamp again, with the words that there are; nothing is left pending, because nothing will come.
    fn publish(&mut self, shared: &Shared, of_the_others: CaptionState) {
        for region in self.array.regions.iter_mut().skip(self.done) {
            region.caption = Caption { state: of_the_others, ..Caption::default() };
        }
        shared.send_again(&mut self.array, &self.sent);
    }
}

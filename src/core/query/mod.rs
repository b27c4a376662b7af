//! Questions to the memory: "where is the red mug?", "what is at this pixel?" (`srv/QueryRegions.srv`).
//!
//! All filters that are given must hold ([`filter`]). A text ranks what is left ([`meaning`], [`relevance`]) by how
//! much of it the captions, and the colours of the pixels, answer; what answers nothing of it is left out. Most words
//! of a question weigh the same wherever they stand in the memory, so that an answer's relevance does not depend on
//! what else was seen. `core/words` says what is understood of language and what is not; on top of that a word that
//! nobody knows is taken for the known word that looks most like it (one letter off, two in long words). "Left of the bowl"
//! and the like are looked up in the picture ([`landmarks`]), where the caption does not say it.
//!
//! The same memory and the same question give the same answer, in the same order: by relevance, then (for a pixel) the
//! smallest, then the lowest id.

mod filter;
mod landmarks;
mod meaning;
mod relevance;
#[cfg(test)]
mod tests;
mod typo;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use filter::QueryError;

use super::geometry::PixelBox;
use super::memory::{RegionMemory, Remembered};
use super::track::TrackId;
use meaning::Question;

/// What is asked. Every default filters nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pub text: String,
    pub ids: BTreeSet<TrackId>,
    /// "": every camera.
    pub camera: String,
    /// Pixels of the camera's newest picture: only what covers it.
    pub point: Option<(f32, f32)>,
    /// Pixels of the camera's newest picture: only what overlaps it with its box. Width 0: no filter.
    pub rect: PixelBox,
    /// Lowest relevance, 0 to 1.
    pub min_score: f32,
    /// Seconds since the picture was taken in which it was last seen; 0: no filter.
    pub max_age_secs: f32,
    /// Metres from the camera; 0: no filter.
    pub max_distance: f32,
    /// Most answers; 0: all.
    pub limit: usize,
}

/// How a word of the question was found in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The word itself.
    Same,
    /// Another name for the same.
    Synonym,
    /// It belongs to the kind that was asked for.
    OfKind,
    /// It is called by a kind to which the word belongs.
    Kind,
    /// A shade of the colour, or the colour of the shade.
    Shade,
    /// A part of the name.
    Part,
    /// The colour of its pixels.
    Pixels,
    /// Where it is in the picture.
    InPicture,
}

/// A word of the question, and what answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// As the question has it.
    pub asked: String,
    /// For what it was taken, if nobody knows it.
    pub taken_for: Option<String>,
    /// As the caption has it; `None`: the object does not answer it.
    pub found: Option<(String, How)>,
    /// What this word adds to the relevance, and what it could have added at most.
    pub adds: f32,
    pub at_most: f32,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.asked)?;
        if let Some(known) = &self.taken_for {
            write!(f, " (taken for {known})")?;
        }
        match &self.found {
            None => write!(f, ": not found"),
            Some((word, how)) => {
                let how = match how {
                    How::Same => "the word itself",
                    How::Synonym => "another name",
                    How::OfKind => "of this kind",
                    How::Kind => "may be one",
                    How::Shade => "a like colour",
                    How::Part => "a part of the name",
                    How::Pixels => "the colour of its pixels",
                    How::InPicture => "as the picture shows",
                };
                write!(f, ": {word}, {how}, {:.2} of {:.2}", self.adds, self.at_most)
            }
        }
    }
}

/// An object that answers the question.
#[derive(Clone, Debug)]
pub struct Answer {
    pub object: Arc<Remembered>,
    /// Relevance, 0 to 1; 1 without a text.
    pub score: f32,
    /// One for each word that counts; the `adds` sum up to the score.
    pub reasons: Vec<Reason>,
}

impl Query {
    /// It speaks of a place in a picture.
    pub fn is_about_pixels(&self) -> bool {
        self.point.is_some() || self.rect.width > 0
    }
}

impl RegionMemory {
    /// The best answers, best first.
    ///
    /// # Errors
    /// A filter that no object could pass, or that is no number.
    pub fn ask(&self, query: &Query, now: Instant) -> Result<Vec<Answer>, QueryError> {
        query.check(self)?;
        let question = Question::new(&query.text, self);
        let left = self.iter().filter(|object| query.lets_pass(object, self, now));
        let rated = left.filter_map(|object| Some((question.score(object)?, object)));
        let mut good: Vec<(f32, &Arc<Remembered>)> = rated.filter(|(score, _)| *score >= query.min_score).collect();
        let area = |object: &Remembered| if query.point.is_some() { object.shape.area() } else { 0 };
        good.sort_by(|(a_score, a), (b_score, b)| {
            let rest = area(a).cmp(&area(b)).then(a.id.cmp(&b.id));
            b_score.total_cmp(a_score).then(rest)
        });
        if query.limit > 0 {
            good.truncate(query.limit);
        }
        Ok(good.into_iter().map(|(score, object)| question.answer(object, score)).collect())
    }
}

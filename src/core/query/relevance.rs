//! How much of a question an object answers.

use std::sync::Arc;

use super::landmarks::Landmarks;
use super::meaning::{Question, Wanted};
use super::{Answer, How, Reason};
use crate::core::memory::Remembered;
use crate::core::track::TrackId;
use crate::core::words::{Relation, Role, Term};

/// The colour of the pixels against the caption's word.
const PIXELS: f32 = 0.9;
/// The picture against the caption's word.
const IN_PICTURE: f32 = 0.95;
/// What is said of another thing answers little of what was asked of this one, and the other way round.
const ASIDE: f32 = 0.3;
/// An answer at least this good to a negated word excludes the object.
const CERTAIN: f32 = 0.8;

/// What answers a word, not yet written out: most objects of a memory are rated and not shown.
enum Name<'a> {
    Word(&'a str),
    Place(Relation, TrackId),
}

impl Question {
    /// Relevance, 0 to 1: 1 to a question without words; `None` when the object answers nothing of it, or what it must not.
    pub fn score(&self, object: &Remembered) -> Option<f32> {
        let is_unwanted = |(word, landmarks): (&Wanted, &Landmarks)| {
            word.term.is_negated && best(word, landmarks, object).is_some_and(|found| found.0 >= CERTAIN)
        };
        if self.words().any(is_unwanted) {
            return None;
        }
        let mut wanted = self.wanted_words().peekable();
        if wanted.peek().is_none() {
            return Some(1.0);
        }
        let adds = wanted.map(|(word, landmarks)| adds(word, best(word, landmarks, object).as_ref()));
        let score = adds.sum::<f32>().min(1.0);
        (score > 0.0).then_some(score)
    }

    /// An object with this score, and the reasons for it.
    pub fn answer(&self, object: &Arc<Remembered>, score: f32) -> Answer {
        let reasons = self.wanted_words().map(|(word, landmarks)| reason(word, landmarks, object));
        Answer { object: Arc::clone(object), score, reasons: reasons.collect() }
    }

    fn words(&self) -> impl Iterator<Item = (&Wanted, &Landmarks)> {
        self.wanted.iter().zip(&self.landmarks)
    }

    fn wanted_words(&self) -> impl Iterator<Item = (&Wanted, &Landmarks)> {
        self.words().filter(|(word, _)| !word.term.is_negated)
    }
}

fn adds(word: &Wanted, found: Option<&(f32, Name, How)>) -> f32 {
    found.map_or(0.0, |(worth, ..)| worth * word.weight)
}

fn reason(word: &Wanted, landmarks: &Landmarks, object: &Remembered) -> Reason {
    let found = best(word, landmarks, object);
    let asked = word.typed.clone().unwrap_or_else(|| word.term.surface.clone());
    let taken_for = word.typed.as_ref().map(|_| word.term.surface.clone());
    let adds = adds(word, found.as_ref());
    let found = found.map(|(_, name, how)| match name {
        Name::Word(word) => (word.to_owned(), how),
        Name::Place(relation, landmark) => (format!("{relation} {landmark}"), how),
    });
    Reason { asked, taken_for, found, adds, at_most: word.weight }
}

/// The best answer to one word: its worth, 0 to 1, what answers and how. Of equal ones the first in the caption; a candidate
/// name is worth as much as its score says.
fn best<'a>(word: &Wanted, landmarks: &Landmarks, object: &'a Remembered) -> Option<(f32, Name<'a>, How)> {
    let mut best: Option<(f32, Name, How)> = None;
    let mut offer = |worth: f32, name: Name<'a>, how: How| {
        if worth > best.as_ref().map_or(0.0, |(known, ..)| *known) {
            best = Some((worth, name, how));
        }
    };
    for term in object.terms() {
        if let Some((worth, how)) = word.accepts(term) {
            offer(worth * fit(word.term.role, word.term.is_aside, term), Name::Word(&term.surface), how);
        }
    }
    for (term, score) in object.name_terms() {
        if let Some((worth, how)) = word.accepts(term) {
            offer(score * worth * fit(word.term.role, word.term.is_aside, term), Name::Word(&term.surface), how);
        }
    }
    if !word.term.is_aside {
        for (colour, worth) in colours(word, object) {
            offer(worth, Name::Word(colour), How::Pixels);
        }
    }
    if let Some(relation) = word.term.relation
        && let Some((landmark, worth)) = landmarks.near(relation, object)
    {
        offer(IN_PICTURE * worth, Name::Place(relation, landmark.id), How::InPicture);
    }
    best
}

/// How well an object answers a word by what it is itself, whatever part the word has in the question, 0 to 1.
pub(super) fn own_worth(word: &Wanted, object: &Remembered) -> f32 {
    let own = object.terms().iter().filter(|term| !term.is_aside);
    let by_words = own.filter_map(|term| Some(word.accepts(term)?.0 * fit(word.term.role, false, term)));
    by_words.chain(colours(word, object).map(|(_, worth)| worth)).fold(0.0, f32::max)
}

/// The colours of its pixels that answer the word, with their worth.
fn colours(word: &Wanted, object: &Remembered) -> impl Iterator<Item = (&'static str, f32)> {
    object.colours.iter().filter_map(|colour| Some((*colour, PIXELS * word.accepts_colour(colour)?)))
}

/// How well the two words' parts in their sentences go together, 0 to 1.
fn fit(asked: Role, asked_is_aside: bool, found: &Term) -> f32 {
    let roles = match (asked, found.role) {
        (a, b) if a == b => 1.0,
        (Role::Head, Role::Modifier) => 0.5,
        (Role::Modifier, Role::Head) => 0.8,
        // "orange" and "metal" are things as well as what things are like.
        (Role::Colour | Role::Quality, _) | (_, Role::Colour | Role::Quality) => 0.6,
        _ => 1.0,
    };
    let sides = if asked_is_aside == found.is_aside { 1.0 } else { ASIDE };
    if found.is_negated { 0.0 } else { roles * sides }
}

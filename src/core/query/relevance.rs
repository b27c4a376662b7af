//! How much of a question an object answers.

use std::sync::Arc;

use super::meaning::{Question, Wanted};
use super::{Answer, How, Reason};
use crate::core::memory::Remembered;
use crate::core::words::{Role, Term};

/// The colour of the pixels against the caption's word.
const PIXELS: f32 = 0.9;
/// What is said of another thing answers little of what was asked of this one, and the other way round.
const ASIDE: f32 = 0.3;
/// An answer at least this good to a negated word excludes the object.
const CERTAIN: f32 = 0.8;

impl Question {
    /// `None` when the object answers nothing of it, or what it must not. Relevance 1 to a question without words.
    pub fn answer(&self, object: &Arc<Remembered>) -> Option<Answer> {
        let (unwanted, wanted): (Vec<&Wanted>, Vec<&Wanted>) =
            self.wanted.iter().partition(|word| word.term.is_negated);
        let is_excluded = unwanted.iter().any(|word| best(word, object).is_some_and(|found| found.0 >= CERTAIN));
        if is_excluded {
            return None;
        }
        if wanted.is_empty() {
            return Some(Answer { object: Arc::clone(object), score: 1.0, reasons: Vec::new() });
        }
        let reasons: Vec<Reason> = wanted.into_iter().map(|word| reason(word, object)).collect();
        let score = reasons.iter().map(|reason| reason.adds).sum::<f32>().min(1.0);
        (score > 0.0).then(|| Answer { object: Arc::clone(object), score, reasons })
    }
}

fn reason(word: &Wanted, object: &Remembered) -> Reason {
    let found = best(word, object);
    let asked = word.typed.clone().unwrap_or_else(|| word.term.surface.clone());
    let taken_for = word.typed.as_ref().map(|_| word.term.surface.clone());
    let adds = found.as_ref().map_or(0.0, |(worth, ..)| worth * word.weight);
    Reason { asked, taken_for, found: found.map(|(_, name, how)| (name, how)), adds, at_most: word.weight }
}

/// The best answer to one word: its worth, 0 to 1, what answers and how. Of equal ones the first in the caption.
fn best(word: &Wanted, object: &Remembered) -> Option<(f32, String, How)> {
    let mut best: Option<(f32, String, How)> = None;
    let mut offer = |worth: f32, name: &str, how: How| {
        if worth > best.as_ref().map_or(0.0, |(known, ..)| *known) {
            best = Some((worth, name.to_owned(), how));
        }
    };
    for term in object.terms() {
        if let Some((worth, how)) = word.accepts(term) {
            offer(worth * fit(&word.term, term), &term.surface, how);
        }
    }
    if !word.term.is_aside {
        for colour in &object.colours {
            if let Some(worth) = word.accepts_colour(colour) {
                offer(PIXELS * worth, colour, How::Pixels);
            }
        }
    }
    best
}

/// How well the two words' parts in their sentences go together, 0 to 1.
fn fit(asked: &Term, found: &Term) -> f32 {
    let roles = match (asked.role, found.role) {
        (a, b) if a == b => 1.0,
        (Role::Head, Role::Modifier) => 0.5,
        (Role::Modifier, Role::Head) => 0.8,
        // "orange" and "metal" are things as well as what things are like.
        (Role::Colour | Role::Quality, _) | (_, Role::Colour | Role::Quality) => 0.6,
        _ => 1.0,
    };
    let sides = if asked.is_aside == found.is_aside { 1.0 } else { ASIDE };
    if found.is_negated { 0.0 } else { roles * sides }
}

//! What the words of a question accept as an answer.

use std::collections::HashMap;

use super::How;
use super::landmarks::Landmarks;
use super::typo::{Captions, meant};
use crate::core::memory::RegionMemory;
use crate::core::words::{Role, Term, Vocabulary, tokens};

/// How much another name is worth against the word itself.
const SYNONYM: f32 = 0.95;
const OF_KIND: f32 = 0.9;
const SHADE: f32 = 0.85;
const PART: f32 = 0.4;
const KIND: f32 = 0.4;
/// A word that was taken for another one.
const TYPO: f32 = 0.85;

/// A word of the question.
#[derive(Debug)]
pub(super) struct Wanted {
    pub term: Term,
    /// As the question has it, when it was taken for another one.
    pub typed: Option<String>,
    /// Share of the relevance; all weights together are 1. 0 for negated words.
    pub weight: f32,
    /// Kept names that answer it, and how well, 0 to 1.
    accepts: HashMap<String, (f32, How)>,
    trust: f32,
}

/// A question's words.
#[derive(Debug)]
pub(super) struct Question {
    pub wanted: Vec<Wanted>,
    /// For each of them.
    pub landmarks: Vec<Landmarks>,
}

impl Question {
    pub fn new(text: &str, memory: &RegionMemory) -> Self {
        let vocabulary = Vocabulary::shared();
        let (mut corrected, mut typed) = (text.to_owned(), HashMap::new());
        let captions = Captions::of(memory);
        for token in tokens(text) {
            if let Some(known) = meant(&token, &captions) {
                corrected = replace_word(&corrected, &token, &known);
                typed.insert(known, token);
            }
        }
        let terms = vocabulary.terms(&corrected);
        let total: f32 = terms.iter().map(weight).sum();
        let wanted: Vec<Wanted> = terms
            .into_iter()
            .map(|term| {
                let typed = term.surface.split(' ').find_map(|word| typed.get(word)).cloned();
                let weight = if total > 0.0 { weight(&term) / total } else { 0.0 };
                let trust = if typed.is_some() { TYPO } else { 1.0 };
                Wanted { weight, accepts: accepted(&term, vocabulary), typed, trust, term }
            })
            .collect();
        let landmarks = Landmarks::of(&wanted, memory);
        Self { wanted, landmarks }
    }
}

impl Wanted {
    /// How well a term of a caption answers it, 0 to 1.
    pub fn accepts(&self, term: &Term) -> Option<(f32, How)> {
        let whole = self.accepts.get(&term.word).map(|&(worth, how)| match how {
            How::Same if term.surface != self.term.surface => (SYNONYM, How::Synonym),
            _ => (worth, how),
        });
        let answer = whole.or_else(|| self.accepts_part(&term.word));
        answer.map(|(worth, how)| (worth * self.trust, how))
    }

    /// A plain colour of its pixels.
    pub fn accepts_colour(&self, colour: &str) -> Option<f32> {
        (self.term.role == Role::Colour)
            .then(|| self.accepts.get(colour))
            .flatten()
            .map(|(worth, _)| worth * self.trust)
    }

    /// "extinguisher" is found in "fire extinguisher".
    fn accepts_part(&self, word: &str) -> Option<(f32, How)> {
        let has_parts = word.contains(' ') && !self.term.word.contains(' ');
        (has_parts && word.split(' ').any(|part| part == self.term.word)).then_some((PART, How::Part))
    }
}

/// What it is counts most.
fn weight(term: &Term) -> f32 {
    let weight = match term.role {
        Role::Head => 3.0,
        Role::Modifier => 1.0,
        Role::Colour => 1.5,
        Role::Quality => 1.0,
    };
    match (term.is_negated, term.is_aside) {
        (true, _) => 0.0,
        (false, true) => weight / 2.0,
        (false, false) => weight,
    }
}

fn accepted(term: &Term, vocabulary: &Vocabulary) -> HashMap<String, (f32, How)> {
    let mut accepts: HashMap<String, (f32, How)> = HashMap::new();
    let mut accept = |name: &str, worth: f32, how: How| {
        accepts.entry(name.to_owned()).or_insert((worth, how));
    };
    accept(&term.word, 1.0, How::Same);
    let Some(entry) = vocabulary.entry(&term.surface) else { return accepts };
    for kind in &entry.asks_for {
        accept(kind, 1.0, How::Same);
        vocabulary.members(kind).for_each(|member| accept(member, OF_KIND, How::OfKind));
    }
    if !entry.colours.is_empty() {
        // A colour is answered by its shades, a shade by its colour.
        entry.colours.iter().for_each(|colour| accept(colour, SHADE, How::Shade));
        vocabulary.shades(&term.surface).for_each(|shade| accept(shade, SHADE, How::Shade));
    }
    if entry.noun.is_some() {
        vocabulary.kinds_of(&term.word).for_each(|kind| accept(kind, KIND, How::Kind));
        // "soup can" is answered by "can", a little.
        if let Some((_, last)) = term.word.rsplit_once(' ') {
            accept(last, PART, How::Part);
        }
    }
    accepts
}

/// Whole words only, in any case.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let parts = text.split_inclusive(|letter: char| !letter.is_alphanumeric());
    let replaced = parts.map(|part| {
        let bare = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        if bare.to_lowercase() == word { format!("{with}{}", &part[bare.len()..]) } else { part.to_owned() }
    });
    replaced.collect()
}

//! The known word that an unknown one was probably meant to be.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use strsim::osa_distance;

use crate::core::memory::{RegionMemory, Remembered};
use crate::core::words::{Vocabulary, singular};

/// Words of fewer letters are what they are.
const LEAST_LETTERS: usize = 4;
/// From this length on two letters may be wrong.
const LONG_LETTERS: usize = 8;

/// The words of all captions and names, gathered when the first unknown word needs them.
pub(super) struct Captions<'a> {
    memory: &'a RegionMemory,
    words: OnceCell<HashSet<&'a str>>,
}

impl<'a> Captions<'a> {
    pub fn of(memory: &'a RegionMemory) -> Self {
        Self { memory, words: OnceCell::new() }
    }

    fn words(&self) -> &HashSet<&'a str> {
        self.words.get_or_init(|| {
            let of = |object: &'a Arc<Remembered>| {
                object.terms().iter().chain(object.name_terms().iter().map(|(term, _)| term))
            };
            let terms = self.memory.iter().flat_map(of);
            terms.flat_map(|term| term.surface.split(' ')).collect()
        })
    }
}

/// `None` when the word is known, to the vocabulary or from a caption, or looks like no known one. Of several that look
/// alike: those of captions first, then by the alphabet.
pub(super) fn meant(word: &str, captions: &Captions) -> Option<String> {
    let vocabulary = Vocabulary::shared();
    let (letters, single) = (word.chars().count(), singular(word, vocabulary));
    if letters < LEAST_LETTERS || vocabulary.knows(word) || vocabulary.knows(&single) {
        return None;
    }
    let seen = captions.words();
    if seen.contains(word) || seen.contains(single.as_str()) {
        return None;
    }
    let most = if letters >= LONG_LETTERS { 2 } else { 1 };
    let from_captions = seen.iter().map(|&known| (0, known));
    let candidates = from_captions.chain(vocabulary.words().map(|known| (1, known)));
    let near = candidates.filter_map(|(source, known)| {
        // Hardly anyone mistypes the first letter, and "wall" is no "ball".
        if known.chars().next() != word.chars().next() {
            return None;
        }
        let lengths_fit = known.chars().count().abs_diff(letters) <= most && known.chars().count() >= LEAST_LETTERS - 1;
        if !lengths_fit {
            return None;
        }
        let distance = osa_distance(&single, known).min(osa_distance(word, known));
        (distance <= most).then_some((distance, source, known))
    });
    near.min().map(|(_, _, known)| known.to_owned())
}

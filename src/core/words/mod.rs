//! The little of language that questions about captions need.
//!
//! A text becomes [`Term`]s: its head noun ("mug" in "a red mug next to a bowl"), other nouns before it, colours,
//! qualities, and what is said of other things ("bowl"). [`vocabulary`] knows synonyms ("couch" is "sofa"), shades
//! ("crimson" is a red), kinds and the verbs that ask for them ("something to drink from" asks for drinkware: mug,
//! glass, bottle ...), plurals, and names of several words ("fire extinguisher").
//!
//! What it does not do: meaning in general. There is no grammar beyond "noun, then what is said of others after a
//! relation", so that "the box that the mug stands on" is about a box and a mug, no more. Numbers, comparisons ("the
//! largest") and time are not understood. "not red" and "without a handle" exclude the next word's meaning, nothing more.
//! A word that the vocabulary lacks matches itself, and what looks like it (`core/query`).

mod phrase;
mod relation;
mod token;
mod vocabulary;

pub use relation::Relation;
pub use token::{singular, tokens};
pub use vocabulary::{Entry, Vocabulary, VocabularyError};

/// What a word does in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// What it is.
    Head,
    /// A noun before the head: "coffee" in "coffee table".
    Modifier,
    Colour,
    /// Size, form, pattern, material, state.
    Quality,
}

/// A word, or several that are one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it stands there, lower case, singular.
    pub surface: String,
    /// The name under which the vocabulary keeps it ("sofa" for "couch"); the surface where it has none.
    pub word: String,
    pub role: Role,
    /// Said of something else than the text's object.
    pub is_aside: bool,
    /// Of an aside: where the text's object is, seen from it, if the text says so.
    pub relation: Option<Relation>,
    /// Which of the text's parts it belongs to, counted from 0. A part has one head noun: "a red mug", "next to the bowl" and
    /// "next to the plate" are three.
    pub part: usize,
    /// The text says that this is not so.
    pub is_negated: bool,
}

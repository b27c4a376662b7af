//! A text's terms, and what each does in it.

use super::token::{singular, tokens};
use super::{Entry, Relation, Role, Term, Vocabulary};

/// A name that was found in the text: as many words as the vocabulary knows together.
struct Unit<'a> {
    surface: String,
    entry: Option<&'a Entry>,
    /// The next unit begins after "and", "or" or a comma.
    before_and: bool,
}

impl Vocabulary {
    /// The terms of a caption or a question, in their order; stop words are left out.
    pub fn terms(&self, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        // Each part between relations has a head of its own; the first is about the object.
        let (mut is_aside, mut relation, mut is_negated, mut part) = (false, None, false, Vec::new());
        let mut ends_sentence_part = false;
        for clause in text.split_inclusive([',', ';', '/', '&']) {
            // What follows a comma is about the object again: "mug next to the bowl, plate". A list of adjectives goes on:
            // "next to the large, red bowl".
            if ends_sentence_part && terms.last().is_some_and(|last: &Term| last.role == Role::Head) {
                (is_aside, relation) = (false, None);
            }
            ends_sentence_part = clause.ends_with([',', ';']);
            for unit in self.units(&tokens(clause)) {
                let entry = unit.entry.cloned().unwrap_or_default();
                // "without" is both.
                is_negated |= entry.is_not;
                if entry.is_relation {
                    self.close(&mut part, &mut terms);
                    is_aside = true;
                    relation = Relation::said_by(&unit.surface);
                } else if !entry.is_stop && !entry.is_not {
                    let ends_list = unit.before_and;
                    part.push(Term { is_aside, relation, is_negated, ..term(unit.surface, &entry) });
                    is_negated = false;
                    if ends_list && part.last().is_some_and(|last: &Term| last.role == Role::Modifier) {
                        self.close(&mut part, &mut terms);
                    }
                }
            }
            self.close(&mut part, &mut terms);
        }
        terms
    }

    /// The longest names first, from left to right.
    fn units(&self, tokens: &[String]) -> Vec<Unit<'_>> {
        let mut units: Vec<Unit> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let longest = self.most_words().min(tokens.len() - at);
            let known = (1..=longest).rev().find_map(|length| self.name_at(&tokens[at..at + length]));
            let (length, surface, entry) = known.unwrap_or_else(|| (1, singular(&tokens[at], self), None));
            if let (Some(last), "and" | "or") = (units.last_mut(), surface.as_str()) {
                last.before_and = true;
            }
            units.push(Unit { surface, entry, before_and: false });
            at += length;
        }
        units
    }

    /// These words as one name of the vocabulary, as they stand or with the last one in its singular.
    fn name_at(&self, words: &[String]) -> Option<(usize, String, Option<&Entry>)> {
        let (last, before) = words.split_last()?;
        let joined = |last: &str| {
            let mut name = before.join(" ");
            if !name.is_empty() {
                name.push(' ');
            }
            name + last
        };
        let names = [joined(last), joined(&singular(last, self))];
        let found = names.into_iter().find_map(|name| Some((self.entry(&name)?, name)));
        found.map(|(entry, name)| (words.len(), name, Some(entry)))
    }

    /// Ends a part: its last noun is its head. A colour that is also a thing is one at the end of a part without nouns.
    fn close(&self, part: &mut Vec<Term>, terms: &mut Vec<Term>) {
        let is_thing = |colour: &str| self.entry(colour).is_some_and(|entry| entry.noun.is_some());
        match part.iter().rposition(|term| term.role == Role::Modifier && !term.is_negated) {
            Some(last_noun) => part[last_noun].role = Role::Head,
            None => {
                if let Some(last) = part.last_mut().filter(|last| last.role == Role::Colour && is_thing(&last.surface))
                {
                    last.role = Role::Head;
                }
            }
        }
        part.iter_mut()
            .filter(|term| term.is_negated && term.role == Role::Modifier)
            .for_each(|term| term.role = Role::Head);
        let number = terms.last().map_or(0, |last| last.part + 1);
        part.iter_mut().for_each(|term| term.part = number);
        terms.append(part);
    }
}

/// For now every noun is a modifier; the last of its part becomes the head in [`Vocabulary::close`].
fn term(surface: String, entry: &Entry) -> Term {
    let (role, word) = if !entry.colours.is_empty() {
        (Role::Colour, surface.clone())
    } else if let Some(quality) = &entry.quality {
        (Role::Quality, quality.clone())
    } else if let Some(noun) = &entry.noun {
        (Role::Modifier, noun.clone())
    } else if let Some(kind) = entry.asks_for.first() {
        (Role::Head, kind.clone())
    } else {
        (Role::Modifier, surface.clone())
    };
    Term { surface, word, role, is_aside: false, relation: None, part: 0, is_negated: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "word:role" of each term: Head, Modifier, Colour, Quality; + aside, - negated.
    fn roles(text: &str) -> String {
        let letter = |term: &Term| match term.role {
            Role::Head => "H",
            Role::Modifier => "M",
            Role::Colour => "C",
            Role::Quality => "Q",
        };
        let marks =
            |term: &Term| format!("{}{}", if term.is_aside { "+" } else { "" }, if term.is_negated { "-" } else { "" });
        let terms = Vocabulary::shared().terms(text);
        terms.iter().map(|term| format!("{}:{}{}", term.word, letter(term), marks(term))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn captions_have_a_head_and_what_is_said_of_others() {
        assert_eq!(roles("a small red mug next to a blue bowl"), "small:Q red:C mug:H blue:C+ bowl:H+");
        assert_eq!(roles("two couches"), "sofa:H");
        assert_eq!(roles("a hammer with a yellow handle"), "hammer:H yellow:C+ handle:H+");
        assert_eq!(roles("a cup of coffee"), "mug:H coffee:H+");
        assert_eq!(roles("A red fire extinguisher."), "red:C fire extinguisher:H");
        assert_eq!(roles("a toy car"), "toy car:H");
        assert_eq!(roles("a ceramic flubber vase"), "ceramic:Q flubber:M vase:H");
        assert_eq!(roles("a black and white cat"), "black:C white:C cat:H");
        assert_eq!(roles(""), "");
    }

    #[test]
    fn questions_lose_what_is_only_polite() {
        assert_eq!(roles("Where is the red mug?"), "red:C mug:H");
        assert_eq!(roles("can you bring me some scissors, please?"), "scissors:H");
        assert_eq!(roles("something to drink from"), "drinkware:H");
        assert_eq!(roles("what do you see?"), "");
        assert_eq!(roles("mugs and plates"), "mug:H plate:H");
        assert_eq!(roles("mug, plate or spoon"), "mug:H plate:H spoon:H");
        assert_eq!(roles("what is in the box"), "box:H+");
    }

    #[test]
    fn relations_say_where() {
        let relations = |text| {
            let terms = Vocabulary::shared().terms(text);
            terms.iter().map(|term| (term.word.clone(), term.relation)).collect::<Vec<_>>()
        };
        let mug = ("mug".to_owned(), None);
        assert_eq!(
            relations("the mug to the left of the bowl"),
            [mug.clone(), ("bowl".into(), Some(Relation::LeftOf))]
        );
        assert_eq!(
            relations("mug on a tray with a handle")[1..],
            [("tray".into(), Some(Relation::On)), ("handle".into(), None)]
        );
        assert_eq!(relations("what is in the box?"), [("box".into(), Some(Relation::In))]);
    }

    #[test]
    fn a_relational_clause_ends_at_a_comma() {
        assert_eq!(roles("mug next to the bowl, plate"), "mug:H bowl:H+ plate:H");
        assert_eq!(roles("mug next to the bowl; a red plate"), "mug:H bowl:H+ red:C plate:H");
        assert_eq!(roles("mug, next to the bowl"), "mug:H bowl:H+");
        assert_eq!(roles("mug next to the large, red bowl"), "mug:H large:Q+ red:C+ bowl:H+");
        assert_eq!(roles("mug next to the bowl & plate"), "mug:H bowl:H+ plate:H+");
    }

    #[test]
    fn each_part_has_one_head() {
        let parts = |text| Vocabulary::shared().terms(text).iter().map(|term| term.part).collect::<Vec<_>>();
        assert_eq!(parts("red mug next to the blue bowl and next to the plate"), [0, 0, 1, 1, 2]);
        assert_eq!(parts("mug next to the bowl and the plate"), [0, 1, 2]);
    }

    #[test]
    fn negations_turn_the_next_word() {
        assert_eq!(roles("a mug that is not red"), "mug:H red:C-");
        assert_eq!(roles("mug without handle"), "mug:H handle:H+-");
    }

    #[test]
    fn some_words_are_two_things() {
        assert_eq!(roles("an orange"), "orange:H");
        assert_eq!(roles("an orange ball"), "orange:C ball:H");
        assert_eq!(roles("something red"), "red:C");
        assert_eq!(roles("a can"), "can:H");
    }
}

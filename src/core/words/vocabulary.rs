//! The words that segcap knows, read from `vocabulary.txt`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// Names of more words than this are not looked for.
const MOST_WORDS: usize = 4;

/// What is wrong with a vocabulary's text. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    #[error("line {line}: expected \"KEYWORD: WORD, ...\" with a keyword of vocabulary.txt, got {got:?}")]
    Line { line: usize, got: String },
    #[error("line {line}: expected words in lower case, of letters and digits, at most 4 in a name; got {got:?}")]
    Word { line: usize, got: String },
    #[error("line {line}: {word:?} has a name already: {name:?}")]
    TwoNames { line: usize, word: String, name: String },
    #[error("kind {kind:?} holds @{member}, which is no kind")]
    NoSuchKind { kind: String, member: String },
    #[error("kind {kind:?} holds {member:?}, which is another name for {name:?}: expected that")]
    OtherName { kind: String, member: String, name: String },
}

/// All that a word can be; several at once for words such as "orange".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub is_stop: bool,
    pub is_not: bool,
    pub is_relation: bool,
    /// As a noun: the name under which it is kept.
    pub noun: Option<String>,
    /// The colours that it is, or is a shade of.
    pub colours: Vec<String>,
    /// As an adjective: the name under which it is kept.
    pub quality: Option<String>,
    /// The kinds that it asks for.
    pub asks_for: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Vocabulary {
    entries: HashMap<String, Entry>,
    kinds: BTreeMap<String, BTreeSet<String>>,
    singulars: HashMap<String, String>,
    /// Every single word of every name, sorted.
    words: BTreeSet<String>,
}

static SHARED: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::parse(include_str!("vocabulary.txt")).expect("the tests have read this text"));

impl Vocabulary {
    /// The one in `vocabulary.txt`.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The names of what belongs to a kind; none when it is no kind.
    pub fn members(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.kinds.get(kind).into_iter().flatten().map(String::as_str)
    }

    /// The kinds to which a name belongs.
    pub fn kinds_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.kinds.iter().filter(move |(_, members)| members.contains(name)).map(|(kind, _)| kind.as_str())
    }

    /// The shades of a colour.
    pub fn shades<'a>(&'a self, colour: &'a str) -> impl Iterator<Item = &'a str> {
        let shades = self.entries.iter().filter(move |(_, entry)| entry.colours.iter().any(|own| own == colour));
        shades.map(|(shade, _)| shade.as_str())
    }

    /// Whether it is a word of any name.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Every single word of every name, in alphabetical order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Most words in a name.
    pub fn most_words(&self) -> usize {
        MOST_WORDS
    }

    pub(super) fn singular_of(&self, word: &str) -> Option<&str> {
        self.singulars.get(word).map(String::as_str)
    }

    /// Reads the format that `vocabulary.txt` explains.
    ///
    /// # Errors
    /// [`VocabularyError`], with the line.
    pub fn parse(text: &str) -> Result<Self, VocabularyError> {
        let mut vocabulary = Self::default();
        for (line, content) in (1..).zip(text.lines()) {
            if !content.trim().is_empty() && !content.starts_with('#') {
                vocabulary.read_line(line, content)?;
            }
        }
        vocabulary.resolve_kinds()?;
        vocabulary.words = vocabulary.entries.keys().flat_map(|name| name.split(' ')).map(str::to_owned).collect();
        Ok(vocabulary)
    }

    fn read_line(&mut self, line: usize, content: &str) -> Result<(), VocabularyError> {
        let broken = || VocabularyError::Line { line, got: content.to_owned() };
        let (keyword, rest) = content.split_once(':').ok_or_else(broken)?;
        match keyword {
            "stop" => self.each(line, rest, |entry| entry.is_stop = true),
            "not" => self.each(line, rest, |entry| entry.is_not = true),
            "relation" => self.each(line, rest, |entry| entry.is_relation = true),
            "noun" => names(line, rest)?.into_iter().try_for_each(|name| self.name_noun(line, &name, &name)),
            "same" => {
                let names = names(line, rest)?;
                names.iter().try_for_each(|name| self.name_noun(line, name, &names[0]))
            }
            "colour" => {
                let family = names(line, rest)?[0].clone();
                self.each(line, rest, |entry| entry.colours.push(family.clone()))
            }
            "quality" => {
                let kept = names(line, rest)?[0].clone();
                self.each(line, rest, |entry| entry.quality = Some(kept.clone()))
            }
            "kind" => self.read_kind(line, rest).ok_or_else(broken)?,
            "plural" => {
                let (plural, singular) = rest.trim().split_once(' ').ok_or_else(broken)?;
                self.singulars.insert(plural.to_owned(), singular.to_owned());
                Ok(())
            }
            "unchanged" => {
                self.singulars.extend(names(line, rest)?.into_iter().map(|name| (name.clone(), name)));
                Ok(())
            }
            _ => Err(broken()),
        }
    }

    fn each(&mut self, line: usize, list: &str, change: impl Fn(&mut Entry)) -> Result<(), VocabularyError> {
        names(line, list)?.into_iter().for_each(|name| change(self.entries.entry(name).or_default()));
        Ok(())
    }

    fn name_noun(&mut self, line: usize, word: &str, name: &str) -> Result<(), VocabularyError> {
        let noun = &mut self.entries.entry(word.to_owned()).or_default().noun;
        match noun {
            Some(before) if before != name => {
                Err(VocabularyError::TwoNames { line, word: word.to_owned(), name: before.clone() })
            }
            _ => {
                *noun = Some(name.to_owned());
                Ok(())
            }
        }
    }

    /// `None` when the line has another form than "NAME (ASKING, ...): MEMBER, ...".
    fn read_kind(&mut self, line: usize, rest: &str) -> Option<Result<(), VocabularyError>> {
        let (head, members) = rest.split_once("):")?;
        let (kind, asking) = head.split_once('(')?;
        let kind = kind.trim().to_owned();
        let asks = |entry: &mut Entry| entry.asks_for.push(kind.clone());
        let read = self.each(line, &kind, asks).and_then(|()| self.each(line, asking, asks));
        let members = match read.and_then(|()| names(line, &members.replace('@', ""))) {
            Ok(_) => members.split(',').map(|member| member.trim().to_owned()).collect(),
            Err(error) => return Some(Err(error)),
        };
        self.kinds.insert(kind, members);
        Some(Ok(()))
    }

    /// Members become nouns; "@other" becomes what belongs to the other kind.
    fn resolve_kinds(&mut self) -> Result<(), VocabularyError> {
        let raw = self.kinds.clone();
        for (kind, members) in &raw {
            let mut resolved = BTreeSet::new();
            for member in members {
                match member.strip_prefix('@') {
                    Some(other) => {
                        let no_such = || VocabularyError::NoSuchKind { kind: kind.clone(), member: other.to_owned() };
                        let plain = raw.get(other).ok_or_else(no_such)?.iter().filter(|name| !name.starts_with('@'));
                        resolved.extend(plain.cloned());
                    }
                    None => {
                        let noun = self.entries.entry(member.clone()).or_default().noun.get_or_insert(member.clone());
                        if noun != member {
                            let (kind, member, name) = (kind.clone(), member.clone(), noun.clone());
                            return Err(VocabularyError::OtherName { kind, member, name });
                        }
                        resolved.insert(member.clone());
                    }
                }
            }
            self.kinds.insert(kind.clone(), resolved);
        }
        Ok(())
    }
}

/// At least one.
fn names(line: usize, list: &str) -> Result<Vec<String>, VocabularyError> {
    let is_good = |name: &str| {
        let words: Vec<&str> = name.split(' ').collect();
        let plain = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_lowercase() || c.is_ascii_digit());
        words.len() <= MOST_WORDS && words.iter().all(plain)
    };
    list.split(',')
        .map(str::trim)
        .map(|name| {
            if is_good(name) { Ok(name.to_owned()) } else { Err(VocabularyError::Word { line, got: name.to_owned() }) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_text_is_sound() {
        let vocabulary = Vocabulary::parse(include_str!("vocabulary.txt")).unwrap_or_else(|error| panic!("{error}"));
        assert!(vocabulary.entries.len() > 600, "{}", vocabulary.entries.len());
        for (kind, members) in &vocabulary.kinds {
            assert!(!members.is_empty() && !members.contains(kind), "{kind:?} holds nothing, or itself");
        }
    }

    #[test]
    fn it_knows_names_kinds_and_shades() {
        let vocabulary = Vocabulary::shared();
        assert_eq!(vocabulary.entry("couch").unwrap().noun.as_deref(), Some("sofa"));
        let drinkware: Vec<&str> = vocabulary.members("drinkware").collect();
        assert!(["mug", "glass", "bottle", "can"].iter().all(|name| drinkware.contains(name)), "{drinkware:?}");
        assert!(vocabulary.members("food").any(|name| name == "apple"), "food holds fruit");
        assert_eq!(vocabulary.kinds_of("spoon").collect::<Vec<_>>(), ["cutlery", "tableware"]);
        assert!(vocabulary.shades("red").any(|shade| shade == "crimson"));
        let orange = vocabulary.entry("orange").unwrap();
        assert_eq!((orange.noun.as_deref(), &orange.colours[..]), (Some("orange"), &["orange".to_owned()][..]));
    }

    #[test]
    fn faults_are_named() {
        let fault = |text| Vocabulary::parse(text).unwrap_err().to_string();
        assert!(fault("same: a\nwords: b").starts_with("line 2: expected \"KEYWORD: WORD"));
        assert!(fault("same: Mug").contains("lower case"));
        assert!(fault("same: a,,b").contains("lower case"));
        assert_eq!(fault("same: sofa, couch\nsame: bed, couch"), "line 2: \"couch\" has a name already: \"sofa\"");
        assert_eq!(fault("kind: food (eat): @fruit"), "kind \"food\" holds @fruit, which is no kind");
        assert!(fault("same: sofa, couch\nkind: seat (sit): couch").contains("expected that"));
        assert!(fault("kind: food: bread").starts_with("line 1"));
    }
}

//! Text to words, and words to their singular.

use super::Vocabulary;

/// The longest text that is looked at, characters; captions and questions are far shorter.
const MOST_CHARS: usize = 1000;

/// Lower-case words of letters and digits, in their order; "'s" is left out.
pub fn tokens(text: &str) -> Vec<String> {
    let lower: String = text.chars().take(MOST_CHARS).flat_map(char::to_lowercase).collect();
    let words = lower.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '\u{2019}');
    let trimmed = words.map(|word| {
        let word = word.trim_matches(['\'', '\u{2019}']);
        let owner = word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s")).unwrap_or(word);
        owner.replace(['\'', '\u{2019}'], "")
    });
    trimmed.filter(|word| !word.is_empty()).collect()
}

/// The singular as the rules of English and the vocabulary's exceptions have it. Wrong singulars do little harm, since
/// captions and questions get the same.
pub fn singular(word: &str, vocabulary: &Vocabulary) -> String {
    if let Some(known) = vocabulary.singular_of(word) {
        return known.to_owned();
    }
    let ends = |suffix: &str| word.len() > suffix.len() + 1 && word.ends_with(suffix);
    let without = |letters: usize| &word[..word.len() - letters];
    if ends("ies") {
        format!("{}y", without(3))
    } else if ["sses", "shes", "ches", "xes", "zes", "oes"].iter().any(|suffix| ends(suffix)) {
        without(2).to_owned()
    } else if ends("s") && !["ss", "us", "is"].iter().any(|suffix| word.ends_with(suffix)) {
        without(1).to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits() {
        assert_eq!(tokens(" Where's the RED mug, Bob\u{2019}s 2nd?"), ["where", "the", "red", "mug", "bob", "2nd"]);
        assert_eq!(tokens("t-shirt isn't \u{c4}pfel \0 --"), ["t", "shirt", "isnt", "\u{e4}pfel"]);
        assert_eq!(tokens("'' ? "), [""; 0]);
        assert_eq!(tokens(&"a ".repeat(5000)).len(), MOST_CHARS / 2);
    }

    #[test]
    fn plurals_have_singulars() {
        let vocabulary = Vocabulary::shared();
        let pairs = [
            ("mugs", "mug"),
            ("boxes", "box"),
            ("brushes", "brush"),
            ("berries", "berry"),
            ("glass", "glass"),
            ("bus", "bus"),
            ("buses", "bus"),
            ("dresses", "dress"),
            ("knives", "knife"),
            ("tomatoes", "tomato"),
            ("shoes", "shoe"),
            ("scissors", "scissors"),
            ("children", "child"),
            ("tennis", "tennis"),
            ("s", "s"),
        ];
        for (plural, expected) in pairs {
            assert_eq!(singular(plural, vocabulary), expected, "{plural}");
        }
    }
}

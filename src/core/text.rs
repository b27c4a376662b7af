//! Text from outside: what is fit to be sent on, and how it is made so.

/// The first character that does not belong in one plain line: a control character, a line break, or one that turns the
/// direction of what is written around it.
pub fn unfit_for_a_line(text: &str) -> Option<char> {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().find(|&c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns(c))
}

/// At most `max_chars` characters in one line: runs of white space, line breaks and control characters (NUL too, which ROS
/// strings cannot carry) become one blank, none is at the ends, what is too long ends in "...".
pub fn one_line(text: &str, max_chars: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = words.flat_map(|word| [" ", word]).skip(1).flat_map(str::chars);
    let kept: String = line.clone().take(max_chars).collect();
    if line.nth(max_chars).is_none() {
        return kept;
    }
    let kept: String = kept.chars().take(max_chars.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{one_line, unfit_for_a_line};

    #[test]
    fn what_is_no_plain_line_is_found() {
        for (text, unfit) in [
            ("", None),
            ("mug 7 \u{e4}\u{4e16}\u{200d}", None),
            ("a\nb", Some('\n')),
            ("a\0b", Some('\0')),
            ("a\u{7f}", Some('\u{7f}')),
            ("\u{85}a", Some('\u{85}')),
            ("a\u{2028}b", Some('\u{2028}')),
            ("gum\u{202e}der", Some('\u{202e}')),
            ("a\u{2066}b", Some('\u{2066}')),
        ] {
            assert_eq!(unfit_for_a_line(text), unfit, "{text:?}");
        }
    }

    #[test]
    fn white_space_and_control_characters_become_one_blank() {
        assert_eq!(one_line("\u{0}a\0mug\n\tcup\u{7f}\u{2028}", 80), "a mug cup");
        assert_eq!(one_line("  a\0 red\tmug\r\n\u{7f}on it \u{85}", usize::MAX), "a red mug on it");
        assert_eq!(one_line("\0", 80), "");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(one_line("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}", 5), "\u{e4}\u{f6}\u{fc}\u{df}\u{e9}");
        assert_eq!(one_line("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}x", 5), "\u{e4}\u{f6}...");
        assert_eq!(one_line("mug \0", 3), "mug");
        assert_eq!(one_line("mug", 0), "...");
    }

    proptest! {
        #[test]
        fn no_line_keeps_control_characters_or_ragged_ends(text in ".*", max_chars in 3..40_usize) {
            let clean = one_line(&text, max_chars);
            prop_assert!(!clean.chars().any(char::is_control));
            prop_assert_eq!(clean.trim(), &clean);
            prop_assert!(clean.chars().count() <= max_chars);
            prop_assert_eq!(&one_line(&clean, max_chars), &clean);
        }
    }
}

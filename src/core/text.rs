//! Text from outside, made fit to be sent on.

/// At most `max_chars` characters in one line: control characters (NUL too, which ROS strings cannot carry) and line
/// breaks become blanks, blanks at the ends go, what is too long ends in "...".
pub fn one_line(text: &str, max_chars: usize) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .skip_while(|c| c.is_whitespace())
        .take(max_chars + 1)
        .collect();
    let clean = clean.trim_end();
    if clean.chars().count() <= max_chars {
        return clean.to_owned();
    }
    let kept: String = clean.chars().take(max_chars.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn control_characters_become_blanks() {
        assert_eq!(one_line("\u{0}a\0mug\n\tcup\u{7f}\u{2028}", 80), "a mug  cup");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(one_line("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}", 5), "\u{e4}\u{f6}\u{fc}\u{df}\u{e9}");
        assert_eq!(one_line("\u{e4}\u{f6}\u{fc}\u{df}\u{e9}x", 5), "\u{e4}\u{f6}...");
    }
}

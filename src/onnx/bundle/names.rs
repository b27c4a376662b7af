//! The file that says what a graph's classes are called.

use std::collections::HashMap;

use super::error::BundleError;
use super::files::BundleFiles;
use super::manifest::GraphEntry;
use super::roles::Role;
use crate::core::region::names::NameList;

const MAX_NAMES: usize = 4096;
const MAX_NAME_BYTES: usize = 64;

/// The names of a graph that has some, in the order of its classes.
///
/// # Errors
/// As [`BundleFiles::read`]; a file that is not one name a line, with the line.
pub fn read_names(files: &BundleFiles, role: Role, entry: &GraphEntry) -> Result<Option<NameList>, BundleError> {
    let (Some(file), Some(sha256)) = (&entry.names, &entry.names_sha256) else { return Ok(None) };
    let content = files.read(&format!("graphs.{role}.names"), file, sha256)?;
    parse(file, &content).map(Some)
}

fn parse(file: &str, content: &[u8]) -> Result<NameList, BundleError> {
    let refuse = |line: Option<usize>, expected: &str, got: String| {
        Err(BundleError::NameFile { file: file.to_owned(), line, expected: expected.to_owned(), got })
    };
    let text = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => return refuse(None, "UTF-8", error.to_string()),
    };
    let mut lines: HashMap<&str, usize> = HashMap::new();
    // Not `lines`, which would drop a carriage return.
    let names: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    if names.len() > MAX_NAMES {
        return refuse(None, &format!("at most {MAX_NAMES} names"), names.len().to_string());
    }
    for (line, &name) in (1..).zip(&names) {
        let is_plain = !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
        if !is_plain || name.len() > MAX_NAME_BYTES {
            let expected = format!(
                "a name of 1 to {MAX_NAME_BYTES} bytes without control characters and without spaces at its ends"
            );
            let shown: String = name.chars().take(MAX_NAME_BYTES).collect();
            return refuse(Some(line), &expected, format!("{shown:?} of {} bytes", name.len()));
        }
        if let Some(earlier) = lines.insert(name, line) {
            return refuse(Some(line), "each name once", format!("{name:?}, which is line {earlier}, too"));
        }
    }
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_a_line_with_or_without_a_last_newline() {
        let names: NameList = ["coffee cup", "m\u{fc}g"].into_iter().collect();
        for text in ["coffee cup\nm\u{fc}g\n", "coffee cup\nm\u{fc}g"] {
            assert_eq!(parse("names.txt", text.as_bytes()).unwrap(), names);
        }
        let most = (0..MAX_NAMES).map(|index| format!("{index:064}\n")).collect::<String>();
        assert_eq!(parse("names.txt", most.as_bytes()).unwrap().len(), MAX_NAMES);
    }

    #[test]
    fn what_is_no_name_is_told_with_its_line() {
        let long = format!("cup\n{}\n", "x".repeat(65));
        let many = (0..=MAX_NAMES).map(|index| format!("{index}\n")).collect::<String>();
        let cases: [(&[u8], &str); 9] = [
            (b"", "names.txt, line 1: expected a name of 1 to 64 bytes"),
            (b"cup\n\nmug\n", "line 2: expected a name"),
            (b"cup\nmug\n\n", "line 3: expected a name"),
            (b"cup\r\nmug\r\n", "line 1: expected a name"),
            (b"cup\n mug\n", "got \" mug\" of 4 bytes"),
            (b"cup\nmug\ncup\n", "line 3: expected each name once, got \"cup\", which is line 1, too"),
            (b"cup\n\xff\n", "names.txt: expected UTF-8"),
            (long.as_bytes(), "of 65 bytes"),
            (many.as_bytes(), "expected at most 4096 names, got 4097"),
        ];
        for (content, part) in cases {
            let message = parse("names.txt", content).unwrap_err().to_string();
            assert!(message.contains(part), "{part:?} should stand in {message:?}");
        }
    }
}

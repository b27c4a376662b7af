//! The layers of ARCHITECTURE.md, kept: arrows only point down, and no file outgrows its reader.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What the files of a folder in `src/` must not name.
struct Rule {
    layer: &'static str,
    crates: &'static [&'static str],
    layers: &'static [&'static str],
}

const RULES: [Rule; 5] = [
    Rule { layer: "core", crates: &["r2r", "tokio", "tokio_util", "ort"], layers: &["onnx", "ros", "runtime"] },
    Rule { layer: "onnx", crates: &["r2r", "tokio", "tokio_util"], layers: &["ros", "runtime"] },
    Rule { layer: "runtime", crates: &["r2r", "ort"], layers: &["onnx", "ros"] },
    Rule { layer: "ros", crates: &["ort"], layers: &["onnx"] },
    // The composition roots wire everything together.
    Rule { layer: "bin", crates: &[], layers: &[] },
];

const MOST_LINES: usize = 500;

#[test]
fn arrows_only_point_down_and_files_are_short() {
    let faults = faults_of_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One sentence for each fault in the files under `src`.
fn faults_of_tree(src: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for entry in read_dir(src) {
        let name = entry.file_name().expect("entries have names").to_string_lossy().into_owned();
        if entry.is_file() {
            if name != "lib.rs" {
                faults.push(format!("src/{name}: files lie in a layer's folder"));
            }
            continue;
        }
        let Some(rule) = RULES.iter().find(|rule| rule.layer == name) else {
            faults.push(format!("src/{name}: a layer without a rule in tests/architecture.rs"));
            continue;
        };
        for file in rust_files(&entry) {
            let source = fs::read_to_string(&file).expect("source files are text");
            let place = file.strip_prefix(src).unwrap_or(&file).display();
            let lines = source.lines().count();
            if lines > MOST_LINES {
                faults.push(format!("src/{place}: {lines} lines, expected at most {MOST_LINES}"));
            }
            let named = forbidden(rule, &source);
            faults.extend(named.into_iter().map(|path| format!("src/{place}: {} must not name {path}", rule.layer)));
        }
    }
    faults
}

fn read_dir(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    entries.sort();
    entries
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = read_dir(folder).into_iter().partition(|entry| entry.is_dir());
    let own = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    own.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

/// The names in `source` that the rule forbids, with what they stand in.
fn forbidden(rule: &Rule, source: &str) -> Vec<String> {
    let stream: TokenStream = source.parse().unwrap_or_else(|error| panic!("not Rust: {error}"));
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    let before = |at: usize| at.checked_sub(1).map_or("", |before| tokens[before].as_str());
    let names = tokens.iter().enumerate().filter_map(|(at, name)| match parent(&tokens, at) {
        // No layer has a module that is named like a layer, so `super` is as good as `crate`.
        Some(parent) if ["crate", "super", "segcap"].contains(&tokens[parent].as_str()) => {
            rule.layers.contains(&name.as_str()).then(|| format!("{}::{name}", tokens[parent]))
        }
        Some(_) => None,
        None => {
            let followed = tokens.get(at + 1).is_some_and(|next| next == "::") && before(at) != ".";
            let named = followed || ["use", "crate"].contains(&before(at));
            (named && rule.crates.contains(&name.as_str())).then(|| name.clone())
        }
    });
    names.collect()
}

/// Tokens in a row, delimiters included. On tokens and not on text, so that comments and strings do not count and the
/// insides of macros do.
fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    _ => ("(", ")"),
                };
                tokens.push(open.into());
                flatten(group.stream(), tokens);
                tokens.push(close.into());
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && tokens.last().is_some_and(|last| last == ":") => {
                *tokens.last_mut().expect("there is a last") = "::".into();
            }
            TokenTree::Literal(_) => tokens.push("literal".into()),
            other => tokens.push(other.to_string()),
        }
    }
}

/// Where the name stands that the one at `at` is a part of, as in `parent::name` and `parent::{other, name}`.
fn parent(tokens: &[String], at: usize) -> Option<usize> {
    let is = |index: usize, wanted: &str| tokens.get(index).is_some_and(|token| token == wanted);
    let path_before = |index: usize| (index >= 2 && is(index - 1, "::")).then(|| index - 2);
    if path_before(at).is_some() {
        return path_before(at)
            .filter(|&parent| tokens[parent].chars().all(|letter| letter.is_alphanumeric() || letter == '_'));
    }
    if at == 0 || !(is(at - 1, "{") || is(at - 1, ",")) {
        return None;
    }
    let mut depth = 0;
    let open = (0..at).rev().find(|&index| {
        depth += i32::from(is(index, "}") || is(index, ")"));
        depth -= i32::from(is(index, "{") || is(index, "("));
        depth < 0
    });
    open.filter(|&open| is(open, "{")).and_then(path_before)
}

fn rule(layer: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.layer == layer).expect("a layer")
}

#[test]
fn planted_violations_are_caught() {
    let planted = [
        ("core", "use tokio::sync::mpsc;"),
        ("core", "use tokio;"),
        ("core", "extern crate r2r;"),
        ("core", "fn f() { let s = ::ort::session::Session::builder(); }"),
        ("core", "fn f() { tokio::select! { _ = a => {} } }"),
        ("core", "fn f() { log::info!(\"{}\", ort::version()); }"),
        ("core", "use crate::runtime::api::Output;"),
        ("core", "use crate::{core::mask::Mask, ros};"),
        ("core", "use crate::{core::{mask::Mask, rle}, onnx::{bundle, session}};"),
        ("core", "mod tests { use super::super::super::ros::convert; }"),
        ("core", "pub(in crate::onnx) fn f() {}"),
        ("onnx", "use crate::runtime::api;"),
        ("onnx", "use tokio_util::sync::CancellationToken;"),
        ("runtime", "type T = Vec<crate::onnx::Bundle>;"),
        ("runtime", "use r2r::{Node, Context};"),
        ("ros", "use ort::value::Tensor;"),
        ("ros", "use segcap::onnx::load;"),
    ];
    for (layer, source) in planted {
        assert_eq!(forbidden(rule(layer), source).len(), 1, "{layer}: {source}");
    }
}

#[test]
fn what_is_allowed_is_not_caught() {
    let allowed = [
        ("core", "//! ort and tokio::sync are not for core, nor is crate::ros.\nuse super::mask::Mask;"),
        ("core", "const TEXT: &str = \"crate::ros and tokio::spawn\";"),
        ("core", "struct S { ort: u32, ros: u32 } fn f(s: S, runtime: u32) -> u32 { s.ort + runtime }"),
        ("core", "use crate::core::{text, mask}; fn f() { let a = (mask::ros(), b.ort::<u8>()); }"),
        ("core", "fn f() { let all = [core::mem::take(&mut a), runtime]; }"),
        ("onnx", "use crate::core::ports::Model; use ort::session::Session;"),
        ("runtime", "use tokio::sync::mpsc; use crate::core::pipeline;"),
        ("ros", "use crate::{core::mask::Mask, runtime::api}; use r2r::Node;"),
        ("bin", "use segcap::{onnx, ros, runtime}; use ort as _;"),
    ];
    for (layer, source) in allowed {
        assert_eq!(forbidden(rule(layer), source), [""; 0], "{layer}: {source}");
    }
}

#[test]
fn a_tree_with_faults_is_told_fault_by_fault() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "pub mod core;");
    write("core/deep/bad.rs", "use tokio::sync;");
    write("core/good.rs", &"//\n".repeat(MOST_LINES));
    write("core/long.rs", &"//\n".repeat(MOST_LINES + 1));
    write("extra/mod.rs", "");
    write("stray.rs", "");
    let expected = [
        "src/core/long.rs: 501 lines, expected at most 500",
        "src/core/deep/bad.rs: core must not name tokio",
        "src/extra: a layer without a rule in tests/architecture.rs",
        "src/stray.rs: files lie in a layer's folder",
    ];
    assert_eq!(faults_of_tree(root.path()), expected);
}

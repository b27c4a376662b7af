//! `segcap bundle check`: is this folder a model that runs, and what is in it?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use segcap::onnx::bundle::manifest::{GraphEntry, Graphs, Manifest};
use segcap::onnx::provider::{GraphReport, Provider, SessionOptions};
use segcap::onnx::{LoadOptions, LoadedBundle, bundle_dir};

use super::args::CheckArgs;
use super::table::{Column, Table};

/// Loading is the check: hashes, paths, tensors, tokenizer, and one run of every graph.
pub fn check(args: &CheckArgs) -> Result<()> {
    let dir = bundle_dir::find(args.dir.as_deref())?;
    let session = SessionOptions { provider: args.provider, ..SessionOptions::default() };
    let options = LoadOptions { session, ..LoadOptions::default() };
    let bundle =
        segcap::onnx::load(&dir, &options).with_context(|| format!("{} is not a good bundle", dir.display()))?;
    print!("{}", describe(&dir, &bundle)?);
    Ok(())
}

fn describe(dir: &Path, bundle: &LoadedBundle) -> Result<String> {
    let manifest = &bundle.manifest;
    let mut text = format!("{} in {}\n", manifest.title(), dir.display());
    writeln!(text, "license: {}\nsource: {}", manifest.license, manifest.source)?;
    let rules = &manifest.preprocess;
    writeln!(text, "input: {0}x{0} pixels, {1:?}", rules.input_size, rules.rule())?;
    writeln!(text, "runs on: ONNX Runtime {}\n", bundle.report.library)?;
    text += &graphs_table(dir, manifest, &bundle.report.graphs)?;
    text.push('\n');
    text += &refusals(&bundle.report.graphs);
    match &manifest.language_model {
        Some(language) => writeln!(
            text,
            "captions: {} layers, at most {} tokens, end token {}, {}",
            language.layers, language.max_new_tokens, language.eos_token_id, language.tokenizer
        )?,
        None => writeln!(text, "captions: none, this bundle segments only")?,
    }
    text += &names_and_detector(dir, manifest)?;
    text += "All hashes match, every tensor is in its place, each graph has run once.\n";
    Ok(text)
}

/// What the roles beside Segment and Caption Anything's bring.
fn names_and_detector(dir: &Path, manifest: &Manifest) -> Result<String> {
    let graphs = &manifest.graphs;
    let mut text = String::new();
    if let Some(rules) = graphs.object_detector.as_ref().and_then(|detector| detector.preprocess.as_ref()) {
        writeln!(text, "object_detector: {0}x{0} pixels of its own, {1:?}", rules.input_size, rules.rule())?;
    }
    let mut lists = Vec::new();
    for (role, graph) in [("caption_prefix", &graphs.caption_prefix), ("object_detector", &graphs.object_detector)] {
        if let Some(file) = graph.as_ref().and_then(|graph| graph.names.as_ref()) {
            let names = fs::read_to_string(dir.join(file)).with_context(|| format!("cannot read {file}"))?;
            lists.push(format!("{role} {} in {file}", names.lines().count()));
        }
    }
    if !lists.is_empty() {
        writeln!(text, "names: {}", lists.join(", "))?;
    }
    Ok(text)
}

fn graphs_table(dir: &Path, manifest: &Manifest, reports: &[GraphReport]) -> Result<String> {
    let mut table = Table::new(vec![
        Column::left("graph"),
        Column::left("file"),
        Column::right("MB"),
        Column::left("provider"),
        Column::left("tensors"),
    ]);
    for report in reports {
        let Some(entry) = graph_of(&manifest.graphs, report.role) else { continue };
        let megabytes = bytes(dir, entry)? as f64 / 1e6;
        table.row(vec![
            report.role.to_owned(),
            entry.file.clone(),
            format!("{megabytes:.1}"),
            report.provider.to_string(),
            format!("{} -> {}", names(&entry.inputs), names(&entry.outputs)),
        ]);
    }
    Ok(table.render())
}

fn names(tensors: &BTreeMap<String, String>) -> String {
    tensors.values().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// One line for each provider that could not be had, with the graphs that would have been on it.
fn refusals(reports: &[GraphReport]) -> String {
    let mut graphs: BTreeMap<(Provider, &str), Vec<&str>> = BTreeMap::new();
    for report in reports {
        for (provider, reason) in &report.refused {
            graphs.entry((*provider, reason)).or_default().push(report.role);
        }
    }
    let line = |((provider, reason), graphs): (&(Provider, &str), &Vec<&str>)| {
        format!("not on {provider}: {} ({reason})\n", graphs.join(", "))
    };
    graphs.iter().map(line).collect()
}

/// The graph's file and the weights beside it.
fn bytes(dir: &Path, entry: &GraphEntry) -> Result<u64> {
    let sizes = std::iter::once(&entry.file).chain(entry.data.keys()).map(|file| {
        let path = dir.join(file);
        fs::metadata(&path).map(|data| data.len()).with_context(|| format!("cannot read {}", path.display()))
    });
    sizes.sum()
}

fn graph_of<'a>(graphs: &'a Graphs, role: &str) -> Option<&'a GraphEntry> {
    match role {
        "image_encoder" => Some(&graphs.image_encoder),
        "mask_decoder" => graphs.mask_decoder.as_ref().or(graphs.sam_decoder.as_ref()),
        "caption_prefix" => graphs.caption_prefix.as_ref(),
        "lm_prefill" => graphs.lm_prefill.as_ref(),
        "lm_decode" => graphs.lm_decode.as_ref(),
        "object_detector" => graphs.object_detector.as_ref(),
        _ => None,
    }
}

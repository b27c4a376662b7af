//! The ladder: what runs where is said, and a fixed choice that cannot be had is an error.

use std::path::PathBuf;

use segcap::onnx::provider::{Provider, ProviderChoice};
use segcap::onnx::{library, load};

use crate::support::{BundleCopy, assert_names, cpu};

#[test]
fn every_graph_is_reported() {
    let bundle = BundleCopy::tiny().load().unwrap();
    let roles: Vec<_> = bundle.report.graphs.iter().map(|graph| graph.role).collect();
    assert_eq!(roles, ["image_encoder", "mask_decoder", "caption_prefix", "lm_prefill", "lm_decode"]);
    assert!(bundle.report.graphs.iter().all(|graph| graph.provider == Provider::Cpu && graph.refused.is_empty()));
    for graph in &bundle.report.graphs {
        assert_eq!(graph.nodes.keys().collect::<Vec<_>>(), ["CPUExecutionProvider"], "{graph:?}");
        assert!(graph.nodes.values().all(|count| *count > 0), "{graph:?}");
    }
    assert_eq!(bundle.report.summary(), "cpu");
    assert!(bundle.report.library.path.display().to_string().contains("onnxruntime"));
}

#[test]
fn auto_says_why_it_fell() {
    let mut options = cpu();
    options.session.provider = ProviderChoice::Auto;
    let bundle = load(&BundleCopy::tiny().folder(), &options).unwrap();
    for graph in &bundle.report.graphs {
        let fell = graph.refused.iter().all(|(provider, reason)| *provider < graph.provider && !reason.is_empty());
        assert!(fell, "{graph:?}");
        let best = if graph.role == "image_encoder" { Provider::TensorRt } else { Provider::Cuda };
        assert!(graph.provider == best || graph.refused[0].0 == best, "{graph:?}");
    }
}

#[test]
fn a_fixed_provider_runs_or_is_an_error() {
    let mut options = cpu();
    options.session.provider = ProviderChoice::Fixed(Provider::Cuda);
    match load(&BundleCopy::tiny().folder(), &options) {
        Ok(bundle) => assert!(bundle.report.graphs.iter().all(|graph| graph.provider == Provider::Cuda)),
        Err(e) => assert_names(&e.to_string(), &["image_encoder", "cuda"]),
    }
}

#[test]
fn one_process_has_one_library() {
    let library = library::open(None).unwrap();
    assert_eq!(library::open(Some(&library.info.path)).map(|again| again.info).unwrap(), library.info);
    let Err(error) = library::open(Some(&PathBuf::from("/nowhere/libonnxruntime.so"))) else { panic!("opened") };
    assert_names(&error.to_string(), &["already loaded", "/nowhere/libonnxruntime.so"]);
}

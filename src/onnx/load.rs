//! From a bundle's folder to a model that has run once.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::bundle::manifest::{Captioner, Decoder, Manifest};
use super::bundle::{Bundle, BundleError, Role, read_names};
use super::decoder::decoder;
use super::detector::OnnxDetector;
use super::encoder::OnnxEncoder;
use super::features::FeatureTensors;
use super::language::{OnnxLanguageModel, OnnxPrefix};
use super::library;
use super::preprocess::Preprocessor;
use super::provider::{GraphReport, Ladder, ProviderReport, SessionOptions};
use super::self_test;
use super::session::GraphLoader;
use super::tokenizer::JsonDetokenizer;
use crate::core::node::health::{self, ModelReport};
use crate::core::ports::{CaptionModel, Embedding, Model, ObjectDetector, VisionModel};

/// What can be chosen when a bundle is loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    pub session: SessionOptions,
    /// ONNX Runtime's library; `None` = look for it.
    pub library: Option<PathBuf>,
}

/// A bundle, ready to run.
pub struct LoadedBundle {
    pub model: Model,
    pub report: ProviderReport,
    pub manifest: Manifest,
}

impl LoadedBundle {
    /// What diagnostics say of it; `folder` is where it lies.
    pub fn told(&self, folder: &Path) -> ModelReport {
        let graph = |graph: &GraphReport| health::GraphReport {
            role: graph.role.into(),
            provider: graph.provider.name().into(),
            nodes: graph.nodes.iter().map(|(name, count)| format!("{count} on {name}")).collect::<Vec<_>>().join(", "),
            refused: graph.refused.iter().map(|(provider, reason)| format!("{provider}: {reason}")).collect(),
            fell_back: graph.fell_back,
        };
        ModelReport {
            name: self.model.name.to_string(),
            bundle: folder.display().to_string(),
            // TensorRT and CUDA may hold weights in fewer bits; no provider is asked to compute in them.
            precision: "fp32".into(),
            library: self.report.library.to_string(),
            graphs: self.report.graphs.iter().map(graph).collect(),
        }
    }
}

/// Verifies the bundle in `folder`, opens ONNX Runtime, makes a session of every graph and runs each once.
///
/// # Errors
/// Whatever is not as `models/README.md` says; what ONNX Runtime refuses; a graph whose first run fails.
pub fn load(folder: &Path, options: &LoadOptions) -> Result<LoadedBundle, BundleError> {
    let started = Instant::now();
    let Bundle { manifest, files } = Bundle::open(folder)?;
    let library = library::open(options.library.as_deref())?;
    let mut ladder = Ladder::new(library, options.session.clone());
    let mut loader = GraphLoader {
        files: &files,
        ladder: &mut ladder,
        pixel: manifest.preprocess.dtype,
        layers: manifest.language_model.as_ref().map_or(0, |language| language.layers),
    };
    let (vision, embedding) = load_vision(&mut loader, &manifest)?;
    let caption = match manifest.captioner()? {
        Some(captioner) => Some(load_caption(&mut loader, captioner, &embedding)?),
        None => None,
    };
    let model = Model { name: manifest.title().into(), vision, caption };
    log::info!("loaded {} from {} in {:.1} s", model.name, folder.display(), started.elapsed().as_secs_f64());
    Ok(LoadedBundle { model, report: ladder.into_report(), manifest })
}

/// The vision part and the self-test's embedding.
fn load_vision(loader: &mut GraphLoader, manifest: &Manifest) -> Result<(VisionModel, Embedding), BundleError> {
    let rules = &manifest.preprocess;
    let encoder_graph = loader.load(Role::ImageEncoder, &manifest.graphs.image_encoder)?;
    let mut encoder = Box::new(OnnxEncoder::new(encoder_graph, Preprocessor::new(rules.clone())));
    let embedding = self_test::encode(encoder.as_mut(), rules)?;
    let low_res = FeatureTensors::of(Role::ImageEncoder, &embedding)?.low_res_size()?;
    let Decoder { kind, graph } = manifest.decoder()?;
    let mut decoder = decoder(kind, loader.load(Role::MaskDecoder(kind), graph)?, low_res);
    self_test::decode(decoder.as_mut(), &embedding)?;
    let detector = load_detector(loader, manifest, &embedding)?;
    Ok((VisionModel { encoder, decoder, detector }, embedding))
}

fn load_detector(
    loader: &mut GraphLoader,
    manifest: &Manifest,
    embedding: &Embedding,
) -> Result<Option<Box<dyn ObjectDetector>>, BundleError> {
    let Some(entry) = &manifest.graphs.object_detector else { return Ok(None) };
    let names = read_names(loader.files, Role::ObjectDetector, entry)?.unwrap_or_default();
    let graph = loader.load(Role::ObjectDetector, entry)?;
    let mut detector = OnnxDetector::new(graph, names, entry.preprocess.clone().map(Preprocessor::new));
    self_test::detect(&mut detector, embedding)?;
    Ok(Some(Box::new(detector)))
}

fn load_caption(
    loader: &mut GraphLoader,
    captioner: Captioner,
    embedding: &Embedding,
) -> Result<CaptionModel, BundleError> {
    let detokenizer = JsonDetokenizer::load(loader.files, captioner.language)?;
    let names = read_names(loader.files, Role::CaptionPrefix, captioner.prefix)?;
    let prefix = loader.load(Role::CaptionPrefix, captioner.prefix)?;
    let prefill = loader.load(Role::LmPrefill, captioner.prefill)?;
    let decode = loader.load(Role::LmDecode, captioner.decode)?;
    let mut model = CaptionModel {
        prefix: Box::new(OnnxPrefix::new(prefix, names)),
        language: Box::new(OnnxLanguageModel::new(prefill, decode, captioner.language)),
        detokenizer: Box::new(detokenizer),
    };
    self_test::caption(&mut model, embedding)?;
    Ok(model)
}

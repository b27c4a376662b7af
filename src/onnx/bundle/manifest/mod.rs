//! `bundle.yaml`, read strictly.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::Deserialize;

use super::error::BundleError;
use super::roles::{
    CAPTION_SCORE, DecoderKind, IMAGE_EMBEDDINGS, NAME_SCORES, PIXELS_INPUT, POINT_COORDS, REGION_BOXES, Role,
    check_names,
};
use crate::core::geometry::transform::ResizeRule;

/// The layouts of `bundle.yaml` that are understood here. In 1 the encoder has one output, and the key of a decoder says its
/// kind: `mask_decoder` or `sam_decoder`.
const FORMATS: RangeInclusive<u32> = 1..=2;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub name: String,
    pub version: String,
    pub license: String,
    pub source: String,
    pub preprocess: Preprocess,
    pub graphs: Graphs,
    pub language_model: Option<LanguageModelEntry>,
}

/// From an RGB image to the encoder's input.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// S: side of the encoder's square, pixels.
    pub input_size: u32,
    pub resize: Resize,
    pub channels: Channels,
    pub layout: Layout,
    pub dtype: PixelType,
    /// Of each channel in the order of `channels`, in units of 0..1.
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    LongestEdge,
    Stretch,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    Rgb,
    Bgr,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    Nchw,
    Nhwc,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PixelType {
    Float32,
    Uint8,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graphs {
    pub image_encoder: GraphEntry,
    pub mask_decoder: Option<GraphEntry>,
    pub sam_decoder: Option<GraphEntry>,
    pub caption_prefix: Option<GraphEntry>,
    pub lm_prefill: Option<GraphEntry>,
    pub lm_decode: Option<GraphEntry>,
    pub object_detector: Option<GraphEntry>,
}

/// One graph: its file and the tensors with which it plays its role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphEntry {
    pub file: String,
    pub sha256: String,
    /// Files in which the graph keeps weights (ONNX external data), with their sha256.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    pub inputs: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    /// Of a mask decoder, from format 2 on.
    pub kind: Option<DecoderKind>,
    /// The file with what classes are called, one a line; of a graph that tells classes, from format 2 on.
    pub names: Option<String>,
    pub names_sha256: Option<String>,
    /// Of an object detector with pixels of its own.
    pub preprocess: Option<Preprocess>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelEntry {
    pub layers: usize,
    pub tokenizer: String,
    pub tokenizer_sha256: String,
    pub eos_token_id: u32,
    pub max_new_tokens: usize,
}

/// The graph that decodes masks.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    pub kind: DecoderKind,
    pub graph: &'a GraphEntry,
}

/// The parts of a bundle that captions.
#[derive(Clone, Copy, Debug)]
pub struct Captioner<'a> {
    pub prefix: &'a GraphEntry,
    pub prefill: &'a GraphEntry,
    pub decode: &'a GraphEntry,
    pub language: &'a LanguageModelEntry,
}

impl Manifest {
    /// Parses and checks `text`, the content of `path`.
    ///
    /// # Errors
    /// Not YAML, an unknown format or key, or a value out of its range; the message names the key.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, BundleError> {
        /// Read first, so that a newer format is named as such and not by the first key that is new in it.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let refuse = |e: serde_yaml::Error| BundleError::Manifest { path: path.to_owned(), reason: e.to_string() };
        let Format { format } = serde_yaml::from_slice(text).map_err(refuse)?;
        require(FORMATS.contains(&format), "format", &format!("{} or {}", FORMATS.start(), FORMATS.end()), format)?;
        let manifest: Self = serde_yaml::from_slice(text).map_err(refuse)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Name and version, published with every answer.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The decoder; [`Manifest::parse`] made sure that there is one.
    ///
    /// # Errors
    /// None is listed, or two, or one whose kind is not said.
    pub fn decoder(&self) -> Result<Decoder<'_>, BundleError> {
        let is_first_format = self.format == 1;
        match (&self.graphs.mask_decoder, &self.graphs.sam_decoder) {
            (Some(graph), None) if is_first_format => Ok(Decoder { kind: DecoderKind::Sca, graph }),
            (None, Some(graph)) if is_first_format => Ok(Decoder { kind: DecoderKind::SamExport, graph }),
            (None, None) if is_first_format => Err(value("graphs", "mask_decoder or sam_decoder", "neither")),
            (Some(_), Some(_)) if is_first_format => Err(value("graphs", "mask_decoder or sam_decoder", "both")),
            (_, Some(_)) => {
                Err(value("graphs", "mask_decoder with kind: sam_export", "sam_decoder, which is of format 1"))
            }
            (None, None) => Err(value("graphs", "mask_decoder", "none")),
            (Some(graph), None) => match graph.kind {
                Some(kind) => Ok(Decoder { kind, graph }),
                None => Err(value("graphs.mask_decoder", "kind: sca, sam_export, sam2 or hf_sam", "no kind")),
            },
        }
    }

    /// Every graph that is listed, with its key.
    fn graphs(&self) -> impl Iterator<Item = (&'static str, &GraphEntry)> {
        let graphs = &self.graphs;
        [
            ("image_encoder", Some(&graphs.image_encoder)),
            ("mask_decoder", graphs.mask_decoder.as_ref()),
            ("sam_decoder", graphs.sam_decoder.as_ref()),
            ("caption_prefix", graphs.caption_prefix.as_ref()),
            ("lm_prefill", graphs.lm_prefill.as_ref()),
            ("lm_decode", graphs.lm_decode.as_ref()),
            ("object_detector", graphs.object_detector.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, graph)| Some((key, graph?)))
    }

    /// The captioning parts: all or none.
    ///
    /// # Errors
    /// Some are listed and others are missing.
    pub fn captioner(&self) -> Result<Option<Captioner<'_>>, BundleError> {
        let Graphs { caption_prefix, lm_prefill, lm_decode, .. } = &self.graphs;
        match (caption_prefix, lm_prefill, lm_decode, &self.language_model) {
            (None, None, None, None) => Ok(None),
            (Some(prefix), Some(prefill), Some(decode), Some(language)) => {
                Ok(Some(Captioner { prefix, prefill, decode, language }))
            }
            (prefix, prefill, decode, language) => {
                let parts = [
                    ("graphs.caption_prefix", prefix.is_some()),
                    ("graphs.lm_prefill", prefill.is_some()),
                    ("graphs.lm_decode", decode.is_some()),
                    ("language_model", language.is_some()),
                ];
                let listed = |present| {
                    let names: Vec<_> = parts.iter().filter(|part| part.1 == present).map(|part| part.0).collect();
                    names.join(", ")
                };
                let expected = "all of caption_prefix, lm_prefill, lm_decode and language_model, or none";
                let got = format!("{} without {}", listed(true), listed(false));
                Err(value("graphs", expected, got))
            }
        }
    }

    fn check(&self) -> Result<(), BundleError> {
        for (key, text) in [("name", &self.name), ("version", &self.version), ("license", &self.license)] {
            let plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
            require(plain, key, "text without control characters", format!("{text:?}"))?;
        }
        self.preprocess.check("preprocess")?;
        let may_have_kind = |key: &str| key == "mask_decoder" && self.format > 1;
        if let Some((key, _)) = self.graphs().find(|(key, graph)| graph.kind.is_some() && !may_have_kind(key)) {
            let expected = "a kind only of mask_decoder, and only from format 2 on";
            return Err(value(&format!("graphs.{key}.kind"), expected, format!("one in format {}", self.format)));
        }
        let first_format = BTreeMap::from([(IMAGE_EMBEDDINGS.to_owned(), String::new())]);
        let features = if self.format == 1 { &first_format } else { &self.graphs.image_encoder.outputs };
        check_names(Role::ImageEncoder, &self.graphs.image_encoder, features)?;
        let Decoder { kind, graph } = self.decoder()?;
        check_names(Role::MaskDecoder(kind), graph, features)?;
        if let Some(Captioner { prefix, prefill, decode, language }) = self.captioner()? {
            self.check_prefix(prefix)?;
            check_names(Role::CaptionPrefix, prefix, features)?;
            check_names(Role::LmPrefill, prefill, features)?;
            check_names(Role::LmDecode, decode, features)?;
            language.check()?;
        }
        if let Some(detector) = &self.graphs.object_detector {
            self.check_detector(detector)?;
            check_names(Role::ObjectDetector, detector, features)?;
        }
        for (key, graph) in self.graphs() {
            check_name_file(key, graph)?;
        }
        Ok(())
    }

    /// What a captioner is told of its regions, and what it tells beside the prefix.
    fn check_prefix(&self, prefix: &GraphEntry) -> Result<(), BundleError> {
        let (key, has) = ("graphs.caption_prefix.inputs", |name: &str| prefix.inputs.contains_key(name));
        let got = || prefix.inputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        if self.format > 1 {
            let knows_region = has(POINT_COORDS) || has(REGION_BOXES);
            return require(knows_region, key, "`point_coords` with `point_labels`, or `region_boxes`", got());
        }
        require(has(POINT_COORDS), key, "`point_coords` too", got())?;
        let newer = [(REGION_BOXES, has(REGION_BOXES))]
            .into_iter()
            .chain([NAME_SCORES, CAPTION_SCORE].map(|name| (name, prefix.outputs.contains_key(name))));
        match newer.into_iter().find(|(_, is_there)| *is_there) {
            Some((name, _)) => Err(value("format", format!("2, for `{name}` of caption_prefix"), 1)),
            None => Ok(()),
        }
    }

    fn check_detector(&self, detector: &GraphEntry) -> Result<(), BundleError> {
        require(self.format > 1, "format", "2, for graphs.object_detector", self.format)?;
        let key = "graphs.object_detector.preprocess";
        match (detector.inputs.contains_key(PIXELS_INPUT), &detector.preprocess) {
            (true, Some(preprocess)) => preprocess.check(key),
            (true, None) => Err(value(key, "how an image becomes `pixels`", "nothing")),
            (false, Some(_)) => Err(value(key, "it only with the input `pixels`", "it without")),
            (false, None) => Ok(()),
        }
    }
}

impl Preprocess {
    pub fn rule(&self) -> ResizeRule {
        match self.resize {
            Resize::LongestEdge => ResizeRule::LongestEdge,
            Resize::Stretch => ResizeRule::Stretch,
        }
    }

    /// `key`: where it stands in `bundle.yaml`.
    fn check(&self, key: &str) -> Result<(), BundleError> {
        let sane = (32..=4096).contains(&self.input_size);
        require(sane, &format!("{key}.input_size"), "32 to 4096 pixels", self.input_size)?;
        let finite = self.mean.iter().all(|value| value.is_finite());
        require(finite, &format!("{key}.mean"), "three finite numbers", format!("{:?}", self.mean))?;
        let positive = self.std.iter().all(|value| value.is_finite() && *value > 0.0);
        require(positive, &format!("{key}.std"), "three numbers above 0", format!("{:?}", self.std))
    }
}

impl LanguageModelEntry {
    fn check(&self) -> Result<(), BundleError> {
        require((1..=256).contains(&self.layers), "language_model.layers", "1 to 256", self.layers)?;
        let bounded = (1..=1024).contains(&self.max_new_tokens);
        require(bounded, "language_model.max_new_tokens", "1 to 1024", self.max_new_tokens)
    }
}

/// A file with names is there, with its hash, where the graph tells classes, and nowhere else.
fn check_name_file(key: &str, graph: &GraphEntry) -> Result<(), BundleError> {
    let is_detector = key == "object_detector";
    let tells_classes = is_detector || key == "caption_prefix" && graph.outputs.contains_key(NAME_SCORES);
    let key = |end: &str| format!("graphs.{key}.{end}");
    match (&graph.names, &graph.names_sha256) {
        (Some(_), Some(_)) if !tells_classes => {
            let expected = "it only of an object_detector, and of a caption_prefix with the output `name_scores`";
            Err(value(&key("names"), expected, "it elsewhere"))
        }
        (None, None) if tells_classes && !is_detector => {
            Err(value(&key("names"), "the file with the names, for the output `name_scores`", "nothing"))
        }
        (Some(_), Some(_)) | (None, None) => Ok(()),
        (Some(_), None) => Err(value(&key("names_sha256"), "64 hexadecimal digits", "nothing")),
        (None, Some(_)) => Err(value(&key("names"), "a file beside `names_sha256`", "nothing")),
    }
}

fn value(key: &str, expected: impl Into<String>, got: impl ToString) -> BundleError {
    BundleError::Value { key: key.to_owned(), expected: expected.into(), got: got.to_string() }
}

fn require(holds: bool, key: &str, expected: &str, got: impl ToString) -> Result<(), BundleError> {
    if holds { Ok(()) } else { Err(value(key, expected, got)) }
}

#[cfg(test)]
mod tests;

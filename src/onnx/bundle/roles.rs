//! What each role's graph must take and give (the table in `models/README.md`), against what it really does.

use std::collections::BTreeMap;
use std::fmt;

use ort::session::Session;
use ort::value::{Outlet, TensorElementType};

use serde::Deserialize;

use super::error::BundleError;
use super::manifest::{GraphEntry, PixelType};

/// What a graph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    ImageEncoder,
    MaskDecoder(DecoderKind),
    CaptionPrefix,
    LmPrefill,
    LmDecode,
    ObjectDetector,
}

/// Which export a mask decoder is: how prompts become its inputs, and what its outputs look like.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DecoderKind {
    /// segcap's own exports of SAM and SCA: N prompts a run.
    Sca,
    /// SAM's own export script and its followers: one prompt a run.
    SamExport,
    /// SAM 2 and 2.1 as samexporter writes them: a box is followed by a padding point, too.
    Sam2,
    /// SAM as transformers.js uses it: the graph pads by itself, boxes have an input of their own.
    HfSam,
}

/// A tensor of a role.
#[derive(Clone, Copy)]
struct TensorRule {
    name: &'static str,
    element: Element,
    rank: usize,
    presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Float32,
    Int64,
    /// As `preprocess.dtype` says.
    Pixel,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    /// All optional inputs with this tag, or none of them.
    Optional(&'static str),
    /// One a layer of the language model; its tensor's name holds `{layer}`.
    PerLayer,
}

const fn float(name: &'static str, rank: usize) -> TensorRule {
    TensorRule { name, element: Element::Float32, rank, presence: Presence::Required }
}

impl TensorRule {
    const fn optional(self, tag: &'static str) -> Self {
        Self { presence: Presence::Optional(tag), ..self }
    }

    const fn per_layer(self) -> Self {
        Self { presence: Presence::PerLayer, ..self }
    }

    const fn of(self, element: Element) -> Self {
        Self { element, ..self }
    }
}

const PIXELS: TensorRule = float("pixels", 4).of(Element::Pixel);
const COORDS: TensorRule = float("point_coords", 3);
const LABELS: TensorRule = float("point_labels", 2);
const MASK: TensorRule = float("mask_input", 4);
const HAS_MASK: TensorRule = float("has_mask_input", 1);
const IDS: TensorRule = float("input_ids", 2).of(Element::Int64);

impl Role {
    /// The key under `graphs`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageEncoder => "image_encoder",
            Self::MaskDecoder(_) => "mask_decoder",
            Self::CaptionPrefix => "caption_prefix",
            Self::LmPrefill => "lm_prefill",
            Self::LmDecode => "lm_decode",
            Self::ObjectDetector => "object_detector",
        }
    }

    /// Beside the image's features, which [`Role::takes_features`] says.
    fn inputs(self) -> &'static [TensorRule] {
        match self {
            Self::ImageEncoder => &[PIXELS],
            Self::MaskDecoder(DecoderKind::Sca | DecoderKind::Sam2) => {
                const { &[COORDS, LABELS, MASK.optional("mask"), HAS_MASK.optional("mask")] }
            }
            Self::MaskDecoder(DecoderKind::SamExport) => {
                const {
                    let size = float("orig_im_size", 1).optional("size");
                    &[COORDS, LABELS, MASK.optional("mask"), HAS_MASK.optional("mask"), size]
                }
            }
            Self::MaskDecoder(DecoderKind::HfSam) => {
                const {
                    let labels = float("input_labels", 3).of(Element::Int64);
                    &[float("input_points", 4), labels, float("input_boxes", 3).optional("boxes")]
                }
            }
            // Which of them a format asks for, the manifest checks.
            Self::CaptionPrefix => {
                const {
                    let boxes = float(REGION_BOXES, 2).optional("boxes");
                    &[COORDS.optional("points"), LABELS.optional("points"), boxes]
                }
            }
            Self::ObjectDetector => const { &[PIXELS.optional("pixels")] },
            Self::LmPrefill => const { &[float("inputs_embeds", 3)] },
            Self::LmDecode => const { &[IDS, float("past_key", 4).per_layer(), float("past_value", 4).per_layer()] },
        }
    }

    fn outputs(self) -> &'static [TensorRule] {
        match self {
            Self::ImageEncoder => const { &[float(IMAGE_EMBEDDINGS, 4)] },
            Self::MaskDecoder(DecoderKind::HfSam) => const { &[float("pred_masks", 5), float("iou_scores", 3)] },
            Self::MaskDecoder(_) => const { &[float("low_res_masks", 4), float("iou_predictions", 2)] },
            Self::CaptionPrefix => {
                const {
                    let names = float(NAME_SCORES, 2).optional("names");
                    &[float("lm_prefix", 3), names, float(CAPTION_SCORE, 1).optional("score")]
                }
            }
            Self::ObjectDetector => {
                const { &[float("boxes", 3), float("scores", 2), float("class_ids", 2).of(Element::Int64)] }
            }
            Self::LmPrefill | Self::LmDecode => {
                const { &[float("logits", 2), float("present_key", 4).per_layer(), float("present_value", 4).per_layer()] }
            }
        }
    }
}

impl Role {
    /// Inputs of this role may be named like outputs of the encoder, and then get those; one at least is, unless the graph
    /// has `pixels` of its own.
    fn takes_features(self) -> bool {
        matches!(self, Self::MaskDecoder(_) | Self::CaptionPrefix | Self::ObjectDetector)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The feature map that every encoder has: (1, C, H, W), and masks of low resolution are (4H, 4W).
pub const IMAGE_EMBEDDINGS: &str = "image_embeddings";

/// What a detector takes that has an image of its own, instead of the encoder's features.
pub const PIXELS_INPUT: &str = "pixels";
/// Of `caption_prefix`, from format 2 on.
pub const REGION_BOXES: &str = "region_boxes";
pub const NAME_SCORES: &str = "name_scores";
pub const CAPTION_SCORE: &str = "caption_score";
pub const POINT_COORDS: &str = "point_coords";

/// The graph's own names of a role's tensors: one each, or one a layer.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, Vec<String>>);

impl Names {
    /// The tensors of one name in the role; empty where the graph has none.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names in the role.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A role's inputs and outputs in a graph.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    pub inputs: Names,
    pub outputs: Names,
    /// Those of the inputs that get what the encoder's outputs of the same names hold.
    pub features: Vec<String>,
}

/// Checks that `inputs` and `outputs` in `bundle.yaml` name what the role has, all of it and nothing else. `features`: the
/// encoder's outputs.
pub fn check_names(role: Role, entry: &GraphEntry, features: &BTreeMap<String, String>) -> Result<(), BundleError> {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let has_own_pixels = role == Role::ObjectDetector && entry.inputs.contains_key(PIXELS_INPUT);
    if role.takes_features() && !has_own_pixels {
        inputs.extend(features.keys().map(String::as_str));
        if !entry.inputs.keys().any(|name| features.contains_key(name)) {
            let or_pixels = if role == Role::ObjectDetector { ", or `pixels`" } else { "" };
            let expected = format!("at least one output of image_encoder ({}){or_pixels}", inputs.join(", "));
            let got = entry.inputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(BundleError::Value { key: format!("graphs.{role}.inputs"), expected, got });
        }
    }
    if role == Role::ImageEncoder {
        outputs.extend(features.keys().map(String::as_str));
    }
    for (side, rules, given, free) in
        [("inputs", role.inputs(), &entry.inputs, inputs), ("outputs", role.outputs(), &entry.outputs, outputs)]
    {
        let key = format!("graphs.{role}.{side}");
        check_keys(&key, rules, given, &free)?;
        for rule in rules.iter().filter(|rule| rule.presence == Presence::PerLayer) {
            let tensor = &given[rule.name];
            if tensor.matches("{layer}").count() != 1 {
                let expected = "a tensor name with one {layer} in it".to_owned();
                return Err(BundleError::Value { key: format!("{key}.{}", rule.name), expected, got: tensor.clone() });
            }
        }
    }
    Ok(())
}

/// `free`: names that may be there, beside those of the rules.
fn check_keys(
    key: &str,
    rules: &[TensorRule],
    given: &BTreeMap<String, String>,
    free: &[&str],
) -> Result<(), BundleError> {
    let known: Vec<_> = rules.iter().map(|rule| rule.name).chain(free.iter().copied()).collect();
    if let Some(unknown) = given.keys().find(|name| !known.contains(&name.as_str())) {
        let expected = format!("only {}", known.join(", "));
        return Err(BundleError::Value { key: key.to_owned(), expected, got: format!("`{unknown}`") });
    }
    let has = |rule: &TensorRule| given.contains_key(rule.name);
    let needed = |rule: &&TensorRule| {
        !matches!(rule.presence, Presence::Optional(_))
            || rules.iter().any(|other| other.presence == rule.presence && has(other))
    };
    if let Some(missing) = rules.iter().filter(needed).find(|rule| !has(rule)) {
        let got = given.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(BundleError::Value { key: key.to_owned(), expected: format!("`{}` too", missing.name), got });
    }
    Ok(())
}

/// Finds each of the role's tensors in the graph that `session` runs.
///
/// # Errors
/// Where the graph lacks one, has one of another type or rank, or has an input that the role does not fill.
pub fn bind(
    role: Role,
    entry: &GraphEntry,
    session: &Session,
    pixel: PixelType,
    layers: usize,
) -> Result<Binding, BundleError> {
    let graph = Graph { role, file: &entry.file, pixel, layers };
    let inputs = graph.bind_side(role.inputs(), &entry.inputs, session.inputs(), Side::Input)?;
    let outputs = graph.bind_side(role.outputs(), &entry.outputs, session.outputs(), Side::Output)?;
    let is_feature = |name: &&str| role.inputs().iter().all(|rule| rule.name != *name);
    let features = inputs.roles().filter(is_feature).map(str::to_owned).collect();
    let filled = |outlet: &&Outlet| !inputs.0.values().flatten().any(|name| name == outlet.name());
    match session.inputs().iter().find(filled) {
        None => Ok(Binding { inputs, outputs, features }),
        Some(unfilled) => {
            let expected = format!("an input that {role} fills in bundle.yaml");
            Err(graph.error(unfilled.name(), expected, "one that nothing fills".to_owned()))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

/// A graph being bound.
struct Graph<'a> {
    role: Role,
    file: &'a str,
    pixel: PixelType,
    layers: usize,
}

impl Graph<'_> {
    fn bind_side(
        &self,
        rules: &[TensorRule],
        given: &BTreeMap<String, String>,
        outlets: &[Outlet],
        side: Side,
    ) -> Result<Names, BundleError> {
        let mut names = Names::default();
        for rule in rules {
            let Some(pattern) = given.get(rule.name) else { continue };
            let tensors = match rule.presence {
                Presence::PerLayer => {
                    (0..self.layers).map(|layer| pattern.replace("{layer}", &layer.to_string())).collect()
                }
                _ => vec![pattern.clone()],
            };
            for tensor in &tensors {
                self.check_tensor(rule, tensor, outlets, side)?;
            }
            names.0.insert(rule.name.to_owned(), tensors);
        }
        // Features: whatever shape and type the encoder gives them, which the self-test proves.
        for (name, tensor) in given.iter().filter(|(name, _)| rules.iter().all(|rule| rule.name != **name)) {
            if !outlets.iter().any(|outlet| outlet.name() == tensor) {
                return Err(self.absent(tensor, format!("a tensor for `{name}`"), outlets));
            }
            names.0.insert(name.clone(), vec![tensor.clone()]);
        }
        Ok(names)
    }

    fn check_tensor(&self, rule: &TensorRule, tensor: &str, outlets: &[Outlet], side: Side) -> Result<(), BundleError> {
        let element = match (rule.element, self.pixel) {
            (Element::Int64, _) => TensorElementType::Int64,
            (Element::Pixel, PixelType::Uint8) => TensorElementType::Uint8,
            _ => TensorElementType::Float32,
        };
        let expected = format!("{element} of rank {} for `{}`", rule.rank, rule.name);
        let Some(outlet) = outlets.iter().find(|outlet| outlet.name() == tensor) else {
            return Err(self.absent(tensor, expected, outlets));
        };
        let dtype = outlet.dtype();
        let rank = dtype.tensor_shape().map(|shape| shape.len());
        // Exporters may leave an output's shape open, which reads as rank 0; the self-test sees the real one.
        let rank_fits = rank == Some(rule.rank) || (side == Side::Output && rank == Some(0));
        if dtype.tensor_type() == Some(element) && rank_fits {
            Ok(())
        } else {
            Err(self.error(tensor, expected, dtype.to_string()))
        }
    }

    fn absent(&self, tensor: &str, expected: String, outlets: &[Outlet]) -> BundleError {
        let present = outlets.iter().map(Outlet::name).collect::<Vec<_>>().join(", ");
        self.error(tensor, expected, format!("none of that name among {present}"))
    }

    fn error(&self, tensor: &str, expected: String, got: String) -> BundleError {
        BundleError::Tensor {
            file: self.file.to_owned(),
            role: self.role.name(),
            tensor: tensor.to_owned(),
            expected,
            got,
        }
    }
}

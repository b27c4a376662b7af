//! What each role's graph must take and give (the table in `models/README.md`), against what it really does.

use std::collections::BTreeMap;
use std::fmt;

use ort::session::Session;
use ort::value::{Outlet, TensorElementType};

use super::error::BundleError;
use super::manifest::{GraphEntry, PixelType};

/// What a graph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    ImageEncoder,
    MaskDecoder,
    SamDecoder,
    CaptionPrefix,
    LmPrefill,
    LmDecode,
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
    /// All optional inputs of a role, or none of them.
    Optional,
    /// One a layer of the language model; its tensor's name holds `{layer}`.
    PerLayer,
}

const fn float(name: &'static str, rank: usize) -> TensorRule {
    TensorRule { name, element: Element::Float32, rank, presence: Presence::Required }
}

impl TensorRule {
    const fn optional(self) -> Self {
        Self { presence: Presence::Optional, ..self }
    }

    const fn per_layer(self) -> Self {
        Self { presence: Presence::PerLayer, ..self }
    }

    const fn of(self, element: Element) -> Self {
        Self { element, ..self }
    }
}

const PIXELS: TensorRule = float("pixels", 4).of(Element::Pixel);
const EMBEDDING: TensorRule = float("image_embeddings", 4);
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
            Self::MaskDecoder => "mask_decoder",
            Self::SamDecoder => "sam_decoder",
            Self::CaptionPrefix => "caption_prefix",
            Self::LmPrefill => "lm_prefill",
            Self::LmDecode => "lm_decode",
        }
    }

    fn inputs(self) -> &'static [TensorRule] {
        match self {
            Self::ImageEncoder => &[PIXELS],
            Self::MaskDecoder => const { &[EMBEDDING, COORDS, LABELS, MASK.optional(), HAS_MASK.optional()] },
            Self::SamDecoder => const { &[EMBEDDING, COORDS, LABELS, MASK, HAS_MASK, float("orig_im_size", 1)] },
            Self::CaptionPrefix => &[EMBEDDING, COORDS, LABELS],
            Self::LmPrefill => const { &[float("inputs_embeds", 3)] },
            Self::LmDecode => const { &[IDS, float("past_key", 4).per_layer(), float("past_value", 4).per_layer()] },
        }
    }

    fn outputs(self) -> &'static [TensorRule] {
        match self {
            Self::ImageEncoder => &[EMBEDDING],
            Self::MaskDecoder | Self::SamDecoder => const { &[float("low_res_masks", 4), float("iou_predictions", 2)] },
            Self::CaptionPrefix => const { &[float("lm_prefix", 3)] },
            Self::LmPrefill | Self::LmDecode => {
                const { &[float("logits", 2), float("present_key", 4).per_layer(), float("present_value", 4).per_layer()] }
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The graph's own names of a role's tensors: one each, or one a layer.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<&'static str, Vec<String>>);

impl Names {
    /// The tensors of one name in the role; empty where the graph has none.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A role's inputs and outputs in a graph.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    pub inputs: Names,
    pub outputs: Names,
}

/// Checks that `inputs` and `outputs` in `bundle.yaml` name what the role has, all of it and nothing else.
pub fn check_names(role: Role, entry: &GraphEntry) -> Result<(), BundleError> {
    for (side, rules, given) in [("inputs", role.inputs(), &entry.inputs), ("outputs", role.outputs(), &entry.outputs)]
    {
        let key = format!("graphs.{role}.{side}");
        check_keys(&key, rules, given)?;
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

fn check_keys(key: &str, rules: &[TensorRule], given: &BTreeMap<String, String>) -> Result<(), BundleError> {
    let known: Vec<_> = rules.iter().map(|rule| rule.name).collect();
    if let Some(unknown) = given.keys().find(|name| !known.contains(&name.as_str())) {
        let expected = format!("only {}", known.join(", "));
        return Err(BundleError::Value { key: key.to_owned(), expected, got: format!("`{unknown}`") });
    }
    let has = |rule: &TensorRule| given.contains_key(rule.name);
    let optional = || rules.iter().filter(|rule| rule.presence == Presence::Optional);
    let any_optional = optional().any(has);
    let needed = |rule: &&TensorRule| rule.presence != Presence::Optional || any_optional;
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
    let filled = |outlet: &&Outlet| !inputs.0.values().flatten().any(|name| name == outlet.name());
    match session.inputs().iter().find(filled) {
        None => Ok(Binding { inputs, outputs }),
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
            names.0.insert(rule.name, tensors);
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
            let present = outlets.iter().map(Outlet::name).collect::<Vec<_>>().join(", ");
            return Err(self.error(tensor, expected, format!("none of that name among {present}")));
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

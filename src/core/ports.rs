//! What a model must do. `onnx` implements these traits; `core` and `runtime` know nothing else of it.
//!
//! Letters: N prompts, K points a prompt, M masks a prompt, h x w the size of a low-resolution mask, P rows of a language
//! model prefix, D its width. A model owns mutable state (sessions, caches), hence `&mut self`; one thread owns a model.
//! What fails says [`ModelError`]: a run that was refused or broke off, or a tensor of another shape than the contract's.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use image::RgbImage;
use ndarray::{Array2, Array3, Array4, ArrayView3};

use super::detections::Detections;
use super::geometry::Size;
use super::geometry::transform::ModelFromImage;
use super::region::names::{NameList, NameScores};

/// What a model says when it cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The runtime refused or failed; `graph` is the role in the bundle.
    #[error("{graph}: {reason}")]
    Run { graph: &'static str, reason: String },
    /// A tensor came out with another shape than the bundle's contract says.
    #[error("{graph}: expected {expected}, got {got}")]
    Shape { graph: &'static str, expected: String, got: String },
    /// The caller asked to stop.
    #[error("canceled")]
    Canceled,
}

/// The encoder's output for one image, kept by the model in its own form (it may live on the GPU).
pub trait EmbeddingData: Any + Send + Sync {
    /// Memory held, in bytes, for the cache's bound.
    fn bytes(&self) -> usize;
    fn as_any(&self) -> &dyn Any;
    /// (C, h, w) over the whole square of the encoder; `None` where the values cannot be read from here.
    fn features(&self) -> Option<ArrayView3<'_, f32>>;
}

/// An encoded image, shared between the vision and the caption thread.
#[derive(Clone)]
pub struct Embedding {
    pub data: Arc<dyn EmbeddingData>,
    /// From pixels of the image to pixels of the encoder's square.
    pub transform: ModelFromImage,
    /// What an object detector has found in the image; empty until it has run, and without one.
    pub detections: Arc<OnceLock<Detections>>,
}

/// N prompts with the same number of points, in pixels of the encoder's square.
#[derive(Clone, Debug)]
pub struct PromptBatch {
    /// (N, K, 2): x, y.
    pub coords: Array3<f32>,
    /// (N, K): -1 padding, 0 background, 1 foreground, 2 and 3 a box's corners.
    pub labels: Array2<f32>,
    /// (N, 1, h, w) logits, when these are mask prompts.
    pub masks: Option<Array4<f32>>,
}

impl PromptBatch {
    pub fn len(&self) -> usize {
        self.labels.nrows()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the mask decoder says of N prompts.
#[derive(Clone, Debug)]
pub struct MaskCandidates {
    /// (N, M, h, w) logits over the whole square of the encoder.
    pub logits: Array4<f32>,
    /// (N, M) predicted IoU.
    pub predicted_iou: Array2<f32>,
}

/// Image to embedding.
pub trait ImageEncoder: Send {
    /// How images of this size are brought into the encoder's square.
    fn transform(&self, image: Size) -> ModelFromImage;
    fn encode(&mut self, image: &RgbImage) -> Result<Embedding, ModelError>;
}

/// Embedding and prompts to masks.
pub trait MaskDecoder: Send {
    /// h and w of the low-resolution masks, known before the first run (mask prompts need it); `None` when the model
    /// takes no mask prompts.
    fn mask_input_size(&self) -> Option<Size>;
    /// Whether prompts may be boxes; without, a batch that holds one is an error.
    fn takes_boxes(&self) -> bool {
        true
    }
    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError>;
}

/// Image to the boxes of things of known classes.
pub trait ObjectDetector: Send {
    /// What the classes are called; empty where the bundle does not say.
    fn names(&self) -> &NameList;
    /// `embedding` is that of `image`.
    fn detect(&mut self, image: &RgbImage, embedding: &Embedding) -> Result<Detections, ModelError>;
}

/// N regions to be captioned.
#[derive(Clone, Debug)]
pub struct RegionBatch {
    /// The prompts that made them.
    pub prompts: PromptBatch,
    /// (N, 4): x0, y0, x1, y1 (exclusive) of the regions' masks, in pixels of the encoder's square.
    pub boxes: Array2<f32>,
}

/// What is known of N regions before a language model speaks.
#[derive(Clone, Debug)]
pub struct RegionPrefixes {
    /// (N, P, D): from this the language model goes on.
    pub prefix: Array3<f32>,
    /// One for each region; `None`: the model has no names.
    pub names: Option<Vec<NameScores>>,
    /// For each region the calibrated probability that its caption's noun is right, 0 to 1; `None`: the model does not tell.
    pub caption_scores: Option<Vec<f32>>,
}

/// Embedding and regions to the prefixes from which a language model speaks (SCA's mixer and projection).
pub trait CaptionPrefix: Send {
    fn prefix(&mut self, embedding: &Embedding, regions: &RegionBatch) -> Result<RegionPrefixes, ModelError>;
    /// Whether [`RegionPrefixes::names`] is given.
    fn has_names(&self) -> bool {
        false
    }
}

/// The K most likely next tokens of each of B rows.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageStep {
    /// (B, K), the most likely first.
    pub tokens: Array2<u32>,
    /// (B, K): natural log of each token's probability.
    pub log_probs: Array2<f32>,
}

impl LanguageStep {
    /// (B): each row's most likely token.
    pub fn likeliest(&self) -> Vec<u32> {
        self.tokens.column(0).to_vec()
    }
}

/// A causal language model with a key-value cache over a batch of rows. `best`: K, at least 1; fewer come where the
/// vocabulary is smaller.
pub trait LanguageModel: Send {
    /// Starts a new batch of B rows from (B, P, D) and forgets the last one.
    fn prefill(&mut self, prefix: &Array3<f32>, best: usize) -> Result<LanguageStep, ModelError>;
    /// One step: `tokens` are the rows' last tokens.
    fn decode(&mut self, tokens: &[u32], best: usize) -> Result<LanguageStep, ModelError>;
    /// Goes on with these of the present rows, in this order: a row may come several times, what is not named leaves.
    fn select(&mut self, rows: &[usize]) -> Result<(), ModelError>;
    /// The token that ends a caption.
    fn eos_token(&self) -> u32;
    /// Most new tokens in a caption.
    fn max_new_tokens(&self) -> usize;
}

/// Token ids to text.
pub trait Detokenizer: Send {
    fn text(&self, tokens: &[u32]) -> Result<String, ModelError>;
}

/// What segments: owned by the vision thread.
pub struct VisionModel {
    pub encoder: Box<dyn ImageEncoder>,
    pub decoder: Box<dyn MaskDecoder>,
    /// `None`: a bundle without one.
    pub detector: Option<Box<dyn ObjectDetector>>,
}

impl VisionModel {
    /// Whether the decoder can be prompted with what the detector has found.
    pub fn can_prompt_by_detector(&self) -> bool {
        self.detector.is_some() && self.decoder.takes_boxes()
    }
}

/// What speaks: owned by the caption thread.
pub struct CaptionModel {
    pub prefix: Box<dyn CaptionPrefix>,
    pub language: Box<dyn LanguageModel>,
    pub detokenizer: Box<dyn Detokenizer>,
}

/// A loaded model with all its parts.
pub struct Model {
    /// Name and version, published with every answer.
    pub name: Arc<str>,
    pub vision: VisionModel,
    /// `None`: a bundle that segments and does not caption.
    pub caption: Option<CaptionModel>,
}

impl Model {
    /// Whether the names of regions come from the detector: it has names, and the captioner has none of its own.
    pub fn takes_names_from_detector(&self) -> bool {
        let captioner_has_names = self.caption.as_ref().is_some_and(|caption| caption.prefix.has_names());
        !captioner_has_names && self.vision.detector.as_ref().is_some_and(|detector| !detector.names().is_empty())
    }
}

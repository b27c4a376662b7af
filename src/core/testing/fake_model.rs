//! A model for tests whose answers can be foretold. It stands behind the same ports as a real one.
//!
//! - The encoder's square and the masks are 64 x 64 (images of up to 64 x 64 lie in it pixel by pixel when their longer
//!   side is 64).
//! - A box gives a mask equal to the box; foreground clicks give discs of [`RADIUS`], background clicks cut discs out;
//!   a mask prompt gives the mask itself. Each prompt has three candidates: the second is the one described, with
//!   predicted IoU 0.9; the first is smaller (0.8), the third larger (0.7).
//! - The embedding has a cell for 8 x 8 pixels of the square, with the colour of the image there: pictures of one colour
//!   make regions that look like nothing.
//! - A caption says "thing at X Y": the mean of the prompt's foreground points and box corners in pixels of the image,
//!   rounded. It takes one token for each of "thing", " at", " " and each digit, so captions differ in length.
//!
//! - [`fake_model_with_names`] and [`fake_model_with_detector`] know names, too.
//!
//! [`FakeControl`] counts calls and makes them fail, while the model is in use in another thread.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use image::RgbImage;
use ndarray::{Array1, Array2, Array3, Array4, ArrayView3, Axis};

use crate::core::detections::{DetectedBox, Detections};
use crate::core::geometry::transform::{ModelFromImage, ResizeRule};
use crate::core::geometry::{FloatBox, Size};
use crate::core::ports::*;
use crate::core::region::names::{NameList, NameScores};

/// Side of the square and of the masks, pixels.
pub(crate) const SIDE: u32 = 64;
/// Side of an embedding's cell, pixels of the square.
const CELL: u32 = 8;
/// Of the disc around a click, pixels of the square.
pub(crate) const RADIUS: f32 = 6.0;
/// Predicted IoU and pixels by which the outline is moved out, of each candidate.
const CANDIDATES: [(f32, f32); 3] = [(0.8, -2.0), (0.9, 0.0), (0.7, 3.0)];
const MAX_NEW_TOKENS: usize = 20;

/// What can be asked of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Encode,
    Decode,
    Prefix,
    Prefill,
    Step,
    Detect,
}

#[derive(Clone, Copy, Default)]
struct CallState {
    calls: usize,
    rows: usize,
    failures_to_come: usize,
}

/// The strings from the test to the model.
#[derive(Default)]
pub(crate) struct FakeControl {
    states: Mutex<[CallState; 6]>,
}

impl FakeControl {
    /// How often the model was asked, failures included.
    pub fn calls(&self, call: Call) -> usize {
        self.lock()[call as usize].calls
    }

    /// Images, prompts or caption rows over all calls.
    pub fn rows(&self, call: Call) -> usize {
        self.lock()[call as usize].rows
    }

    /// The next `times` such calls fail.
    pub fn fail_next(&self, call: Call, times: usize) {
        self.lock()[call as usize].failures_to_come = times;
    }

    fn lock(&self) -> MutexGuard<'_, [CallState; 6]> {
        self.states.lock().expect("no test panics while it holds this lock")
    }

    fn on_call(&self, call: Call, rows: usize) -> Result<(), ModelError> {
        let state = &mut self.lock()[call as usize];
        state.calls += 1;
        state.rows += rows;
        let fails = state.failures_to_come > 0;
        state.failures_to_come = state.failures_to_come.saturating_sub(1);
        if fails {
            Err(ModelError::Run { graph: "fake", reason: format!("{call:?} was told to fail") })
        } else {
            Ok(())
        }
    }
}

/// The model with its parts, and the strings to it.
pub(crate) fn fake_model() -> (Model, Arc<FakeControl>) {
    let control = Arc::new(FakeControl::default());
    let vision = VisionModel {
        encoder: Box::new(FakeEncoder(control.clone())),
        decoder: Box::new(FakeDecoder(control.clone())),
        detector: None,
    };
    let caption = CaptionModel {
        prefix: Box::new(FakePrefix { control: control.clone(), names: None }),
        language: Box::new(FakeLanguage { control: control.clone(), rows: Vec::new() }),
        detokenizer: Box::new(FakeDetokenizer),
    };
    (Model { name: "fake 1".into(), vision, caption: Some(caption) }, control)
}

/// The same with a detector that finds these boxes (x0, y0, x1, y1, pixels of the image) in every image.
pub(crate) fn fake_model_with_detector(boxes: &[([f32; 4], f32, &'static str)]) -> (Model, Arc<FakeControl>) {
    let (mut model, control) = fake_model();
    let names = boxes.iter().map(|one| one.2).collect();
    model.vision.detector = Some(Box::new(FakeDetector { control: control.clone(), boxes: boxes.to_vec(), names }));
    (model, control)
}

/// The same with a captioner that knows names: it calls every region a mug (0.75) or a cup (0.5), and gives its captions the
/// width of the region's box over [`SIDE`] as a score.
pub(crate) fn fake_model_with_names() -> (Model, Arc<FakeControl>) {
    let (mut model, control) = fake_model();
    let names = Some(["cup", "mug"].into_iter().collect());
    if let Some(caption) = &mut model.caption {
        caption.prefix = Box::new(FakePrefix { control: control.clone(), names });
    }
    (model, control)
}

/// An embedding as the fake encoder makes it, for a black image of this size.
pub(crate) fn fake_embedding(image: Size) -> Embedding {
    embedding_of(&RgbImage::new(image.width, image.height))
}

fn embedding_of(image: &RgbImage) -> Embedding {
    let transform = fake_transform(Size::new(image.width(), image.height()));
    let pixel = |at: usize, content: u32, size: u32| (at as u32 * CELL + CELL / 2) * size / content;
    let side = (SIDE / CELL) as usize;
    let colours = Array3::from_shape_fn((3, side, side), |(channel, row, column)| {
        let x = pixel(column, transform.content.width, image.width());
        let y = pixel(row, transform.content.height, image.height());
        image.get_pixel_checked(x, y).map_or(0.0, |pixel| f32::from(pixel[channel]))
    });
    Embedding { data: Arc::new(FakeEmbedding(colours)), transform, detections: Arc::new(OnceLock::new()) }
}

fn fake_transform(image: Size) -> ModelFromImage {
    ModelFromImage::new(image, SIDE, ResizeRule::LongestEdge)
}

struct FakeEmbedding(Array3<f32>);

impl EmbeddingData for FakeEmbedding {
    fn bytes(&self) -> usize {
        1000
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn features(&self) -> Option<ArrayView3<'_, f32>> {
        Some(self.0.view())
    }
}

struct FakeEncoder(Arc<FakeControl>);

impl ImageEncoder for FakeEncoder {
    fn transform(&self, image: Size) -> ModelFromImage {
        fake_transform(image)
    }

    fn encode(&mut self, image: &RgbImage) -> Result<Embedding, ModelError> {
        self.0.on_call(Call::Encode, 1)?;
        Ok(embedding_of(image))
    }
}

struct FakeDecoder(Arc<FakeControl>);

impl MaskDecoder for FakeDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        Some(Size::new(SIDE, SIDE))
    }

    fn decode(&mut self, _: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        self.0.on_call(Call::Decode, prompts.len())?;
        let shape = (prompts.len(), CANDIDATES.len(), SIDE as usize, SIDE as usize);
        let logits = Array4::from_shape_fn(shape, |(prompt, candidate, y, x)| {
            let drawn = match &prompts.masks {
                Some(masks) => masks[[prompt, 0, y, x]],
                None => inside_by(prompts, prompt, x as f32 + 0.5, y as f32 + 0.5),
            };
            // Steep, so that masks are stable.
            8.0 * (drawn + CANDIDATES[candidate].1)
        });
        let predicted_iou = Array2::from_shape_fn((prompts.len(), CANDIDATES.len()), |(_, m)| CANDIDATES[m].0);
        Ok(MaskCandidates { logits, predicted_iou })
    }
}

/// How far (x, y) lies inside what the prompt draws, pixels of the square; negative outside.
fn inside_by(prompts: &PromptBatch, prompt: usize, x: f32, y: f32) -> f32 {
    let coords = prompts.coords.index_axis(Axis(0), prompt);
    let labels = prompts.labels.row(prompt);
    let points = || coords.outer_iter().zip(labels).map(|(at, &label)| (at[0], at[1], label));
    let corner = |wanted| points().find(|&(_, _, label)| label == wanted);
    let disc = |(cx, cy, _): (f32, f32, f32)| RADIUS - (x - cx).hypot(y - cy);
    let discs = |wanted| points().filter(move |&(_, _, label)| label == wanted).map(disc).fold(f32::MIN, f32::max);
    let drawn = match (corner(2.0), corner(3.0)) {
        (Some((left, top, _)), Some((right, bottom, _))) => (x - left).min(right - x).min(y - top).min(bottom - y),
        _ => discs(1.0),
    };
    drawn.min(-discs(0.0))
}

struct FakeDetector {
    control: Arc<FakeControl>,
    boxes: Vec<([f32; 4], f32, &'static str)>,
    names: NameList,
}

impl ObjectDetector for FakeDetector {
    fn names(&self) -> &NameList {
        &self.names
    }

    fn detect(&mut self, _: &RgbImage, embedding: &Embedding) -> Result<Detections, ModelError> {
        self.control.on_call(Call::Detect, 1)?;
        let boxes = self.boxes.iter().enumerate().map(|(class, &([left, top, right, bottom], score, _))| DetectedBox {
            rect: FloatBox { left, top, right, bottom },
            score,
            class,
        });
        Ok(Detections::new(boxes, self.names.clone(), embedding.transform.image))
    }
}

struct FakePrefix {
    control: Arc<FakeControl>,
    names: Option<NameList>,
}

impl CaptionPrefix for FakePrefix {
    /// (N, 2, 1): the x and the y that the caption will tell.
    fn prefix(&mut self, embedding: &Embedding, regions: &RegionBatch) -> Result<RegionPrefixes, ModelError> {
        let RegionBatch { prompts, boxes } = regions;
        self.control.on_call(Call::Prefix, prompts.len())?;
        let width = |row: ndarray::ArrayView1<f32>| (row[2] - row[0]) / SIDE as f32;
        let rate = |_: &NameList| boxes.outer_iter().map(width).collect();
        let name = |names: &NameList| vec![NameScores::best(names, [0.5, 0.75]); prompts.len()];
        let (names, caption_scores) = (self.names.as_ref().map(name), self.names.as_ref().map(rate));
        let ModelFromImage { image, content, .. } = embedding.transform;
        let scale = [image.width as f32 / content.width as f32, image.height as f32 / content.height as f32];
        let prefix = Array3::from_shape_fn((prompts.len(), 2, 1), |(prompt, axis, _)| {
            let told = prompts.labels.row(prompt).mapv(|label| if label > 0.0 { 1.0 } else { 0.0 });
            let sum: f32 =
                told.iter().zip(prompts.coords.index_axis(Axis(0), prompt).column(axis)).map(|(t, c)| t * c).sum();
            (sum / told.sum() * scale[axis]).round()
        });
        Ok(RegionPrefixes { prefix, names, caption_scores })
    }

    fn has_names(&self) -> bool {
        self.names.is_some()
    }
}

const WORDS: [&str; 14] = ["", "thing", " at", " ", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

struct FakeLanguage {
    control: Arc<FakeControl>,
    /// For each row: what it will say and how much of it has been said.
    rows: Vec<(Vec<u32>, usize)>,
}

impl FakeLanguage {
    fn speak(&mut self) -> LanguageStep {
        let eos = self.eos_token();
        let tokens = self.rows.iter_mut().map(|(words, said)| {
            *said += 1;
            words.get(*said - 1).copied().unwrap_or(eos)
        });
        let tokens: Array2<u32> = Array1::from_iter(tokens).insert_axis(Axis(1));
        LanguageStep { log_probs: tokens.mapv(|token| -0.01 * (token + 1) as f32), tokens }
    }
}

impl LanguageModel for FakeLanguage {
    fn prefill(&mut self, prefix: &Array3<f32>, _best: usize) -> Result<LanguageStep, ModelError> {
        self.control.on_call(Call::Prefill, prefix.shape()[0])?;
        let words = |row: ndarray::ArrayView2<f32>| {
            let digits = |number: f32| {
                let digits: Vec<u32> = format!("{number}").bytes().map(|digit| u32::from(digit - b'0') + 4).collect();
                digits
            };
            [vec![1, 2, 3], digits(row[[0, 0]]), vec![3], digits(row[[1, 0]])].concat()
        };
        self.rows = prefix.outer_iter().map(|row| (words(row), 0)).collect();
        Ok(self.speak())
    }

    fn decode(&mut self, tokens: &[u32], _best: usize) -> Result<LanguageStep, ModelError> {
        self.control.on_call(Call::Step, tokens.len())?;
        assert_eq!(tokens.len(), self.rows.len(), "one token a row");
        for (&token, (words, said)) in tokens.iter().zip(&self.rows) {
            assert_eq!(Some(&token), words.get(said - 1), "the row's own last token comes back");
        }
        Ok(self.speak())
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), ModelError> {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
        Ok(())
    }

    fn eos_token(&self) -> u32 {
        0
    }

    fn max_new_tokens(&self) -> usize {
        MAX_NEW_TOKENS
    }
}

struct FakeDetokenizer;

impl Detokenizer for FakeDetokenizer {
    fn text(&self, tokens: &[u32]) -> Result<String, ModelError> {
        Ok(tokens.iter().map(|&token| WORDS[token as usize]).collect())
    }
}

#[test]
fn the_strings_pull() {
    let (mut model, control) = fake_model();
    let image = RgbImage::new(128, 96);
    control.fail_next(Call::Encode, 1);
    assert!(model.vision.encoder.encode(&image).is_err());
    let embedding = model.vision.encoder.encode(&image).unwrap();
    assert_eq!(embedding.transform, model.vision.encoder.transform(Size::new(128, 96)));
    assert_eq!((control.calls(Call::Encode), control.calls(Call::Decode)), (2, 0));
}

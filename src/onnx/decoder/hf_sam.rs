//! SAM as transformers exports it for transformers.js (SAM, SlimSAM): clicks and boxes have inputs of their own.

use ndarray::{Array2, Array3, Array4, ArrayView4, Axis, Ix3, Ix5, s};

use super::{Token, alike, checked, decode_groups};
use crate::core::geometry::Size;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch};
use crate::onnx::session::{Graph, feed, feed_integers};

/// The kind `hf_sam`.
pub struct HfSamDecoder {
    graph: Graph,
    low_res: Size,
}

impl HfSamDecoder {
    pub fn new(graph: Graph, low_res: Size) -> Self {
        Self { graph, low_res }
    }
}

impl MaskDecoder for HfSamDecoder {
    /// Its exports take no masks.
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn takes_boxes(&self) -> bool {
        self.graph.has_input("input_boxes")
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        if prompts.masks.is_some() {
            let reason = "expected points or boxes, got mask prompts: this decoder takes no masks".to_owned();
            return Err(ModelError::Run { graph: self.graph.role().name(), reason });
        }
        decode_groups(prompts, alike(prompts), |prompts| self.run(embedding, prompts))
    }
}

impl HfSamDecoder {
    /// All prompts are alike.
    fn run(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let role = self.graph.role();
        let Parts { points, labels, boxes } = Parts::of(prompts);
        if boxes.dim().1 > 0 && !self.takes_boxes() {
            let reason = "expected clicks, got boxes: this decoder has no input_boxes".to_owned();
            return Err(ModelError::Run { graph: role.name(), reason });
        }
        let mut feeds = vec![feed(role, "input_points", points.view())?];
        feeds.push(feed_integers(role, "input_labels", labels.view())?);
        if self.takes_boxes() {
            feeds.push(feed(role, "input_boxes", boxes.view())?);
        }
        let outputs = self.graph.run_on(embedding, feeds)?;
        let masks = outputs.array::<Ix5>("pred_masks")?;
        let scores = outputs.array::<Ix3>("iou_scores")?;
        if masks.len_of(Axis(0)) != 1 || scores.len_of(Axis(0)) != 1 {
            return Err(outputs.shape_error("one image in pred_masks and iou_scores".to_owned(), masks.shape()));
        }
        let logits: ArrayView4<f32> = masks.index_axis(Axis(0), 0);
        checked(&outputs, logits, scores.index_axis(Axis(0), 0), prompts.len(), self.low_res)
    }
}

/// A batch as this export takes it, of one image.
struct Parts {
    /// (1, N, K, 2): clicks without padding, which the graph adds by itself.
    points: Array4<f32>,
    /// (1, N, K).
    labels: Array3<i64>,
    /// (1, N, 4): x0, y0, x1, y1; (1, 0, 4) without boxes.
    boxes: Array3<f32>,
}

impl Parts {
    /// All prompts are alike, and there is one.
    fn of(prompts: &PromptBatch) -> Self {
        let first: Vec<Token> = prompts.labels.row(0).iter().map(|label| Token::of(*label)).collect();
        let columns = |wanted| -> Vec<usize> { (0..first.len()).filter(|column| first[*column] == wanted).collect() };
        let (clicks, corners) = (columns(Token::Click), columns(Token::Corner));
        let points: Array3<f32> = prompts.coords.select(Axis(1), &clicks);
        let labels: Array2<f32> = prompts.labels.select(Axis(1), &clicks);
        let boxes = match corners[..] {
            [top_left, bottom_right] => {
                let mut boxes = Array3::zeros((1, prompts.len(), 4));
                boxes.slice_mut(s![0, .., ..2]).assign(&prompts.coords.slice(s![.., top_left, ..]));
                boxes.slice_mut(s![0, .., 2..]).assign(&prompts.coords.slice(s![.., bottom_right, ..]));
                boxes
            }
            _ => Array3::zeros((1, 0, 4)),
        };
        Self {
            points: points.insert_axis(Axis(0)),
            labels: labels.mapv(|label| label as i64).insert_axis(Axis(0)),
            boxes,
        }
    }
}

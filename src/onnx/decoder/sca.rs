//! Decoders that take N prompts a run with SAM's own inputs: segcap's exports of SAM and SCA, and SAM 2.

use std::borrow::Cow;

use ndarray::{Array2, Array3, s};

use super::{MaskInput, Token, alike, candidates, decode_groups};
use crate::core::geometry::Size;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch};
use crate::onnx::session::{Graph, feed};

const PADDING_LABEL: f32 = -1.0;

/// What follows a box's corners. Clicks alone come with their padding point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxPadding {
    None,
    /// (0, 0) with label -1.
    OnePoint,
}

/// The kinds `sca` and `sam2`.
pub struct BatchedDecoder {
    graph: Graph,
    low_res: Size,
    mask_input: MaskInput,
    box_padding: BoxPadding,
}

impl BatchedDecoder {
    pub fn new(graph: Graph, low_res: Size, box_padding: BoxPadding) -> Self {
        Self { graph, low_res, mask_input: MaskInput::new(low_res), box_padding }
    }
}

impl BatchedDecoder {
    fn run(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let role = self.graph.role();
        let coords = feed(role, "point_coords", prompts.coords.view())?;
        let mut feeds = vec![coords, feed(role, "point_labels", prompts.labels.view())?];
        feeds.extend(self.mask_input.feeds(&self.graph, prompts)?);
        let outputs = self.graph.run_on(embedding, feeds)?;
        candidates(&outputs, prompts.len(), self.low_res)
    }
}

impl MaskDecoder for BatchedDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        self.graph.has_input("mask_input").then_some(self.low_res)
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        match self.box_padding {
            BoxPadding::None => self.run(embedding, prompts),
            BoxPadding::OnePoint => {
                decode_groups(prompts, alike(prompts), |prompts| self.run(embedding, &with_padding(prompts)))
            }
        }
    }
}

/// With a padding point at the end, if there is none. All prompts are alike.
fn with_padding(prompts: &PromptBatch) -> Cow<'_, PromptBatch> {
    let last = prompts.labels.columns().into_iter().next_back();
    if last.is_some_and(|labels| labels.iter().all(|label| Token::of(*label) == Token::Padding)) {
        return Cow::Borrowed(prompts);
    }
    let (rows, points) = prompts.labels.dim();
    let mut coords = Array3::zeros((rows, points + 1, 2));
    coords.slice_mut(s![.., ..points, ..]).assign(&prompts.coords);
    let mut labels = Array2::from_elem((rows, points + 1), PADDING_LABEL);
    labels.slice_mut(s![.., ..points]).assign(&prompts.labels);
    Cow::Owned(PromptBatch { coords, labels, masks: prompts.masks.clone() })
}

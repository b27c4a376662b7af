//! The decoder that SAM's own export script makes: one prompt a run, and it wants to know the image's size.

use ndarray::{Array1, Axis, concatenate};

use super::session::{Graph, feed};
use super::vision::{Zeros, candidates, prompt_feeds};
use crate::core::geometry::Size;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch};

/// The role `sam_decoder`.
pub struct SamExportDecoder {
    graph: Graph,
    /// 4H x 4W.
    low_res: Size,
    zeros: Zeros,
}

impl SamExportDecoder {
    pub fn new(graph: Graph, low_res: Size) -> Self {
        Self { graph, low_res, zeros: Zeros::default() }
    }

    /// `prompt` holds one prompt.
    fn decode_one(&mut self, embedding: &Embedding, prompt: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let role = self.graph.role();
        // The graph enlarges its masks to this size as well, which we do not use: the content of the encoder's square has
        // the image's proportions, and is never as large as a camera's picture can be.
        let content = embedding.transform.content;
        let size = Array1::from(vec![content.height as f32, content.width as f32]);
        let has_mask = Array1::from(vec![if prompt.masks.is_some() { 1.0 } else { 0.0 }]);
        let masks = match &prompt.masks {
            Some(masks) => masks.view(),
            None => self.zeros.view(1, self.low_res),
        };
        let mut feeds = prompt_feeds(role, embedding, prompt)?;
        feeds.push(feed(role, "mask_input", masks)?);
        feeds.push(feed(role, "has_mask_input", has_mask.view())?);
        feeds.push(feed(role, "orig_im_size", size.view())?);
        let outputs = self.graph.run(feeds)?;
        candidates(&outputs, 1, self.low_res)
    }
}

impl MaskDecoder for SamExportDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        Some(self.low_res)
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let runs: Vec<_> =
            (0..prompts.len()).map(|row| self.decode_one(embedding, &nth(prompts, row))).collect::<Result<_, _>>()?;
        let logits: Vec<_> = runs.iter().map(|run| run.logits.view()).collect();
        let predicted_iou: Vec<_> = runs.iter().map(|run| run.predicted_iou.view()).collect();
        let mismatch = |e: ndarray::ShapeError| ModelError::Shape {
            graph: self.graph.role().name(),
            expected: "as many masks of every prompt, and at least one prompt".to_owned(),
            got: e.to_string(),
        };
        Ok(MaskCandidates {
            logits: concatenate(Axis(0), &logits).map_err(mismatch)?,
            predicted_iou: concatenate(Axis(0), &predicted_iou).map_err(mismatch)?,
        })
    }
}

/// The batch's prompt number `row`, alone.
fn nth(prompts: &PromptBatch, row: usize) -> PromptBatch {
    let rows = row..row + 1;
    PromptBatch {
        coords: prompts.coords.slice(ndarray::s![rows.clone(), .., ..]).to_owned(),
        labels: prompts.labels.slice(ndarray::s![rows.clone(), ..]).to_owned(),
        masks: prompts.masks.as_ref().map(|masks| masks.slice(ndarray::s![rows, .., .., ..]).to_owned()),
    }
}

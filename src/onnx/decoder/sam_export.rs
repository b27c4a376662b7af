//! The decoder that SAM's own export script makes: one prompt a run, and it wants to know the image's size.

use ndarray::Array1;

use super::{MaskInput, candidates, decode_groups};
use crate::core::geometry::Size;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch};
use crate::onnx::session::{Graph, feed};

/// The kind `sam_export`.
pub struct SamExportDecoder {
    graph: Graph,
    /// 4H x 4W.
    low_res: Size,
    mask_input: MaskInput,
}

impl SamExportDecoder {
    pub fn new(graph: Graph, low_res: Size) -> Self {
        Self { graph, low_res, mask_input: MaskInput::new(low_res) }
    }

    /// `prompt` holds one prompt.
    fn decode_one(&mut self, embedding: &Embedding, prompt: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let role = self.graph.role();
        // The graph enlarges its masks to this size as well, which we do not use: the content of the encoder's square has
        // the image's proportions, and is never as large as a camera's picture can be.
        let content = embedding.transform.content;
        let size = Array1::from(vec![content.height as f32, content.width as f32]);
        let coords = feed(role, "point_coords", prompt.coords.view())?;
        let mut feeds = vec![coords, feed(role, "point_labels", prompt.labels.view())?];
        feeds.extend(self.mask_input.feeds(&self.graph, prompt)?);
        if self.graph.has_input("orig_im_size") {
            feeds.push(feed(role, "orig_im_size", size.view())?);
        }
        let outputs = self.graph.run_on(embedding, feeds)?;
        candidates(&outputs, 1, self.low_res)
    }
}

impl MaskDecoder for SamExportDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        self.graph.has_input("mask_input").then_some(self.low_res)
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let one_by_one = (0..prompts.len()).map(|row| vec![row]).collect();
        decode_groups(prompts, one_by_one, |prompt| self.decode_one(embedding, prompt))
    }
}

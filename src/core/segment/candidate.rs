//! The masks that a decoder proposes for a prompt, checked and brought into the image.

use ndarray::ArrayView2;

use super::resample::Resampler;
use super::stability::stability;
use crate::core::geometry::Size;
use crate::core::mask::Mask;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch};

/// A proposed mask, not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub mask: Mask,
    /// The model's own estimate, 0 to 1.
    pub predicted_iou: f32,
    /// See [`mod@super::stability`].
    pub stability: f32,
}

/// A decoder at work on one image.
pub(super) struct Decoding<'a> {
    pub decoder: &'a mut dyn MaskDecoder,
    embedding: &'a Embedding,
    resampler: Option<Resampler>,
}

impl<'a> Decoding<'a> {
    pub fn new(decoder: &'a mut dyn MaskDecoder, embedding: &'a Embedding) -> Self {
        Self { decoder, embedding, resampler: None }
    }

    /// One run, with its shapes checked: (N, M, h, w) and (N, M), none of them 0.
    pub fn decode(&mut self, batch: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let candidates = self.decoder.decode(self.embedding, batch)?;
        let (n, m, height, width) = candidates.logits.dim();
        if n != batch.len() || candidates.predicted_iou.dim() != (n, m) || m * height * width == 0 {
            let expected = format!("logits ({0}, M, h, w) and predicted IoU ({0}, M)", batch.len());
            let got = format!("{:?} and {:?}", candidates.logits.shape(), candidates.predicted_iou.shape());
            return Err(ModelError::Shape { graph: "mask_decoder", expected, got });
        }
        Ok(candidates)
    }

    pub fn stability(&self, logits: ArrayView2<f32>) -> f32 {
        stability(logits, &self.embedding.transform)
    }

    /// The mask in the image; `None` when it is empty.
    pub fn mask(&mut self, logits: ArrayView2<f32>) -> Option<Mask> {
        let low = Size::new(logits.ncols() as u32, logits.nrows() as u32);
        let resampler = match &mut self.resampler {
            Some(resampler) if resampler.low() == low => resampler,
            other => other.insert(Resampler::new(&self.embedding.transform, low)),
        };
        resampler.mask(logits)
    }

    pub fn candidate(&mut self, logits: ArrayView2<f32>, predicted_iou: f32) -> Option<Candidate> {
        let mask = self.mask(logits)?;
        Some(Candidate { mask, predicted_iou: unit(predicted_iou), stability: self.stability(logits) })
    }
}

/// A model's estimate, which need not keep its bounds, in 0 to 1; NaN is 0.
pub(super) fn unit(estimate: f32) -> f32 {
    if estimate.is_nan() { 0.0 } else { estimate.clamp(0.0, 1.0) }
}

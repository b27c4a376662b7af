//! The mixer that makes prefixes, and the language model that goes on from them, greedily.

use ndarray::{Array3, ArrayView1, ArrayView2, Ix2, Ix3};
use ort::value::{DynValue, Tensor};

use super::bundle::Role;
use super::bundle::manifest::LanguageModelEntry;
use super::session::{Feed, Graph, Outputs, feed, run_error};
use super::vision::prompt_feeds;
use crate::core::ports::{CaptionPrefix, Embedding, LanguageModel, LanguageStep, ModelError, PromptBatch};

/// The role `caption_prefix`.
pub struct OnnxPrefix {
    graph: Graph,
}

impl OnnxPrefix {
    pub fn new(graph: Graph) -> Self {
        Self { graph }
    }
}

impl CaptionPrefix for OnnxPrefix {
    fn prefix(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<Array3<f32>, ModelError> {
        let feeds = prompt_feeds(self.graph.role(), embedding, prompts)?;
        let outputs = self.graph.run(feeds)?;
        let prefix = outputs.array::<Ix3>("lm_prefix")?;
        if prefix.dim().0 != prompts.len() {
            return Err(outputs.shape_error(format!("lm_prefix ({}, P, D)", prompts.len()), prefix.shape()));
        }
        Ok(prefix.to_owned())
    }
}

/// The roles `lm_prefill` and `lm_decode`, and what they have seen of the present batch.
pub struct OnnxLanguageModel {
    prefill: Graph,
    decode: Graph,
    /// Keys, then values, one a layer: (B, heads, T, d) each. Empty before the first prefill.
    cache: Vec<DynValue>,
    /// B.
    rows: usize,
    eos_token: u32,
    max_new_tokens: usize,
}

impl OnnxLanguageModel {
    pub fn new(prefill: Graph, decode: Graph, entry: &LanguageModelEntry) -> Self {
        Self {
            prefill,
            decode,
            cache: Vec::new(),
            rows: 0,
            eos_token: entry.eos_token_id,
            max_new_tokens: entry.max_new_tokens,
        }
    }

    fn clear(&mut self) {
        self.cache.clear();
        self.rows = 0;
    }

    fn check_rows(&self, what: &str, got: usize) -> Result<(), ModelError> {
        if got == self.rows && got > 0 {
            return Ok(());
        }
        Err(ModelError::Shape {
            graph: self.decode.role().name(),
            expected: format!("one {what} for each of {} rows, and at least one row", self.rows),
            got: got.to_string(),
        })
    }
}

impl LanguageModel for OnnxLanguageModel {
    fn prefill(&mut self, prefix: &Array3<f32>) -> Result<LanguageStep, ModelError> {
        self.clear();
        let rows = prefix.dim().0;
        let input = feed(self.prefill.role(), "inputs_embeds", prefix.view())?;
        let mut outputs = self.prefill.run(vec![input])?;
        let step = greedy(&outputs, rows)?;
        self.cache = take_cache(&mut outputs)?;
        self.rows = rows;
        Ok(step)
    }

    fn decode(&mut self, tokens: &[u32]) -> Result<LanguageStep, ModelError> {
        self.check_rows("token", tokens.len())?;
        let role = self.decode.role();
        let ids = tokens.iter().map(|&token| i64::from(token)).collect::<Vec<_>>();
        let ids = Tensor::from_array(([tokens.len(), 1], ids)).map_err(|e| run_error(role, &e))?;
        let layers = self.cache.len() / 2;
        let mut feeds: Vec<Feed> = vec![("input_ids", 0, ids.into())];
        feeds.extend(self.cache.iter().enumerate().map(|(place, value)| {
            let name = if place < layers { "past_key" } else { "past_value" };
            (name, place % layers, value.into())
        }));
        let mut outputs = self.decode.run(feeds)?;
        let step = greedy(&outputs, tokens.len())?;
        let cache = take_cache(&mut outputs)?;
        drop(outputs);
        self.cache = cache;
        Ok(step)
    }

    fn retain(&mut self, keep: &[bool]) -> Result<(), ModelError> {
        self.check_rows("mark", keep.len())?;
        let kept = keep.iter().filter(|kept| **kept).count();
        if kept == self.rows {
            return Ok(());
        }
        if kept == 0 {
            self.clear();
            return Ok(());
        }
        for value in &mut self.cache {
            *value = gather_rows(value, keep, kept).map_err(|e| run_error(Role::LmDecode, &e))?;
        }
        self.rows = kept;
        Ok(())
    }

    fn eos_token(&self) -> u32 {
        self.eos_token
    }

    fn max_new_tokens(&self) -> usize {
        self.max_new_tokens
    }
}

fn take_cache(outputs: &mut Outputs<'_>) -> Result<Vec<DynValue>, ModelError> {
    let mut cache = Vec::new();
    for name in ["present_key", "present_value"] {
        for layer in 0..outputs.count(name) {
            cache.push(outputs.take(name, layer)?);
        }
    }
    Ok(cache)
}

/// A tensor with only the rows marked in `keep`, `kept` in number.
fn gather_rows(value: &DynValue, keep: &[bool], kept: usize) -> ort::Result<DynValue> {
    let (shape, data) = value.try_extract_tensor::<f32>()?;
    let mut shape = shape.to_vec();
    let stride = data.len() / keep.len();
    let mut rows = Vec::with_capacity(kept * stride);
    for (row, _) in data.chunks_exact(stride).zip(keep).filter(|(_, kept)| **kept) {
        rows.extend_from_slice(row);
    }
    shape[0] = kept as i64;
    Ok(Tensor::from_array((shape, rows))?.into_dyn())
}

/// The most likely token of each row of `logits` (B, V), and its log-probability.
fn greedy(outputs: &Outputs<'_>, rows: usize) -> Result<LanguageStep, ModelError> {
    let logits = outputs.array::<Ix2>("logits")?;
    if logits.nrows() != rows || logits.ncols() == 0 {
        return Err(outputs.shape_error(format!("logits ({rows}, V)"), logits.shape()));
    }
    most_likely(logits).ok_or_else(|| outputs.run_error("logits hold NaN or infinity"))
}

/// `None` where a row holds NaN, or its largest value is not finite.
fn most_likely(logits: ArrayView2<f32>) -> Option<LanguageStep> {
    let (tokens, log_probs) =
        logits.rows().into_iter().map(most_likely_in).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    Some(LanguageStep { tokens, log_probs })
}

/// The first of the largest logits, and ln softmax there: -ln sum exp(x - max).
fn most_likely_in(row: ArrayView1<f32>) -> Option<(u32, f32)> {
    let (mut best, mut max) = (0, f32::NEG_INFINITY);
    for (token, &logit) in row.iter().enumerate() {
        if logit.is_nan() {
            return None;
        }
        if logit > max {
            (best, max) = (token as u32, logit);
        }
    }
    if !max.is_finite() {
        return None;
    }
    let sum: f64 = row.iter().map(|&logit| f64::from((logit - max).exp())).sum();
    Some((best, -(sum.ln() as f32)))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn greedy_is_argmax_with_its_log_probability() {
        let logits: Array2<f32> = array![[0.0, 1000.0, 999.0], [0.0, 0.0, 0.0]];
        let step = most_likely(logits.view()).unwrap();
        assert_eq!(step.tokens, [1, 0]);
        let expected = [-(1.0_f32 + (-1.0_f32).exp()).ln(), -(3.0_f32).ln()];
        for (got, expected) in step.log_probs.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_token() {
        assert_eq!(most_likely(array![[0.0, f32::NAN]].view()), None);
        assert_eq!(most_likely(array![[0.0, f32::INFINITY]].view()), None);
        assert_eq!(most_likely(array![[f32::NEG_INFINITY; 2]].view()), None);
    }
}

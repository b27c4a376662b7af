//! The mixer that makes prefixes, and the language model that goes on from them.

use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis, Ix1, Ix2, Ix3};
use ort::value::{DynValue, Tensor};

use super::bundle::manifest::LanguageModelEntry;
use super::bundle::{CAPTION_SCORE, NAME_SCORES, POINT_COORDS, REGION_BOXES, Role};
use super::session::{Feed, Graph, Outputs, feed, run_error};
use crate::core::ports::{
    CaptionPrefix, Embedding, LanguageModel, LanguageStep, ModelError, RegionBatch, RegionPrefixes,
};
use crate::core::region::names::{NameList, NameScores};

/// The role `caption_prefix`.
pub struct OnnxPrefix {
    graph: Graph,
    /// Of the columns of `name_scores`; `None` where the graph has no such output.
    names: Option<NameList>,
}

impl OnnxPrefix {
    pub fn new(graph: Graph, names: Option<NameList>) -> Self {
        Self { graph, names }
    }
}

impl CaptionPrefix for OnnxPrefix {
    fn prefix(&mut self, embedding: &Embedding, regions: &RegionBatch) -> Result<RegionPrefixes, ModelError> {
        let RegionBatch { prompts, boxes } = regions;
        let (role, count) = (self.graph.role(), prompts.len());
        let mut feeds = Vec::new();
        if self.graph.has_input(POINT_COORDS) {
            feeds.push(feed(role, POINT_COORDS, prompts.coords.view())?);
            feeds.push(feed(role, "point_labels", prompts.labels.view())?);
        }
        if self.graph.has_input(REGION_BOXES) {
            feeds.push(feed(role, REGION_BOXES, boxes.view())?);
        }
        let rates_captions = self.graph.has_output(CAPTION_SCORE);
        let outputs = self.graph.run_on(embedding, feeds)?;
        let prefix = outputs.array::<Ix3>("lm_prefix")?;
        if prefix.dim().0 != count {
            return Err(outputs.shape_error(format!("lm_prefix ({count}, P, D)"), prefix.shape()));
        }
        let names = self.names.as_ref().map(|names| name_scores(&outputs, names, count)).transpose()?;
        let caption_scores = rates_captions.then(|| caption_scores(&outputs, count)).transpose()?;
        Ok(RegionPrefixes { prefix: prefix.to_owned(), names, caption_scores })
    }

    fn has_names(&self) -> bool {
        self.names.is_some()
    }
}

fn name_scores(outputs: &Outputs<'_>, names: &NameList, count: usize) -> Result<Vec<NameScores>, ModelError> {
    let scores = outputs.probabilities::<Ix2>(NAME_SCORES)?;
    if scores.dim() != (count, names.len()) {
        let expected = format!("{NAME_SCORES} ({count}, {}), a column for each of the names", names.len());
        return Err(outputs.shape_error(expected, scores.shape()));
    }
    Ok(scores.axis_iter(Axis(0)).map(|row| NameScores::best(names, row.iter().copied())).collect())
}

fn caption_scores(outputs: &Outputs<'_>, count: usize) -> Result<Vec<f32>, ModelError> {
    let scores = outputs.probabilities::<Ix1>(CAPTION_SCORE)?;
    if scores.len() != count {
        return Err(outputs.shape_error(format!("{CAPTION_SCORE} ({count})"), scores.shape()));
    }
    Ok(scores.to_vec())
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
    fn prefill(&mut self, prefix: &Array3<f32>, best: usize) -> Result<LanguageStep, ModelError> {
        self.clear();
        let rows = prefix.dim().0;
        let input = feed(self.prefill.role(), "inputs_embeds", prefix.view())?;
        let mut outputs = self.prefill.run(vec![input])?;
        let step = likeliest(&outputs, rows, best)?;
        self.cache = take_cache(&mut outputs)?;
        self.rows = rows;
        Ok(step)
    }

    fn decode(&mut self, tokens: &[u32], best: usize) -> Result<LanguageStep, ModelError> {
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
        let step = likeliest(&outputs, tokens.len(), best)?;
        let cache = take_cache(&mut outputs)?;
        drop(outputs);
        self.cache = cache;
        Ok(step)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), ModelError> {
        if let Some(beyond) = rows.iter().find(|row| **row >= self.rows) {
            let expected = format!("rows below {}", self.rows);
            return Err(ModelError::Shape { graph: self.decode.role().name(), expected, got: beyond.to_string() });
        }
        if rows.is_empty() {
            self.clear();
            return Ok(());
        }
        for value in &mut self.cache {
            *value = gather_rows(value, self.rows, rows).map_err(|e| run_error(Role::LmDecode, &e))?;
        }
        self.rows = rows.len();
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

/// A tensor of those `rows` of `value`, which has `count`.
fn gather_rows(value: &DynValue, count: usize, rows: &[usize]) -> ort::Result<DynValue> {
    let (shape, data) = value.try_extract_tensor::<f32>()?;
    let mut shape = shape.to_vec();
    let stride = data.len() / count;
    let mut gathered = Vec::with_capacity(rows.len() * stride);
    for row in rows {
        gathered.extend_from_slice(&data[row * stride..][..stride]);
    }
    shape[0] = rows.len() as i64;
    Ok(Tensor::from_array((shape, gathered))?.into_dyn())
}

/// The `best` most likely tokens of each row of `logits` (B, V).
fn likeliest(outputs: &Outputs<'_>, rows: usize, best: usize) -> Result<LanguageStep, ModelError> {
    let logits = outputs.array::<Ix2>("logits")?;
    if logits.nrows() != rows || logits.ncols() == 0 {
        return Err(outputs.shape_error(format!("logits ({rows}, V)"), logits.shape()));
    }
    likeliest_of(logits, best).ok_or_else(|| outputs.run_error("logits hold NaN or infinity"))
}

/// `None` where a row holds NaN, or its largest value is not finite.
fn likeliest_of(logits: ArrayView2<f32>, best: usize) -> Option<LanguageStep> {
    let shape = (logits.nrows(), best.clamp(1, logits.ncols()));
    let (mut tokens, mut log_probs) = (Array2::zeros(shape), Array2::zeros(shape));
    for (row, logits) in logits.rows().into_iter().enumerate() {
        for (rank, (token, log_prob)) in likeliest_in(logits, shape.1)?.into_iter().enumerate() {
            tokens[[row, rank]] = token;
            log_probs[[row, rank]] = log_prob;
        }
    }
    Some(LanguageStep { tokens, log_probs })
}

/// The `best` largest logits, of equal ones the first, and ln softmax there: x - max - ln sum exp(x - max).
fn likeliest_in(row: ArrayView1<f32>, best: usize) -> Option<Vec<(u32, f32)>> {
    let mut top: Vec<(u32, f32)> = Vec::with_capacity(best + 1);
    for (token, &logit) in row.iter().enumerate() {
        if logit.is_nan() {
            return None;
        }
        if top.len() < best || top.last().is_some_and(|least| logit > least.1) {
            top.insert(top.partition_point(|better| better.1 >= logit), (token as u32, logit));
            top.truncate(best);
        }
    }
    let max = top.first()?.1;
    if !max.is_finite() {
        return None;
    }
    let sum: f64 = row.iter().map(|&logit| f64::from((logit - max).exp())).sum();
    top.iter_mut().for_each(|(_, logit)| *logit = *logit - max - sum.ln() as f32);
    Some(top)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_best_is_argmax_with_its_log_probability() {
        let logits: Array2<f32> = array![[0.0, 1000.0, 999.0], [0.0, 0.0, 0.0]];
        let step = likeliest_of(logits.view(), 1).unwrap();
        assert_eq!(step.likeliest(), [1, 0]);
        let expected = [-(1.0_f32 + (-1.0_f32).exp()).ln(), -(3.0_f32).ln()];
        for (got, expected) in step.log_probs.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn the_best_come_in_order_and_as_many_as_there_are() {
        let logits = array![[0.5, -1.0, 2.0, 0.5]];
        assert_eq!(likeliest_of(logits.view(), 3).unwrap().tokens, array![[2, 0, 3]]);
        let all = likeliest_of(logits.view(), 9).unwrap();
        assert_eq!(all.tokens, array![[2, 0, 3, 1]]);
        assert!((all.log_probs.mapv(f32::exp).sum() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_number_is_no_token() {
        assert_eq!(likeliest_of(array![[0.0, f32::NAN]].view(), 1), None);
        assert_eq!(likeliest_of(array![[0.0, f32::INFINITY]].view(), 1), None);
        assert_eq!(likeliest_of(array![[f32::NEG_INFINITY; 2]].view(), 1), None);
    }
}

//! The role `mask_decoder`, one file for each kind of export.

mod hf_sam;
mod sam_export;
mod sca;

use ndarray::{ArrayView2, ArrayView4, Axis, Ix2, Ix4, concatenate};

use super::bundle::DecoderKind;
use super::session::{Feed, Graph, Outputs, feed};
use crate::core::geometry::Size;
use crate::core::ports::{MaskCandidates, MaskDecoder, ModelError, PromptBatch};

/// `low_res`: 4H x 4W of `image_embeddings`.
pub fn decoder(kind: DecoderKind, graph: Graph, low_res: Size) -> Box<dyn MaskDecoder> {
    match kind {
        DecoderKind::Sca => Box::new(sca::BatchedDecoder::new(graph, low_res, sca::BoxPadding::None)),
        DecoderKind::Sam2 => Box::new(sca::BatchedDecoder::new(graph, low_res, sca::BoxPadding::OnePoint)),
        DecoderKind::SamExport => Box::new(sam_export::SamExportDecoder::new(graph, low_res)),
        DecoderKind::HfSam => Box::new(hf_sam::HfSamDecoder::new(graph, low_res)),
    }
}

/// Decodes a batch in several runs, one for each of these groups of its rows, and puts the answers in the batch's order.
fn decode_groups(
    prompts: &PromptBatch,
    groups: Vec<Vec<usize>>,
    mut run: impl FnMut(&PromptBatch) -> Result<MaskCandidates, ModelError>,
) -> Result<MaskCandidates, ModelError> {
    if groups.len() == 1 {
        return run(prompts);
    }
    let runs = groups.iter().map(|rows| run(&rows_of(prompts, rows))).collect::<Result<Vec<_>, _>>()?;
    let mut place = vec![0; prompts.len()];
    groups.iter().flatten().enumerate().for_each(|(at, row)| place[*row] = at);
    let logits: Vec<_> = runs.iter().map(|run| run.logits.view()).collect();
    let predicted_iou: Vec<_> = runs.iter().map(|run| run.predicted_iou.view()).collect();
    let mismatch = |e: ndarray::ShapeError| ModelError::Shape {
        graph: "mask_decoder",
        expected: "as many masks of every prompt, and at least one prompt".to_owned(),
        got: e.to_string(),
    };
    Ok(MaskCandidates {
        logits: concatenate(Axis(0), &logits).map_err(mismatch)?.select(Axis(0), &place),
        predicted_iou: concatenate(Axis(0), &predicted_iou).map_err(mismatch)?.select(Axis(0), &place),
    })
}

/// Rows whose prompts have clicks, corners and padding in the same places, together.
fn alike(prompts: &PromptBatch) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<Token>, Vec<usize>)> = Vec::new();
    for (row, labels) in prompts.labels.rows().into_iter().enumerate() {
        let tokens: Vec<Token> = labels.iter().map(|label| Token::of(*label)).collect();
        match groups.iter_mut().find(|group| group.0 == tokens) {
            Some(group) => group.1.push(row),
            None => groups.push((tokens, vec![row])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

/// What a point of a prompt is, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Padding,
    Click,
    Corner,
}

impl Token {
    fn of(label: f32) -> Self {
        match label {
            ..0.0 => Self::Padding,
            ..=1.0 => Self::Click,
            _ => Self::Corner,
        }
    }
}

fn rows_of(prompts: &PromptBatch, rows: &[usize]) -> PromptBatch {
    PromptBatch {
        coords: prompts.coords.select(Axis(0), rows),
        labels: prompts.labels.select(Axis(0), rows),
        masks: prompts.masks.as_ref().map(|masks| masks.select(Axis(0), rows)),
    }
}

/// `mask_input` and `has_mask_input` of decoders that have them.
struct MaskInput {
    low_res: Size,
    /// Of prompts without a mask; grows as batches need it.
    zeros: Vec<f32>,
    flags: Vec<f32>,
}

impl MaskInput {
    fn new(low_res: Size) -> Self {
        Self { low_res, zeros: Vec::new(), flags: Vec::new() }
    }

    /// Refuses masks where the graph takes none.
    fn feeds<'v>(&'v mut self, graph: &Graph, prompts: &'v PromptBatch) -> Result<Vec<Feed<'v>>, ModelError> {
        let role = graph.role();
        if !graph.has_input("mask_input") {
            return match prompts.masks {
                None => Ok(Vec::new()),
                Some(_) => Err(ModelError::Run {
                    graph: role.name(),
                    reason: "expected points or boxes, got mask prompts: this decoder has no mask_input".to_owned(),
                }),
            };
        }
        let shape = (prompts.len(), 1, self.low_res.height as usize, self.low_res.width as usize);
        let length = shape.0 * shape.2 * shape.3;
        self.flags.clear();
        self.flags.resize(prompts.len(), if prompts.masks.is_some() { 1.0 } else { 0.0 });
        let masks = match &prompts.masks {
            Some(masks) => masks.view(),
            None => {
                self.zeros.resize(self.zeros.len().max(length), 0.0);
                ArrayView4::from_shape(shape, &self.zeros[..length]).expect("the slice was cut to the shape's length")
            }
        };
        let flags = ndarray::ArrayView1::from(&self.flags);
        Ok(vec![feed(role, "mask_input", masks)?, feed(role, "has_mask_input", flags)?])
    }
}

/// What a decoder said of `prompts` prompts, its shapes checked.
fn candidates(outputs: &Outputs<'_>, prompts: usize, low_res: Size) -> Result<MaskCandidates, ModelError> {
    checked(outputs, outputs.array::<Ix4>("low_res_masks")?, outputs.array::<Ix2>("iou_predictions")?, prompts, low_res)
}

/// `logits` must be (prompts, M, low_res) and `predicted_iou` (prompts, M).
fn checked(
    outputs: &Outputs<'_>,
    logits: ArrayView4<'_, f32>,
    predicted_iou: ArrayView2<'_, f32>,
    prompts: usize,
    low_res: Size,
) -> Result<MaskCandidates, ModelError> {
    let (count, masks) = predicted_iou.dim();
    if count != prompts || masks == 0 {
        let expected = format!("iou_predictions ({prompts}, M)");
        return Err(outputs.shape_error(expected, predicted_iou.shape()));
    }
    let (height, width) = (low_res.height as usize, low_res.width as usize);
    if logits.dim() != (prompts, masks, height, width) {
        let expected = format!("low_res_masks ({prompts}, {masks}, {height}, {width})");
        return Err(outputs.shape_error(expected, logits.shape()));
    }
    Ok(MaskCandidates { logits: logits.to_owned(), predicted_iou: predicted_iou.to_owned() })
}

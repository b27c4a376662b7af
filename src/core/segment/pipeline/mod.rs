//! From prompts to masks: one batched decode for each number of points, the best mask of each prompt.

mod slices;

use std::sync::Arc;

pub use slices::Slices;

use super::candidate::{Candidate, Decoding};
use super::everything::{self, Search};
use super::mask_choice;
use crate::core::mask::Mask;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError};
use crate::core::progress::{OnProgress, Stage, tell};
use crate::core::prompt::batch::{PromptGroup, group};
use crate::core::prompt::{Prompt, Shape};
use crate::core::settings::EverythingSettings;

/// What a caller wants beside the best masks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentOptions {
    /// Every candidate of each prompt that is not empty, best first, and not only the best.
    pub all_masks: bool,
    /// For prompts that ask for everything.
    pub everything: EverythingSettings,
}

/// A mask that was found for a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub mask: Arc<Mask>,
    /// The model's own estimate of the mask's IoU, 0 to 1.
    pub predicted_iou: f32,
    /// See [`mod@super::stability`], 0 to 1.
    pub stability: f32,
    /// Index in the list of prompts.
    pub prompt_index: usize,
    /// From what it can be captioned: the prompt's shape, or in everything-mode the box of the mask.
    pub shape: Arc<Shape>,
}

impl Found {
    fn new(candidate: Candidate, prompt_index: usize, shape: Arc<Shape>) -> Self {
        let Candidate { mask, predicted_iou, stability } = candidate;
        Self { mask: Arc::new(mask), predicted_iou, stability, prompt_index, shape }
    }
}

/// Segments what the prompts ask for in one image.
///
/// The result is in the order of the prompts, and within a prompt best first ([`mod@super::mask_choice`]). A prompt whose
/// masks are all empty is not in it ([`without_mask`] names those); an empty best mask gives way to the next. `on_progress` is told of prompts, those of everything-mode included, before every run of the decoder.
///
/// # Errors
/// What the decoder's run gives; [`ModelError::Shape`]; [`ModelError::Canceled`] when `on_progress` breaks.
pub fn segment(
    decoder: &mut dyn MaskDecoder,
    embedding: &Embedding,
    prompts: &[Prompt],
    options: &SegmentOptions,
    on_progress: &mut OnProgress,
) -> Result<Vec<Found>, ModelError> {
    let (everywhere, targeted): (Vec<usize>, Vec<usize>) =
        (0..prompts.len()).partition(|&index| prompts[index].shape == Shape::Everything);
    let detections = embedding.detections.get().filter(|_| decoder.takes_boxes());
    let search = (!everywhere.is_empty())
        .then(|| Search::new(options.everything.clone(), embedding.transform.image, detections));
    let total = targeted.len() + search.as_ref().map_or(0, Search::total);
    let mut decoding = Decoding::new(decoder, embedding);
    let mut found = Vec::new();
    let mut done = 0;
    let shapes = targeted.iter().map(|&index| &prompts[index].shape);
    for PromptGroup { indices, batch } in group(shapes, &embedding.transform, decoding.decoder.mask_input_size()) {
        tell(on_progress, Stage::Segment, done, total)?;
        let candidates = decoding.decode(&batch)?;
        for (row, index) in indices.iter().map(|&index| targeted[index]).enumerate() {
            let shape = Arc::new(prompts[index].shape.clone());
            let ranked = ranked(&mut decoding, &candidates, row, batch.labels.ncols());
            let wanted = if options.all_masks { usize::MAX } else { 1 };
            found.extend(ranked.take(wanted).map(|candidate| Found::new(candidate, index, shape.clone())));
        }
        done += indices.len();
    }
    if let Some(search) = search {
        let span = everything::Span { done_before: done, total };
        let regions = everything::regions(search, &mut decoding, &embedding.transform, &span, on_progress)?;
        found.extend(for_each_asker(regions, &everywhere));
    }
    found.sort_by_key(|found| found.prompt_index);
    tell(on_progress, Stage::Segment, total, total)?;
    Ok(found)
}

/// What an everything-search has found, as for one prompt.
pub fn found_by(search: Search) -> Vec<Found> {
    for_each_asker(search.into_regions(), &[0])
}

/// The indices of `prompts` prompts for which nothing was found.
pub fn without_mask(found: &[Found], prompts: usize) -> Vec<usize> {
    (0..prompts).filter(|&index| !found.iter().any(|found| found.prompt_index == index)).collect()
}

/// The candidates of a prompt of `points` points that are not empty, best first; made only as they are asked for.
fn ranked<'a>(
    decoding: &'a mut Decoding<'_>,
    candidates: &'a MaskCandidates,
    row: usize,
    points: usize,
) -> impl Iterator<Item = Candidate> + 'a {
    let order = mask_choice::ranking(candidates.predicted_iou.row(row), points);
    order.into_iter().filter_map(move |candidate| {
        let logits = candidates.logits.slice(ndarray::s![row, candidate, .., ..]);
        decoding.candidate(logits, candidates.predicted_iou[[row, candidate]])
    })
}

/// Everything is looked for once, however many prompts ask for it.
fn for_each_asker(regions: Vec<Candidate>, askers: &[usize]) -> Vec<Found> {
    let first = askers.first().copied().unwrap_or_default();
    let found: Vec<Found> = regions
        .into_iter()
        .map(|region| {
            let shape = everything::shape_of(&region);
            Found::new(region, first, shape)
        })
        .collect();
    askers.iter().flat_map(|&index| found.iter().map(move |one| Found { prompt_index: index, ..one.clone() })).collect()
}

#[cfg(test)]
mod tests;

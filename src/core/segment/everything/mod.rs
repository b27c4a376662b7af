//! Everything in an image: SAM's automatic mask generator (SAM paper, section 5 and appendix B), without crops.
//!
//! Prompts come from a grid of clicks, or from an object detector's boxes with a sparse grid where these leave something out
//! ([`Proposals`]). Of all their masks those stay that the model believes in (predicted IoU), that are stable and not
//! tiny; their small holes are filled and small islands removed; of masks that are much alike the best stays. The rules
//! have SAM's meaning, the thresholds come from [`EverythingSettings`]. Two differences, both because of specks that a small
//! model leaves beside a thing, which change a mask's box but hardly the mask: SAM removes small parts after it has compared
//! boxes, here they go before; and SAM compares boxes alone, here masks are alike, too, whose pixels are much the same.

use std::sync::Arc;
use std::vec::IntoIter;

use ndarray::{ArrayView1, Axis};

use super::candidate::{Candidate, Decoding, unit};
use super::islands::without_small_parts;
use super::mask_choice::{multimask, ranking};
use super::nms;
use crate::core::detections::Detections;
use crate::core::geometry::transform::ModelFromImage;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::spans::Spans;
use crate::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError};
use crate::core::progress::{OnProgress, Stage, tell};
use crate::core::prompt::Shape;
use crate::core::prompt::batch::{MAX_BATCH, of_boxes, of_points};
use crate::core::settings::{EverythingSettings, Proposals};

/// How far a longer piece of work has come of which this is a part.
pub(super) struct Span {
    pub done_before: usize,
    pub total: usize,
}

/// The regions, best predicted IoU first. Progress is told, and asked whether to go on, before each batch.
pub(super) fn regions(
    mut search: Search,
    decoding: &mut Decoding,
    transform: &ModelFromImage,
    span: &Span,
    on_progress: &mut OnProgress,
) -> Result<Vec<Candidate>, ModelError> {
    while search.done() < search.total() {
        tell(on_progress, Stage::Segment, span.done_before + search.done(), span.total)?;
        search.ask(decoding, transform, MAX_BATCH)?;
    }
    let candidates = search.candidates();
    tell(on_progress, Stage::Filter, 0, candidates)?;
    let regions = search.into_regions();
    tell(on_progress, Stage::Filter, candidates, candidates)?;
    Ok(regions)
}

/// Everything-mode on one image, batch by batch, so that others may have the decoder in between.
pub struct Search {
    settings: EverythingSettings,
    /// A detector's, still to be decoded; they go before the clicks.
    boxes: IntoIter<PixelBox>,
    /// Still to be decoded.
    clicks: IntoIter<Point>,
    total: usize,
    waiting: Vec<Waiting>,
}

impl Search {
    /// `detections`: what a detector has found in the image; `None` without one.
    pub fn new(settings: EverythingSettings, image: Size, detections: Option<&Detections>) -> Self {
        let (boxes, clicks) = match (settings.proposals, detections) {
            (Proposals::Grid, _) | (Proposals::Auto, None) => (Vec::new(), grid(settings.points_per_side, image)),
            (Proposals::Auto, Some(found)) => (found.proposals(), grid(settings.sparse_points_per_side, image)),
            (Proposals::Detector, found) => (found.map(Detections::proposals).unwrap_or_default(), Vec::new()),
        };
        let total = boxes.len() + clicks.len();
        Self { settings, boxes: boxes.into_iter(), clicks: clicks.into_iter(), total, waiting: Vec::new() }
    }

    /// Boxes and clicks.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Boxes and clicks that have been decoded, or need not be.
    pub fn done(&self) -> usize {
        self.total - self.boxes.len() - self.clicks.len()
    }

    /// Masks that may become regions.
    pub fn candidates(&self) -> usize {
        self.waiting.len()
    }

    /// One run of the decoder with the next `batch` boxes or clicks.
    ///
    /// # Errors
    /// What the decoder's run gives; [`ModelError::Shape`].
    pub fn step(
        &mut self,
        decoder: &mut dyn MaskDecoder,
        embedding: &Embedding,
        batch: usize,
    ) -> Result<(), ModelError> {
        self.ask(&mut Decoding::new(decoder, embedding), &embedding.transform, batch)
    }

    fn ask(&mut self, decoding: &mut Decoding, transform: &ModelFromImage, batch: usize) -> Result<(), ModelError> {
        let batch = batch.clamp(1, MAX_BATCH);
        let (boxes, clicks) = (self.boxes.as_slice(), self.clicks.as_slice());
        let by_box = !boxes.is_empty();
        if !by_box && clicks.is_empty() {
            return Ok(());
        }
        let prompts = if by_box {
            of_boxes(&boxes[..batch.min(boxes.len())], transform)
        } else {
            of_points(&clicks[..batch.min(clicks.len())], transform)
        };
        let candidates = decoding.decode(&prompts)?;
        let choose = if by_box { best_of_box } else { all_of_click };
        self.waiting.extend(good_ones(decoding, &candidates, choose, &self.settings, transform.image));
        // Only now: what the decoder failed on has not been done.
        if by_box {
            self.boxes.by_ref().take(batch).for_each(drop);
            if self.boxes.as_slice().is_empty() {
                self.leave_out_covered_clicks();
            }
        } else {
            self.clicks.by_ref().take(batch).for_each(drop);
        }
        Ok(())
    }

    /// Clicks inside a region of a box need not be decoded.
    fn leave_out_covered_clicks(&mut self) {
        let kept = self.kept();
        let is_covered =
            |at: &Point| kept.iter().any(|&index| self.waiting[index].mask.contains(at.x as u32, at.y as u32));
        let left: Vec<Point> = self.clicks.as_slice().iter().filter(|at| !is_covered(at)).copied().collect();
        self.clicks = left.into_iter();
    }

    /// What the prompts so far have found, best predicted IoU first.
    pub(super) fn into_regions(self) -> Vec<Candidate> {
        self.kept().into_iter().map(|index| self.waiting[index].candidate()).collect()
    }

    /// Indices of what waits and is not much like something better.
    fn kept(&self) -> Vec<usize> {
        let Self { settings, waiting, .. } = self;
        let boxes: Vec<PixelBox> = waiting.iter().map(|one| one.mask.bbox()).collect();
        let scores: Vec<f32> = waiting.iter().map(|one| one.predicted_iou).collect();
        let max_iou = settings.nms_thresh;
        nms::keep_best(&scores, settings.max_regions, |better, index| {
            boxes[better].iou(boxes[index]) > max_iou || overlap(&waiting[better].mask, &waiting[index].mask, max_iou)
        })
    }
}

/// The shape from which a region can be captioned: the box of its mask.
pub(super) fn shape_of(region: &Candidate) -> Arc<Shape> {
    Arc::new(Shape::Box { rect: region.mask.bbox(), clicks: Vec::new() })
}

/// Whether the IoU of two masks is above `max_iou`.
fn overlap(one: &Spans, other: &Spans, max_iou: f32) -> bool {
    let larger = one.area().max(other.area());
    // What they have in common is at most the smaller of them, and within both boxes: most pairs are told apart by that.
    let boxes_have = one.bbox().intersection(other.bbox()).map_or(0, PixelBox::area);
    let most = boxes_have.min(one.area().min(other.area()).into());
    most as f32 > max_iou * larger as f32 && one.iou(other) > max_iou
}

/// A candidate that waits until all are known. Pixels of a fine grid's masks would fill gigabytes; runs do not.
struct Waiting {
    mask: Spans,
    predicted_iou: f32,
    stability: f32,
}

impl Waiting {
    fn candidate(&self) -> Candidate {
        let &Self { ref mask, predicted_iou, stability } = self;
        Candidate { mask: mask.to_mask(), predicted_iou: unit(predicted_iou), stability }
    }
}

/// A click may mean a thing, a part of it, or what it belongs to: all its proposals are looked at.
fn all_of_click(predicted_iou: ArrayView1<f32>) -> Vec<usize> {
    multimask(predicted_iou.len()).collect()
}

/// A box means one thing: the mask that a client would get for it.
fn best_of_box(predicted_iou: ArrayView1<f32>) -> Vec<usize> {
    const CORNERS: usize = 2;
    ranking(predicted_iou, CORNERS).into_iter().take(1).collect()
}

/// Cheap rules first: only what passes them is brought to the image's resolution. `choose`: which of a prompt's proposals, by
/// their predicted IoU.
fn good_ones(
    decoding: &mut Decoding,
    candidates: &MaskCandidates,
    choose: fn(ArrayView1<f32>) -> Vec<usize>,
    settings: &EverythingSettings,
    image: Size,
) -> Vec<Waiting> {
    let mut good = Vec::new();
    for (prompt, logits) in candidates.logits.outer_iter().enumerate() {
        for candidate in choose(candidates.predicted_iou.row(prompt)) {
            let logits = logits.index_axis(Axis(0), candidate);
            let predicted_iou = candidates.predicted_iou[[prompt, candidate]];
            if predicted_iou.is_nan() || predicted_iou <= settings.pred_iou_thresh {
                continue;
            }
            let stability = decoding.stability(logits);
            if stability < settings.stability_thresh {
                continue;
            }
            let mask = decoding.mask(logits).filter(|mask| mask.area() >= settings.min_area);
            good.extend(mask.map(|mask| {
                let mask = Spans::from(&mask);
                let mask = without_small_parts(&mask, image, settings.min_area).unwrap_or(mask);
                Waiting { mask, predicted_iou, stability }
            }));
        }
    }
    good
}

/// n x n points in the middles of n x n equal parts of the image, row by row.
fn grid(per_side: u32, image: Size) -> Vec<Point> {
    let middle = |index: u32, length: u32| (f64::from(length) * (f64::from(index) + 0.5) / f64::from(per_side)) as f32;
    let rows = (0..per_side).flat_map(|row| (0..per_side).map(move |column| (column, row)));
    rows.map(|(column, row)| Point::new(middle(column, image.width), middle(row, image.height))).collect()
}

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use ndarray::{Array2, Array4, s};

use super::*;
use crate::core::detections::DetectedBox;
use crate::core::geometry::FloatBox;
use crate::core::ports::PromptBatch;
use crate::core::progress::{Progress, ignore};
use crate::core::region::names::NameList;
use crate::core::testing::fake_model::{Call, FakeControl, RADIUS, fake_embedding, fake_model};

const IMAGE: Size = Size { width: 64, height: 48 };

fn settings() -> EverythingSettings {
    EverythingSettings {
        points_per_side: 4,
        pred_iou_thresh: 0.7,
        stability_thresh: 0.85,
        min_area: 1,
        ..EverythingSettings::default()
    }
}

fn run(
    decoder: &mut dyn MaskDecoder,
    settings: &EverythingSettings,
    on_progress: &mut OnProgress,
) -> Result<Vec<Candidate>, ModelError> {
    let embedding = fake_embedding(IMAGE);
    let search = Search::new(settings.clone(), IMAGE, None);
    let span = Span { done_before: 0, total: search.total() };
    regions(search, &mut Decoding::new(decoder, &embedding), &embedding.transform, &span, on_progress)
}

fn run_fake(settings: &EverythingSettings) -> (Vec<Candidate>, Arc<FakeControl>) {
    let (mut model, control) = fake_model();
    (run(model.vision.decoder.as_mut(), settings, &mut ignore).unwrap(), control)
}

#[test]
fn the_grid_lies_in_the_middles() {
    let points: Vec<_> = grid(2, Size::new(100, 60)).iter().map(|point| (point.x, point.y)).collect();
    assert_eq!(points, [(25.0, 15.0), (75.0, 15.0), (25.0, 45.0), (75.0, 45.0)]);
    assert_eq!(grid(0, IMAGE).len(), 0);
}

#[test]
fn each_click_of_the_grid_gives_its_best_disc() {
    // The smaller and the larger disc of each click pass the thresholds' side too, but overlap the best one.
    let generous = EverythingSettings { pred_iou_thresh: 0.1, stability_thresh: 0.1, nms_thresh: 0.3, ..settings() };
    let (regions, control) = run_fake(&generous);
    assert_eq!((control.calls(Call::Decode), control.rows(Call::Decode)), (1, 16));
    assert_eq!(regions.len(), 16);
    for (region, point) in regions.iter().zip(grid(4, IMAGE)) {
        assert_eq!(region.predicted_iou, 0.9);
        assert!(region.mask.contains(point.x as u32, point.y as u32));
        assert!((region.mask.area() as f32 - std::f32::consts::PI * RADIUS * RADIUS).abs() < 8.0);
    }
}

#[test]
fn the_thresholds_are_obeyed() {
    assert_eq!(run_fake(&EverythingSettings { pred_iou_thresh: 0.91, ..settings() }).0.len(), 0);
    assert_eq!(run_fake(&EverythingSettings { stability_thresh: 1.1, ..settings() }).0.len(), 0);
    assert_eq!(run_fake(&EverythingSettings { min_area: 1000, ..settings() }).0.len(), 0);
    assert_eq!(run_fake(&EverythingSettings { max_regions: 5, ..settings() }).0.len(), 5);
    // Without suppression the 0.8 candidates are there as well; 0.7 is not above the threshold.
    assert_eq!(run_fake(&EverythingSettings { nms_thresh: 1.0, ..settings() }).0.len(), 32);
}

#[test]
fn progress_is_told_and_can_stop_it_between_batches() {
    let (mut model, control) = fake_model();
    let fine = EverythingSettings { points_per_side: 12, ..settings() };
    let mut told = Vec::new();
    run(model.vision.decoder.as_mut(), &fine, &mut |progress| {
        told.push((progress.stage, progress.done, progress.total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(told[..3], [0, 64, 128].map(|done| (Stage::Segment, done, 144)));
    assert_eq!(told.len(), 5);
    assert_eq!(control.calls(Call::Decode), 3);

    let mut stop = |progress: Progress| {
        if progress.done >= 64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = run(model.vision.decoder.as_mut(), &fine, &mut stop);
    assert!(matches!(stopped, Err(ModelError::Canceled)));
    assert_eq!(control.calls(Call::Decode), 4);
}

#[test]
fn batch_by_batch_it_finds_the_same() {
    let whole = run_fake(&settings()).0;
    for batch in [0, 1, 5, 1000] {
        let (mut model, control) = fake_model();
        let (embedding, mut search) = (fake_embedding(IMAGE), Search::new(settings(), IMAGE, None));
        while search.done() < search.total() {
            search.step(model.vision.decoder.as_mut(), &embedding, batch).unwrap();
        }
        assert_eq!(control.calls(Call::Decode), 16usize.div_ceil(batch.clamp(1, MAX_BATCH)));
        search.step(model.vision.decoder.as_mut(), &embedding, batch).unwrap();
        assert_eq!((control.rows(Call::Decode), search.candidates()), (16, 32), "nothing is asked twice");
        assert_eq!(search.into_regions(), whole);
    }
}

#[test]
fn a_search_that_is_broken_off_has_what_it_found_so_far() {
    let (mut model, control) = fake_model();
    let (embedding, mut search) = (fake_embedding(IMAGE), Search::new(settings(), IMAGE, None));
    search.step(model.vision.decoder.as_mut(), &embedding, 4).unwrap();
    control.fail_next(Call::Decode, 1);
    assert!(search.step(model.vision.decoder.as_mut(), &embedding, 4).is_err());
    assert_eq!((search.done(), search.total()), (4, 16));
    let regions = search.into_regions();
    assert!(!regions.is_empty() && regions.iter().all(|region| region.mask.bbox().y < 12), "the first row only");
}

/// The left half of the image and the right one; the first with a speck at the right edge.
struct Halves;

impl MaskDecoder for Halves {
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn decode(&mut self, _: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let mut logits = Array4::from_elem((prompts.len(), 2, 16, 16), -9.0);
        logits.slice_mut(s![.., 0, ..12, ..8]).fill(9.0);
        logits.slice_mut(s![.., 0, 6..12, 15]).fill(9.0);
        logits.slice_mut(s![.., 1, ..12, ..]).fill(9.0);
        Ok(MaskCandidates { logits, predicted_iou: Array2::from_elem((prompts.len(), 2), 0.9) })
    }
}

#[test]
fn a_speck_does_not_make_one_thing_of_two() {
    let settings = EverythingSettings { stability_thresh: 0.0, ..settings() };
    let whole = |min_area| run(&mut Halves, &EverythingSettings { min_area, ..settings.clone() }, &mut ignore);
    assert_eq!(whole(1).unwrap().len(), 1, "with its speck the half has the box of the whole");
    let tidied = whole(100).unwrap();
    let widths: Vec<u32> = tidied.iter().map(|region| region.mask.bbox().width).collect();
    assert_eq!(widths, [32, 64]);
}

/// The left half of the image; and once more, with a tail up to the right edge that is no speck.
struct Tailed;

impl MaskDecoder for Tailed {
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn decode(&mut self, _: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let mut logits = Array4::from_elem((prompts.len(), 2, 16, 16), -9.0);
        logits.slice_mut(s![.., .., ..12, ..8]).fill(9.0);
        logits.slice_mut(s![.., 1, 6, 8..]).fill(9.0);
        Ok(MaskCandidates { logits, predicted_iou: Array2::from_elem((prompts.len(), 2), 0.9) })
    }
}

#[test]
fn masks_of_the_same_pixels_are_one_thing_whatever_their_boxes() {
    let settings = EverythingSettings { stability_thresh: 0.0, ..settings() };
    let found = |nms_thresh| run(&mut Tailed, &EverythingSettings { nms_thresh, ..settings.clone() }, &mut ignore);
    assert_eq!(found(0.7).unwrap().len(), 1, "92 % of the pixels are common, of the boxes half");
    assert_eq!(found(0.95).unwrap().len(), 2);
}

/// Two candidates a click: one in the padding only, one unstable.
struct Useless;

impl MaskDecoder for Useless {
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn decode(&mut self, _: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let mut logits = Array4::from_elem((prompts.len(), 2, 16, 16), -9.0);
        logits.slice_mut(s![.., 0, 13.., ..]).fill(9.0);
        logits.slice_mut(s![.., 1, ..8, ..8]).fill(0.5);
        Ok(MaskCandidates { logits, predicted_iou: Array2::from_elem((prompts.len(), 2), 1.0) })
    }
}

/// SAM's four masks: the first, for prompts that leave nothing open, covers the left half, the others the right one.
struct FourMasks;

impl MaskDecoder for FourMasks {
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn decode(&mut self, _: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let mut logits = Array4::from_elem((prompts.len(), 4, 16, 16), -9.0);
        logits.slice_mut(s![.., 0, ..12, ..8]).fill(9.0);
        logits.slice_mut(s![.., 1.., ..12, 8..]).fill(9.0);
        Ok(MaskCandidates { logits, predicted_iou: Array2::from_elem((prompts.len(), 4), 0.9) })
    }
}

#[test]
fn the_single_mask_token_is_no_proposal() {
    let regions = run(&mut FourMasks, &settings(), &mut ignore).unwrap();
    assert_eq!(regions.iter().map(|region| region.mask.bbox().x).collect::<Vec<_>>(), [32]);
}

#[test]
fn padding_and_unstable_masks_are_no_regions() {
    assert_eq!(run(&mut Useless, &settings(), &mut ignore).unwrap(), []);
    let unstable_too = EverythingSettings { stability_thresh: 0.0, ..settings() };
    let regions = run(&mut Useless, &unstable_too, &mut ignore).unwrap();
    assert_eq!(regions.len(), 1, "one of sixteen equal masks, and nothing of the padding");
    assert_eq!(regions[0].stability, 0.0);
}

/// Discs around the given points, as boxes of a detector.
fn detected(boxes: &[(f32, f32, f32)]) -> Detections {
    let one = |&(x, y, score): &(f32, f32, f32)| DetectedBox {
        rect: FloatBox { left: x, top: y, right: x + 16.0, bottom: y + 12.0 },
        score,
        class: 0,
    };
    Detections::new(boxes.iter().map(one), NameList::default(), IMAGE)
}

/// The search with these proposals to its end: its regions' boxes, sorted, and the rows of each run of the decoder.
fn propose(proposals: Proposals, detections: Option<&Detections>, batch: usize) -> (Vec<PixelBox>, Vec<usize>) {
    let (mut model, control) = fake_model();
    let grids = EverythingSettings { sparse_points_per_side: 4, points_per_side: 2, ..settings() };
    let settings = EverythingSettings { proposals, nms_thresh: 0.3, ..grids };
    let mut search = Search::new(settings, IMAGE, detections);
    let total = search.total();
    let mut runs = Vec::new();
    while search.done() < search.total() {
        let (done, rows) = (search.done(), control.rows(Call::Decode));
        search.step(model.vision.decoder.as_mut(), &fake_embedding(IMAGE), batch).unwrap();
        assert!(search.done() > done && search.total() == total, "it goes on");
        runs.push(control.rows(Call::Decode) - rows);
    }
    let mut boxes: Vec<PixelBox> = search.into_regions().iter().map(|region| region.mask.bbox()).collect();
    boxes.sort_by_key(|rect| (rect.y, rect.x));
    (boxes, runs)
}

#[test]
fn a_detector_s_boxes_are_decoded_alone() {
    let found = detected(&[(0.0, 0.0, 0.9), (32.0, 24.0, 0.5), (33.0, 24.0, 0.4), (0.0, 30.0, 0.1)]);
    let expected = vec![PixelBox::new(0, 0, 16, 12), PixelBox::new(32, 24, 16, 12)];
    assert_eq!(propose(Proposals::Detector, Some(&found), 64), (expected.clone(), vec![2]));
    assert_eq!(propose(Proposals::Detector, Some(&found), 1), (expected, vec![1, 1]));
    assert_eq!(propose(Proposals::Detector, Some(&detected(&[])), 64), (vec![], vec![]));
    assert_eq!(propose(Proposals::Detector, None, 64), (vec![], vec![]));
}

#[test]
fn beside_a_detector_s_boxes_clicks_fill_what_they_leave_out() {
    // Clicks lie at (8, 6), (24, 6), ...: these two boxes cover one each.
    let found = detected(&[(0.0, 0.0, 0.9), (32.0, 24.0, 0.5)]);
    let (boxes, runs) = propose(Proposals::Auto, Some(&found), 64);
    assert_eq!(runs, [2, 14]);
    assert_eq!(boxes.len(), 16, "{boxes:?}");
    assert!(boxes.contains(&PixelBox::new(0, 0, 16, 12)) && boxes.contains(&PixelBox::new(32, 24, 16, 12)));
    assert_eq!(propose(Proposals::Auto, Some(&found), 8).1, [2, 8, 6]);
    // Nothing was detected: the sparse grid as a whole.
    assert_eq!(propose(Proposals::Auto, Some(&detected(&[])), 64).1, [16]);
}

#[test]
fn a_table_does_not_cover_what_stands_on_it() {
    let rect = FloatBox { left: 0.0, top: 0.0, right: IMAGE.width as f32, bottom: IMAGE.height as f32 };
    let table = Detections::new([DetectedBox { rect, score: 0.9, class: 0 }], NameList::default(), IMAGE);
    assert_eq!(propose(Proposals::Auto, Some(&table), 64).1, [1, 16]);
}

#[test]
fn the_grid_needs_no_detector_and_ignores_one() {
    let found = detected(&[(0.0, 0.0, 0.9)]);
    assert_eq!(propose(Proposals::Auto, None, 64).1, [4]);
    assert_eq!(propose(Proposals::Grid, Some(&found), 64).1, [4]);
}

#[test]
fn boxes_on_which_the_decoder_failed_are_not_done() {
    let (mut model, control) = fake_model();
    let found = detected(&[(0.0, 0.0, 0.9), (32.0, 24.0, 0.5)]);
    let mut search = Search::new(settings(), IMAGE, Some(&found));
    control.fail_next(Call::Decode, 1);
    assert!(search.step(model.vision.decoder.as_mut(), &fake_embedding(IMAGE), 64).is_err());
    assert_eq!(search.done(), 0);
    assert!(search.into_regions().is_empty());
}

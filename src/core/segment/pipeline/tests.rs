use std::ops::ControlFlow;

use ndarray::{Array2, Array4, array, s};

use super::*;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::ports::PromptBatch;
use crate::core::progress::ignore;
use crate::core::prompt::Click;
use crate::core::testing::fake_model::{Call, fake_embedding, fake_model};

/// Lies in the fake model's square pixel by pixel.
const IMAGE: Size = Size { width: 64, height: 48 };

fn prompt(shape: Shape) -> Prompt {
    Prompt { id: String::new(), shape }
}

fn a_box(x: u32, y: u32, width: u32, height: u32) -> Prompt {
    prompt(Shape::Box { rect: PixelBox::new(x, y, width, height), clicks: vec![] })
}

fn a_click(x: f32, y: f32) -> Prompt {
    prompt(Shape::Points(vec![Click { at: Point::new(x, y), foreground: true }]))
}

fn a_mask(rect: PixelBox) -> Prompt {
    prompt(Shape::Mask { mask: Arc::new(Mask::filled(rect).unwrap()), clicks: vec![] })
}

fn options() -> SegmentOptions {
    let everything =
        EverythingSettings { points_per_side: 3, min_area: 1, nms_thresh: 0.3, ..EverythingSettings::default() };
    SegmentOptions { all_masks: false, everything }
}

#[test]
fn each_prompt_gets_its_best_mask_in_order_with_one_decode_for_each_kind() {
    let (mut model, control) = fake_model();
    let prompts = [
        a_click(20.0, 20.0),
        a_mask(PixelBox::new(3, 4, 9, 8)),
        a_box(10, 12, 20, 8),
        a_click(40.0, 30.0),
        a_box(0, 0, 5, 48),
    ];
    let decoder = model.vision.decoder.as_mut();
    let found = segment(decoder, &fake_embedding(IMAGE), &prompts, &options(), &mut ignore).unwrap();
    assert_eq!(found.iter().map(|found| found.prompt_index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(control.calls(Call::Decode), 2, "clicks and boxes have equal K, the mask is apart");
    for (found, prompt) in found.iter().zip(&prompts) {
        assert_eq!((found.predicted_iou, &*found.shape), (0.9, &prompt.shape));
        assert!(found.stability > 0.7 && found.stability <= 1.0, "{}", found.stability);
        match &prompt.shape {
            Shape::Box { rect, .. } => assert_eq!(*found.mask, Mask::filled(*rect).unwrap()),
            Shape::Mask { mask, .. } => assert_eq!(found.mask, *mask),
            Shape::Points(clicks) => {
                let Point { x, y } = clicks[0].at;
                assert_eq!(found.mask.bbox(), PixelBox::new(x as u32 - 6, y as u32 - 6, 12, 12));
            }
            Shape::Everything => unreachable!("not asked for"),
        }
    }
    assert_eq!(without_mask(&found, prompts.len()), [0usize; 0]);
}

#[test]
fn all_masks_come_best_first() {
    let (mut model, _) = fake_model();
    let options = SegmentOptions { all_masks: true, ..options() };
    let prompts = [a_box(10, 12, 20, 8), a_click(40.0, 30.0)];
    let decoder = model.vision.decoder.as_mut();
    let found = segment(decoder, &fake_embedding(IMAGE), &prompts, &options, &mut ignore).unwrap();
    let summary: Vec<_> = found.iter().map(|found| (found.prompt_index, found.predicted_iou)).collect();
    assert_eq!(summary, [(0, 0.9), (0, 0.8), (0, 0.7), (1, 0.9), (1, 0.8), (1, 0.7)]);
    assert!(found[1].mask.area() < found[0].mask.area() && found[0].mask.area() < found[2].mask.area());
}

#[test]
fn everything_in_a_list_is_looked_for_once_and_can_be_captioned_by_its_boxes() {
    let (mut model, control) = fake_model();
    let everything = || prompt(Shape::Everything);
    let prompts = [everything(), a_box(1, 2, 3, 4), everything()];
    let decoder = model.vision.decoder.as_mut();
    let found = segment(decoder, &fake_embedding(IMAGE), &prompts, &options(), &mut ignore).unwrap();
    assert_eq!((control.calls(Call::Decode), control.rows(Call::Decode)), (2, 1 + 9));
    let of = |index| found.iter().filter(move |found| found.prompt_index == index).collect::<Vec<_>>();
    assert_eq!((of(0).len(), of(1).len(), of(2).len()), (9, 1, 9));
    assert!(found.is_sorted_by_key(|found| found.prompt_index));
    for (first, second) in of(0).into_iter().zip(of(2)) {
        assert!(Arc::ptr_eq(&first.mask, &second.mask));
        assert_eq!(*first.shape, Shape::Box { rect: first.mask.bbox(), clicks: vec![] });
    }
}

#[test]
fn progress_counts_prompts_and_clicks_and_can_stop_before_the_first_run() {
    let (mut model, control) = fake_model();
    let prompts = [a_box(1, 2, 3, 4), prompt(Shape::Everything)];
    let (decoder, embedding) = (model.vision.decoder.as_mut(), fake_embedding(IMAGE));
    let mut told = Vec::new();
    let mut listen = |progress| {
        told.push(progress);
        ControlFlow::Continue(())
    };
    segment(decoder, &embedding, &prompts, &options(), &mut listen).unwrap();
    let told: Vec<_> =
        told.iter().filter(|told| told.stage == Stage::Segment).map(|told| (told.done, told.total)).collect();
    assert_eq!(told, [(0, 10), (1, 10), (10, 10)]);
    let runs = control.calls(Call::Decode);
    let stopped = segment(decoder, &embedding, &prompts, &options(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ModelError::Canceled)));
    assert_eq!(control.calls(Call::Decode), runs);
}

#[test]
fn a_failing_decoder_is_an_error_and_no_prompts_are_no_work() {
    let (mut model, control) = fake_model();
    let (decoder, embedding) = (model.vision.decoder.as_mut(), fake_embedding(IMAGE));
    assert_eq!(segment(decoder, &embedding, &[], &options(), &mut ignore).unwrap(), []);
    assert_eq!(control.calls(Call::Decode), 0);
    control.fail_next(Call::Decode, 1);
    let failed = segment(decoder, &embedding, &[a_box(1, 2, 3, 4)], &options(), &mut ignore);
    assert!(matches!(failed, Err(ModelError::Run { .. })));
    assert_eq!(segment(decoder, &embedding, &[a_box(1, 2, 3, 4)], &options(), &mut ignore).unwrap().len(), 1);
}

/// Answers with what it was given.
struct Fixed(MaskCandidates);

impl MaskDecoder for Fixed {
    fn mask_input_size(&self) -> Option<Size> {
        None
    }

    fn decode(&mut self, _: &Embedding, _: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        Ok(self.0.clone())
    }
}

#[test]
fn an_empty_best_mask_gives_way_to_the_next_and_a_prompt_without_any_is_named() {
    let mut logits = Array4::from_elem((2, 3, 16, 16), -5.0);
    logits.slice_mut(s![0, 1, 4..8, 4..8]).fill(5.0);
    logits.slice_mut(s![0, 2, 4..9, 4..9]).fill(5.0);
    // In the padding under the image only.
    logits.slice_mut(s![1, 2, 14.., ..]).fill(5.0);
    let predicted_iou = array![[1.2, 0.3, f32::NAN], [0.9, 0.8, 0.7]];
    let mut decoder = Fixed(MaskCandidates { logits, predicted_iou });
    let prompts = [a_box(1, 2, 3, 4), a_box(1, 2, 3, 4)];
    let found = segment(&mut decoder, &fake_embedding(IMAGE), &prompts, &options(), &mut ignore).unwrap();
    assert_eq!(found.iter().map(|found| (found.prompt_index, found.predicted_iou)).collect::<Vec<_>>(), [(0, 0.3)]);
    assert_eq!(without_mask(&found, 2), [1]);
    let options = SegmentOptions { all_masks: true, ..options() };
    let found = segment(&mut decoder, &fake_embedding(IMAGE), &prompts, &options, &mut ignore).unwrap();
    assert_eq!(found.iter().map(|found| found.predicted_iou).collect::<Vec<_>>(), [0.3, 0.0], "NaN is worst, and is 0");
}

#[test]
fn of_sam_s_four_masks_the_prompt_chooses_the_kind() {
    let mut logits = Array4::from_elem((1, 4, 16, 16), -5.0);
    (0..4).for_each(|mask| logits.slice_mut(s![0, mask, 4..8, 4..6 + mask]).fill(5.0));
    let mut decoder = Fixed(MaskCandidates { logits, predicted_iou: array![[0.9, 0.6, 0.8, 0.7]] });
    let clicked_box = Shape::Box {
        rect: PixelBox::new(1, 2, 3, 4),
        clicks: vec![Click { at: Point::new(2.0, 3.0), foreground: true }],
    };
    let found = |decoder: &mut Fixed, prompt, all_masks| {
        let options = SegmentOptions { all_masks, ..options() };
        let found = segment(decoder, &fake_embedding(IMAGE), &[prompt], &options, &mut ignore).unwrap();
        found.iter().map(|found| found.predicted_iou).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut decoder, a_click(2.0, 3.0), false), [0.8], "a click and its padding are two points");
    assert_eq!(found(&mut decoder, a_box(1, 2, 3, 4), false), [0.8]);
    assert_eq!(found(&mut decoder, prompt(clicked_box), false), [0.9], "three points");
    assert_eq!(found(&mut decoder, a_click(2.0, 3.0), true), [0.8, 0.7, 0.6, 0.9]);
}

#[test]
fn malformed_answers_of_a_decoder_are_errors() {
    let answers =
        [((1, 3, 16, 16), (1, 3)), ((2, 3, 16, 16), (2, 4)), ((2, 0, 16, 16), (2, 0)), ((2, 3, 0, 16), (2, 3))];
    for (logits, predicted_iou) in answers {
        let answer = MaskCandidates { logits: Array4::zeros(logits), predicted_iou: Array2::zeros(predicted_iou) };
        let prompts = [a_box(1, 2, 3, 4), a_box(1, 2, 3, 4)];
        let answer = segment(&mut Fixed(answer), &fake_embedding(IMAGE), &prompts, &options(), &mut ignore);
        assert!(matches!(answer, Err(ModelError::Shape { graph: "mask_decoder", .. })), "{logits:?}");
    }
}

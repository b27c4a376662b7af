//! Which of a prompt's masks is the answer.
//!
//! SAM's mask decoder has four mask tokens: the first is trained for prompts that leave nothing open, the other three for
//! prompts that may mean a whole, a part or a subpart. Their predicted IoU are not comparable across the two kinds, so the
//! kind is chosen by the prompt, as in `select_masks` of SAM's ONNX export, and the predicted IoU decides within a kind.
//! A decoder with another number of masks has one kind only: SCA gives SAM's last three.

use std::ops::Range;

use ndarray::ArrayView1;

/// Masks of a decoder that gives all of SAM's mask tokens.
const SAM_MASK_TOKENS: usize = 4;

/// Points from which on SAM takes the single mask; paddings and the corners of a box count. A click (with its padding) and
/// a box are two.
const SINGLE_MASK_POINTS: usize = 3;

/// The masks of a prompt of `points` points, the one to take first: by kind, then by predicted IoU, NaN last.
pub(super) fn ranking(predicted_iou: ArrayView1<f32>, points: usize) -> Vec<usize> {
    let multimask = multimask(predicted_iou.len());
    let wants_multimask = points < SINGLE_MASK_POINTS;
    let iou = |mask: usize| if predicted_iou[mask].is_nan() { f32::NEG_INFINITY } else { predicted_iou[mask] };
    let mut order: Vec<usize> = (0..predicted_iou.len()).collect();
    order.sort_by(|&a, &b| {
        let is_other_kind = |mask: usize| multimask.contains(&mask) != wants_multimask;
        is_other_kind(a).cmp(&is_other_kind(b)).then(iou(b).total_cmp(&iou(a)))
    });
    order
}

/// The masks for ambiguous prompts, to which SAM's automatic mask generator restricts itself.
pub(super) fn multimask(masks: usize) -> Range<usize> {
    usize::from(masks == SAM_MASK_TOKENS)..masks
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn an_ambiguous_prompt_gets_the_best_of_the_multimask_tokens() {
        let iou = array![0.95, 0.7, 0.9, 0.8];
        assert_eq!(ranking(iou.view(), 2), [2, 3, 1, 0]);
    }

    #[test]
    fn a_prompt_of_three_points_gets_the_single_mask_token() {
        let iou = array![0.5, 0.7, f32::NAN, 0.8];
        assert_eq!(ranking(iou.view(), 3), [0, 3, 1, 2]);
        assert_eq!(ranking(iou.view(), 5)[0], 0);
    }

    #[test]
    fn a_decoder_of_one_kind_gives_its_best_whatever_the_prompt() {
        for points in [2, 3, 7] {
            assert_eq!(ranking(array![0.7, 0.9, 0.8].view(), points), [1, 2, 0]);
            assert_eq!(ranking(array![0.7, 0.9].view(), points), [1, 0]);
            assert_eq!(ranking(array![0.7].view(), points), [0]);
        }
    }

    #[test]
    fn everything_mode_looks_at_the_multimask_tokens() {
        assert_eq!([1, 2, 3, 4].map(multimask), [0..1, 0..2, 0..3, 1..4]);
    }
}

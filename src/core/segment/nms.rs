//! Non-maximum suppression: of those that are much alike, only the best stays.

/// Indices of the first `most` that stay, best score first; of equal scores the earlier is better, NaN is the worst.
/// One is dropped when `alike(better, it)` says so of a better one that stays.
pub fn keep_best(scores: &[f32], most: usize, alike: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let score = |index: usize| if scores[index].is_nan() { f32::NEG_INFINITY } else { scores[index] };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    let mut kept: Vec<usize> = Vec::new();
    for index in order {
        if kept.len() == most {
            break;
        }
        if !kept.iter().any(|&better| alike(better, index)) {
            kept.push(index);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::keep_best;
    use crate::core::geometry::PixelBox;

    fn kept(boxes: &[PixelBox], scores: &[f32], max_iou: f32) -> Vec<usize> {
        keep_best(scores, usize::MAX, |better, index| boxes[better].iou(boxes[index]) > max_iou)
    }

    #[test]
    fn the_best_of_an_overlapping_pair_stays() {
        let boxes = [PixelBox::new(0, 0, 10, 10), PixelBox::new(1, 0, 10, 10), PixelBox::new(50, 0, 10, 10)];
        assert_eq!(kept(&boxes, &[0.8, 0.9, 0.1], 0.7), [1, 2]);
        assert_eq!(kept(&boxes, &[0.8, 0.9, 0.1], 0.9), [1, 0, 2]);
    }

    #[test]
    fn what_was_dropped_drops_nothing() {
        // The middle box overlaps both others, which do not overlap each other.
        let boxes = [PixelBox::new(0, 0, 10, 10), PixelBox::new(4, 0, 10, 10), PixelBox::new(8, 0, 10, 10)];
        assert_eq!(kept(&boxes, &[0.9, 0.8, 0.7], 0.3), [0, 2]);
    }

    #[test]
    fn no_more_stay_than_are_wanted() {
        let scores = [0.1, 0.9, 0.5, 0.8];
        let first = |most| keep_best(&scores, most, |better, index| (better, index) == (1, 3));
        assert_eq!([first(0), first(1), first(2)], [vec![], vec![1], vec![1, 2]]);
        assert_eq!(first(9), [1, 2, 0]);
    }

    #[test]
    fn ties_go_to_the_earlier_and_nan_is_last() {
        let same = [PixelBox::new(0, 0, 4, 4); 3];
        assert_eq!(kept(&same, &[0.5, 0.5, f32::NAN], 0.5), [0]);
        assert_eq!(kept(&same, &[f32::NAN, 0.1, 0.1], 0.5), [1]);
        assert_eq!(kept(&[], &[], 0.5), [0usize; 0]);
    }

    proptest! {
        #[test]
        fn those_that_stay_are_apart_and_those_that_go_have_a_better_neighbour(
            scored in prop::collection::vec(((0u32..40, 0u32..40, 1u32..30, 1u32..30), 0u8..10), 0..30),
            max_iou in 0f32..1.0,
        ) {
            let boxes: Vec<_> = scored.iter().map(|&((x, y, w, h), _)| PixelBox::new(x, y, w, h)).collect();
            let scores: Vec<_> = scored.iter().map(|&(_, score)| f32::from(score)).collect();
            let stay = kept(&boxes, &scores, max_iou);
            for index in 0..boxes.len() {
                let better_neighbour = stay.iter().any(|&other| {
                    other != index && scores[other] >= scores[index] && boxes[other].iou(boxes[index]) > max_iou
                });
                prop_assert_eq!(stay.contains(&index), !better_neighbour);
            }
        }
    }
}

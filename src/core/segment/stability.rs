//! SAM's stability score: how little a mask changes when its threshold moves.

use ndarray::{ArrayView2, s};

use crate::core::geometry::transform::ModelFromImage;

/// By how much the threshold moves, logits (SAM's `stability_score_offset`).
pub const OFFSET: f32 = 1.0;

/// area(logit > +1) / area(logit > -1), 0 to 1; 0 when the looser area is empty.
///
/// Counted on the low-resolution logits, within the content of the square. SAM counts after upsampling, which costs as much
/// as making the mask; every cell stands for equally many pixels, so the ratio is the same up to the cells on the outline.
pub fn stability(logits: ArrayView2<f32>, transform: &ModelFromImage) -> f32 {
    let within = |cells: usize, content: u32| {
        (cells as f64 * f64::from(content) / f64::from(transform.side)).ceil().min(cells as f64) as usize
    };
    let (height, width) = logits.dim();
    let content =
        logits.slice(s![..within(height, transform.content.height), ..within(width, transform.content.width)]);
    let (mut strict, mut loose) = (0u32, 0u32);
    for row in content.rows() {
        for &logit in row {
            strict += u32::from(logit > OFFSET);
            loose += u32::from(logit > -OFFSET);
        }
    }
    if loose == 0 { 0.0 } else { strict as f32 / loose as f32 }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::core::geometry::Size;
    use crate::core::geometry::transform::ResizeRule;

    fn square(image: Size) -> ModelFromImage {
        ModelFromImage::new(image, 8, ResizeRule::LongestEdge)
    }

    #[test]
    fn cells_between_the_thresholds_lower_it() {
        let logits = array![[5.0, 0.5], [-0.5, -5.0]];
        assert_eq!(stability(logits.view(), &square(Size::new(8, 8))), 1.0 / 3.0);
    }

    #[test]
    fn a_sharp_mask_is_stable_and_none_is_not() {
        let transform = square(Size::new(8, 8));
        assert_eq!(stability(array![[9.0, -9.0]].view(), &transform), 1.0);
        assert_eq!(stability(Array2::from_elem((4, 4), -9.0).view(), &transform), 0.0);
        assert_eq!(stability(Array2::from_elem((4, 4), f32::NAN).view(), &transform), 0.0);
    }

    #[test]
    fn the_padding_does_not_count() {
        let mut logits = Array2::from_elem((4, 4), 9.0);
        logits.slice_mut(s![2.., ..]).fill(0.0);
        assert_eq!(stability(logits.view(), &square(Size::new(8, 4))), 1.0);
        assert_eq!(stability(logits.view(), &square(Size::new(8, 8))), 0.5);
    }
}

use ndarray::{Array2, array};
use proptest::prelude::*;

use super::*;
use crate::core::geometry::transform::ResizeRule;

/// Bilinear, align_corners = false, as slow and plain as it can be written.
fn bilinear(from: &Array2<f32>, rows: usize, columns: usize) -> Array2<f32> {
    let source = |at: usize, old: usize, new: usize| {
        let position = ((at as f64 + 0.5) * old as f64 / new as f64 - 0.5).max(0.0);
        let lower = (position.floor() as usize).min(old - 1);
        let upper = (lower + 1).min(old - 1);
        (lower, upper, (position - lower as f64) as f32)
    };
    Array2::from_shape_fn((rows, columns), |(y, x)| {
        let (top, bottom, down) = source(y, from.nrows(), rows);
        let (left, right, across) = source(x, from.ncols(), columns);
        let mix = |row: usize| from[[row, left]] * (1.0 - across) + from[[row, right]] * across;
        mix(top) * (1.0 - down) + mix(bottom) * down
    })
}

/// SAM's postprocessing, step by step over whole images.
fn reference(logits: &Array2<f32>, transform: &ModelFromImage) -> Array2<f32> {
    let ModelFromImage { image, content, side } = *transform;
    let square = bilinear(logits, side as usize, side as usize);
    let cropped = square.slice(ndarray::s![..content.height as usize, ..content.width as usize]).to_owned();
    bilinear(&cropped, image.height as usize, image.width as usize)
}

fn resample(logits: &Array2<f32>, transform: &ModelFromImage) -> Option<Mask> {
    Resampler::new(transform, Size::new(logits.ncols() as u32, logits.nrows() as u32)).mask(logits.view())
}

/// Where the reference is not 0 within float error, the mask says on which side it is.
fn agrees(mask: Option<&Mask>, reference: &Array2<f32>) -> Result<(), TestCaseError> {
    for ((y, x), &logit) in reference.indexed_iter() {
        let inside = mask.is_some_and(|mask| mask.contains(x as u32, y as u32));
        prop_assert!(inside == (logit > 0.0) || logit.abs() < 1e-4, "({x}, {y}): {inside}, reference {logit}");
    }
    Ok(())
}

/// Noise, or an ellipse of positive logits anywhere, also outside of the content.
fn logits(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f32>> {
    let noise = prop::collection::vec(-9f32..9.0, rows * columns)
        .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap());
    let blob = (0f32..1.0, 0f32..1.0, 0.02f32..0.5, 0.02f32..0.5).prop_map(move |(cx, cy, rx, ry)| {
        Array2::from_shape_fn((rows, columns), |(y, x)| {
            let (dx, dy) = (x as f32 / columns as f32 - cx, y as f32 / rows as f32 - cy);
            3.0 * (1.0 - (dx / rx).hypot(dy / ry))
        })
    });
    prop_oneof![noise, blob]
}

fn cases() -> impl Strategy<Value = (ModelFromImage, Array2<f32>)> {
    let rule = prop_oneof![Just(ResizeRule::LongestEdge), Just(ResizeRule::Stretch)];
    let sizes = (1u32..70, 1u32..70, 1u32..64, rule, 1usize..20, 1usize..20);
    sizes.prop_flat_map(|(width, height, side, rule, rows, columns)| {
        let transform = ModelFromImage::new(Size::new(width, height), side, rule);
        (Just(transform), logits(rows, columns))
    })
}

proptest! {
    #[test]
    fn it_equals_the_two_passes((transform, logits) in cases()) {
        agrees(resample(&logits, &transform).as_ref(), &reference(&logits, &transform))?;
    }

    #[test]
    fn it_equals_the_two_passes_at_sam_like_sizes(
        logits in logits(64, 64), width in 100u32..300, height in 100u32..300,
    ) {
        let transform = ModelFromImage::new(Size::new(width, height), 256, ResizeRule::LongestEdge);
        agrees(resample(&logits, &transform).as_ref(), &reference(&logits, &transform))?;
    }

    #[test]
    fn a_resampler_keeps_nothing_of_the_last_mask((transform, first) in cases(), turned in any::<bool>()) {
        let mut resampler = Resampler::new(&transform, Size::new(first.ncols() as u32, first.nrows() as u32));
        let second = if turned { first.mapv(|logit| -logit) } else { &first + 1.0 };
        resampler.mask(first.view());
        prop_assert_eq!(resampler.mask(second.view()), resample(&second, &transform));
    }

    #[test]
    fn weights_are_means((low, side, content, image) in (1u32..40, 1u32..80, 1u32..80, 1u32..80)) {
        for taps in Axis1d::new(low, side, content.min(side), image).taps {
            prop_assert!((taps.weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(taps.len >= 1 && taps.last() < low as usize && taps.cells().is_sorted());
        }
    }
}

/// 8 x 8 cells over a square of 32; the image is 32 x 16, so the lower half is padding.
fn half_padding() -> ModelFromImage {
    ModelFromImage::new(Size::new(32, 16), 32, ResizeRule::LongestEdge)
}

#[test]
fn nothing_positive_is_no_mask_nor_is_padding() {
    let mut logits = Array2::from_elem((8, 8), -1.0);
    assert_eq!(resample(&logits, &half_padding()), None);
    logits.row_mut(6).fill(9.0);
    assert_eq!(resample(&logits, &half_padding()), None);
    assert_eq!(resample(&Array2::zeros((8, 8)), &half_padding()), None, "0 is not above 0");
}

#[test]
fn not_a_number_is_outside_and_infinity_does_not_spread() {
    assert_eq!(resample(&Array2::from_elem((8, 8), f32::NAN), &half_padding()), None);
    let mut logits = Array2::from_elem((8, 8), f32::NEG_INFINITY);
    logits.slice_mut(ndarray::s![1..3, 1..3]).fill(f32::INFINITY);
    // Between the middles of cells 1 and 2 nothing else takes part.
    assert_eq!(resample(&logits, &half_padding()).unwrap().bbox(), PixelBox::new(6, 6, 4, 4));
}

#[test]
fn the_outline_lies_between_cells() {
    // One row of two cells of 16 pixels, their middles at 8 and 24; the logit is 0 at 16.
    let transform = ModelFromImage::new(Size::new(32, 32), 32, ResizeRule::Stretch);
    let mask = resample(&array![[1.0, -1.0]], &transform).unwrap();
    assert_eq!(mask, Mask::filled(PixelBox::new(0, 0, 16, 32)).unwrap());
}

#[test]
#[should_panic(expected = "announced size")]
fn logits_of_another_size_are_refused() {
    Resampler::new(&half_padding(), Size::new(8, 8)).mask(Array2::zeros((8, 9)).view());
}

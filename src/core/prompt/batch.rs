//! Prompts in pixels of the image become the tensors that a model takes, many prompts a run.
//!
//! As SAM lays them out: clicks alone are followed by one padding point (0, 0) with label -1; a box is its two corners
//! (labels 2 and 3), after its clicks, without padding. Padding is not neutral, so a batch holds prompts with equally
//! many points only. A mask prompt is the box around the mask, with its clicks, and the mask itself as logits.

use ndarray::{Array2, Array3, Array4, s};

use super::{Click, Shape};
use crate::core::geometry::transform::ModelFromImage;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::Mask;
use crate::core::ports::PromptBatch;

/// Most prompts in one run: bounds memory, and is the largest size that providers with fixed shapes prepare for.
pub const MAX_BATCH: usize = 64;

/// Logits of a mask prompt: `-MASK_LOGIT` outside and in the padding, `+MASK_LOGIT` inside, between them in proportion to
/// how much of the cell the mask covers. SAM feeds its own earlier logits here, which lie in about this range.
pub const MASK_LOGIT: f32 = 8.0;

const PADDING: f32 = -1.0;
const BACKGROUND: f32 = 0.0;
const FOREGROUND: f32 = 1.0;
const TOP_LEFT: f32 = 2.0;
const BOTTOM_RIGHT: f32 = 3.0;

/// A batch, and where its prompts stood in the caller's list.
#[derive(Clone, Debug)]
pub struct PromptGroup {
    /// Index in the caller's list of each row of `batch`, ascending.
    pub indices: Vec<usize>,
    pub batch: PromptBatch,
}

/// Shapes in as few batches as possible: of equal K, with masks or without, of at most [`MAX_BATCH`].
///
/// `mask_input`: size of the mask that the model takes; with `None` a mask prompt is only its box and clicks.
/// [`Shape::Everything`] is the box of the whole image.
pub fn group<'a>(
    shapes: impl IntoIterator<Item = &'a Shape>,
    transform: &ModelFromImage,
    mask_input: Option<Size>,
) -> Vec<PromptGroup> {
    let mut kinds: Vec<(usize, bool, Vec<Tokens>)> = Vec::new();
    for (index, shape) in shapes.into_iter().enumerate() {
        let tokens = Tokens::of(index, shape, transform);
        let (k, masked) = (tokens.points.len(), mask_input.is_some() && tokens.mask.is_some());
        match kinds.iter_mut().find(|kind| (kind.0, kind.1) == (k, masked)) {
            Some(kind) => kind.2.push(tokens),
            None => kinds.push((k, masked, vec![tokens])),
        }
    }
    let chunks = kinds.iter().flat_map(|(_, masked, all)| all.chunks(MAX_BATCH).map(move |chunk| (*masked, chunk)));
    chunks.map(|(masked, chunk)| stack(chunk, transform, mask_input.filter(|_| masked))).collect()
}

/// One foreground click each, as a single batch (the grid of everything-mode).
pub fn of_points(points: &[Point], transform: &ModelFromImage) -> PromptBatch {
    let tokens = |(index, &at)| Tokens::of_clicks(index, &[Click { at, foreground: true }], transform);
    stack(&points.iter().enumerate().map(tokens).collect::<Vec<_>>(), transform, None).batch
}

/// One box each, as a single batch (a detector's proposals in everything-mode).
pub fn of_boxes(boxes: &[PixelBox], transform: &ModelFromImage) -> PromptBatch {
    let tokens = |(index, &rect)| Tokens::of_box(index, rect, &[], transform);
    stack(&boxes.iter().enumerate().map(tokens).collect::<Vec<_>>(), transform, None).batch
}

/// One prompt's points in the encoder's square, with labels.
struct Tokens<'a> {
    index: usize,
    points: Vec<(Point, f32)>,
    mask: Option<&'a Mask>,
}

impl<'a> Tokens<'a> {
    fn of(index: usize, shape: &'a Shape, transform: &ModelFromImage) -> Self {
        match shape {
            Shape::Points(clicks) => Self::of_clicks(index, clicks, transform),
            Shape::Box { rect, clicks } => Self::of_box(index, *rect, clicks, transform),
            Shape::Mask { mask, clicks } => {
                Self { mask: Some(mask), ..Self::of_box(index, mask.bbox(), clicks, transform) }
            }
            Shape::Everything => Self::of_box(index, PixelBox::of_size(transform.image), &[], transform),
        }
    }

    fn of_clicks(index: usize, clicks: &[Click], transform: &ModelFromImage) -> Self {
        let mut points = click_points(clicks, transform);
        points.push((Point::new(0.0, 0.0), PADDING));
        Self { index, points, mask: None }
    }

    fn of_box(index: usize, rect: PixelBox, clicks: &[Click], transform: &ModelFromImage) -> Self {
        let mut points = click_points(clicks, transform);
        points.push((transform.point(Point::new(rect.x as f32, rect.y as f32)), TOP_LEFT));
        points.push((transform.point(Point::new(rect.right() as f32, rect.bottom() as f32)), BOTTOM_RIGHT));
        Self { index, points, mask: None }
    }
}

fn click_points(clicks: &[Click], transform: &ModelFromImage) -> Vec<(Point, f32)> {
    let label = |foreground| if foreground { FOREGROUND } else { BACKGROUND };
    clicks.iter().map(|click| (transform.point(click.at), label(click.foreground))).collect()
}

fn stack(prompts: &[Tokens], transform: &ModelFromImage, mask_input: Option<Size>) -> PromptGroup {
    let k = prompts.first().map_or(0, |prompt| prompt.points.len());
    let mut coords = Array3::zeros((prompts.len(), k, 2));
    let mut labels = Array2::zeros((prompts.len(), k));
    for (row, prompt) in prompts.iter().enumerate() {
        for (column, &(at, label)) in prompt.points.iter().enumerate() {
            coords[[row, column, 0]] = at.x;
            coords[[row, column, 1]] = at.y;
            labels[[row, column]] = label;
        }
    }
    let masks = mask_input.map(|size| {
        let mut masks = Array4::zeros((prompts.len(), 1, size.height as usize, size.width as usize));
        for (row, mask) in prompts.iter().enumerate().filter_map(|(row, prompt)| Some((row, prompt.mask?))) {
            masks.slice_mut(s![row, 0, .., ..]).assign(&mask_logits(mask, transform, size));
        }
        masks
    });
    let indices = prompts.iter().map(|prompt| prompt.index).collect();
    PromptGroup { indices, batch: PromptBatch { coords, labels, masks } }
}

/// The mask at the model's size, over the whole square: each cell is the average of what it covers, as a logit.
fn mask_logits(mask: &Mask, transform: &ModelFromImage, size: Size) -> Array2<f32> {
    let bbox = mask.bbox();
    let cells_per_px = |cells: u32, content: u32, image: u32| {
        f64::from(cells) / f64::from(transform.side) * f64::from(content) / f64::from(image)
    };
    let across = cells_per_px(size.width, transform.content.width, transform.image.width);
    let down = cells_per_px(size.height, transform.content.height, transform.image.height);
    let columns: Vec<_> = (bbox.x..bbox.right()).map(|x| overlaps(x, across, size.width)).collect();
    let mut covered = Array2::<f32>::zeros((size.height as usize, size.width as usize));
    let mut row_covered = vec![0f32; size.width as usize];
    for (y, row) in (bbox.y..).zip(mask.rows()) {
        row_covered.fill(0.0);
        for (_, cells) in row.iter().zip(&columns).filter(|(value, _)| **value != 0) {
            cells.clone().for_each(|(cell, share)| row_covered[cell] += share);
        }
        for (cell, share) in overlaps(y, down, size.height) {
            covered.row_mut(cell).iter_mut().zip(&row_covered).for_each(|(sum, part)| *sum += share * part);
        }
    }
    covered.mapv_into(|share| (2.0 * share.min(1.0) - 1.0) * MASK_LOGIT)
}

/// The cells under pixel `at`, each with the part of the cell that the pixel takes, where a pixel is `scale` cells long.
fn overlaps(at: u32, scale: f64, cells: u32) -> impl Iterator<Item = (usize, f32)> + Clone {
    let (start, end) = (f64::from(at) * scale, f64::from(at + 1) * scale);
    let range = start as usize..(end.ceil() as usize).min(cells as usize);
    range.map(move |cell| (cell, (end.min((cell + 1) as f64) - start.max(cell as f64)) as f32))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::array;
    use proptest::prelude::*;

    use super::*;
    use crate::core::geometry::transform::ResizeRule;

    /// 200 x 100 into a square of 50: a quarter in both directions, the lower half padding.
    fn quarter() -> ModelFromImage {
        ModelFromImage::new(Size::new(200, 100), 50, ResizeRule::LongestEdge)
    }

    fn click(x: f32, y: f32, foreground: bool) -> Click {
        Click { at: Point::new(x, y), foreground }
    }

    fn a_box(clicks: Vec<Click>) -> Shape {
        Shape::Box { rect: PixelBox::new(40, 20, 80, 60), clicks }
    }

    #[test]
    fn clicks_are_scaled_and_padded_by_one_point() {
        let shape = Shape::Points(vec![click(100.0, 40.0, true), click(8.0, 4.0, false)]);
        let groups = group([&shape], &quarter(), None);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].batch.coords, array![[[25.0, 10.0], [2.0, 1.0], [0.0, 0.0]]]);
        assert_eq!(groups[0].batch.labels, array![[1.0, 0.0, -1.0]]);
        assert!(groups[0].batch.masks.is_none());
    }

    #[test]
    fn a_box_is_its_corners_after_its_clicks_without_padding() {
        let plain = &group([&a_box(vec![])], &quarter(), None)[0].batch;
        assert_eq!(plain.coords, array![[[10.0, 5.0], [30.0, 20.0]]]);
        assert_eq!(plain.labels, array![[2.0, 3.0]]);
        let clicked = &group([&a_box(vec![click(4.0, 8.0, false)])], &quarter(), None)[0].batch;
        assert_eq!(clicked.coords, array![[[1.0, 2.0], [10.0, 5.0], [30.0, 20.0]]]);
        assert_eq!(clicked.labels, array![[0.0, 2.0, 3.0]]);
    }

    #[test]
    fn everything_is_the_whole_image() {
        let batch = &group([&Shape::Everything], &quarter(), None)[0].batch;
        assert_eq!(batch.coords, array![[[0.0, 0.0], [50.0, 25.0]]]);
    }

    #[test]
    fn a_mask_is_its_box_and_its_logits() {
        // The cells of a 25 x 25 mask input are 8 x 8 pixels of the image.
        let mask = Shape::Mask { mask: Arc::new(Mask::filled(PixelBox::new(8, 16, 12, 8)).unwrap()), clicks: vec![] };
        let batch = &group([&mask], &quarter(), Some(Size::new(25, 25)))[0].batch;
        assert_eq!(batch.coords, array![[[2.0, 4.0], [5.0, 6.0]]]);
        let logits = batch.masks.as_ref().unwrap();
        assert_eq!(logits.shape(), [1, 1, 25, 25]);
        assert_eq!(logits.slice(s![0, 0, 2, ..4]), array![-8.0, 8.0, 0.0, -8.0]);
        assert_eq!(logits.iter().filter(|&&logit| logit > -8.0).count(), 2);
    }

    #[test]
    fn a_mask_for_a_model_without_mask_input_is_its_box() {
        let mask = Shape::Mask { mask: Arc::new(Mask::filled(PixelBox::new(40, 20, 80, 60)).unwrap()), clicks: vec![] };
        let groups = group([&mask, &a_box(vec![])], &quarter(), None);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].batch.coords.index_axis(ndarray::Axis(0), 0), array![[10.0, 5.0], [30.0, 20.0]]);
    }

    #[test]
    fn a_batch_is_bounded() {
        let shapes = vec![a_box(vec![]); MAX_BATCH + 3];
        let lengths: Vec<_> = group(&shapes, &quarter(), None).iter().map(|group| group.batch.len()).collect();
        assert_eq!(lengths, [MAX_BATCH, 3]);
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        let clicks = |least| {
            let click =
                (0f32..200.0, 0f32..100.0, any::<bool>()).prop_map(|(x, y, foreground)| click(x, y, foreground));
            prop::collection::vec(click, least..4)
        };
        let rect = (0u32..150, 0u32..80, 1u32..50, 1u32..20).prop_map(|(x, y, w, h)| PixelBox::new(x, y, w, h));
        prop_oneof![
            clicks(1).prop_map(Shape::Points),
            (rect.clone(), clicks(0)).prop_map(|(rect, clicks)| Shape::Box { rect, clicks }),
            (rect, clicks(0))
                .prop_map(|(rect, clicks)| Shape::Mask { mask: Arc::new(Mask::filled(rect).unwrap()), clicks }),
        ]
    }

    proptest! {
        #[test]
        fn every_prompt_is_in_one_batch_as_it_would_be_alone(shapes in prop::collection::vec(shapes(), 0..20)) {
            let size = Some(Size::new(10, 10));
            let groups = group(&shapes, &quarter(), size);
            let mut seen: Vec<usize> = groups.iter().flat_map(|group| group.indices.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..shapes.len()).collect::<Vec<_>>());
            for PromptGroup { indices, batch } in &groups {
                prop_assert_eq!(indices.len(), batch.len());
                for (row, &index) in indices.iter().enumerate() {
                    let alone = &group([&shapes[index]], &quarter(), size)[0].batch;
                    prop_assert_eq!(batch.coords.slice(s![row, .., ..]), alone.coords.slice(s![0, .., ..]));
                    prop_assert_eq!(batch.labels.row(row), alone.labels.row(0));
                    prop_assert_eq!(batch.masks.is_some(), alone.masks.is_some());
                    if let (Some(batch), Some(alone)) = (&batch.masks, &alone.masks) {
                        prop_assert_eq!(batch.slice(s![row, .., .., ..]), alone.slice(s![0, .., .., ..]));
                    }
                }
            }
        }

        #[test]
        fn the_mask_input_keeps_the_area(x in 0u32..150, y in 0u32..80, width in 1u32..50, height in 1u32..20) {
            let mask = Mask::filled(PixelBox::new(x, y, width, height)).unwrap();
            let size = Size::new(13, 13);
            let logits = mask_logits(&mask, &quarter(), size);
            let cells: f32 = logits.iter().map(|logit| (logit / MASK_LOGIT + 1.0) / 2.0).sum();
            // A cell is (50/13)^2 pixels of the square, each of them 4 x 4 pixels of the image.
            let pixels = cells * (50.0f32 / 13.0 * 4.0).powi(2);
            prop_assert!((pixels - mask.area() as f32).abs() < 1e-2 * mask.area() as f32 + 0.01, "{pixels}");
        }
    }
}

//! What a region looks like to the model: the image's embedding, averaged over the region.

use ndarray::{ArrayView3, Axis, s};

use crate::core::geometry::Size;
use crate::core::geometry::transform::ModelFromImage;
use crate::core::mask::spans::Spans;

/// A direction in the space of the encoder's channels; of length 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Appearance(Vec<f32>);

impl Appearance {
    /// `None` when the values have no direction: none at all, all 0, or not finite.
    pub fn new(mut values: Vec<f32>) -> Option<Self> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length < 1e-12 {
            return None;
        }
        values.iter_mut().for_each(|value| *value /= length);
        Some(Self(values))
    }

    /// Cosine of the angle between them, -1 to 1; 0 when they come from different models.
    pub fn cosine(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }

    /// Moves towards `newer` by `share`, 0 to 1.
    pub fn blended(&self, newer: &Self, share: f32) -> Self {
        if self.0.len() != newer.0.len() {
            return newer.clone();
        }
        let values = self.0.iter().zip(&newer.0).map(|(old, new)| old + share * (new - old)).collect();
        Self::new(values).unwrap_or_else(|| newer.clone())
    }
}

/// Averages one image's embedding over regions.
///
/// Encoders give all cells of an image much in common; the image's mean is taken away, so that what is left tells its
/// regions apart. An appearance is thus how a region differs from its surroundings.
pub struct Pooling<'a> {
    embedding: ArrayView3<'a, f32>,
    mean: Vec<f32>,
    /// Cells of an image's pixel: across, down.
    cells_per_pixel: (f64, f64),
}

impl<'a> Pooling<'a> {
    /// `embedding`: (C, h, w) over the whole square of the encoder; h and w at least 1.
    pub fn new(embedding: ArrayView3<'a, f32>, transform: &ModelFromImage) -> Self {
        let (_, height, width) = embedding.dim();
        let content = Size::new(
            content_cells(width, transform.content.width, transform.side),
            content_cells(height, transform.content.height, transform.side),
        );
        let seen = embedding.slice(s![.., ..content.height as usize, ..content.width as usize]);
        let mean = seen.axis_iter(Axis(0)).map(|channel| channel.mean().unwrap_or(0.0)).collect();
        let scale = |cells: usize, content: u32, image: u32| {
            cells as f64 * f64::from(content) / (f64::from(transform.side) * f64::from(image))
        };
        let cells_per_pixel = (
            scale(width, transform.content.width, transform.image.width),
            scale(height, transform.content.height, transform.image.height),
        );
        Self { embedding, mean, cells_per_pixel }
    }

    /// `None` when the region does not differ from the image's mean, as when it is the whole image.
    pub fn appearance(&self, shape: &Spans) -> Option<Appearance> {
        let weights = self.weights(shape);
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let pooled: Vec<f32> = self
            .embedding
            .axis_iter(Axis(0))
            .zip(&self.mean)
            .map(|(channel, mean)| {
                let sum: f64 = weights.iter().map(|&(at, weight)| weight * f64::from(channel[at])).sum();
                (sum / total) as f32 - mean
            })
            .collect();
        let square = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>();
        // What is left by rounding has a direction too, which means nothing.
        let differs = square(&pooled) > 1e-8 * square(&self.mean);
        differs.then(|| Appearance::new(pooled)).flatten()
    }

    /// The cells (row, column) under the shape, with the number of its pixels in each.
    fn weights(&self, shape: &Spans) -> Vec<([usize; 2], f64)> {
        let (_, height, width) = self.embedding.dim();
        let (across, down) = self.cells_per_pixel;
        let mut weights = vec![0.0; height * width];
        for span in shape.as_slice() {
            let row = (((f64::from(span.y) + 0.5) * down) as usize).min(height - 1);
            let (start, end) = (f64::from(span.start) * across, f64::from(span.end) * across);
            for column in start as usize..(end.ceil() as usize).min(width) {
                let covered = end.min(column as f64 + 1.0) - start.max(column as f64);
                weights[row * width + column] += covered;
            }
        }
        let place = |index: usize| [index / width, index % width];
        let under = weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0);
        under.map(|(index, weight)| (place(index), weight)).collect()
    }
}

/// How many of `cells` in a row show something of the image.
fn content_cells(cells: usize, content: u32, side: u32) -> u32 {
    (cells as f64 * f64::from(content) / f64::from(side)).ceil().clamp(1.0, cells as f64) as u32
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::core::geometry::PixelBox;
    use crate::core::geometry::transform::ResizeRule;
    use crate::core::mask::Mask;

    const IMAGE: Size = Size { width: 64, height: 32 };

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Spans {
        Spans::from(&Mask::filled(PixelBox::new(x, y, width, height)).unwrap())
    }

    /// 8 x 8 cells of which the image fills the upper half: the left four columns say (1, 0), the right ones (0, 1);
    /// (5, 5) everywhere in addition, and nonsense in the padding.
    fn embedding() -> Array3<f32> {
        Array3::from_shape_fn((2, 8, 8), |(channel, row, column)| {
            if row >= 4 { 1e6 } else { 5.0 + f32::from(u8::from((column >= 4) == (channel == 1))) }
        })
    }

    #[test]
    fn regions_are_told_apart_and_the_padding_does_not_count() {
        let (embedding, transform) = (embedding(), ModelFromImage::new(IMAGE, 1024, ResizeRule::LongestEdge));
        let pooling = Pooling::new(embedding.view(), &transform);
        let left = pooling.appearance(&rect(0, 0, 10, 30)).unwrap();
        let left_too = pooling.appearance(&rect(20, 3, 5, 5)).unwrap();
        let right = pooling.appearance(&rect(40, 0, 24, 32)).unwrap();
        assert!(left.cosine(&left_too) > 0.999 && left.cosine(&right) < -0.999);
        assert_eq!(pooling.appearance(&rect(0, 0, 64, 32)), None, "the whole image differs from nothing");
        let both = pooling.appearance(&rect(30, 0, 3, 10)).unwrap();
        assert!(both.cosine(&left) > 0.999, "two of three columns are left");
    }

    #[test]
    fn cells_count_by_their_share() {
        let embedding = Array3::from_shape_fn((1, 4, 4), |(_, _, column)| column as f32);
        let transform = ModelFromImage::new(Size::new(8, 8), 64, ResizeRule::Stretch);
        let pooling = Pooling::new(embedding.view(), &transform);
        let weights = pooling.weights(&rect(1, 0, 2, 4));
        assert_eq!(weights, [([0, 0], 1.0), ([0, 1], 1.0), ([1, 0], 1.0), ([1, 1], 1.0)]);
    }

    #[test]
    fn what_has_no_direction_is_no_appearance() {
        for values in [vec![], vec![0.0; 3], vec![f32::NAN, 1.0], vec![f32::INFINITY]] {
            assert_eq!(Appearance::new(values), None);
        }
        let (a, b) = (Appearance::new(vec![2.0, 0.0]).unwrap(), Appearance::new(vec![0.0, 3.0]).unwrap());
        assert_eq!((a.cosine(&a), a.cosine(&b)), (1.0, 0.0));
        assert!((a.blended(&b, 0.5).cosine(&b) - 0.5f32.sqrt()).abs() < 1e-6);
        let other_model = Appearance::new(vec![1.0]).unwrap();
        assert_eq!((a.cosine(&other_model), a.blended(&other_model, 0.1)), (0.0, other_model));
    }
}

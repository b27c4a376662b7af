//! Low-resolution logits to a mask at the image's resolution, exactly as SAM's postprocessing defines it: bilinear
//! (align_corners = false) to S x S, crop to the content, bilinear to the image, threshold at 0.
//!
//! Both steps are linear and separable, so per axis they are one: each pixel is a weighted mean of at most four cells
//! ([`Axis1d`]). A weighted mean is positive only where a cell is, so only the box of positive cells is computed, and in
//! each row only the stretch where its cells can be positive.

use ndarray::ArrayView2;

use crate::core::geometry::transform::ModelFromImage;
use crate::core::geometry::{PixelBox, Size};
use crate::core::mask::Mask;

/// Brings masks of one size into images of one size; keeps its tables and buffers from mask to mask.
pub struct Resampler {
    low: Size,
    across: Axis1d,
    down: Axis1d,
    /// Rows of cells, brought to the window's width.
    stretched: Vec<f32>,
    /// The window's pixels.
    pixels: Vec<u8>,
}

impl Resampler {
    /// `low`: width and height of the logits, which lie over the whole square of the encoder; at least 1.
    pub fn new(transform: &ModelFromImage, low: Size) -> Self {
        let ModelFromImage { image, content, side } = *transform;
        Self {
            low,
            across: Axis1d::new(low.width, side, content.width, image.width),
            down: Axis1d::new(low.height, side, content.height, image.height),
            stretched: Vec::new(),
            pixels: Vec::new(),
        }
    }

    /// The size of the logits that it takes.
    pub fn low(&self) -> Size {
        self.low
    }

    /// The mask where the logits are above 0; `None` when it is empty (also where only the padding is above 0).
    ///
    /// # Panics
    /// When `logits` are not of the size given to [`Self::new`].
    pub fn mask(&mut self, logits: ArrayView2<f32>) -> Option<Mask> {
        assert_eq!(logits.dim(), (self.low.height as usize, self.low.width as usize), "logits of the announced size");
        let support = Support::of(logits)?;
        let (x_range, y_range) = (self.across.outputs_of(support.columns)?, self.down.outputs_of(support.rows)?);
        let window = PixelBox::new(
            x_range.0 as u32,
            y_range.0 as u32,
            (x_range.1 - x_range.0 + 1) as u32,
            (y_range.1 - y_range.0 + 1) as u32,
        );
        let rows = self.stretch(logits, x_range, y_range);
        self.threshold(window, &rows);
        Mask::from_window(window, &self.pixels)
    }

    /// Brings every row of cells that the window needs to the window's width.
    fn stretch(&mut self, logits: ArrayView2<f32>, x_range: (usize, usize), y_range: (usize, usize)) -> StretchedRows {
        let taps = &self.across.taps[x_range.0..=x_range.1];
        let first = self.down.taps[y_range.0].first();
        let last = self.down.taps[y_range.1].last();
        self.stretched.clear();
        let mut positive = Vec::with_capacity(last - first + 1);
        let mut contiguous = vec![0.0; self.low.width as usize];
        for row in first..=last {
            contiguous.iter_mut().zip(logits.row(row)).for_each(|(to, &from)| *to = from);
            let start = self.stretched.len();
            self.stretched.extend(taps.iter().map(|taps| taps.mean(&contiguous)));
            positive.push(positive_range(&self.stretched[start..]));
        }
        StretchedRows { first, positive }
    }

    /// Mixes stretched rows into the window's rows and compares them with 0.
    fn threshold(&mut self, window: PixelBox, rows: &StretchedRows) {
        let width = window.width as usize;
        self.pixels.clear();
        self.pixels.resize(width * window.height as usize, 0);
        let taps = &self.down.taps[window.y as usize..window.bottom() as usize];
        for (to, taps) in self.pixels.chunks_exact_mut(width).zip(taps) {
            let Some((start, end)) = rows.positive_in(taps) else { continue };
            let from = |tap: usize| {
                let begin = (taps.cells[tap] as usize - rows.first) * width;
                &self.stretched[begin + start..begin + end]
            };
            mix_above_zero(&mut to[start..end], taps, from);
        }
    }
}

/// Writes 255 where the weighted mean of the rows is above 0.
fn mix_above_zero<'a>(to: &mut [u8], taps: &Taps, from: impl Fn(usize) -> &'a [f32]) {
    let weights = taps.weights;
    let above = |value: f32| if value > 0.0 { 255 } else { 0 };
    match taps.len {
        1 => to.iter_mut().zip(from(0)).for_each(|(to, &a)| *to = above(a)),
        2 => {
            let pairs = from(0).iter().zip(from(1));
            to.iter_mut().zip(pairs).for_each(|(to, (a, b))| *to = above(a * weights[0] + b * weights[1]));
        }
        3 => {
            let triples = from(0).iter().zip(from(1)).zip(from(2));
            to.iter_mut().zip(triples).for_each(|(to, ((a, b), c))| {
                *to = above(a * weights[0] + b * weights[1] + c * weights[2]);
            });
        }
        _ => {
            let quads = from(0).iter().zip(from(1)).zip(from(2).iter().zip(from(3)));
            to.iter_mut().zip(quads).for_each(|(to, ((a, b), (c, d)))| {
                *to = above(a * weights[0] + b * weights[1] + c * weights[2] + d * weights[3]);
            });
        }
    }
}

/// What is known of the rows in `Resampler::stretched`.
struct StretchedRows {
    /// The row of cells of the first of them.
    first: usize,
    /// For each: from the first to one past the last value above 0.
    positive: Vec<Option<(usize, usize)>>,
}

impl StretchedRows {
    /// Outside of this range no mean of these rows is above 0.
    fn positive_in(&self, taps: &Taps) -> Option<(usize, usize)> {
        let ranges = taps.cells().iter().filter_map(|&cell| self.positive[cell as usize - self.first]);
        ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// From the first to one past the last value above 0.
fn positive_range(values: &[f32]) -> Option<(usize, usize)> {
    let start = values.iter().position(|&value| value > 0.0)?;
    let end = values.iter().rposition(|&value| value > 0.0)? + 1;
    Some((start, end))
}

/// The first and last row and column with a logit above 0.
struct Support {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Support {
    fn of(logits: ArrayView2<f32>) -> Option<Self> {
        let mut support: Option<Self> = None;
        for (y, row) in logits.outer_iter().enumerate() {
            let Some(left) = row.iter().position(|&logit| logit > 0.0) else { continue };
            let right = row.len() - 1 - row.iter().rev().position(|&logit| logit > 0.0)?;
            let so_far = support.get_or_insert(Self { rows: (y, y), columns: (left, right) });
            so_far.rows.1 = y;
            so_far.columns = (so_far.columns.0.min(left), so_far.columns.1.max(right));
        }
        support
    }
}

/// Both interpolations along one axis in one: the cells whose weighted mean is a pixel.
struct Axis1d {
    /// One for each pixel of the image.
    taps: Vec<Taps>,
}

impl Axis1d {
    fn new(low: u32, side: u32, content: u32, image: u32) -> Self {
        let pixel = |at| {
            let mut taps = Taps::default();
            for (in_content, outer) in linear(at, image, content) {
                for (cell, inner) in linear(in_content, side, low) {
                    taps.add(cell, outer * inner);
                }
            }
            taps
        };
        Self { taps: (0..image).map(pixel).collect() }
    }

    /// The first and last pixel that cells `first ..= last` take part in. Taps move monotonously with the pixel.
    fn outputs_of(&self, (first, last): (usize, usize)) -> Option<(usize, usize)> {
        let start = self.taps.partition_point(|taps| taps.last() < first);
        let end = self.taps.partition_point(|taps| taps.first() <= last);
        (start < end).then(|| (start, end - 1))
    }
}

/// The two of `old` samples between which sample `at` of `new` lies, with weights (align_corners = false).
fn linear(at: u32, new: u32, old: u32) -> [(u32, f64); 2] {
    let position = ((f64::from(at) + 0.5) * f64::from(old) / f64::from(new) - 0.5).max(0.0);
    let lower = (position as u32).min(old - 1);
    let upper_weight = if lower + 1 < old { position - f64::from(lower) } else { 0.0 };
    [(lower, 1.0 - upper_weight), ((lower + 1).min(old - 1), upper_weight)]
}

/// At most four cells in ascending order, and their weights, which are above 0 and sum to 1.
#[derive(Clone, Copy, Default)]
struct Taps {
    len: usize,
    cells: [u32; 4],
    weights: [f32; 4],
}

impl Taps {
    /// Cells come in ascending order, except that the last may come again.
    fn add(&mut self, cell: u32, weight: f64) {
        if weight <= 0.0 {
            return; // An infinite logit must not become NaN.
        }
        let known = self.cells().iter().position(|&known| known == cell);
        let at = known.unwrap_or(self.len);
        self.len = self.len.max(at + 1);
        self.cells[at] = cell;
        self.weights[at] += weight as f32;
    }

    fn cells(&self) -> &[u32] {
        &self.cells[..self.len]
    }

    fn first(&self) -> usize {
        self.cells[0] as usize
    }

    fn last(&self) -> usize {
        self.cells[self.len - 1] as usize
    }

    fn mean(&self, row: &[f32]) -> f32 {
        let terms = self.cells().iter().zip(&self.weights);
        terms.map(|(&cell, weight)| row[cell as usize] * weight).sum()
    }
}

#[cfg(test)]
mod tests;

//! Masks: a tint inside and a smooth line along the edge.

use image::Rgb;

use super::canvas::{Canvas, blend};
use super::palette;
use crate::core::geometry::{PixelBox, Size};
use crate::core::region::Region;
use crate::core::region::label_map;

/// Pixels that are looked at together.
const STRETCH: usize = 16;
/// How dark the seam outside a line is, which keeps lines apart from a background of their own colour.
const SEAM_ALPHA: f32 = 0.45;

pub(super) fn draw(canvas: &mut Canvas, regions: &[Region], alpha: f32, line: u32) {
    tint(canvas, regions, alpha);
    let mut scratch = Scratch::default();
    for (_, region) in label_map::largest_first(regions) {
        scratch.edge(region, (line / 2).clamp(1, 4)).draw(canvas, palette::color(region.label));
    }
}

/// Each pixel takes the colour of the topmost region only, so that colours never mix.
fn tint(canvas: &mut Canvas, regions: &[Region], alpha: f32) {
    let size = Size::new(canvas.width(), canvas.height());
    let alpha = (alpha.clamp(0.0, 1.0) * 256.0) as u32;
    let map = label_map::paint(size, regions, |index, _| u16::try_from(index + 1).unwrap_or(u16::MAX));
    let colors: Vec<_> = regions.iter().map(|region| palette::color(region.label)).collect();
    for (y, labels) in map.chunks_exact(size.width.max(1) as usize).enumerate() {
        for (pixel, &label) in canvas.row_mut(y, 0).as_chunks_mut::<3>().0.iter_mut().zip(labels) {
            if let Some(&color) = colors.get(usize::from(label).wrapping_sub(1)) {
                blend(pixel, color, alpha);
            }
        }
    }
}

/// A mask's edge, softened: sums of the mask over a small neighbourhood, 0 outside and `full` inside.
struct Edge<'a> {
    /// Where the sums lie in the image; it may begin left of it and above it.
    left: i64,
    top: i64,
    stride: usize,
    sums: &'a [u16],
    full: u16,
}

/// Memory for [`Edge`]s, one after the other.
#[derive(Default)]
struct Scratch {
    sums: Vec<u16>,
    spare: Vec<u16>,
}

impl Scratch {
    /// Two box sums of `2 * radius + 1` pixels in each direction: a line about `2 * radius` wide comes of it.
    fn edge(&mut self, region: &Region, radius: u32) -> Edge<'_> {
        let PixelBox { x, y, width, height } = region.mask.bbox();
        let margin = 2 * radius as usize;
        let stride = width as usize + 2 * margin;
        let length = stride * (height as usize + 2 * margin);
        let Self { sums, spare } = self;
        sums.clear();
        sums.resize(length, 0);
        spare.clear();
        spare.resize(length, 0);
        for (to, row) in sums.chunks_exact_mut(stride).skip(margin).zip(region.mask.rows()) {
            to[margin..].iter_mut().zip(row).for_each(|(to, &inside)| *to = u16::from(inside & 1));
        }
        // The margins are empty and as wide as the sums reach, so rows may run into each other.
        for step in [1, 1, stride, stride] {
            box_sums(sums, spare, step * radius as usize, step);
            std::mem::swap(sums, spare);
        }
        let full = (2 * radius as u16 + 1).pow(4);
        Edge { left: i64::from(x) - margin as i64, top: i64::from(y) - margin as i64, stride, sums, full }
    }
}

impl Edge<'_> {
    fn draw(&self, canvas: &mut Canvas, color: Rgb<u8>) {
        let (width, height) = (i64::from(canvas.width()), i64::from(canvas.height()));
        let alphas = self.alphas();
        let skipped_columns = (-self.left).max(0) as usize;
        let x = self.left.max(0);
        if x >= width {
            return;
        }
        for (y, sums) in (self.top..height).zip(self.sums.chunks_exact(self.stride)) {
            if y < 0 {
                continue;
            }
            let pixels = canvas.row_mut(y as usize, x as usize).as_chunks_mut::<3>().0;
            let sums = sums[skipped_columns..].chunks(STRETCH);
            for (pixels, sums) in pixels.chunks_mut(STRETCH).zip(sums).filter(|(_, sums)| self.crosses(sums)) {
                for (pixel, &sum) in pixels.iter_mut().zip(sums) {
                    let (seam, line) = alphas[usize::from(sum)];
                    blend(pixel, Rgb([0; 3]), seam);
                    blend(pixel, color, line);
                }
            }
        }
    }

    /// Whether there is anything of the edge here; most stretches are all outside or all inside.
    fn crosses(&self, sums: &[u16]) -> bool {
        sums.iter().any(|&sum| sum != 0) && sums.iter().any(|&sum| sum != self.full)
    }

    /// For each sum: how dark the seam is and how strong the line, 0..=256. The line is strongest where half of the
    /// neighbourhood is inside.
    fn alphas(&self) -> Vec<(u32, u32)> {
        let of_sum = |sum: u16| {
            let inside = f32::from(sum) / f32::from(self.full);
            let nearness = 1.0 - (2.0 * inside - 1.0).abs();
            let line = ((nearness - 0.2) * 2.4).clamp(0.0, 1.0);
            let seam = if inside < 0.5 { (nearness * 3.0).min(1.0) * SEAM_ALPHA } else { 0.0 };
            ((seam * 256.0) as u32, (line * 256.0) as u32)
        };
        (0..=self.full).map(of_sum).collect()
    }
}

/// Of each value and its neighbours up to `reach` on both sides, `step` apart; the ends of `sums` are left alone.
fn box_sums(values: &[u16], sums: &mut [u16], reach: usize, step: usize) {
    let inner = &mut sums[reach..values.len() - reach];
    let length = inner.len();
    inner.copy_from_slice(&values[..length]);
    for shift in (step..=2 * reach).step_by(step) {
        inner.iter_mut().zip(&values[shift..shift + length]).for_each(|(sum, value)| *sum += value);
    }
}

//! YUV as cameras send it: BT.601, limited range (luma 16..=235), as OpenCV and ROS take it.
//!
//! Chroma is shared by neighbours and not interpolated, again as OpenCV does.

use super::layout::Layout;

/// Where the two lumas, U and V lie in the four bytes of two pixels.
#[derive(Clone, Copy)]
pub(super) struct PackedOrder {
    luma: [usize; 2],
    u: usize,
    v: usize,
}

pub(super) const UYVY: PackedOrder = PackedOrder { luma: [1, 3], u: 0, v: 2 };
pub(super) const YUYV: PackedOrder = PackedOrder { luma: [0, 2], u: 1, v: 3 };

/// Where U and V lie in a pair of chroma bytes.
#[derive(Clone, Copy)]
pub(super) struct ChromaOrder {
    u: usize,
    v: usize,
}

pub(super) const UV: ChromaOrder = ChromaOrder { u: 0, v: 1 };
pub(super) const VU: ChromaOrder = ChromaOrder { u: 1, v: 0 };

/// 4:2:2, two pixels in four bytes.
pub(super) fn packed(layout: &Layout, order: PackedOrder) -> Vec<u8> {
    let mut rgb = layout.rgb_buffer();
    for (to, from) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(layout.rows()) {
        for (to, from) in to.as_chunks_mut::<6>().0.iter_mut().zip(from.as_chunks::<4>().0) {
            *to = two_pixels(from[order.luma[0]], from[order.luma[1]], Chroma::new(from[order.u], from[order.v]));
        }
    }
    rgb
}

/// 4:2:0, a plane of luma and below it one chroma pair for each 2 x 2 pixels (NV12, NV21).
pub(super) fn half_chroma(layout: &Layout, order: ChromaOrder) -> Vec<u8> {
    let mut rgb = layout.rgb_buffer();
    let chroma_of_row = layout.chroma_rows(1).flat_map(|row| [row, row]);
    for ((to, luma), chroma) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(layout.rows()).zip(chroma_of_row) {
        let pairs = luma.as_chunks::<2>().0.iter().zip(chroma.as_chunks::<2>().0);
        for (to, (luma, chroma)) in to.as_chunks_mut::<6>().0.iter_mut().zip(pairs) {
            *to = two_pixels(luma[0], luma[1], Chroma::new(chroma[order.u], chroma[order.v]));
        }
    }
    rgb
}

/// 4:4:4, a plane of luma and below it one chroma pair for each pixel (NV24).
pub(super) fn full_chroma(layout: &Layout, order: ChromaOrder) -> Vec<u8> {
    let mut rgb = layout.rgb_buffer();
    let rows = layout.rows().zip(layout.chroma_rows(2));
    for (to, (luma, chroma)) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(rows) {
        let pixels = luma.iter().zip(chroma.as_chunks::<2>().0);
        for (to, (&luma, chroma)) in to.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
            *to = Chroma::new(chroma[order.u], chroma[order.v]).with_luma(luma);
        }
    }
    rgb
}

/// Fixed point with 20 fractional bits: the largest sum, 1.164 * 239 + 2.018 * 128, stays below 2^31.
const fn fixed(factor: f64) -> i32 {
    (factor * (1 << 20) as f64) as i32
}

const LUMA: i32 = fixed(1.164);
const V_RED: i32 = fixed(1.596);
const V_GREEN: i32 = fixed(0.813);
const U_GREEN: i32 = fixed(0.391);
const U_BLUE: i32 = fixed(2.018);
const HALF: i32 = 1 << 19;

/// What chroma adds to each channel, rounding included.
#[derive(Clone, Copy)]
struct Chroma {
    red: i32,
    green: i32,
    blue: i32,
}

impl Chroma {
    #[inline(always)]
    fn new(u: u8, v: u8) -> Self {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        Self { red: V_RED * v + HALF, green: -V_GREEN * v - U_GREEN * u + HALF, blue: U_BLUE * u + HALF }
    }

    #[inline(always)]
    fn with_luma(self, luma: u8) -> [u8; 3] {
        let luma = i32::from(luma.saturating_sub(16)) * LUMA;
        [self.red, self.green, self.blue].map(|chroma| ((luma + chroma) >> 20).clamp(0, 255) as u8)
    }
}

#[inline(always)]
fn two_pixels(luma0: u8, luma1: u8, chroma: Chroma) -> [u8; 6] {
    let ([r0, g0, b0], [r1, g1, b1]) = (chroma.with_luma(luma0), chroma.with_luma(luma1));
    [r0, g0, b0, r1, g1, b1]
}

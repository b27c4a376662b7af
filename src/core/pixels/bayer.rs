//! Bilinear demosaicing: what a pixel's filter hides is the mean of its nearest neighbours that saw it.

use super::layout::Layout;

/// The filters of the top left 2 x 2 pixels, row by row, as ROS names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    Rggb,
    Bggr,
    Gbrg,
    Grbg,
}

impl Pattern {
    /// Column and row of the red filter in the 2 x 2 pixels; blue lies diagonally across.
    fn red_at(self) -> (usize, usize) {
        match self {
            Self::Rggb => (0, 0),
            Self::Grbg => (1, 0),
            Self::Gbrg => (0, 1),
            Self::Bggr => (1, 1),
        }
    }
}

const RED: usize = 0;
const GREEN: usize = 1;
const BLUE: usize = 2;

pub(super) fn demosaic(layout: &Layout, pattern: Pattern) -> Vec<u8> {
    let rows: Vec<&[u8]> = layout.rows().collect();
    let (red_column, red_row) = pattern.red_at();
    let mut rgb = layout.rgb_buffer();
    let mut window = [(); 3].map(|()| vec![0; layout.width + 2]);
    for (y, to) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).enumerate() {
        // Mirroring at the edge pixel keeps the filters' parity.
        let above = if y == 0 { 1 } else { y - 1 };
        let below = if y + 1 == rows.len() { y - 1 } else { y + 1 };
        for (padded, row) in window.iter_mut().zip([above, y, below]) {
            pad(padded, rows[row]);
        }
        let [above, here, below] = &window;
        let has_red = y % 2 == red_row;
        let colour_column = if has_red { red_column } else { 1 - red_column };
        let (colour, other) = if has_red { (RED, BLUE) } else { (BLUE, RED) };
        demosaic_row(to, [above, here, below], colour_column, (colour, other));
    }
    rgb
}

/// The row with one mirrored pixel at each side.
fn pad(padded: &mut [u8], row: &[u8]) {
    let width = row.len();
    padded[1..=width].copy_from_slice(row);
    padded[0] = row[1];
    padded[width + 1] = row[width - 2];
}

/// `colour` is the filter that this row has beside green, first in `colour_column`; `other` is that of its neighbours.
fn demosaic_row(to: &mut [u8], rows: [&[u8]; 3], colour_column: usize, (colour, other): (usize, usize)) {
    let [above, here, below] = rows.map(|row| row.windows(3));
    let neighbourhoods = above.zip(here).zip(below);
    for (x, (to, ((a, h), b))) in to.as_chunks_mut::<3>().0.iter_mut().zip(neighbourhoods).enumerate() {
        if x % 2 == colour_column {
            to[colour] = h[1];
            to[GREEN] = mean4(a[1], h[0], h[2], b[1]);
            to[other] = mean4(a[0], a[2], b[0], b[2]);
        } else {
            to[colour] = mean2(h[0], h[2]);
            to[GREEN] = h[1];
            to[other] = mean2(a[1], b[1]);
        }
    }
}

fn mean2(a: u8, b: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + 1) >> 1) as u8
}

fn mean4(a: u8, b: u8, c: u8, d: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2) >> 2) as u8
}

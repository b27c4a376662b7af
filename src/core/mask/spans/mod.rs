//! A mask as the stretches of its rows: small to keep, quick to compare, to move and to take apart.

use super::Mask;
use crate::core::geometry::{PixelBox, Point, Size};

/// Columns `start .. end` of row `y`; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub y: u32,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A mask in an image. Never empty; spans from top to bottom and from left to right, with pixels between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spans {
    spans: Vec<Span>,
    area: u32,
    left: u32,
    right: u32,
}

impl Spans {
    /// From stretches in any order, which may touch and overlap; `None` when there is no pixel in them.
    pub fn collect(stretches: impl IntoIterator<Item = Span>) -> Option<Self> {
        let mut stretches: Vec<Span> = stretches.into_iter().filter(|span| !span.is_empty()).collect();
        stretches.sort_unstable();
        let mut spans: Vec<Span> = Vec::with_capacity(stretches.len());
        for span in stretches {
            match spans.last_mut().filter(|last| last.y == span.y && span.start <= last.end) {
                Some(last) => last.end = last.end.max(span.end),
                None => spans.push(span),
            }
        }
        Self::measured(spans)
    }

    fn measured(spans: Vec<Span>) -> Option<Self> {
        let left = spans.iter().map(|span| span.start).min()?;
        let right = spans.iter().map(|span| span.end).max()?;
        let area = spans.iter().map(|span| span.len()).sum();
        Some(Self { spans, area, left, right })
    }

    pub fn as_slice(&self) -> &[Span] {
        &self.spans
    }

    /// Number of pixels.
    pub fn area(&self) -> u32 {
        self.area
    }

    /// The tight box.
    pub fn bbox(&self) -> PixelBox {
        let (top, bottom) = (self.spans[0].y, self.spans[self.spans.len() - 1].y + 1);
        PixelBox::new(self.left, top, self.right - self.left, bottom - top)
    }

    /// The mean of the pixels' middles.
    pub fn centroid(&self) -> Point {
        let (mut x, mut y) = (0.0, 0.0);
        for span in &self.spans {
            let length = f64::from(span.len());
            x += length * (f64::from(span.start) + f64::from(span.end)) / 2.0;
            y += length * (f64::from(span.y) + 0.5);
        }
        let area = f64::from(self.area);
        Point::new((x / area) as f32, (y / area) as f32)
    }

    /// Whether pixel (x, y) of the image is inside.
    pub fn contains(&self, x: u32, y: u32) -> bool {
        let after = self.spans.partition_point(|span| (span.y, span.start) <= (y, x));
        after.checked_sub(1).is_some_and(|at| self.spans[at].y == y && x < self.spans[at].end)
    }

    /// Intersection over union with `other` after moving `self` by `shift` = (dx, dy) whole pixels, 0 to 1. What leaves
    /// the image still counts in the union.
    pub fn iou_shifted(&self, other: &Self, shift: (i32, i32)) -> f32 {
        let common = self.intersection_shifted(other, shift);
        let union = u64::from(self.area) + u64::from(other.area) - common;
        common as f32 / union as f32
    }

    pub fn iou(&self, other: &Self) -> f32 {
        self.iou_shifted(other, (0, 0))
    }

    /// Number of pixels that are in both after moving `self` by (dx, dy).
    fn intersection_shifted(&self, other: &Self, (dx, dy): (i32, i32)) -> u64 {
        let (dx, dy) = (i64::from(dx), i64::from(dy));
        let columns_meet =
            i64::from(self.left) + dx < i64::from(other.right) && i64::from(other.left) < i64::from(self.right) + dx;
        if !columns_meet {
            return 0;
        }
        let (first_row, other_first_row) = (i64::from(self.spans[0].y) + dy, i64::from(other.spans[0].y));
        let mut ours = self.at_and_below(other_first_row - dy).iter().peekable();
        let mut theirs = other.at_and_below(first_row).iter().peekable();
        let mut common = 0;
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let (ay, by) = (i64::from(a.y) + dy, i64::from(b.y));
            let (a_end, b_end) = (i64::from(a.end) + dx, i64::from(b.end));
            if ay == by {
                let overlap = a_end.min(b_end) - (i64::from(a.start) + dx).max(i64::from(b.start));
                common += overlap.max(0) as u64;
            }
            if (ay, a_end) <= (by, b_end) {
                ours.next()
            } else {
                theirs.next()
            };
        }
        common
    }

    /// The spans of row `y` and below.
    fn at_and_below(&self, y: i64) -> &[Span] {
        &self.spans[self.spans.partition_point(|span| i64::from(span.y) < y)..]
    }

    /// The same mask in a picture of another size; `None` when nothing of it is left. Sizes of at least 1 x 1.
    pub fn resized(&self, from: Size, to: Size) -> Option<Self> {
        let (wide, high) = (f64::from(to.width) / f64::from(from.width), f64::from(to.height) / f64::from(from.height));
        let bbox = self.bbox();
        let rows = (f64::from(bbox.y) * high) as u32..((f64::from(bbox.bottom()) * high).ceil() as u32).min(to.height);
        let scaled = |x: u32| ((f64::from(x) * wide).round() as u32).min(to.width);
        let stretches = rows.flat_map(|y| {
            let source = ((f64::from(y) + 0.5) / high) as u32;
            let row = self.at_and_below(i64::from(source)).iter().take_while(move |span| span.y == source);
            row.map(move |span| Span { y, start: scaled(span.start), end: scaled(span.end) })
        });
        Self::collect(stretches)
    }

    pub fn to_mask(&self) -> Mask {
        let bbox = self.bbox();
        let mut pixels = vec![0u8; bbox.area() as usize];
        for span in &self.spans {
            let row = (span.y - bbox.y) as usize * bbox.width as usize;
            pixels[row + (span.start - bbox.x) as usize..row + (span.end - bbox.x) as usize].fill(255);
        }
        Mask::from_window(bbox, &pixels).expect("spans are never empty")
    }
}

impl From<&Mask> for Spans {
    fn from(mask: &Mask) -> Self {
        let left = mask.bbox().x;
        let mut spans = Vec::new();
        for (y, row) in (mask.bbox().y..).zip(mask.rows()) {
            let mut at = 0;
            while let Some(begin) = row[at..].iter().position(|&pixel| pixel != 0) {
                let start = at + begin;
                at = row[start..].iter().position(|&pixel| pixel == 0).map_or(row.len(), |length| start + length);
                spans.push(Span { y, start: left + start as u32, end: left + at as u32 });
            }
        }
        Self::measured(spans).expect("masks are never empty")
    }
}

#[cfg(test)]
mod tests;

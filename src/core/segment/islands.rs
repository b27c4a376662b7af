//! Small holes and small islands of masks (SAM's `remove_small_regions`).
//!
//! Pixels hang together over their sides and their corners, inside and outside of a mask, as in SAM. Two differences: an
//! island may be small in relation to its mask, too, and what lies outside of the mask's surroundings never counts as a
//! hole, however little of the image that is.

use crate::core::geometry::{PixelBox, Size};
use crate::core::mask::spans::{Span, Spans};

/// An island below this part of its mask is no part of the thing: what a decoder adds of others that look alike.
const LEAST_SHARE: u32 = 20;

/// Holes below `min_area` pixels filled, then islands below it or below a twentieth of the mask removed; the largest
/// island always stays. `None` when the mask has neither.
pub fn without_small_parts(mask: &Spans, image: Size, min_area: u32) -> Option<Spans> {
    let filled = without_small_holes(mask, image, min_area);
    let kept = without_small_islands(filled.as_ref().unwrap_or(mask), min_area.max(mask.area() / LEAST_SHARE));
    kept.or(filled)
}

fn without_small_holes(mask: &Spans, image: Size, min_area: u32) -> Option<Spans> {
    let frame = grown_by_one(mask.bbox(), image);
    let holes = components(&complement(mask, frame));
    let is_inside = |part: &[Span]| part.iter().all(|span| !touches_rim(*span, frame, mask.bbox()));
    let small: Vec<Span> =
        holes.into_iter().filter(|part| area(part) < min_area && is_inside(part)).flatten().collect();
    if small.is_empty() {
        return None;
    }
    Spans::collect(small.into_iter().chain(mask.as_slice().iter().copied()))
}

fn without_small_islands(mask: &Spans, min_area: u32) -> Option<Spans> {
    let islands = components(mask.as_slice());
    let largest = islands.iter().map(|part| area(part)).max()?;
    let least = min_area.min(largest);
    if islands.iter().all(|part| area(part) >= least) {
        return None;
    }
    // Of several that are all too small and equally large, the first.
    let only_one = largest < min_area;
    let kept = islands.into_iter().filter(|part| area(part) >= least).take(if only_one { 1 } else { usize::MAX });
    Spans::collect(kept.flatten())
}

fn area(part: &[Span]) -> u32 {
    part.iter().map(|span| span.len()).sum()
}

/// The box and one pixel around it, within the image.
fn grown_by_one(bbox: PixelBox, image: Size) -> PixelBox {
    let (x, y) = (bbox.x.saturating_sub(1), bbox.y.saturating_sub(1));
    let (right, bottom) = ((bbox.right() + 1).min(image.width), (bbox.bottom() + 1).min(image.height));
    PixelBox::new(x, y, right.max(bbox.right()) - x, bottom.max(bbox.bottom()) - y)
}

/// Whether the span leaves the mask's box, that is, belongs to the world around it.
fn touches_rim(span: Span, frame: PixelBox, bbox: PixelBox) -> bool {
    let beside = (frame.x < bbox.x && span.start < bbox.x) || (frame.right() > bbox.right() && span.end > bbox.right());
    beside || span.y < bbox.y || span.y >= bbox.bottom()
}

/// The pixels of `frame` outside of the mask.
fn complement(mask: &Spans, frame: PixelBox) -> Vec<Span> {
    let mut outside = Vec::new();
    let mut spans = mask.as_slice().iter().peekable();
    for y in frame.y..frame.bottom() {
        let mut start = frame.x;
        while let Some(span) = spans.next_if(|span| span.y == y) {
            outside.push(Span { y, start, end: span.start });
            start = span.end;
        }
        outside.push(Span { y, start, end: frame.right() });
    }
    outside.retain(|span| !span.is_empty());
    outside
}

/// The spans that hang together, for spans from top to bottom and from left to right; each part in the same order.
fn components(spans: &[Span]) -> Vec<Vec<Span>> {
    let mut parent: Vec<usize> = (0..spans.len()).collect();
    let mut above = 0;
    for (index, span) in spans.iter().enumerate() {
        // The first span of the row above that is not left of this one; those before it cannot touch later ones either.
        while above < index
            && (spans[above].y + 1 < span.y || (spans[above].y < span.y && spans[above].end < span.start))
        {
            above += 1;
        }
        let touching = (above..index).take_while(|&other| spans[other].y < span.y && spans[other].start <= span.end);
        for other in touching {
            let (a, b) = (root(&mut parent, index), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut parts: Vec<Vec<Span>> = vec![Vec::new(); spans.len()];
    for (index, &span) in spans.iter().enumerate() {
        parts[root(&mut parent, index)].push(span);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The first span of the part, with the way to it shortened.
fn root(parent: &mut [usize], mut index: usize) -> usize {
    while parent[index] != index {
        parent[index] = parent[parent[index]];
        index = parent[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::mask::Mask;

    fn drawn(rows: &[&str]) -> (Size, Spans) {
        let size = Size::new(rows[0].len() as u32, rows.len() as u32);
        let pixels: Vec<u8> = rows.iter().flat_map(|row| row.bytes().map(|letter| u8::from(letter == b'#'))).collect();
        (size, Spans::from(&Mask::from_binary(size, &pixels).unwrap()))
    }

    #[test]
    fn small_holes_are_filled_and_small_islands_go() {
        let (size, mask) = drawn(&["......#..", ".####....", ".#..#....", ".####....", ".####..##"]);
        let (_, expected) = drawn(&[".........", ".####....", ".####....", ".####....", ".####...."]);
        assert_eq!(without_small_parts(&mask, size, 3), Some(expected.clone()));
        let (_, only_holes) = drawn(&["......#..", ".####....", ".####....", ".####....", ".####..##"]);
        assert_eq!(without_small_holes(&mask, size, 3), Some(only_holes));
        assert_eq!(without_small_parts(&mask, size, 1), None);
        assert_eq!(without_small_parts(&expected, size, 100), None, "the largest island stays");
    }

    #[test]
    fn corners_hold_together() {
        let (size, diagonal) = drawn(&["#...", ".#..", "..#.", "...#"]);
        assert_eq!(without_small_parts(&diagonal, size, 4), None);
        let (size, ring) = drawn(&["..#..", ".#.#.", "..#.."]);
        assert_eq!(without_small_parts(&ring, size, 2), None, "the hole leads out over its corners");
    }

    #[test]
    fn bays_are_no_holes_and_neither_is_the_rest_of_the_image() {
        let (size, bay) = drawn(&["###", "#.#", "#.#"]);
        assert_eq!(without_small_parts(&bay, Size::new(5, 9), 5), None);
        // At the image's edge the bay is closed.
        let (_, full) = drawn(&["###", "###", "###"]);
        assert_eq!(without_small_parts(&bay, size, 5), Some(full));
    }

    /// Components of pixels, found by flooding.
    fn flooded(size: Size, mask: &Mask) -> usize {
        let mut rest: std::collections::BTreeSet<(u32, u32)> = (0..size.height)
            .flat_map(|y| (0..size.width).map(move |x| (x, y)))
            .filter(|&(x, y)| mask.contains(x, y))
            .collect();
        let mut parts = 0;
        while let Some(first) = rest.pop_first() {
            parts += 1;
            let mut open = vec![first];
            while let Some((x, y)) = open.pop() {
                let near =
                    (y.saturating_sub(1)..=y + 1).flat_map(|y| (x.saturating_sub(1)..=x + 1).map(move |x| (x, y)));
                open.extend(near.filter(|pixel| rest.remove(pixel)));
            }
        }
        parts
    }

    proptest! {
        #[test]
        fn parts_are_those_that_flooding_finds(bits in prop::collection::vec(any::<bool>(), 120)) {
            let size = Size::new(12, 10);
            let pixels: Vec<u8> = bits.into_iter().map(u8::from).collect();
            let Some(mask) = Mask::from_binary(size, &pixels) else { return Ok(()) };
            let spans = Spans::from(&mask);
            let parts = components(spans.as_slice());
            prop_assert_eq!(parts.len(), flooded(size, &mask));
            prop_assert_eq!(Spans::collect(parts.into_iter().flatten()), Some(spans));
        }

        #[test]
        fn once_is_enough(bits in prop::collection::vec(any::<bool>(), 120), min_area in 1u32..12) {
            let size = Size::new(12, 10);
            let pixels: Vec<u8> = bits.into_iter().map(u8::from).collect();
            let Some(mask) = Mask::from_binary(size, &pixels) else { return Ok(()) };
            if let Some(clean) = without_small_parts(&Spans::from(&mask), size, min_area) {
                prop_assert_eq!(without_small_islands(&clean, min_area), None);
            }
        }
    }
}

//! A binary mask, stored only inside its bounding box.

pub mod rle;
pub mod spans;

use super::geometry::{PixelBox, Size};

/// A mask in an image: 255 inside, 0 outside, cropped to `bbox` (which touches it on all four sides). Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    bbox: PixelBox,
    /// Row-major, `bbox.width * bbox.height` bytes, each 0 or 255.
    pixels: Vec<u8>,
    area: u32,
}

impl Mask {
    /// From a whole image, row-major, nonzero = inside; `None` when nothing is inside.
    ///
    /// # Panics
    /// When `pixels` is not one byte for each pixel of `size`.
    pub fn from_binary(size: Size, pixels: &[u8]) -> Option<Self> {
        Self::from_window(PixelBox::of_size(size), pixels)
    }

    /// From a part of an image: row-major bytes of `window`, nonzero = inside; `None` when nothing is inside.
    ///
    /// # Panics
    /// When `pixels` is not one byte for each pixel of `window`.
    pub fn from_window(window: PixelBox, pixels: &[u8]) -> Option<Self> {
        assert_eq!(pixels.len() as u64, window.area(), "one byte for each pixel of {window:?}");
        let local = tight_box(window.width as usize, pixels)?;
        let (left, right) = (local.x as usize, local.right() as usize);
        let mut cropped = Vec::with_capacity(local.area() as usize);
        for row in rows_of(pixels, window.width).skip(local.y as usize).take(local.height as usize) {
            cropped.extend(row[left..right].iter().map(|&value| if value == 0 { 0 } else { 255 }));
        }
        let area = count_inside(&cropped);
        let bbox = PixelBox::new(window.x + local.x, window.y + local.y, local.width, local.height);
        Some(Self { bbox, pixels: cropped, area })
    }

    /// Every pixel of `rect`; `None` when it is empty.
    pub fn filled(rect: PixelBox) -> Option<Self> {
        Self::from_window(rect, &vec![255; rect.area() as usize])
    }

    pub fn bbox(&self) -> PixelBox {
        self.bbox
    }

    /// Row-major bytes of the box, 0 or 255.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The rows of the box, from top to bottom.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        rows_of(&self.pixels, self.bbox.width)
    }

    /// Number of pixels inside.
    pub fn area(&self) -> u32 {
        self.area
    }

    /// Whether pixel (x, y) of the image is inside.
    pub fn contains(&self, x: u32, y: u32) -> bool {
        let inside_box = x >= self.bbox.x && y >= self.bbox.y && x < self.bbox.right() && y < self.bbox.bottom();
        inside_box
            && self.pixels[((y - self.bbox.y) as usize) * self.bbox.width as usize + (x - self.bbox.x) as usize] != 0
    }

    /// Number of pixels inside both.
    pub fn intersection(&self, other: &Self) -> u32 {
        let Some(common) = self.bbox.intersection(other.bbox) else { return 0 };
        let pairs = self.rows_within(common).zip(other.rows_within(common));
        pairs.map(|(ours, theirs)| ours.iter().zip(theirs).map(|(a, b)| u32::from(a & b & 1)).sum::<u32>()).sum()
    }

    /// Intersection over union, 0 to 1.
    pub fn iou(&self, other: &Self) -> f32 {
        let common = u64::from(self.intersection(other));
        common as f32 / (u64::from(self.area) + u64::from(other.area) - common) as f32
    }

    /// The mask moved by (dx, dy) pixels, as far as it then lies inside `image`; `None` when nothing does.
    #[cfg(test)]
    pub(crate) fn translated(&self, dx: i32, dy: i32, image: Size) -> Option<Self> {
        let moved = |from: u32, length: u32, by: i32, limit: u32| {
            let start = i64::from(from) + i64::from(by);
            let kept = start.max(0)..(start + i64::from(length)).min(i64::from(limit));
            (!kept.is_empty()).then(|| (kept.start as u32, (kept.end - kept.start) as u32, (kept.start - start) as u32))
        };
        let (x, width, skipped_columns) = moved(self.bbox.x, self.bbox.width, dx, image.width)?;
        let (y, height, skipped_rows) = moved(self.bbox.y, self.bbox.height, dy, image.height)?;
        let source = PixelBox::new(self.bbox.x + skipped_columns, self.bbox.y + skipped_rows, width, height);
        let pixels: Vec<u8> = self.rows_within(source).flatten().copied().collect();
        Self::from_window(PixelBox::new(x, y, width, height), &pixels)
    }

    /// The mask in a whole image: row-major, 255 inside, 0 outside; what lies outside `size` is left out.
    pub fn to_binary(&self, size: Size) -> Vec<u8> {
        let mut pixels = vec![0; size.pixels() as usize];
        if let Some(visible) = self.bbox.intersection(PixelBox::of_size(size)) {
            for (y, row) in (visible.y..).zip(self.rows_within(visible)) {
                let start = y as usize * size.width as usize + visible.x as usize;
                pixels[start..start + row.len()].copy_from_slice(row);
            }
        }
        pixels
    }

    /// The rows of `part`, which lies inside the box.
    fn rows_within(&self, part: PixelBox) -> impl Iterator<Item = &[u8]> {
        let columns = (part.x - self.bbox.x) as usize..(part.right() - self.bbox.x) as usize;
        let rows = self.rows().skip((part.y - self.bbox.y) as usize).take(part.height as usize);
        rows.map(move |row| &row[columns.clone()])
    }
}

fn rows_of(pixels: &[u8], width: u32) -> std::slice::ChunksExact<'_, u8> {
    pixels.chunks_exact(width.max(1) as usize)
}

/// The smallest box around the nonzero bytes of rows of `width` bytes.
fn tight_box(width: usize, pixels: &[u8]) -> Option<PixelBox> {
    let mut columns = vec![0u8; width];
    let mut rows: Option<(usize, usize)> = None;
    for (y, row) in pixels.chunks_exact(width.max(1)).enumerate() {
        if row.iter().fold(0, |any, value| any | value) == 0 {
            continue;
        }
        rows = Some((rows.map_or(y, |(top, _)| top), y));
        columns.iter_mut().zip(row).for_each(|(any, value)| *any |= value);
    }
    let (top, bottom) = rows?;
    let left = columns.iter().position(|&any| any != 0)?;
    let right = columns.iter().rposition(|&any| any != 0)?;
    Some(PixelBox::new(left as u32, top as u32, (right - left + 1) as u32, (bottom - top + 1) as u32))
}

/// How many bytes are 255, all others being 0.
fn count_inside(pixels: &[u8]) -> u32 {
    // Sums of at most 255 ones fit a byte, which the compiler adds many at a time.
    pixels.chunks(255).map(|chunk| u32::from(chunk.iter().map(|value| value & 1).sum::<u8>())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Images up to 24 x 24, mostly outside.
    fn binary_images() -> impl Strategy<Value = (Size, Vec<u8>)> {
        (1u32..24, 1u32..24).prop_flat_map(|(width, height)| {
            let pixel = prop_oneof![4 => Just(0u8), 1 => 1u8..=255];
            (Just(Size::new(width, height)), prop::collection::vec(pixel, (width * height) as usize))
        })
    }

    #[test]
    fn nothing_inside_is_no_mask() {
        assert_eq!(Mask::from_binary(Size::new(3, 2), &[0; 6]), None);
        assert_eq!(Mask::from_binary(Size::new(0, 0), &[]), None);
        assert_eq!(Mask::filled(PixelBox::new(3, 4, 0, 5)), None);
    }

    #[test]
    fn the_box_is_tight_and_pixels_are_0_or_255() {
        let mask = Mask::from_binary(Size::new(4, 3), &[0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0]).unwrap();
        assert_eq!(mask.bbox(), PixelBox::new(1, 1, 2, 2));
        assert_eq!(mask.pixels(), [255, 0, 0, 255]);
        assert_eq!(mask.area(), 2);
        assert!(mask.contains(1, 1) && mask.contains(2, 2));
        assert!(!mask.contains(2, 1) && !mask.contains(0, 0) && !mask.contains(3, 2));
    }

    #[test]
    #[should_panic(expected = "one byte for each pixel")]
    fn a_wrong_number_of_pixels_is_refused() {
        Mask::from_binary(Size::new(4, 3), &[255; 11]);
    }

    #[test]
    fn iou_counts_pixels_and_not_boxes() {
        let left = Mask::filled(PixelBox::new(0, 0, 4, 4)).unwrap();
        let right = Mask::filled(PixelBox::new(2, 0, 4, 4)).unwrap();
        assert_eq!(left.intersection(&right), 8);
        assert_eq!(left.iou(&right), 8.0 / 24.0);
        assert_eq!(left.iou(&left), 1.0);
        assert_eq!(left.iou(&Mask::filled(PixelBox::new(9, 9, 1, 1)).unwrap()), 0.0);
    }

    proptest! {
        #[test]
        fn the_mask_says_what_the_image_said((size, pixels) in binary_images()) {
            let expected: Vec<u8> = pixels.iter().map(|&value| if value == 0 { 0 } else { 255 }).collect();
            match Mask::from_binary(size, &pixels) {
                None => prop_assert!(expected.iter().all(|&value| value == 0)),
                Some(mask) => {
                    prop_assert_eq!(mask.area() as usize, expected.iter().filter(|&&value| value != 0).count());
                    let edges = [
                        mask.rows().next().unwrap().to_vec(),
                        mask.rows().last().unwrap().to_vec(),
                        mask.rows().map(|row| row[0]).collect(),
                        mask.rows().map(|row| row[row.len() - 1]).collect(),
                    ];
                    prop_assert!(edges.iter().all(|edge| edge.contains(&255)), "box not tight: {:?}", mask);
                    prop_assert_eq!(mask.to_binary(size), expected);
                }
            }
        }

        #[test]
        fn moving_is_moving_pixels((size, pixels) in binary_images(), dx in -30i32..30, dy in -30i32..30) {
            let Some(mask) = Mask::from_binary(size, &pixels) else { return Ok(()) };
            let moved = mask.translated(dx, dy, size);
            for y in 0..size.height {
                for x in 0..size.width {
                    let (from_x, from_y) = (i64::from(x) - i64::from(dx), i64::from(y) - i64::from(dy));
                    let was = from_x >= 0 && from_y >= 0 && mask.contains(from_x as u32, from_y as u32);
                    prop_assert_eq!(moved.as_ref().is_some_and(|moved| moved.contains(x, y)), was);
                }
            }
        }

        #[test]
        fn intersection_is_counted_pixel_by_pixel((size, a) in binary_images(), (other_size, b) in binary_images()) {
            let (Some(a), Some(b)) = (Mask::from_binary(size, &a), Mask::from_binary(other_size, &b)) else { return Ok(()) };
            let common = (0..24).flat_map(|y| (0..24).map(move |x| (x, y)));
            let common = common.filter(|&(x, y)| a.contains(x, y) && b.contains(x, y)).count();
            prop_assert_eq!(a.intersection(&b) as usize, common);
            prop_assert_eq!(a.iou(&b), b.iou(&a));
        }
    }
}

//! COCO's run lengths: how data sets and evaluation tools store masks (cocoapi, `common/maskApi.c`).
//!
//! Pixels are read column by column, from top to bottom; the counts are the lengths of alternating runs, the first of
//! them outside. Either as numbers, or as a string of 6 bits a character.

use super::Mask;
use crate::core::geometry::Size;

/// Why run lengths are not those of a mask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RleError {
    #[error("counts sum to {got}, expected {expected} ({width} x {height} pixels)", width = .size.width, height = .size.height)]
    Sum { expected: u64, got: u64, size: Size },
    #[error("character {character:?} at {at}, expected one of '0' to 'o'")]
    Character { at: usize, character: char },
    #[error("the string ends within a number")]
    Truncated,
    #[error("count {index} is {got}, expected 0 to 4294967295")]
    Range { index: usize, got: i64 },
    #[error("count {index} is longer than the 7 characters that a count can have")]
    TooLong { index: usize },
}

/// A mask of a whole image as run lengths; may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rle {
    pub size: Size,
    pub counts: Vec<u32>,
}

impl Rle {
    /// `None` is the empty mask. What lies outside of `size` is left out.
    pub fn encode(mask: Option<&Mask>, size: Size) -> Self {
        let mut counts = vec![0u32];
        let mut add = |inside: bool, length: u32| {
            if length == 0 {
                return;
            }
            // Runs outside stand at even places.
            if inside == (counts.len() % 2 == 0) {
                *counts.last_mut().expect("starts with one count") += length;
            } else {
                counts.push(length);
            }
        };
        for x in 0..size.width {
            let Some(mask) = mask.filter(|mask| x >= mask.bbox().x && x < mask.bbox().right()) else {
                add(false, size.height);
                continue;
            };
            let rows = mask.bbox().y.min(size.height)..mask.bbox().bottom().min(size.height);
            add(false, rows.start);
            let below = size.height - rows.end;
            rows.for_each(|y| add(mask.contains(x, y), 1));
            add(false, below);
        }
        Self { size, counts }
    }

    /// The mask; `Ok(None)` when it is empty. Takes a byte for each pixel of `size`, which the caller bounds.
    ///
    /// # Errors
    /// [`RleError::Sum`] when the counts are not the pixels of `size`.
    pub fn decode(&self) -> Result<Option<Mask>, RleError> {
        let (expected, got) = (self.size.pixels(), self.counts.iter().map(|&count| u64::from(count)).sum::<u64>());
        if expected != got {
            return Err(RleError::Sum { expected, got, size: self.size });
        }
        let (width, height) = (u64::from(self.size.width), u64::from(self.size.height));
        let mut pixels = vec![0u8; expected as usize];
        let mut at = 0u64;
        for (index, &count) in self.counts.iter().enumerate() {
            let run = at..at + u64::from(count);
            at = run.end;
            if index % 2 == 1 {
                run.for_each(|at| pixels[(at % height * width + at / height) as usize] = 255);
            }
        }
        Ok(Mask::from_binary(self.size, &pixels))
    }

    /// The counts as COCO's compressed string.
    pub fn to_compressed(&self) -> String {
        let mut text = String::new();
        for (index, &count) in self.counts.iter().enumerate() {
            // From the fourth on, the difference to the run of the same kind before.
            let before = if index > 2 { i64::from(self.counts[index - 2]) } else { 0 };
            let mut rest = i64::from(count) - before;
            loop {
                let low = (rest & 0x1f) as u8;
                rest >>= 5;
                let more = if low & 0x10 == 0 { rest != 0 } else { rest != -1 };
                text.push(char::from(b'0' + (low | if more { 0x20 } else { 0 })));
                if !more {
                    break;
                }
            }
        }
        text
    }

    /// From COCO's compressed string. The sum is checked in [`Self::decode`].
    ///
    /// # Errors
    /// [`RleError`] for characters and counts that the format does not know.
    pub fn from_compressed(size: Size, text: &str) -> Result<Self, RleError> {
        let mut counts: Vec<u32> = Vec::new();
        let mut characters = text.char_indices();
        while let Some(first) = characters.next() {
            let index = counts.len();
            let difference = signed_number(first, &mut characters, index)?;
            let before = if index > 2 { i64::from(counts[index - 2]) } else { 0 };
            let count = before + difference;
            counts.push(u32::try_from(count).map_err(|_| RleError::Range { index, got: count })?);
        }
        Ok(Self { size, counts })
    }
}

/// Groups of 5 bits, the lowest first, 0x20 = more follow; the highest bit of the last group is the sign.
fn signed_number(
    first: (usize, char),
    rest: &mut impl Iterator<Item = (usize, char)>,
    index: usize,
) -> Result<i64, RleError> {
    const MOST_CHARACTERS: u32 = 7;
    let (mut value, mut shift, mut next) = (0i64, 0, first);
    loop {
        let (at, character) = next;
        if !('0'..='o').contains(&character) {
            return Err(RleError::Character { at, character });
        }
        let bits = i64::from(character as u8 - b'0');
        value |= (bits & 0x1f) << shift;
        shift += 5;
        if bits & 0x20 == 0 {
            let negative = bits & 0x10 != 0;
            return Ok(if negative { value | (-1 << shift) } else { value });
        }
        if shift == 5 * MOST_CHARACTERS {
            return Err(RleError::TooLong { index });
        }
        next = rest.next().ok_or(RleError::Truncated)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::geometry::PixelBox;

    /// Columns 1 and 2 of rows 1 and 2 of 4 x 3 pixels, without the lower right.
    fn small() -> (Size, Option<Mask>) {
        let size = Size::new(4, 3);
        (size, Mask::from_binary(size, &[0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0]))
    }

    #[test]
    fn counts_run_down_the_columns_and_begin_outside() {
        let (size, mask) = small();
        let rle = Rle::encode(mask.as_ref(), size);
        assert_eq!(rle.counts, [4, 2, 1, 1, 4]);
        assert_eq!(rle.decode().unwrap(), mask);
    }

    #[test]
    fn the_string_is_that_of_the_coco_tools() {
        // pycocotools.mask.encode of the same pixels; differences 4 2 1 -1 3.
        let (size, mask) = small();
        let rle = Rle::encode(mask.as_ref(), size);
        assert_eq!(rle.to_compressed(), "421O3");
        // A 100 x 100 square at (50, 50) of 640 x 480: counts 24050, 100, 380, 100, 380 ...
        let square = Mask::filled(PixelBox::new(50, 50, 100, 100)).unwrap();
        let text = Rle::encode(Some(&square), Size::new(640, 480)).to_compressed();
        assert!(text.starts_with("b_g0T3l;000000"), "{text}");
    }

    #[test]
    fn a_mask_that_begins_inside_has_a_first_run_of_0() {
        let size = Size::new(2, 2);
        let all = Mask::filled(PixelBox::of_size(size));
        assert_eq!(Rle::encode(all.as_ref(), size).counts, [0, 4]);
        assert_eq!(Rle::encode(None, size), Rle { size, counts: vec![4] });
        assert_eq!(Rle { size, counts: vec![4] }.decode(), Ok(None));
    }

    #[test]
    fn what_is_not_a_mask_is_refused() {
        let size = Size::new(4, 3);
        let from = |text| Rle::from_compressed(size, text);
        let sum = Rle { size, counts: vec![5, 6] }.decode().unwrap_err();
        assert_eq!(sum.to_string(), "counts sum to 11, expected 12 (4 x 3 pixels)");
        assert!(Rle { size, counts: vec![u32::MAX; 9] }.decode().is_err());
        assert_eq!(from("4 1"), Err(RleError::Character { at: 1, character: ' ' }));
        assert_eq!(from("4p"), Err(RleError::Character { at: 1, character: 'p' }));
        assert_eq!(from("4P"), Err(RleError::Truncated));
        assert_eq!(from("O"), Err(RleError::Range { index: 0, got: -1 }));
        assert_eq!(from("ooooooo0"), Err(RleError::TooLong { index: 0 }));
        assert_eq!(from("").and_then(|rle| rle.decode()), Err(RleError::Sum { expected: 12, got: 0, size }));
    }

    proptest! {
        #[test]
        fn masks_come_back(width in 1u32..20, height in 1u32..20, seed in prop::collection::vec(any::<bool>(), 400)) {
            let size = Size::new(width, height);
            let pixels: Vec<u8> = seed[..size.pixels() as usize].iter().map(|&bit| u8::from(bit)).collect();
            let mask = Mask::from_binary(size, &pixels);
            let rle = Rle::encode(mask.as_ref(), size);
            prop_assert!(rle.counts.iter().skip(1).all(|&count| count > 0), "{:?}", rle.counts);
            prop_assert_eq!(&Rle::from_compressed(size, &rle.to_compressed()).unwrap(), &rle);
            prop_assert_eq!(rle.decode().unwrap(), mask);
        }

        #[test]
        fn any_counts_survive_the_string(counts in prop::collection::vec(any::<u32>(), 0..20)) {
            let rle = Rle { size: Size::new(1, 1), counts };
            prop_assert_eq!(Rle::from_compressed(rle.size, &rle.to_compressed()).unwrap(), rle);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-o]{0,12}|.{0,8}") {
            let _ = Rle::from_compressed(Size::new(3, 3), &text).and_then(|rle| rle.decode());
        }
    }
}

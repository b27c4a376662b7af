//! A mask as the lengths of its runs: small enough that hundreds of them can wait for a decision.

use super::geometry::PixelBox;
use super::mask::Mask;

/// The pixels of a box in row-major order: first so many outside, then so many inside, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PackedMask {
    bbox: PixelBox,
    runs: Vec<u32>,
}

impl PackedMask {
    pub fn bbox(&self) -> PixelBox {
        self.bbox
    }

    pub fn unpack(&self) -> Option<Mask> {
        let values = [0u8, 255].into_iter().cycle();
        let mut pixels = Vec::with_capacity(self.bbox.area() as usize);
        for (&run, value) in self.runs.iter().zip(values) {
            pixels.resize(pixels.len() + run as usize, value);
        }
        Mask::from_window(self.bbox, &pixels)
    }
}

impl From<&Mask> for PackedMask {
    fn from(mask: &Mask) -> Self {
        let (mut runs, mut rest, mut value) = (Vec::new(), mask.pixels(), 0u8);
        while !rest.is_empty() {
            let run = rest.iter().position(|&pixel| pixel != value).unwrap_or(rest.len());
            runs.push(run as u32);
            rest = &rest[run..];
            value = !value;
        }
        Self { bbox: mask.bbox(), runs }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mask_comes_back(width in 1u32..20, bits in prop::collection::vec(any::<bool>(), 1..200)) {
            let height = bits.len() as u32 / width;
            let bits: Vec<u8> = bits.into_iter().take((width * height) as usize).map(u8::from).collect();
            if let Some(mask) = Mask::from_window(PixelBox::new(5, 6, width, height), &bits) {
                let packed = PackedMask::from(&mask);
                prop_assert_eq!(packed.bbox(), mask.bbox());
                prop_assert_eq!(packed.unpack(), Some(mask));
            }
        }
    }

    #[test]
    fn runs_alternate_and_begin_outside() {
        let mask = Mask::from_window(PixelBox::new(0, 0, 3, 2), &[1, 1, 0, 0, 0, 1]).unwrap();
        assert_eq!(PackedMask::from(&mask).runs, [0, 2, 3, 1]);
    }
}

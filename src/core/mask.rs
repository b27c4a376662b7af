//! A binary mask, stored only inside its bounding box.

use super::geometry::PixelBox;

/// A mask in an image: 255 inside, 0 outside, cropped to `bbox` (which touches it on all four sides).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    bbox: PixelBox,
    /// Row-major, `bbox.width * bbox.height` bytes, each 0 or 255.
    pixels: Vec<u8>,
    area: u32,
}

impl Mask {
    pub fn bbox(&self) -> PixelBox {
        self.bbox
    }

    /// Row-major bytes of the box, 0 or 255.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Number of pixels inside.
    pub fn area(&self) -> u32 {
        self.area
    }
}

//! Smooth shapes on an image: a shape is its signed distance, in pixels, negative inside.

use image::{Rgb, RgbImage};

/// A rectangle with real sides: x and y of the top left corner, then of the bottom right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Rect {
    pub fn new(left: f32, top: f32, width: f32, height: f32) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub fn around(x: f32, y: f32, radius: f32) -> Self {
        Self::new(x - radius, y - radius, 2.0 * radius, 2.0 * radius)
    }

    pub fn width(self) -> f32 {
        self.right - self.left
    }

    pub fn height(self) -> f32 {
        self.bottom - self.top
    }

    pub fn area(self) -> f32 {
        self.width() * self.height()
    }

    pub fn center(self) -> (f32, f32) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub fn grown(self, by: f32) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    /// Area of the common part.
    pub fn overlap(self, other: Self) -> f32 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across.max(0.0) * down.max(0.0)
    }

    /// Signed distance from (x, y) to this rectangle with corners of this radius.
    pub fn distance(self, radius: f32, x: f32, y: f32) -> f32 {
        let across = (x - (self.left + self.right) / 2.0).abs() - self.width() / 2.0 + radius;
        let down = (y - (self.top + self.bottom) / 2.0).abs() - self.height() / 2.0 + radius;
        let (beside, below) = (across.max(0.0), down.max(0.0));
        (beside * beside + below * below).sqrt() + across.max(down).min(0.0) - radius
    }
}

pub(super) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub fn new(image: RgbImage) -> Self {
        Self { image }
    }

    pub fn into_image(self) -> RgbImage {
        self.image
    }

    pub fn width(&self) -> u32 {
        self.image.width()
    }

    pub fn height(&self) -> u32 {
        self.image.height()
    }

    /// The pixels of a row from column `x` on, three bytes each.
    pub fn row_mut(&mut self, y: usize, x: usize) -> &mut [u8] {
        let width = self.image.width() as usize;
        let samples: &mut [u8] = &mut self.image;
        &mut samples[(y * width + x) * 3..(y + 1) * width * 3]
    }

    /// Fills the shape; `within` bounds it.
    pub fn fill(&mut self, within: Rect, color: Rgb<u8>, alpha: f32, distance: impl Fn(f32, f32) -> f32) {
        let range =
            |from: f32, to: f32, limit: u32| (from - 1.0).max(0.0) as u32..((to + 1.0).max(0.0) as u32).min(limit);
        for y in range(within.top, within.bottom, self.height()) {
            for x in range(within.left, within.right, self.width()) {
                let coverage = (0.5 - distance(x as f32 + 0.5, y as f32 + 0.5)).clamp(0.0, 1.0);
                if coverage > 0.0 {
                    self.blend(x, y, color, coverage * alpha);
                }
            }
        }
    }

    pub fn rounded(&mut self, rect: Rect, radius: f32, color: Rgb<u8>, alpha: f32) {
        self.fill(rect, color, alpha, |x, y| rect.distance(radius, x, y));
    }

    /// A line of this thickness along the inside of a rectangle.
    pub fn frame(&mut self, rect: Rect, thickness: f32, color: Rgb<u8>, alpha: f32) {
        let t = thickness;
        let (width, height) = (rect.width(), rect.height());
        if width <= 2.0 * t || height <= 2.0 * t {
            return self.rounded(rect, 0.0, color, alpha);
        }
        for side in [
            Rect::new(rect.left, rect.top, width, t),
            Rect::new(rect.left, rect.bottom - t, width, t),
            Rect::new(rect.left, rect.top + t, t, height - 2.0 * t),
            Rect::new(rect.right - t, rect.top + t, t, height - 2.0 * t),
        ] {
            self.rounded(side, 0.0, color, alpha);
        }
    }

    pub fn blend(&mut self, x: u32, y: u32, color: Rgb<u8>, alpha: f32) {
        if x < self.width() && y < self.height() {
            blend(&mut self.image.get_pixel_mut(x, y).0, color, (alpha * 256.0) as u32);
        }
    }
}

/// `alpha` in 0..=256.
#[inline(always)]
pub(super) fn blend(pixel: &mut [u8; 3], Rgb(color): Rgb<u8>, alpha: u32) {
    for (channel, color) in pixel.iter_mut().zip(color) {
        *channel = ((u32::from(*channel) * (256 - alpha) + u32::from(color) * alpha + 128) >> 8) as u8;
    }
}

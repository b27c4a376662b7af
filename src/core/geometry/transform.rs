//! From pixels of an image to pixels of the encoder's square, and back (SAM's `ResizeLongestSide`).

use super::{Point, Size};

/// How an image is brought into the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeRule {
    /// Keep the aspect ratio; pad right and bottom. Each side = floor(side * S / longest + 0.5).
    LongestEdge,
    /// Stretch both sides to S.
    Stretch,
}

/// Where an image lies in the encoder's square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelFromImage {
    /// The image's size.
    pub image: Size,
    /// The part of the square that it fills, from the top left corner.
    pub content: Size,
    /// S: the square's side.
    pub side: u32,
}

impl ModelFromImage {
    /// # Panics
    /// When a side of `image` or `side` is 0; images are checked when they come in.
    pub fn new(image: Size, side: u32, rule: ResizeRule) -> Self {
        assert!(image.pixels() > 0 && side > 0, "an image and the encoder's square have pixels");
        let content = match rule {
            ResizeRule::Stretch => Size::new(side, side),
            ResizeRule::LongestEdge => {
                let scale = f64::from(side) / f64::from(image.longest_side());
                let scaled = |length: u32| ((f64::from(length) * scale + 0.5) as u32).clamp(1, side);
                Size::new(scaled(image.width), scaled(image.height))
            }
        };
        Self { image, content, side }
    }

    /// A point of the square in the image: the inverse of [`ModelFromImage::point`].
    pub fn image_point(&self, at: Point) -> Point {
        Point::new(
            at.x * self.image.width as f32 / self.content.width as f32,
            at.y * self.image.height as f32 / self.content.height as f32,
        )
    }

    /// A point of the image in the square: each axis scales by new over old size.
    pub fn point(&self, at: Point) -> Point {
        Point::new(
            at.x * self.content.width as f32 / self.image.width as f32,
            at.y * self.content.height as f32 / self.image.height as f32,
        )
    }
}

//! Points, sizes and boxes in pixels. x to the right, y down; pixel (0, 0) covers [0, 1) x [0, 1).

pub mod transform;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    pub fn longest_side(self) -> u32 {
        self.width.max(self.height)
    }
}

/// A position in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }
}

/// A box of whole pixels: columns `x .. x + width`, rows `y .. y + height`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PixelBox {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl PixelBox {
    pub fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    pub fn of_size(size: Size) -> Self {
        Self::new(0, 0, size.width, size.height)
    }

    pub fn right(self) -> u32 {
        self.x + self.width
    }

    pub fn bottom(self) -> u32 {
        self.y + self.height
    }

    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The common part, or `None` where there is none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self::new(x, y, right - x, bottom - y))
    }

    /// Intersection over union, 0 to 1; 0 where both are empty.
    pub fn iou(self, other: Self) -> f32 {
        let common = self.intersection(other).map_or(0, Self::area);
        let union = self.area() + other.area() - common;
        if union == 0 { 0.0 } else { common as f32 / union as f32 }
    }
}

/// A box of real numbers: from (`left`, `top`) to (`right`, `bottom`), pixels. Empty where an end is not beyond its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatBox {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl FloatBox {
    /// 0 where it is empty.
    pub fn area(self) -> f32 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }

    /// Intersection over union, 0 to 1; 0 where both are empty.
    pub fn iou(self, other: Self) -> f32 {
        let common = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        let union = self.area() + other.area() - common.area();
        if union > 0.0 { common.area() / union } else { 0.0 }
    }

    /// The part inside an image of this size; `None` where there is none.
    pub fn within(self, image: Size) -> Option<Self> {
        let (width, height) = (image.width as f32, image.height as f32);
        let inside = Self {
            left: self.left.clamp(0.0, width),
            top: self.top.clamp(0.0, height),
            right: self.right.clamp(0.0, width),
            bottom: self.bottom.clamp(0.0, height),
        };
        (inside.area() > 0.0).then_some(inside)
    }

    /// The nearest whole pixels, at least one, for a box inside an image of this size.
    pub fn to_pixels(self, image: Size) -> PixelBox {
        let side = |start: f32, end: f32, length: u32| {
            let start = (start.round() as u32).min(length.saturating_sub(1));
            (start, (end.round() as u32).clamp(start + 1, length.max(start + 1)) - start)
        };
        let (x, width) = side(self.left, self.right, image.width);
        let (y, height) = side(self.top, self.bottom, image.height);
        PixelBox { x, y, width, height }
    }
}

impl From<PixelBox> for FloatBox {
    fn from(rect: PixelBox) -> Self {
        Self { left: rect.x as f32, top: rect.y as f32, right: rect.right() as f32, bottom: rect.bottom() as f32 }
    }
}

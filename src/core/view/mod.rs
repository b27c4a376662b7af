//! What people are shown: regions drawn over the image, and markers in space.

pub mod markers;
pub mod overlay;

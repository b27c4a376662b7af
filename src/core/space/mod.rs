//! Where regions are in space, from a depth image and the camera's intrinsics.
//!
//! Everything is in the camera's optical frame (REP-103: x right, y down, z forward), in metres, and of the surface
//! that the camera sees: the back of an object is not there. Depth is registered to the image (each of its pixels
//! looks where the image's does); it may have another size.

mod depth;
mod intrinsics;
mod lens;
mod locate;
mod pairing;
mod robust;
mod stamps;
#[cfg(test)]
mod tests;

pub use depth::DepthImage;
pub use intrinsics::{CameraError, CameraInfo, Intrinsics};
pub use lens::Lens;
pub use locate::{LocateError, LocateSettings, locate};
pub use pairing::{DepthView, Pairing, PairingError};
pub use stamps::{Match, Moment, StampRing};

/// A region in space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// x, y, z: medians over the region's surface.
    pub position: [f64; 3],
    /// Middle of the box along x, y and z around the surface. Of a surface that is not spread evenly, such as a box seen
    /// from a corner, the medians lie elsewhere.
    pub centre: [f64; 3],
    /// Lengths of that box.
    pub extent: [f32; 3],
    /// Share of the region's pixels that had a reading, 0 to 1.
    pub valid_share: f32,
    /// How much there is to it, 0 to 1: the share of readings times the share of those that hang together in depth,
    /// less for very few.
    pub confidence: f32,
}

impl Located {
    /// From the camera, metres.
    pub fn distance(&self) -> f64 {
        self.position.iter().map(|value| value * value).sum::<f64>().sqrt()
    }
}

//! A camera's picture on its way through the node.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use image::RgbImage;

use super::geometry::Size;

/// A ROS time: seconds and nanoseconds since the clock's epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    pub secs: i32,
    pub nanos: u32,
}

impl Stamp {
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// Seconds from `earlier` to `self`; negative when the clock went back.
    pub fn secs_since(self, earlier: Self) -> f64 {
        f64::from(self.secs) - f64::from(earlier.secs) + (f64::from(self.nanos) - f64::from(earlier.nanos)) * 1e-9
    }
}

/// Since the Unix epoch; 0 before it.
impl From<SystemTime> for Stamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { secs: i32::try_from(since.as_secs()).unwrap_or(i32::MAX), nanos: since.subsec_nanos() }
    }
}

/// Where and when a picture was taken; copied to every answer unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The camera's name in the node ("" in a node with one camera).
    pub camera: Arc<str>,
    pub stamp: Stamp,
    pub frame_id: Arc<str>,
}

/// A picture, converted to 8-bit RGB.
#[derive(Clone, Debug)]
pub struct Frame {
    pub header: Header,
    pub image: Arc<RgbImage>,
}

impl Frame {
    pub fn size(&self) -> Size {
        Size::new(self.image.width(), self.image.height())
    }
}

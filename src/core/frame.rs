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

/// Whose picture it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// One of the node's cameras: its name in the node ("" in a node with one camera).
    Camera(Arc<str>),
    /// A client sent it with its request. Nobody knows what took it, where and when: it has neither tracks nor depth nor memory,
    /// whatever its stamp and frame id are.
    Client,
}

impl Origin {
    pub fn camera(&self) -> Option<&Arc<str>> {
        match self {
            Self::Camera(name) => Some(name),
            Self::Client => None,
        }
    }

    /// As messages and logs say it: "" for a client's picture.
    pub fn name(&self) -> &str {
        self.camera().map_or("", |name| name)
    }
}

impl From<&str> for Origin {
    fn from(camera: &str) -> Self {
        Self::Camera(camera.into())
    }
}

impl From<&Arc<str>> for Origin {
    fn from(camera: &Arc<str>) -> Self {
        Self::Camera(Arc::clone(camera))
    }
}

/// Where and when a picture was taken; copied to every answer unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    pub origin: Origin,
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

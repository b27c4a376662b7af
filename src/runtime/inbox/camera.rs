//! What the inbox keeps of one camera: its newest frame, and a few before it for prompts that name a stamp.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::core::frame::Stamp;
use crate::core::geometry::Size;
use crate::core::pixels::raw_image::{ImagePayload, RawFrame};
use crate::runtime::clock::Reading;

/// Frames kept of a camera, as they came. A client that sends prompts for the picture it has just seen finds it here,
/// even if the vision thread was busy and never looked at it.
const MOST_FRAMES: usize = 8;
/// And their bytes: the older ones go first, the newest always stays.
const MOST_BYTES: usize = 64 << 20;

/// A frame in the inbox. Its address is its identity: stamps may be zero, or be given twice by a careless driver.
#[derive(Debug)]
pub(in crate::runtime) struct Arrived {
    pub camera: Arc<str>,
    pub raw: RawFrame,
    pub at: Instant,
    /// Its stamp; of a camera that gives none, the time of arrival.
    pub taken: Stamp,
}

impl Arrived {
    pub(in crate::runtime) fn new(camera: Arc<str>, raw: RawFrame, now: Reading) -> Self {
        let stamp = raw.header.stamp;
        let taken = if stamp.is_zero() { Stamp::from(now.wall) } else { stamp };
        Self { camera, raw, at: now.steady, taken }
    }

    pub(in crate::runtime) fn stamp(&self) -> Stamp {
        self.raw.header.stamp
    }
}

/// One camera's slot.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Camera {
    /// Oldest first.
    frames: VecDeque<Arc<Arrived>>,
    /// The newest frame has not been looked at yet.
    pub fresh: bool,
    format: Option<Format>,
}

/// What a camera's driver or its configuration decides: a fault in it shows in the first frame.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    encoding: String,
    size: Option<Size>,
}

impl Camera {
    /// Returns whether an unseen frame was displaced, and what has fallen out (to be freed outside the inbox's lock).
    pub(in crate::runtime) fn put(&mut self, frame: Arc<Arrived>) -> (bool, Vec<Arc<Arrived>>) {
        let displaced = std::mem::replace(&mut self.fresh, true);
        self.frames.push_back(frame);
        let mut fallen = Vec::new();
        while self.frames.len() > MOST_FRAMES || (self.frames.len() > 1 && self.bytes() > MOST_BYTES) {
            fallen.extend(self.frames.pop_front());
        }
        (displaced, fallen)
    }

    pub(in crate::runtime) fn newest(&self) -> Option<&Arc<Arrived>> {
        self.frames.back()
    }

    /// The newest frame with this stamp. Zero stamps name no frame.
    pub(in crate::runtime) fn find(&self, stamp: Stamp) -> Option<&Arc<Arrived>> {
        self.frames.iter().rev().find(|frame| !stamp.is_zero() && frame.stamp() == stamp)
    }

    /// Whether the newest frame has another format than when this was last asked.
    pub(in crate::runtime) fn has_new_format(&mut self) -> bool {
        let format = self.newest().map(|frame| match &frame.raw.payload {
            ImagePayload::Raw(raw) => {
                Format { encoding: raw.encoding.clone(), size: Some(Size::new(raw.width, raw.height)) }
            }
            ImagePayload::Compressed(file) => Format { encoding: file.format.clone(), size: None },
            ImagePayload::Refused(_) => Format { encoding: String::new(), size: None },
        });
        let is_new = self.format != format;
        self.format = format;
        is_new
    }

    fn bytes(&self) -> usize {
        self.frames.iter().map(|frame| frame.raw.payload.bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pixels::raw_image::CompressedImage;
    use crate::runtime::clock::Clock;

    fn frame(secs: i32, bytes: usize) -> Arc<Arrived> {
        let header = crate::core::frame::Header {
            origin: "".into(),
            stamp: Stamp { secs, nanos: 0 },
            frame_id: "optical".into(),
        };
        let file = CompressedImage { format: "jpeg".into(), data: vec![0; bytes] };
        Arc::new(Arrived::new(
            "".into(),
            RawFrame { header, payload: ImagePayload::Compressed(file) },
            Clock::default().read(),
        ))
    }

    fn stamps(camera: &Camera) -> Vec<i32> {
        camera.frames.iter().map(|frame| frame.stamp().secs).collect()
    }

    #[test]
    fn a_few_frames_are_kept_however_many_come() {
        let mut camera = Camera::default();
        for secs in 1..=1000 {
            let (displaced, fallen) = camera.put(frame(secs, 10));
            assert_eq!(displaced, secs > 1);
            assert_eq!(fallen.len(), usize::from(secs > MOST_FRAMES as i32));
        }
        assert_eq!(stamps(&camera), (993..=1000).collect::<Vec<_>>());
        assert!(camera.find(Stamp { secs: 995, nanos: 0 }).is_some());
        assert!(camera.find(Stamp { secs: 992, nanos: 0 }).is_none());
    }

    #[test]
    fn large_frames_are_fewer_but_the_newest_stays() {
        let mut camera = Camera::default();
        for secs in 1..=5 {
            camera.put(frame(secs, MOST_BYTES / 2));
        }
        assert_eq!(stamps(&camera), [4, 5]);
        camera.put(frame(6, MOST_BYTES + 1));
        assert_eq!(stamps(&camera), [6]);
    }

    #[test]
    fn a_zero_stamp_names_no_frame() {
        let mut camera = Camera::default();
        camera.put(frame(0, 10));
        assert!(camera.find(Stamp::default()).is_none());
        assert!(camera.newest().is_some());
    }
}

//! Pictures that have been encoded: more prompts on one of them cost a decode, not an encode.

use std::sync::{Arc, Weak};

use image::RgbImage;
use lru::LruCache;

use crate::core::frame::{Frame, Origin, Stamp};
use crate::core::ports::Embedding;
use crate::runtime::inbox::camera::Arrived;

/// An encoded picture, with the picture itself: prompts that name its stamp are answered with both.
#[derive(Clone)]
pub(in crate::runtime) struct Encoded {
    pub frame: Frame,
    pub embedding: Embedding,
    /// The camera's message; gone once the inbox has let it go. `None`: a request's own picture.
    pub source: Option<Weak<Arrived>>,
}

impl Encoded {
    fn bytes(&self) -> usize {
        self.frame.image.as_raw().len() + self.embedding.data.bytes()
    }

    fn comes_from(&self, frame: &Arc<Arrived>) -> bool {
        self.source.as_ref().is_some_and(|source| std::ptr::eq(source.as_ptr(), Arc::as_ptr(frame)))
    }

    fn key(&self) -> Key {
        Key { origin: self.frame.header.origin.clone(), stamp: self.frame.header.stamp }
    }
}

/// Pictures of requests lie apart from those of cameras: a client may give any picture any stamp.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    origin: Origin,
    stamp: Stamp,
}

/// Least recently used goes first; pictures and embeddings together keep within a bound of bytes.
pub(super) struct EncodedFrames {
    by_stamp: LruCache<Key, Encoded>,
    /// The last picture of a camera that gives no stamps, found by its identity only.
    unstamped: Option<Encoded>,
    bytes: usize,
    most_bytes: usize,
}

impl EncodedFrames {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { by_stamp: LruCache::unbounded(), unstamped: None, bytes: 0, most_bytes }
    }

    /// This very message, encoded before.
    pub(super) fn of_message(&mut self, frame: &Arc<Arrived>) -> Option<Encoded> {
        let header = &frame.raw.header;
        let found = if header.stamp.is_zero() {
            self.unstamped.as_ref()
        } else {
            self.by_stamp.get(&Key { origin: header.origin.clone(), stamp: header.stamp })
        };
        found.filter(|encoded| encoded.comes_from(frame)).cloned()
    }

    /// The camera's picture with this stamp.
    pub(super) fn of_stamp(&mut self, camera: &Arc<str>, stamp: Stamp) -> Option<Encoded> {
        self.by_stamp.get(&Key { origin: camera.into(), stamp }).cloned()
    }

    /// A request's own picture, when it came before with the same stamp. The pixels are compared too, because clients
    /// are free with stamps; that costs a tenth of a copy.
    pub(super) fn of_request(&mut self, frame: &Frame) -> Option<Encoded> {
        let key = Key { origin: Origin::Client, stamp: frame.header.stamp };
        self.by_stamp.get(&key).filter(|encoded| same_pixels(&encoded.frame.image, &frame.image)).cloned()
    }

    /// A smaller bound holds from the next picture on.
    pub(super) fn set_most_bytes(&mut self, most_bytes: usize) {
        self.most_bytes = most_bytes;
    }

    pub(super) fn put(&mut self, encoded: Encoded) {
        if encoded.bytes() > self.most_bytes {
            return;
        }
        let is_stamped = !encoded.frame.header.stamp.is_zero();
        if is_stamped {
            self.bytes += encoded.bytes();
            self.bytes -= self.by_stamp.push(encoded.key(), encoded).map_or(0, |(_, old)| old.bytes());
        } else if encoded.source.is_some() {
            self.bytes += encoded.bytes();
            self.bytes -= self.unstamped.replace(encoded).map_or(0, |old| old.bytes());
        }
        while self.bytes > self.most_bytes {
            // Whatever goes, the picture just put stays: it fits.
            let has_older = self.by_stamp.len() > usize::from(is_stamped);
            let oldest =
                if has_older { self.by_stamp.pop_lru().map(|(_, oldest)| oldest) } else { self.unstamped.take() };
            let Some(oldest) = oldest else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

fn same_pixels(a: &RgbImage, b: &RgbImage) -> bool {
    a.dimensions() == b.dimensions() && a.as_raw() == b.as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frame::Header;
    use crate::core::geometry::Size;
    use crate::core::testing::fake_model::fake_embedding;

    /// 300 bytes of pixels and the fake embedding's 1000.
    const BYTES: usize = 1300;

    fn camera() -> Arc<str> {
        "".into()
    }

    fn encoded(secs: i32, own: bool) -> Encoded {
        let origin = if own { Origin::Client } else { Origin::Camera(camera()) };
        let header = Header { origin, stamp: Stamp { secs, nanos: 0 }, frame_id: "optical".into() };
        let frame = Frame { header, image: Arc::new(RgbImage::new(10, 10)) };
        let source = (!own).then(Weak::new);
        Encoded { frame, embedding: fake_embedding(Size::new(10, 10)), source }
    }

    fn has(frames: &mut EncodedFrames, secs: i32) -> bool {
        frames.of_stamp(&camera(), Stamp { secs, nanos: 0 }).is_some()
    }

    #[test]
    fn the_least_recently_used_go_first_and_the_bound_holds() {
        let mut frames = EncodedFrames::new(3 * BYTES);
        for secs in 1..=3 {
            frames.put(encoded(secs, false));
        }
        assert!(has(&mut frames, 1));
        frames.put(encoded(4, false));
        assert_eq!([1, 2, 3, 4].map(|secs| has(&mut frames, secs)), [true, false, true, true]);
        frames.put(encoded(4, false));
        frames.put(encoded(0, false));
        frames.put(encoded(0, false));
        assert!(frames.bytes <= 3 * BYTES, "{}", frames.bytes);
        let kept = frames.by_stamp.len() + usize::from(frames.unstamped.is_some());
        assert_eq!(frames.bytes, kept * BYTES, "the count of bytes follows what is there");
        frames.set_most_bytes(BYTES);
        frames.put(encoded(5, false));
        assert_eq!((frames.bytes, has(&mut frames, 5)), (BYTES, true));
        frames.set_most_bytes(BYTES - 1);
        frames.put(encoded(6, false));
        assert!(!has(&mut frames, 6));
    }

    #[test]
    fn a_request_s_picture_is_not_a_camera_s() {
        let mut frames = EncodedFrames::new(10 * BYTES);
        let own = encoded(1, true);
        frames.put(own.clone());
        assert!(!has(&mut frames, 1));
        assert!(frames.of_request(&own.frame).is_some());
        let mut other = own.frame.clone();
        other.image = Arc::new(RgbImage::from_pixel(10, 10, image::Rgb([0, 0, 1])));
        assert!(frames.of_request(&other).is_none());
        frames.put(encoded(0, true));
        assert!(frames.of_request(&encoded(0, true).frame).is_none(), "a zero stamp is no key");
    }
}

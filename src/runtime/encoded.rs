//! Pictures that have been encoded: more prompts on one of them cost a decode, not an encode.

use std::sync::{Arc, Weak};

use image::RgbImage;
use lru::LruCache;

use super::camera::Arrived;
use crate::core::frame::{Frame, Stamp};
use crate::core::ports::Embedding;

/// An encoded picture, with the picture itself: prompts that name its stamp are answered with both.
#[derive(Clone)]
pub(super) struct Encoded {
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
        Key {
            own: self.source.is_none(),
            camera: Arc::clone(&self.frame.header.camera),
            stamp: self.frame.header.stamp,
        }
    }
}

/// Pictures of requests lie apart from those of cameras: a client may give any picture any stamp.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    own: bool,
    camera: Arc<str>,
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
            self.by_stamp.get(&Key { own: false, camera: Arc::clone(&header.camera), stamp: header.stamp })
        };
        found.filter(|encoded| encoded.comes_from(frame)).cloned()
    }

    /// The camera's picture with this stamp.
    pub(super) fn of_stamp(&mut self, camera: &Arc<str>, stamp: Stamp) -> Option<Encoded> {
        self.by_stamp.get(&Key { own: false, camera: Arc::clone(camera), stamp }).cloned()
    }

    /// A request's own picture, when it came before with the same stamp. The pixels are compared too, because clients
    /// are free with stamps; that costs a tenth of a copy.
    pub(super) fn of_request(&mut self, frame: &Frame) -> Option<Encoded> {
        let key = Key { own: true, camera: Arc::clone(&frame.header.camera), stamp: frame.header.stamp };
        self.by_stamp.get(&key).filter(|encoded| same_pixels(&encoded.frame.image, &frame.image)).cloned()
    }

    pub(super) fn put(&mut self, encoded: Encoded) {
        if encoded.bytes() > self.most_bytes {
            return;
        }
        if encoded.frame.header.stamp.is_zero() {
            if encoded.source.is_some() {
                self.bytes += encoded.bytes();
                self.bytes -= self.unstamped.replace(encoded).map_or(0, |old| old.bytes());
            }
        } else {
            self.bytes += encoded.bytes();
            self.bytes -= self.by_stamp.push(encoded.key(), encoded).map_or(0, |(_, old)| old.bytes());
        }
        while self.bytes > self.most_bytes {
            let oldest = self.by_stamp.pop_lru().map(|(_, oldest)| oldest).or_else(|| self.unstamped.take());
            let Some(oldest) = oldest else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

fn same_pixels(a: &RgbImage, b: &RgbImage) -> bool {
    a.dimensions() == b.dimensions() && a.as_raw() == b.as_raw()
}

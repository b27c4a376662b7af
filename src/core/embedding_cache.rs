//! Encoded frames, kept for further prompts: a decode costs a fraction of an encode.

use std::sync::Arc;

use lru::LruCache;

use super::frame::{Frame, Stamp};
use super::ports::Embedding;

/// A frame and what the encoder made of it.
#[derive(Clone)]
pub struct EncodedFrame {
    pub frame: Frame,
    pub embedding: Embedding,
}

impl EncodedFrame {
    /// Memory held, the picture's included.
    fn bytes(&self) -> usize {
        self.embedding.data.bytes() + self.frame.image.as_raw().len()
    }
}

/// The frames used last, by camera and stamp, as many as fit into a number of bytes.
pub struct EmbeddingCache {
    frames: LruCache<(Arc<str>, Stamp), EncodedFrame>,
    bytes: usize,
    bound_bytes: usize,
}

impl EmbeddingCache {
    pub fn new(bound_bytes: usize) -> Self {
        Self { frames: LruCache::unbounded(), bytes: 0, bound_bytes }
    }

    /// Keeps a frame instead of an older one of the same camera and stamp. Frames that were not used for longest make way;
    /// a frame larger than the bound is not kept.
    pub fn insert(&mut self, encoded: EncodedFrame) {
        let header = &encoded.frame.header;
        let key = (header.camera.clone(), header.stamp);
        if let Some(older) = self.frames.pop(&key) {
            self.bytes -= older.bytes();
        }
        if encoded.bytes() > self.bound_bytes {
            return;
        }
        self.bytes += encoded.bytes();
        self.frames.put(key, encoded);
        self.shrink();
    }

    /// The frame of this camera and stamp, which has now been used.
    pub fn get(&mut self, camera: &Arc<str>, stamp: Stamp) -> Option<EncodedFrame> {
        self.frames.get(&(camera.clone(), stamp)).cloned()
    }

    /// A smaller bound takes effect at once.
    pub fn set_bound(&mut self, bound_bytes: usize) {
        self.bound_bytes = bound_bytes;
        self.shrink();
    }

    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }

    /// Memory held by all frames; at most the bound.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn shrink(&mut self) {
        while self.bytes > self.bound_bytes {
            let Some((_, oldest)) = self.frames.pop_lru() else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;
    use proptest::prelude::*;

    use super::*;
    use crate::core::fake_model::fake_embedding;
    use crate::core::frame::Header;

    /// Of the fake embedding and a picture of 10 x 10.
    const BYTES: usize = 1000 + 300;

    fn encoded(camera: &str, secs: i32, width: u32) -> EncodedFrame {
        let header = Header { camera: camera.into(), stamp: Stamp { secs, nanos: 0 }, frame_id: "optical".into() };
        let frame = Frame { header, image: Arc::new(RgbImage::new(width, 10)) };
        EncodedFrame { embedding: fake_embedding(frame.size()), frame }
    }

    fn has(cache: &mut EmbeddingCache, camera: &str, secs: i32) -> bool {
        cache.get(&camera.into(), Stamp { secs, nanos: 0 }).is_some()
    }

    #[test]
    fn frames_are_found_by_camera_and_stamp() {
        let mut cache = EmbeddingCache::new(10 * BYTES);
        cache.insert(encoded("front", 1, 10));
        cache.insert(encoded("rear", 2, 10));
        assert!(has(&mut cache, "front", 1) && has(&mut cache, "rear", 2));
        assert!(!has(&mut cache, "front", 2) && !has(&mut cache, "", 1));
        assert_eq!((cache.len(), cache.bytes()), (2, 2 * BYTES));
    }

    #[test]
    fn the_frame_not_used_for_longest_makes_way() {
        let mut cache = EmbeddingCache::new(2 * BYTES);
        cache.insert(encoded("", 1, 10));
        cache.insert(encoded("", 2, 10));
        assert!(has(&mut cache, "", 1));
        cache.insert(encoded("", 3, 10));
        assert!(has(&mut cache, "", 1) && !has(&mut cache, "", 2) && has(&mut cache, "", 3));
    }

    #[test]
    fn the_same_stamp_again_takes_the_place() {
        let mut cache = EmbeddingCache::new(2 * BYTES);
        cache.insert(encoded("", 1, 10));
        cache.insert(encoded("", 1, 20));
        assert_eq!((cache.len(), cache.bytes()), (1, BYTES + 300));
        let found = cache.get(&"".into(), Stamp { secs: 1, nanos: 0 }).unwrap();
        assert_eq!(found.frame.image.width(), 20);
    }

    #[test]
    fn a_frame_larger_than_the_bound_is_not_kept_and_drives_nobody_out() {
        let mut cache = EmbeddingCache::new(BYTES);
        cache.insert(encoded("", 1, 10));
        cache.insert(encoded("", 2, 11));
        assert!(has(&mut cache, "", 1) && !has(&mut cache, "", 2));
        cache.insert(encoded("", 1, 11));
        assert!(cache.is_empty(), "what it replaces is out of date all the same");
        let mut none = EmbeddingCache::new(0);
        none.insert(encoded("", 1, 1));
        assert!(none.is_empty());
    }

    #[test]
    fn a_smaller_bound_and_clearing_take_effect_at_once() {
        let mut cache = EmbeddingCache::new(3 * BYTES);
        (1..=3).for_each(|secs| cache.insert(encoded("", secs, 10)));
        cache.set_bound(2 * BYTES);
        assert!(!has(&mut cache, "", 1) && has(&mut cache, "", 2) && has(&mut cache, "", 3));
        cache.clear();
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }

    proptest! {
        #[test]
        fn the_bound_holds_and_the_sum_is_right(
            inserts in prop::collection::vec((0i32..6, 1u32..80), 0..40), bound in 0usize..12_000,
        ) {
            let mut cache = EmbeddingCache::new(bound);
            for (secs, width) in inserts {
                cache.insert(encoded("", secs, width));
                prop_assert!(cache.bytes() <= bound);
                prop_assert_eq!(cache.bytes(), cache.frames.iter().map(|(_, frame)| frame.bytes()).sum::<usize>());
                prop_assert_eq!(has(&mut cache, "", secs), 1000 + 30 * width as usize <= bound);
            }
        }
    }
}

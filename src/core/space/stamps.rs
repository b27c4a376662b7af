//! Messages of another topic that belong to a picture.

use std::collections::VecDeque;

use crate::core::frame::Stamp;

/// How a message was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Match {
    /// It has the picture's stamp.
    Exact,
    /// No other is nearer; so many seconds away, at most the tolerance.
    Nearest { secs: f64 },
    /// The newest one: where stamps say nothing (the picture's, or all of them, are zero).
    Latest,
}

/// The last few messages of a topic, with their stamps, and those that belong to pictures which somebody works on: a
/// slow model may look at a picture for longer than the ring remembers.
#[derive(Debug)]
pub struct StampRing<T> {
    capacity: usize,
    /// In the order of their arrival.
    items: VecDeque<(Stamp, T)>,
    /// The pictures' stamps, oldest first.
    held: VecDeque<Stamp>,
}

impl<T> StampRing<T> {
    /// Keeps `capacity` messages, at least one, and at most as many that are held.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), items: VecDeque::new(), held: VecDeque::new() }
    }

    /// As in [`StampRing::new`]; a smaller one holds from the next message on.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
    }

    /// Somebody works on the picture of this stamp: the message nearest to it stays, now or when it comes.
    pub fn hold(&mut self, stamp: Stamp) {
        if !stamp.is_zero() && !self.held.contains(&stamp) {
            self.held.push_back(stamp);
        }
    }

    /// The oldest goes when it is full. A message with the stamp of one that is there replaces it.
    pub fn push(&mut self, stamp: Stamp, item: T) {
        if !stamp.is_zero() {
            self.items.retain(|(known, _)| *known != stamp);
        }
        self.items.push_back((stamp, item));
        self.held.drain(..self.held.len().saturating_sub(self.capacity));
        let old = self.items.len().saturating_sub(self.capacity);
        if old > 0 {
            let held: Vec<Stamp> = self.held.iter().filter_map(|&stamp| self.nearest(stamp)).collect();
            let mut at = 0..;
            self.items.retain(|(stamp, _)| at.next().is_some_and(|at| at >= old) || held.contains(stamp));
        }
    }

    /// Of the stamps that are not zero.
    fn nearest(&self, stamp: Stamp) -> Option<Stamp> {
        let away = |known: &Stamp| stamp.secs_since(*known).abs();
        let stamps = self.items.iter().rev().map(|(known, _)| *known).filter(|known| !known.is_zero());
        stamps.min_by(|a, b| away(a).total_cmp(&away(b)))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn latest(&self) -> Option<&T> {
        self.items.back().map(|(_, item)| item)
    }

    /// The message that belongs to a picture: that of the same stamp; else the nearest within the tolerance, of two as
    /// near the newer; where there are no stamps the latest. Stamps from before a clock jumped are just far away.
    pub fn of(&self, stamp: Stamp, tolerance_secs: f64) -> Option<(Match, &T)> {
        if stamp.is_zero() || self.items.iter().all(|(known, _)| known.is_zero()) {
            return self.latest().map(|item| (Match::Latest, item));
        }
        let nearest = self.nearest(stamp)?;
        let (_, item) = self.items.iter().rev().find(|(known, _)| *known == nearest)?;
        if nearest == stamp {
            return Some((Match::Exact, item));
        }
        let secs = stamp.secs_since(nearest).abs();
        (secs <= tolerance_secs).then_some((Match::Nearest { secs }, item))
    }

    /// How far the nearest message is away, seconds; `None` where there is none with a stamp.
    pub fn secs_to_nearest(&self, stamp: Stamp) -> Option<f64> {
        self.nearest(stamp).map(|nearest| stamp.secs_since(nearest).abs())
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i32) -> Stamp {
        Stamp { secs: 100 + millis / 1000, nanos: (millis % 1000) as u32 * 1_000_000 }
    }

    fn ring() -> StampRing<i32> {
        let mut ring = StampRing::new(4);
        (0..6).for_each(|frame| ring.push(at(33 * frame), 33 * frame));
        ring
    }

    #[test]
    fn exact_then_nearest_then_none() {
        let ring = ring();
        assert_eq!(ring.of(at(99), 0.05), Some((Match::Exact, &99)));
        let (how, item) = ring.of(at(110), 0.05).unwrap();
        assert!(matches!(how, Match::Nearest { secs } if (secs - 0.011).abs() < 1e-9) && *item == 99);
        assert_eq!(ring.of(at(33), 0.02), None, "33 and 0 have gone; 66 is too far");
        assert_eq!(ring.of(at(400), 0.05), None);
        assert_eq!(ring.of(at(99), 0.0), Some((Match::Exact, &99)));
    }

    #[test]
    fn without_stamps_the_latest() {
        assert_eq!(ring().of(Stamp::default(), 0.0), Some((Match::Latest, &165)));
        let mut unstamped = StampRing::new(2);
        assert_eq!(unstamped.of(at(0), 1.0), None);
        (1..4).for_each(|item| unstamped.push(Stamp::default(), item));
        assert_eq!(unstamped.of(at(7), 0.0), Some((Match::Latest, &3)));
        unstamped.clear();
        assert_eq!(unstamped.latest(), None);
    }

    #[test]
    fn what_belongs_to_a_picture_in_work_stays() {
        let mut ring = ring();
        ring.hold(at(70));
        (6..100).for_each(|frame| ring.push(at(33 * frame), 33 * frame));
        assert!(matches!(ring.of(at(70), 0.01), Some((Match::Nearest { .. }, &66))));
        assert_eq!(ring.of(at(99), 0.02), None, "nobody held that");
        // The next picture's message has not come yet.
        ring.hold(at(33 * 100));
        (100..200).for_each(|frame| ring.push(at(33 * frame), 33 * frame));
        assert_eq!(ring.of(at(33 * 100), 0.0), Some((Match::Exact, &(33 * 100))));
        assert_eq!(ring.items.len(), 4 + 2);
        // As many as the ring is long; older ones go.
        (150..160).for_each(|frame| ring.hold(at(33 * frame)));
        (200..300).for_each(|frame| ring.push(at(33 * frame), 33 * frame));
        assert_eq!(ring.of(at(70), 0.01), None);
        assert!(ring.items.len() <= 4 + 4, "{}", ring.items.len());
    }

    #[test]
    fn a_recording_that_begins_again_is_matched_again() {
        let mut ring = ring();
        ring.push(at(0), 1000);
        ring.push(at(33), 1033);
        assert_eq!(ring.of(at(33), 0.01), Some((Match::Exact, &1033)));
        ring.push(at(33), 7);
        assert_eq!((ring.of(at(33), 0.01), ring.items.len()), (Some((Match::Exact, &7)), 4));
    }
}

//! Messages of another topic that belong to a picture.

use std::collections::VecDeque;
use std::time::Instant;

use crate::core::frame::Stamp;

/// Where stamps say nothing, the times of arrival do, which queues and networks blur: by so many seconds at least.
const ARRIVAL_TOLERANCE_SECS: f64 = 1.0;

/// When a message was made, and when it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Zero where its sender has no clock.
    pub stamp: Stamp,
    /// `None` where that says nothing: a picture that a client has kept.
    pub arrived: Option<Instant>,
}

/// How a message was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Match {
    /// It has the picture's stamp.
    Exact,
    /// No other's stamp is nearer; so many seconds away.
    Nearest { secs: f64 },
    /// No other came nearer to the picture, where the picture or the last message has no stamp; so many seconds away.
    Arrival { secs: f64 },
}

impl Match {
    /// Whether it belongs to the picture, when stamps may differ by so much.
    pub fn is_within(self, tolerance_secs: f64) -> bool {
        match self {
            Self::Exact => true,
            Self::Nearest { secs } => secs <= tolerance_secs,
            Self::Arrival { secs } => secs <= tolerance_secs.max(ARRIVAL_TOLERANCE_SECS),
        }
    }

    pub fn secs(self) -> f64 {
        match self {
            Self::Exact => 0.0,
            Self::Nearest { secs } | Self::Arrival { secs } => secs,
        }
    }
}

/// The last few messages of a topic, and those that belong to pictures which wait or which somebody works on: a slow model
/// may look at a picture for longer than a fast topic is remembered.
#[derive(Debug)]
pub struct StampRing<T> {
    capacity: usize,
    /// In the order of their arrival.
    items: VecDeque<Item<T>>,
    /// Pictures that have come, and pictures in work, oldest first.
    expected: VecDeque<Moment>,
    held: VecDeque<Moment>,
}

#[derive(Debug)]
struct Item<T> {
    stamp: Stamp,
    arrived: Instant,
    message: T,
}

impl<T> StampRing<T> {
    /// Keeps `capacity` messages, at least one; beside these as many for pictures that have come, and as many for pictures
    /// in work.
    pub fn new(capacity: usize) -> Self {
        let (items, expected, held) = Default::default();
        Self { capacity: capacity.max(1), items, expected, held }
    }

    /// As in [`StampRing::new`]; a smaller one holds from the next message on.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
    }

    /// A picture has come; somebody may look at it.
    pub fn expect(&mut self, picture: Moment) {
        note(&mut self.expected, picture, self.capacity);
    }

    /// Somebody works on this picture, or does so still: the message nearest to it stays, now or when it comes.
    pub fn hold(&mut self, picture: Moment) {
        note(&mut self.held, picture, self.capacity);
    }

    /// The oldest goes when it is full. A message with the stamp of one that is there replaces it.
    pub fn push(&mut self, stamp: Stamp, arrived: Instant, message: T) {
        if !stamp.is_zero() {
            self.items.retain(|item| item.stamp != stamp);
        }
        self.items.push_back(Item { stamp, arrived, message });
        let old = self.items.len().saturating_sub(self.capacity);
        if old > 0 {
            let pictures =
                self.expected.iter().rev().take(self.capacity).chain(self.held.iter().rev().take(self.capacity));
            let kept: Vec<usize> = pictures.filter_map(|&picture| self.nearest(picture)).map(|(_, at)| at).collect();
            let mut at = 0..;
            self.items.retain(|_| at.next().is_some_and(|at| at >= old || kept.contains(&at)));
        }
    }

    /// The message that belongs to a picture, however far away: that of the same stamp, else that of the nearest; where
    /// there are no stamps that which came nearest to the picture. Of two as near the newer. Stamps from before a clock
    /// jumped are just far away.
    pub fn of(&self, picture: Moment) -> Option<(Match, &T)> {
        let (how, at) = self.nearest(picture)?;
        Some((how, &self.items.get(at)?.message))
    }

    fn nearest(&self, picture: Moment) -> Option<(Match, usize)> {
        // A sender that has lost its clock counts as one without.
        let by_stamp = !picture.stamp.is_zero() && self.items.back().is_some_and(|item| !item.stamp.is_zero());
        let away = |item: &Item<T>| {
            if by_stamp {
                (!item.stamp.is_zero()).then(|| picture.stamp.secs_since(item.stamp).abs())
            } else {
                picture.arrived.map(|arrived| secs_between(arrived, item.arrived))
            }
        };
        let newest_first = self.items.iter().enumerate().rev();
        let (secs, at) =
            newest_first.filter_map(|(at, item)| Some((away(item)?, at))).min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        let how = match (by_stamp, secs) {
            (true, 0.0) => Match::Exact,
            (true, _) => Match::Nearest { secs },
            (false, _) => Match::Arrival { secs },
        };
        Some((how, at))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn latest(&self) -> Option<&T> {
        self.items.back().map(|item| &item.message)
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.expected.clear();
        self.held.clear();
    }
}

/// The newest `most` are kept; one that is there already becomes the newest.
fn note(pictures: &mut VecDeque<Moment>, picture: Moment, most: usize) {
    pictures.retain(|known| *known != picture);
    pictures.push_back(picture);
    pictures.drain(..pictures.len().saturating_sub(most));
}

fn secs_between(a: Instant, b: Instant) -> f64 {
    let apart = a.checked_duration_since(b).unwrap_or_else(|| b.duration_since(a));
    apart.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: i32) -> Stamp {
        Stamp { secs: 100 + millis / 1000, nanos: (millis % 1000) as u32 * 1_000_000 }
    }

    fn stamped(millis: i32) -> Moment {
        Moment { stamp: at(millis), arrived: None }
    }

    fn push(ring: &mut StampRing<i32>, frames: std::ops::Range<i32>) {
        frames.for_each(|frame| ring.push(at(33 * frame), Instant::now(), 33 * frame));
    }

    fn ring() -> StampRing<i32> {
        let mut ring = StampRing::new(4);
        push(&mut ring, 0..6);
        ring
    }

    /// What belongs to the picture of this stamp.
    fn found(ring: &StampRing<i32>, millis: i32, tolerance_secs: f64) -> Option<i32> {
        ring.of(stamped(millis)).filter(|(how, _)| how.is_within(tolerance_secs)).map(|(_, message)| *message)
    }

    #[test]
    fn exact_then_nearest_then_none() {
        let ring = ring();
        assert_eq!(ring.of(stamped(99)), Some((Match::Exact, &99)));
        let (how, message) = ring.of(stamped(110)).unwrap();
        assert!(matches!(how, Match::Nearest { secs } if (secs - 0.011).abs() < 1e-9) && *message == 99);
        assert_eq!(found(&ring, 33, 0.02), None, "33 and 0 have gone; 66 is too far");
        assert_eq!(found(&ring, 400, 0.05), None);
        assert_eq!(found(&ring, 99, 0.0), Some(99));
    }

    #[test]
    fn without_stamps_what_came_nearest_to_the_picture() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let came = |millis| Moment { stamp: Stamp::default(), arrived: Some(after(millis)) };
        let mut ring = StampRing::new(4);
        assert_eq!(ring.of(came(0)), None);
        (1..=4).for_each(|frame| ring.push(Stamp::default(), after(100 * frame), frame));
        assert_eq!(ring.of(came(500)).unwrap().1, &4);
        let (how, message) = ring.of(came(220)).unwrap();
        assert!(matches!(how, Match::Arrival { secs } if (secs - 0.02).abs() < 1e-9) && *message == 2);
        assert!(ring.of(came(1300)).unwrap().0.is_within(0.05), "queues blur arrivals");
        assert!(!ring.of(came(1500)).unwrap().0.is_within(0.05), "depth has died");
        assert!(ring.of(came(1500)).unwrap().0.is_within(1.2));
        // The picture has a stamp, the messages have none: no less is known.
        let picture = Moment { stamp: at(7), arrived: Some(after(310)) };
        assert_eq!(ring.of(picture).unwrap().1, &3);
        assert_eq!(ring.of(stamped(7)), None, "nobody knows when that came");
        // The sender has lost its clock; what it sent before has nothing to say, held or not.
        let mut ring = self::ring();
        ring.hold(stamped(99));
        (1..=4).for_each(|frame| ring.push(Stamp::default(), after(100 * frame), frame as i32));
        assert_eq!(ring.of(picture).unwrap().1, &3);
        ring.clear();
        assert_eq!(ring.latest(), None);
    }

    #[test]
    fn what_belongs_to_a_picture_in_work_stays() {
        let mut ring = ring();
        ring.hold(stamped(70));
        push(&mut ring, 6..100);
        assert_eq!(found(&ring, 70, 0.01), Some(66));
        assert_eq!(found(&ring, 99, 0.02), None, "nobody held that");
        // The next picture's message has not come yet.
        ring.hold(stamped(33 * 100));
        push(&mut ring, 100..200);
        assert_eq!(found(&ring, 33 * 100, 0.0), Some(33 * 100));
        assert_eq!(ring.len(), 4 + 2);
        // As many as the ring is long; older ones go, unless they are held again.
        (150..153).for_each(|frame| ring.hold(stamped(33 * frame)));
        ring.hold(stamped(70));
        ring.hold(stamped(33 * 153));
        push(&mut ring, 200..300);
        assert_eq!((found(&ring, 70, 0.01), found(&ring, 33 * 100, 0.0)), (Some(66), None));
        assert!(ring.len() <= 4 + 4, "{}", ring.len());
    }

    #[test]
    fn what_belongs_to_a_picture_that_waits_stays_beside_those_in_work() {
        let mut ring = ring();
        ring.hold(stamped(99));
        for picture in 6..50 {
            ring.expect(stamped(33 * picture));
            // Four times as fast as the pictures.
            let quarters = (0..4).map(|quarter| 33 * picture + 8 * quarter);
            quarters.for_each(|millis| ring.push(at(millis), Instant::now(), millis));
        }
        assert_eq!(found(&ring, 99, 0.0), Some(99));
        (46..50).for_each(|picture| assert_eq!(found(&ring, 33 * picture, 0.0), Some(33 * picture)));
        assert!(ring.len() <= 3 * 4, "{}", ring.len());
    }

    #[test]
    fn a_recording_that_begins_again_is_matched_again() {
        let mut ring = ring();
        ring.push(at(0), Instant::now(), 1000);
        ring.push(at(33), Instant::now(), 1033);
        assert_eq!(found(&ring, 33, 0.01), Some(1033));
        ring.push(at(33), Instant::now(), 7);
        assert_eq!((found(&ring, 33, 0.01), ring.len()), (Some(7), 4));
    }
}

//! Which regions stand in a viewer's space: what to show, and what to take away again.
//!
//! A viewer keeps a marker until it is told otherwise, so a marker lives exactly as long as its region is published: a
//! region whose track has died, or that is not in the scene any more, is missing in its camera's next array.

use std::collections::{BTreeMap, VecDeque};

use crate::core::frame::Stamp;
use crate::core::region::{Region, RegionArray};
use crate::core::space::Located;

/// So many stamps are remembered, to know an array that only brings late words from one of a clock that went back.
const MOST_STAMPS: usize = 64;

/// What a viewer is told.
#[derive(Clone, Copy, Debug)]
pub enum MarkerChange<'a> {
    /// Everything that somebody else, such as an earlier run of the node, has left there.
    DeleteAll,
    Delete {
        number: i32,
    },
    /// New, moved, or described.
    Show {
        number: i32,
        region: &'a Region,
        place: Located,
    },
}

/// What the viewers of one camera have been told.
#[derive(Debug, Default)]
pub struct MarkerBook {
    /// Numbers of the regions that are shown, by their ids.
    shown: BTreeMap<String, i32>,
    next_number: i32,
    /// Of the arrays that have been told, oldest first.
    stamps: VecDeque<Stamp>,
    has_begun: bool,
}

impl MarkerBook {
    /// What an array changes. Words that come for an older picture than the last one change nothing: their regions may be
    /// elsewhere by now, or gone.
    pub fn update<'a>(&mut self, array: &'a RegionArray) -> Vec<MarkerChange<'a>> {
        if self.is_outdated(array.header.stamp) {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            changes.push(MarkerChange::DeleteAll);
        }
        // A region that has lost its place for a moment (a hole in the depth) stays where it was seen last.
        self.shown.retain(|id, &mut number| {
            let is_published = array.regions.iter().any(|region| region.id == *id);
            if !is_published {
                changes.push(MarkerChange::Delete { number });
            }
            is_published
        });
        for region in &array.regions {
            let Some(place) = region.place else { continue };
            let number = *self.shown.entry(region.id.clone()).or_insert_with(|| {
                self.next_number = self.next_number.wrapping_add(1);
                self.next_number
            });
            changes.push(MarkerChange::Show { number, region, place });
        }
        changes
    }

    /// Nobody looks any more: who comes next begins with nothing.
    pub fn forget(&mut self) {
        *self = Self { next_number: self.next_number, ..Self::default() };
    }

    fn is_outdated(&mut self, stamp: Stamp) -> bool {
        let is_again = self.stamps.contains(&stamp);
        let is_newest = self.stamps.back() == Some(&stamp);
        if !is_again && !stamp.is_zero() {
            self.stamps.push_back(stamp);
            self.stamps.drain(..self.stamps.len().saturating_sub(MOST_STAMPS));
        }
        is_again && !is_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::geometry::{PixelBox, Size};
    use crate::core::view::overlay::tests::{array_of, region};

    fn array(secs: i32, ids: &[&str]) -> RegionArray {
        let place = Located {
            position: [0.0, 0.0, 1.0],
            centre: [0.0, 0.0, 1.0],
            extent: [0.1; 3],
            valid_share: 1.0,
            confidence: 1.0,
        };
        let named = |(label, id): (u16, &&str)| Region {
            id: (*id).into(),
            place: Some(place),
            ..region(label, PixelBox::new(1, 1, 4, 4))
        };
        let mut array = array_of(Size::new(64, 48), (1..).zip(ids).map(named).collect());
        array.header.stamp = Stamp { secs, nanos: 0 };
        array
    }

    /// "all", "-number" and "+number id", in order.
    fn told(book: &mut MarkerBook, array: &RegionArray) -> Vec<String> {
        let text = |change: &MarkerChange| match change {
            MarkerChange::DeleteAll => "all".to_owned(),
            MarkerChange::Delete { number } => format!("-{number}"),
            MarkerChange::Show { number, region, .. } => format!("+{number} {}", region.id),
        };
        book.update(array).iter().map(text).collect()
    }

    #[test]
    fn what_is_not_published_any_more_is_deleted() {
        let mut book = MarkerBook::default();
        assert_eq!(told(&mut book, &array(1, &["r1", "r2"])), ["all", "+1 r1", "+2 r2"]);
        assert_eq!(told(&mut book, &array(2, &["r2", "r3"])), ["-1", "+2 r2", "+3 r3"]);
        assert_eq!(told(&mut book, &array(3, &[])), ["-2", "-3"]);
        assert!(told(&mut book, &array(4, &[])).is_empty());
        assert_eq!(told(&mut book, &array(5, &["r2"])), ["+4 r2"], "numbers are not used twice");
    }

    #[test]
    fn the_same_stamp_again_brings_words_and_an_older_one_nothing() {
        let mut book = MarkerBook::default();
        told(&mut book, &array(1, &["r1"]));
        assert_eq!(told(&mut book, &array(1, &["r1"])), ["+1 r1"]);
        assert_eq!(told(&mut book, &array(2, &["r2"])), ["-1", "+2 r2"]);
        assert!(told(&mut book, &array(1, &["r1"])).is_empty(), "late words");
        assert_eq!(told(&mut book, &array(3, &["r2"])), ["+2 r2"]);
    }

    #[test]
    fn a_recording_that_begins_again_is_shown_again() {
        let mut book = MarkerBook::default();
        (100..200).for_each(|secs| drop(told(&mut book, &array(secs, &["r1"]))));
        assert_eq!(told(&mut book, &array(100, &["r2"])), ["-1", "+2 r2"]);
        assert_eq!(told(&mut book, &array(50, &["r2"])), ["+2 r2"]);
    }

    #[test]
    fn pictures_without_stamps_are_all_new() {
        let mut book = MarkerBook::default();
        assert_eq!(told(&mut book, &array(0, &["r1"])), ["all", "+1 r1"]);
        assert_eq!(told(&mut book, &array(0, &["r2"])), ["-1", "+2 r2"]);
    }

    #[test]
    fn a_region_without_a_place_is_not_shown_and_one_that_had_one_stays() {
        let mut book = MarkerBook::default();
        let mut array = array(1, &["r1", "r2"]);
        array.regions[0].place = None;
        assert_eq!(told(&mut book, &array), ["all", "+1 r2"]);
        array.regions[1].place = None;
        array.header.stamp.secs = 2;
        assert!(told(&mut book, &array).is_empty());
        array.regions.clear();
        array.header.stamp.secs = 3;
        assert_eq!(told(&mut book, &array), ["-1"]);
    }

    #[test]
    fn who_comes_next_begins_with_nothing() {
        let mut book = MarkerBook::default();
        told(&mut book, &array(1, &["r1"]));
        book.forget();
        assert_eq!(told(&mut book, &array(2, &["r2"])), ["all", "+2 r2"]);
    }
}

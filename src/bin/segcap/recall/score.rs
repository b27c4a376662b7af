//! Of the things in pictures, those that were found; of the masks, those of things.

use std::time::Duration;

use segcap::core::geometry::Size;
use segcap::core::mask::spans::Spans;

/// A thing is found when a mask has this IoU with it.
const LEAST_IOU: f32 = 0.5;
/// A thing is small below this share of its picture.
const SMALL: f64 = 0.01;

#[derive(Clone, Debug, Default)]
pub struct Score {
    pictures: usize,
    small: Found,
    large: Found,
    masks: usize,
    masks_of_things: usize,
    took: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Found {
    things: usize,
    found: usize,
}

impl Found {
    fn share(self) -> Option<f64> {
        share(self.found, self.things)
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Score {
    /// One picture. `things` do not overlap, so that a mask cannot be that of two.
    pub fn add(&mut self, things: &[Spans], masks: &[Spans], size: Size, took: Duration) {
        let fits = |one: &Spans, other: &Spans| one.iou(other) >= LEAST_IOU;
        for thing in things {
            let is_small = f64::from(thing.area()) < SMALL * size.pixels() as f64;
            let found = if is_small { &mut self.small } else { &mut self.large };
            found.things += 1;
            found.found += usize::from(masks.iter().any(|mask| fits(thing, mask)));
        }
        self.pictures += 1;
        self.masks += masks.len();
        self.masks_of_things += masks.iter().filter(|mask| things.iter().any(|thing| fits(thing, mask))).count();
        self.took += took;
    }

    /// Found share of all things; `None` where there are none, as in the others.
    pub fn recall(&self) -> Option<f64> {
        share(self.small.found + self.large.found, self.small.things + self.large.things)
    }

    pub fn recall_of_small(&self) -> Option<f64> {
        self.small.share()
    }

    pub fn recall_of_large(&self) -> Option<f64> {
        self.large.share()
    }

    pub fn masks_a_picture(&self) -> f64 {
        self.masks as f64 / self.pictures.max(1) as f64
    }

    /// Share of the masks that are those of a thing; the others show parts, groups, and what the truth does not know.
    pub fn share_of_things(&self) -> Option<f64> {
        share(self.masks_of_things, self.masks)
    }

    pub fn ms_a_picture(&self) -> f64 {
        1e3 * self.took.as_secs_f64() / self.pictures.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use segcap::core::mask::spans::Span;

    use super::*;

    const SIZE: Size = Size { width: 100, height: 100 };

    fn square(x: u32, y: u32, side: u32) -> Spans {
        Spans::collect((y..y + side).map(|y| Span { y, start: x, end: x + side })).unwrap()
    }

    #[test]
    fn a_thing_is_found_by_a_mask_of_half_its_iou() {
        let mut score = Score::default();
        let things = [square(0, 0, 20), square(50, 50, 20), square(90, 0, 5)];
        // Two of the first (one with 18 x 20 of 22 x 20 in common), none of the second, the third but shifted by one.
        let masks = [square(0, 0, 20), square(2, 0, 20), square(40, 40, 60), square(91, 0, 5)];
        score.add(&things, &masks, SIZE, Duration::from_millis(30));
        assert_eq!(score.recall(), Some(2.0 / 3.0));
        assert_eq!((score.recall_of_small(), score.recall_of_large()), (Some(1.0), Some(0.5)));
        assert_eq!(score.share_of_things(), Some(0.75));
        score.add(&[], &[], SIZE, Duration::from_millis(10));
        assert_eq!((score.masks_a_picture(), score.ms_a_picture()), (2.0, 20.0));
        assert_eq!(score.recall(), Some(2.0 / 3.0), "a picture without things is none without recall");
    }

    #[test]
    fn nothing_is_no_share() {
        let score = Score::default();
        assert_eq!((score.recall(), score.share_of_things(), score.ms_a_picture()), (None, None, 0.0));
    }
}

//! Clips of a disc that a segmenter finds with a sticky prompt.

use std::sync::Arc;
use std::time::Instant;

use super::clips::shot;
use crate::core::camera_clock::Shot;
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::Mask;
use crate::core::mask::spans::Spans;
use crate::core::prompt::{Click, Shape};
use crate::core::track::{
    Detection, Observation, PromptKey, Searched, TrackIds, TrackSettings, Tracker, Update, following_shape,
};

const IMAGE: Size = Size { width: 320, height: 240 };
const KEY: PromptKey = PromptKey(1);

/// Its centre and radius.
type Disc = (Point, f32);

fn mask(disc: Disc, within: PixelBox) -> Option<Mask> {
    let (at, radius) = disc;
    let pixels: Vec<u8> = (0..IMAGE.pixels() as u32)
        .map(|index| (index % IMAGE.width, index / IMAGE.width))
        .map(|(x, y)| {
            let is_within = (within.x..within.right()).contains(&x) && (within.y..within.bottom()).contains(&y);
            u8::from(is_within && (x as f32 + 0.5 - at.x).hypot(y as f32 + 0.5 - at.y) <= radius)
        })
        .collect();
    Mask::from_binary(IMAGE, &pixels)
}

fn whole(disc: Disc) -> Mask {
    mask(disc, PixelBox::of_size(IMAGE)).unwrap()
}

/// What a segmenter finds with a box: the object, as far as a twelfth of the box's sides beyond it.
fn found(disc: Disc, rect: PixelBox) -> Option<Mask> {
    let (by_x, by_y) = (rect.width / 12, rect.height / 12);
    let (x, y) = (rect.x.saturating_sub(by_x), rect.y.saturating_sub(by_y));
    mask(disc, PixelBox::new(x, y, rect.right() + by_x - x, rect.bottom() + by_y - y))
}

/// A tracker with one prompt; 10 frames a second.
struct Rig {
    tracker: Tracker,
    ids: TrackIds,
    begin: Instant,
    frames: u32,
}

impl Rig {
    fn new() -> Self {
        Self { tracker: Tracker::default(), ids: TrackIds::default(), begin: Instant::now(), frames: 0 }
    }

    fn shot(&self) -> Shot {
        shot(Default::default(), self.begin, 100 * self.frames)
    }

    /// As the object is asked for next.
    fn ask(&self, original: &Shape) -> Shape {
        following_shape(original, &self.tracker, KEY, &self.shot(), IMAGE)
    }

    fn see(&mut self, mask: &Mask) -> Update {
        let shape = Arc::new(Spans::from(mask));
        let detection = Detection { shape, score: 0.9, appearance: None, prompt: Some(KEY) };
        let searched = Searched::For(&[KEY]);
        let seen = Observation { shot: self.shot(), size: IMAGE, detections: &[detection], searched };
        self.frames += 1;
        self.tracker.update(&seen, &TrackSettings::default(), &self.ids)
    }

    /// After these frames, in which all of it was found.
    fn after(discs: impl IntoIterator<Item = Disc>) -> Self {
        let mut rig = Self::new();
        for disc in discs {
            let update = rig.see(&whole(disc));
            assert!(update.lost.is_empty() && rig.tracker.tracks().len() == 1, "{disc:?}");
        }
        rig
    }
}

/// At the same place, with these radii.
fn growing(radii: impl IntoIterator<Item = f32>) -> impl Iterator<Item = Disc> {
    radii.into_iter().map(|radius| (Point::new(160.0, 120.0), radius))
}

/// For each frame IoU with the truth, by the prompt that follows and by one that moves and keeps its size.
fn clip(disc: impl Fn(f32) -> Disc, frames: u32) -> Vec<(f32, f32)> {
    let first = whole(disc(0.0)).bbox();
    let (original, mut rig) = (Shape::Box { rect: first, clicks: Vec::new() }, Rig::new());
    let look = |frame| {
        let disc = disc(frame as f32 / frames as f32);
        let Shape::Box { rect, .. } = rig.ask(&original) else { panic!("a box") };
        let middle = (rect.x + rect.width / 2, rect.y + rect.height / 2);
        let (x, y) = (middle.0.saturating_sub(first.width / 2), middle.1.saturating_sub(first.height / 2));
        let [follows, moves] = [rect, PixelBox { x, y, ..first }].map(|rect| found(disc, rect).unwrap());
        rig.see(&follows);
        assert_eq!(rig.tracker.tracks().len(), 1, "it is one object");
        (follows.iou(&whole(disc)), moves.iou(&whole(disc)))
    };
    (0..frames).map(look).collect()
}

#[test]
fn what_comes_nearer_is_followed_at_its_size() {
    // Three times as large in the end.
    let nearer = |share: f32| (Point::new(90.0 + 80.0 * share, 120.0), 18.0 * 3f32.powf(share));
    for frames in [40, 90] {
        let ious = clip(nearer, frames);
        let mean = |of: fn(&(f32, f32)) -> f32| ious.iter().map(of).sum::<f32>() / ious.len() as f32;
        let (follows, moves) = (mean(|iou| iou.0), mean(|iou| iou.1));
        let last = ious[ious.len() - 1];
        println!(
            "nearer in {frames} frames: mean IoU {follows:.3}, at the last {:.3}; of a box that only moves {moves:.3}, {:.3}",
            last.0, last.1
        );
        assert!(follows > 0.95 && ious.iter().all(|iou| iou.0 > 0.85), "{ious:?}");
        assert!(moves < 0.7 && last.1 < 0.3, "the clip asks for more than moving: {ious:?}");
    }
}

#[test]
fn what_goes_away_is_asked_for_with_a_smaller_box() {
    let rig = Rig::after(growing((0..=70).map(|frame| 60.0 / 4f32.powf(frame as f32 / 70.0))));
    let original = Shape::Box { rect: PixelBox::new(95, 55, 130, 130), clicks: Vec::new() };
    let Shape::Box { rect, .. } = rig.ask(&original) else { panic!("a box") };
    assert!((32..=35).contains(&rect.width) && (32..=35).contains(&rect.height), "a quarter: {rect:?}");
    let (x, y) = (rect.x + rect.width / 2, rect.y + rect.height / 2);
    assert!((159..=161).contains(&x) && (119..=121).contains(&y), "{rect:?}");
}

#[test]
fn clicks_and_masks_grow_with_their_object() {
    let rig = Rig::after(growing((0..=30).map(|frame| 20.0 * 2f32.powf(frame as f32 / 30.0))));
    let click = |x: f32, y: f32, foreground| Click { at: Point::new(x, y), foreground };
    let clicks = Shape::Points(vec![click(170.0, 120.0, true), click(160.0, 95.0, false)]);
    let Shape::Points(clicks) = rig.ask(&clicks) else { panic!("clicks") };
    let is_near = |at: Point, x: f32, y: f32| (at.x - x).hypot(at.y - y) < 1.5;
    assert!(is_near(clicks[0].at, 180.0, 120.0) && is_near(clicks[1].at, 160.0, 70.0), "{clicks:?}");
    let [small, large] = [20.0, 40.0].map(|radius| whole((Point::new(160.0, 120.0), radius)));
    let Shape::Mask { mask, .. } = rig.ask(&Shape::Mask { mask: Arc::new(small), clicks: Vec::new() }) else {
        panic!("a mask")
    };
    assert!(mask.iou(&large) > 0.93, "{}", mask.iou(&large));
}

#[test]
fn one_mask_that_leaks_changes_no_prompt() {
    let leak = |frame: u32| if frame == 12 { 38.0 } else { 30.0 };
    let original = Shape::Box { rect: PixelBox::new(130, 90, 60, 60), clicks: Vec::new() };
    for frames in [12, 13] {
        assert_eq!(Rig::after(growing((0..=frames).map(leak))).ask(&original), original, "{frames}");
    }
}

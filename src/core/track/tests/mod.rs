mod clips;
mod follow;
mod looks;
mod metrics;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::core::geometry::{PixelBox, Point};
use crate::core::mask::Mask;
use crate::core::prompt::{Click, Shape};
use crate::core::testing::dice::Dice;
use clips::{Clip, Form, SIZE, Thing, look, shot};

fn disc(radius: f32, look: u64, path: impl Fn(f32) -> (f32, f32) + 'static) -> Thing {
    Thing::new(Form::Disc(radius), look, path)
}

fn still(x: f32, y: f32, radius: f32, look: u64) -> Thing {
    disc(radius, look, move |_| (x, y))
}

/// Prints the score and holds it to its bounds.
fn check(name: &str, clip: &Clip, least_idf1: f64, most_switches: usize) {
    let score = clip.run(&TrackSettings::default());
    println!("{name}: {score}");
    assert!(score.idf1 >= least_idf1 && score.switches <= most_switches, "{name}: {score}");
}

/// With and without appearances.
fn check_both(name: &str, clip: Clip, least_idf1: f64, most_switches: usize) {
    check(&format!("{name}, shapes only"), &clip, least_idf1, most_switches);
    check(&format!("{name}, with appearances"), &clip.with_looks(), least_idf1, most_switches);
}

#[test]
fn a_steady_scene_with_things_in_motion() {
    let things = vec![
        still(30.0, 30.0, 12.0, 1),
        still(150.0, 90.0, 15.0, 2),
        disc(8.0, 3, |secs| (20.0 + 20.0 * secs, 60.0)),
        Thing::new(Form::Rect(20.0, 12.0), 4, |secs| (180.0 - 18.0 * secs, 100.0)),
        disc(10.0, 5, |secs| (100.0 + 30.0 * secs.sin(), 25.0 + 10.0 * (2.0 * secs).cos())),
    ];
    check_both("steady", Clip { dropped: 0.05, ..Clip::of(things) }, 0.99, 0);
}

#[test]
fn things_that_pass_each_other() {
    let things = |rect_x: f32| {
        vec![
            disc(10.0, 1, |secs| (20.0 + 20.0 * secs, 55.0)),
            disc(10.0, 2, |secs| (180.0 - 20.0 * secs, 65.0)),
            Thing::new(Form::Rect(16.0, 24.0), 3, move |secs| (rect_x, 10.0 + 12.0 * secs)),
        ]
    };
    check_both("crossing", Clip::of(things(60.0)), 0.98, 0);
    // All three at the same place at the same time.
    check("knot, with appearances", &Clip::of(things(100.0)).with_looks(), 0.98, 0);
    let fast = Clip { frames: 27, period_secs: 0.3, ..Clip::of(things(60.0)) };
    check("crossing at 3 Hz, with appearances", &fast.with_looks(), 0.97, 1);
}

#[test]
fn hidden_behind_a_pillar() {
    let things = vec![
        disc(7.0, 1, |secs| (30.0 + 25.0 * secs, 60.0)),
        still(40.0, 100.0, 9.0, 2),
        Thing::new(Form::Rect(24.0, 120.0), 3, |_| (110.0, 60.0)),
    ];
    check_both("occlusion", Clip { frames: 60, ..Clip::of(things) }, 0.99, 0);
}

#[test]
fn a_hand_before_a_thing_for_seconds() {
    let hand =
        Thing::new(Form::Rect(60.0, 60.0), 9, |secs| (if (2.0..7.0).contains(&secs) { 60.0 } else { -200.0 }, 60.0));
    let things = vec![still(60.0, 60.0, 12.0, 1), still(150.0, 60.0, 12.0, 2), hand];
    check_both("hidden for 5 s", Clip { frames: 100, ..Clip::of(things) }, 0.99, 0);
}

#[test]
fn out_of_the_picture_and_back() {
    // Leaves to the right and comes back from the left, 3 seconds later.
    let path = |secs: f32| if secs < 5.5 { (120.0 + 20.0 * secs, 40.0) } else { (20.0 * (secs - 8.0), 90.0) };
    let things = || vec![disc(9.0, 1, path), still(60.0, 20.0, 9.0, 2)];
    let clip = Clip { frames: 120, ..Clip::of(things()) }.with_looks();
    check("re-entry", &clip, 0.99, 0);
    let score = clip.run(&TrackSettings { ttl_secs: 1.0, ..TrackSettings::default() });
    assert_eq!((score.switches, score.ids), (1, 3), "after the TTL it is a new object");
}

/// Things of all sizes on a wide table.
fn table() -> Vec<Thing> {
    (0..12u16)
        .map(|index| {
            let (x, y) = (f32::from(index) * 37.0, 30.0 + f32::from(index * 29 % 60));
            still(x, y, 7.0 + f32::from(index * 5 % 7), u64::from(index))
        })
        .collect()
}

#[test]
fn the_camera_pans_and_jolts() {
    let pan = Clip { camera: Box::new(|secs| (25.0 * secs, 0.0)), ..Clip::of(table()) };
    check_both("pan", pan, 0.99, 1);
    // 60 pixels from one frame to the next: no mask overlaps with its own.
    let jolt = Clip { camera: Box::new(|secs| (if secs < 3.0 { 0.0 } else { 60.0 }, 0.0)), ..Clip::of(table()) };
    check_both("jolt", jolt, 0.97, 1);
    let look_away = |secs: f32| (if (3.0..6.0).contains(&secs) { 900.0 } else { 0.0 }, 0.0);
    let away = Clip { camera: Box::new(look_away), ..Clip::of(table()) };
    check_both("looking away and back", away, 0.97, 0);
}

#[test]
fn a_crowd() {
    let mut dice = Dice::new(3);
    let things = (0..20).map(|number| {
        let (x, y, r) = (200.0 * dice.unit(), 120.0 * dice.unit(), 6.0 + 4.0 * dice.unit());
        let (vx, vy) = (30.0 * dice.unit() - 15.0, 30.0 * dice.unit() - 15.0);
        let fold = |value: f32, limit: f32| (value.rem_euclid(2.0 * limit) - limit).abs();
        disc(r, number, move |secs| (fold(x + vx * secs, 200.0), fold(y + vy * secs, 120.0)))
    });
    let clip = Clip { dropped: 0.05, frames: 100, ..Clip::of(things.collect()) };
    check("crowd, shapes only", &clip, 0.98, 4);
    check("crowd, with appearances", &clip.with_looks(), 0.99, 1);
}

fn shape(x: u32, y: u32, side: u32) -> Arc<Spans> {
    Arc::new(Spans::from(&Mask::filled(PixelBox::new(x, y, side, side)).unwrap()))
}

fn detection(x: u32, y: u32, prompt: Option<u64>) -> Detection {
    Detection { shape: shape(x, y, 20), score: 0.8, appearance: None, prompt: prompt.map(PromptKey) }
}

/// A tracker with what it needs.
struct Rig {
    tracker: Tracker,
    ids: TrackIds,
    settings: TrackSettings,
    begin: Instant,
    pictures: u32,
}

impl Default for Rig {
    fn default() -> Self {
        let (tracker, ids, settings) = Default::default();
        Self { tracker, ids, settings, begin: Instant::now(), pictures: 0 }
    }
}

impl Rig {
    /// A new picture with a stamp of so many seconds.
    fn shot(&mut self, secs: i32) -> Shot {
        self.pictures += 1;
        shot(Stamp { secs, nanos: 0 }, self.begin, self.pictures)
    }

    fn begin(&mut self, secs: i32) -> Update {
        let at = FrameTime { shot: self.shot(secs), size: SIZE };
        self.tracker.begin(&at, &self.settings)
    }

    /// One of several looks at the frame.
    fn add(&mut self, detections: &[Detection], searched: Searched) -> Update {
        self.tracker.add(&DetectionSet { detections, searched }, &self.settings, &self.ids)
    }

    fn see(&mut self, secs: i32, detections: &[Detection], searched: Searched) -> Update {
        let seen = Observation { shot: self.shot(secs), size: SIZE, detections, searched };
        self.tracker.update(&seen, &self.settings, &self.ids)
    }

    /// As [`Rig::see`], for so many seconds without a picture before.
    fn see_after(&mut self, secs: u32, stamp: i32, detections: &[Detection], searched: Searched) -> Update {
        self.pictures += 1000 * secs;
        self.see(stamp, detections, searched)
    }

    /// The newest picture once more.
    fn see_again(&mut self, detections: &[Detection], searched: Searched) -> Update {
        let shot = self.tracker.clock.unwrap().newest();
        self.tracker.update(&Observation { shot, size: SIZE, detections, searched }, &self.settings, &self.ids)
    }

    fn ids_of(&mut self, secs: i32, detections: &[Detection]) -> Vec<Option<u64>> {
        let update = self.see(secs, detections, Searched::Everywhere);
        update.assigned.iter().map(|assigned| assigned.track.map(|id| id.0)).collect()
    }
}

#[test]
fn states_follow_what_is_seen() {
    let mut rig = Rig::default();
    let mug = [detection(10, 10, None)];
    let first = rig.see(1, &mug, Searched::Everywhere);
    assert_eq!((first.born, rig.tracker.tracks()[0].state), (vec![TrackId(1)], TrackState::Tentative));
    // The same frame once more is no second look.
    rig.see_again(&mug, Searched::Everywhere);
    assert_eq!(rig.tracker.tracks()[0].state, TrackState::Tentative);
    rig.see(2, &mug, Searched::Everywhere);
    assert_eq!(rig.tracker.tracks()[0].state, TrackState::Confirmed);
    assert_eq!(rig.see(3, &[], Searched::Everywhere).lost, [TrackId(1)]);
    assert_eq!(rig.tracker.tracks()[0].state, TrackState::Lost);
    assert_eq!(rig.see(4, &mug, Searched::Everywhere).refound, [TrackId(1)]);
    let track = rig.tracker.get(TrackId(1)).unwrap();
    assert_eq!((track.first_seen.secs, track.last_seen.secs, track.seen_frames), (1, 4, 3));
    rig.see(5, &[], Searched::Everywhere);
    assert_eq!(rig.see(15, &[], Searched::Everywhere).died, [TrackId(1)]);
    assert_eq!(rig.ids_of(16, &mug), [Some(2)]);
    assert_eq!(rig.see(17, &[], Searched::Everywhere).died, []);
    assert_eq!(rig.see(18, &[], Searched::Everywhere).died, [TrackId(2)], "seen once and never again: a phantom");
}

#[test]
fn what_is_not_looked_for_is_not_missed() {
    let mut rig = Rig::default();
    rig.see(1, &[detection(10, 10, None)], Searched::For(&[]));
    let update = rig.see(2, &[], Searched::For(&[]));
    assert_eq!((update.lost.len(), update.died.len()), (0, 0));
    assert_eq!(rig.ids_of(3, &[detection(10, 10, None)]), [Some(1)]);
}

#[test]
fn a_camera_that_slept_finds_what_stayed() {
    let mut rig = Rig::default();
    rig.ids_of(1, &[detection(10, 10, None)]);
    assert_eq!(rig.ids_of(1000, &[detection(12, 10, None)]), [Some(1)]);
}

#[test]
fn stamps_that_jump_back_keep_the_ids() {
    let mut rig = Rig::default();
    let at = |x| [detection(x, 10, None), detection(100, 80, None)];
    (0..5).for_each(|step| assert_eq!(rig.ids_of(100 + step, &at(10 + 8 * step as u32)), [Some(1), Some(2)]));
    // The recording begins again: no speed carries over, and first_seen is not after last_seen.
    assert_eq!(rig.ids_of(3, &at(44)), [Some(1), Some(2)]);
    let track = rig.tracker.get(TrackId(1)).unwrap();
    assert!(track.first_seen <= track.last_seen);
    assert_eq!(rig.ids_of(4, &at(44)), [Some(1), Some(2)]);
    // Zero stamps are none, and the pictures are pictures all the same.
    assert_eq!(rig.ids_of(0, &at(46)), [Some(1), Some(2)]);
    assert_eq!(rig.ids_of(0, &at(48)), [Some(1), Some(2)]);
}

#[test]
fn where_stamps_stand_waiting_ends_all_the_same() {
    for stamp in [0, 77] {
        let mut rig = Rig::default();
        let (keys, mug) = ([PromptKey(7)], [detection(10, 10, Some(7))]);
        (0..3).for_each(|_| drop(rig.see(stamp, &mug, Searched::For(&keys))));
        assert_eq!(rig.tracker.tracks()[0].state, TrackState::Confirmed, "three pictures, though one stamp");
        let wall = [Detection { shape: shape(0, 0, 110), ..detection(0, 0, Some(7)) }];
        for after in [1, 2] {
            let update = rig.see_after(1, stamp, &wall, Searched::For(&keys));
            assert_eq!(update.assigned[0].track, None, "it waits for its object: {after} s");
        }
        let update = rig.see_after(2, stamp, &wall, Searched::For(&keys));
        assert_eq!(update.born, [TrackId(2)], "4 s: it points at its place again");
        let update = rig.see_after(8, stamp, &wall, Searched::For(&keys));
        assert_eq!(update.died, [TrackId(1)], "12 s: its object is forgotten");
        // The same picture again is no time.
        let (secs, frames) = (rig.tracker.secs(), rig.tracker.tracks()[0].seen_frames);
        rig.see_again(&wall, Searched::For(&keys));
        assert_eq!((rig.tracker.secs(), rig.tracker.tracks()[0].seen_frames), (secs, frames));
    }
}

#[test]
fn what_moves_under_a_standing_stamp_has_a_speed() {
    let mut rig = Rig::default();
    for x in [10, 18, 26, 34, 42] {
        let update = rig.see_after(1, 77, &[detection(x, 10, None)], Searched::Everywhere);
        assert_eq!(update.assigned[0].track, Some(TrackId(1)), "{x}");
    }
    let next = shot(Stamp { secs: 77, nanos: 0 }, rig.begin, rig.pictures + 1000);
    let way = rig.tracker.way(&rig.tracker.tracks()[0], &next).x;
    assert!((36.0..=40.5).contains(&way), "32 pixels so far, and some further: {way}");
}

#[test]
fn a_look_back_names_and_finds_but_moves_nothing() {
    let mut rig = Rig::default();
    let at = |x| detection(x, 10, None);
    (0..6).for_each(|step| assert_eq!(rig.ids_of(10 + step, &[at(10 + 8 * step as u32), at(150)]), [Some(1), Some(2)]));
    // 2 seconds ago it was 16 pixels to the left; what was at 150 was not looked for, and there was a third thing.
    let old = [at(34), detection(60, 80, None)];
    let at = FrameTime { shot: Shot { arrived: None, ..rig.shot(13) }, size: SIZE };
    let look = DetectionSet { detections: &old, searched: Searched::Everywhere };
    let update = rig.tracker.look_back(&at, &look, &rig.settings, &rig.ids);
    let assigned: Vec<_> = update.assigned.iter().map(|one| one.track.map(|id| id.0)).collect();
    assert_eq!((assigned, update.born, update.lost), (vec![Some(1), Some(3)], vec![TrackId(3)], vec![]));
    let track = |id| rig.tracker.get(TrackId(id)).unwrap();
    assert_eq!((track(1).shape.bbox().x, track(1).last_seen.secs, track(3).first_seen.secs), (50, 15, 13));
    let there = [58, 150].map(|x| detection(x, 10, None));
    assert_eq!(
        rig.ids_of(16, &[there[0].clone(), there[1].clone(), detection(60, 80, None)]),
        [Some(1), Some(2), Some(3)]
    );
    rig.settings.max_tracks = 3;
    let look = DetectionSet { detections: &[detection(100, 80, None)], ..look };
    let update = rig.tracker.look_back(&at, &look, &rig.settings, &rig.ids);
    assert_eq!(update.assigned[0].track, None, "there is no room");
}

#[test]
fn a_picture_of_another_size_keeps_the_ids() {
    let mut rig = Rig::default();
    rig.ids_of(1, &[detection(100, 50, None), detection(10, 10, None)]);
    let double: Vec<Detection> =
        [(20, 20), (200, 100)].map(|(x, y)| Detection { shape: shape(x, y, 40), ..detection(0, 0, None) }).to_vec();
    let shot = rig.shot(2);
    let size = Size::new(2 * SIZE.width, 2 * SIZE.height);
    let seen = Observation { shot, size, detections: &double, searched: Searched::Everywhere };
    let update = rig.tracker.update(&seen, &rig.settings, &rig.ids);
    let mut ids: Vec<_> = update.assigned.iter().map(|assigned| assigned.track).collect();
    ids.sort_unstable();
    assert_eq!((ids, update.born.len()), (vec![Some(TrackId(1)), Some(TrackId(2))], 0));
}

#[test]
fn the_stalest_make_room() {
    let mut rig = Rig {
        settings: TrackSettings { max_tracks: 2, confirm_frames: 1, ..Default::default() },
        ..Default::default()
    };
    assert_eq!(rig.ids_of(1, &[detection(0, 0, None)]), [Some(1)]);
    assert_eq!(rig.ids_of(2, &[detection(50, 0, None)]), [Some(2)]);
    let update = rig.see(3, &[detection(100, 0, None)], Searched::Everywhere);
    assert_eq!((update.born, update.died), (vec![TrackId(3)], vec![TrackId(1)]));
    let full = rig.ids_of(4, &[detection(100, 0, None), detection(150, 0, None), detection(0, 60, None)]);
    assert_eq!(full, [Some(3), Some(4), None], "what is in sight is not displaced");
    assert_eq!(rig.tracker.clear(), [TrackId(3), TrackId(4)]);
    assert_eq!(rig.ids_of(5, &[detection(100, 0, None)]), [Some(5)]);
}

#[test]
fn a_sticky_prompt_follows_its_object_and_nothing_else() {
    let mut rig = Rig::default();
    let (key, keys) = (PromptKey(7), [PromptKey(7)]);
    let click = Shape::Points(vec![Click { at: Point::new(20.0, 20.0), foreground: true }]);
    let prompt_at = |rig: &Rig, secs| {
        let next = shot(Stamp { secs, nanos: 0 }, rig.begin, rig.pictures + 1);
        following_shape(&click, &rig.tracker, key, &next, SIZE)
    };
    assert_eq!(prompt_at(&rig, 1), click);
    for step in 0..5 {
        let update = rig.see(1 + step, &[detection(10 + 10 * step as u32, 10, Some(7))], Searched::For(&keys));
        assert_eq!(update.assigned[0].track, Some(TrackId(1)));
    }
    let Shape::Points(clicks) = prompt_at(&rig, 6) else { panic!("clicks") };
    assert!((64.0..=70.5).contains(&clicks[0].at.x) && clicks[0].at.y == 20.0, "{clicks:?}");
    // Something else is at the place where it should be: no region of this prompt, and no new track.
    let wall = Detection { shape: shape(0, 0, 110), ..detection(0, 0, Some(7)) };
    let update = rig.see(6, &[wall], Searched::For(&keys));
    assert_eq!((update.assigned[0].track, update.lost), (None, vec![TrackId(1)]));
    // Everything-mode sees it as well: one object, one id.
    let twice = [detection(60, 10, None), detection(61, 10, Some(7))];
    let update = rig.see(7, &twice, Searched::Everywhere);
    assert_eq!(
        update.assigned.iter().map(|one| (one.track, one.is_duplicate)).collect::<Vec<_>>(),
        [(Some(TrackId(1)), true), (Some(TrackId(1)), false),]
    );
    // Gone for longer than its prompt has patience: that takes what is there now, and the object keeps its id.
    let (mut other, ids) = (rig.tracker.clone(), TrackIds::default());
    (0..9).map(|_| ids.issue()).for_each(drop);
    for secs in 8..=11 {
        let wall = Detection { shape: shape(0, 0, 110), ..detection(0, 0, Some(7)) };
        let seen =
            Observation { shot: rig.shot(secs), size: SIZE, detections: &[wall], searched: Searched::For(&keys) };
        let update = other.update(&seen, &rig.settings, &ids);
        assert_eq!(update.assigned[0].track.is_some(), secs == 11, "{secs}");
    }
    assert_eq!(other.get(TrackId(1)).map(|track| (track.state, track.prompt)), Some((TrackState::Lost, None)));
    // A recording that begins again: the prompt points at its place, the object keeps its id.
    let mut again = rig.tracker.clone();
    let seen = Observation { shot: rig.shot(1), size: SIZE, detections: &[], searched: Searched::For(&keys) };
    again.update(&seen, &rig.settings, &ids);
    assert_eq!((again.of_prompt(key).is_none(), again.get(TrackId(1)).is_some()), (true, true));
    // Pointed elsewhere by its client.
    rig.tracker.release(key);
    let update = rig.see(8, &[detection(150, 80, Some(7))], Searched::For(&keys));
    assert_eq!(update.born, [TrackId(2)]);
    assert_eq!(rig.tracker.of_prompt(key).unwrap().id, TrackId(2));
}

#[test]
fn looks_decide_where_shapes_cannot() {
    let mut rig = Rig::default();
    let mut dice = Dice::new(5);
    let mut with_look = |x, number| Detection { appearance: look(number, 0.3, &mut dice), ..detection(x, 10, None) };
    rig.ids_of(1, &[with_look(10, 1), with_look(100, 2)]);
    // Swapped between two frames.
    assert_eq!(rig.ids_of(2, &[with_look(10, 2), with_look(100, 1)]), [Some(2), Some(1)]);
    // Something else stands there now.
    assert_eq!(rig.ids_of(3, &[with_look(10, 8), with_look(100, 1)]), [Some(3), Some(1)]);
}

#[test]
fn ids_are_written_and_read() {
    assert_eq!((TrackId(12).to_string(), "r12".parse()), ("r12".to_owned(), Ok(TrackId(12))));
    for wrong in ["12", "r", "r-1", "r+1", "r01", "R1", "r99999999999999999999"] {
        assert_eq!(wrong.parse::<TrackId>(), Err(()), "{wrong}");
    }
}

/// Frames of up to 8 squares, with stamps that also stand and go back.
fn frames() -> impl Strategy<Value = Vec<(i32, Vec<Detection>)>> {
    let one = (0u32..150, 0u32..90, prop_oneof![3 => Just(None), 1 => (0u64..3).prop_map(Some)], 0u8..10);
    let one = one.prop_map(|(x, y, prompt, score)| Detection { score: f32::from(score), ..detection(x, y, prompt) });
    prop::collection::vec((0i32..20, prop::collection::vec(one, 0..8)), 1..12)
}

proptest! {
    #[test]
    fn whatever_comes_ids_stay_honest(frames in frames()) {
        let settings = TrackSettings { max_tracks: 5, ttl_secs: 4.0, ..Default::default() };
        let mut rig = Rig { settings, ..Default::default() };
        let (mut newest, mut dead) = (0, BTreeSet::new());
        for (secs, detections) in frames {
            let update = rig.see(secs, &detections, Searched::Everywhere);
            prop_assert!(rig.tracker.tracks().len() <= 5);
            prop_assert!(rig.tracker.tracks().is_sorted_by_key(|track| track.id));
            for id in &update.born {
                prop_assert!(id.0 > newest, "ids only rise");
                newest = id.0;
            }
            dead.extend(update.died);
            prop_assert!(rig.tracker.tracks().iter().all(|track| !dead.contains(&track.id)));
            let leaders = update.assigned.iter().filter(|one| !one.is_duplicate).filter_map(|one| one.track);
            let leaders: Vec<TrackId> = leaders.collect();
            prop_assert_eq!(leaders.iter().collect::<BTreeSet<_>>().len(), leaders.len());
            prop_assert!(leaders.iter().all(|id| rig.tracker.get(*id).is_some()));
        }
    }

    #[test]
    fn the_order_of_detections_makes_no_difference(frames in frames(), seed in any::<u64>()) {
        let (mut straight, mut shuffled, mut dice) = (Rig::default(), Rig::default(), Dice::new(seed));
        for (secs, detections) in frames {
            let mut order: Vec<usize> = (0..detections.len()).collect();
            (1..order.len()).for_each(|last| order.swap(last, dice.below(last + 1)));
            let mixed: Vec<Detection> = order.iter().map(|&index| detections[index].clone()).collect();
            let (expected, got) = (straight.ids_of(secs, &detections), shuffled.ids_of(secs, &mixed));
            for (place, &index) in order.iter().enumerate() {
                prop_assert_eq!(got[place], expected[index]);
            }
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::core::region::{Caption, CaptionState};
use crate::core::testing::dice::Dice;
use crate::core::track::{Appearance, TrackId};

const MUG: TrackId = TrackId(1);

fn look(area: u32) -> Look {
    Look { area, appearance: None }
}

fn words(text: &str) -> Caption {
    Caption { text: text.into(), ..Caption::default() }
}

/// A book with a clock.
#[derive(Default)]
struct Rig {
    book: CaptionBook,
    settings: ReuseSettings,
    now: f64,
}

impl Rig {
    /// A tenth of a second later the objects are seen again.
    fn see(&mut self, ids: &[u64], area: u32) {
        self.now += 0.1;
        for &id in ids {
            self.book.see(TrackId(id), look(area), self.now, &self.settings);
        }
    }

    fn start(&mut self, ids: &[u64], most: usize) -> Vec<u64> {
        let visible: Vec<TrackId> = ids.iter().map(|&id| TrackId(id)).collect();
        self.book.start(&visible, most, self.now, &self.settings).into_iter().map(|id| id.0).collect()
    }

    fn finish(&mut self, id: u64) {
        self.book.finish(TrackId(id), words("a mug"), self.now, &self.settings);
    }

    fn fail(&mut self, id: u64) {
        self.book.fail(TrackId(id), self.now, &self.settings);
    }

    fn state(&self) -> CaptionState {
        self.book.caption(MUG).state
    }

    /// A book in which the mug has words.
    fn with_words() -> Self {
        let mut rig = Self::default();
        rig.see(&[1], 100);
        assert_eq!(rig.start(&[1], 9), [1]);
        rig.finish(1);
        rig
    }
}

#[test]
fn a_steady_clip_takes_a_tenth_of_the_captions_at_most() {
    let (mut rig, mut dice) = (Rig::default(), Dice::new(2));
    let ids: Vec<u64> = (1..=8).collect();
    // A minute at 10 Hz; masks breathe by up to 20 %, and now and then one is far off.
    for frame in 0..600 {
        rig.now = f64::from(frame) * 0.1;
        for &id in &ids {
            let wobble = if dice.unit() < 0.02 { 3.0 } else { 0.9 + 0.2 * dice.unit() };
            rig.book.see(TrackId(id), look((1000.0 * wobble) as u32), rig.now, &rig.settings);
        }
        for id in rig.start(&ids, 16) {
            rig.finish(id);
        }
    }
    let Counts { looks, started, finished, failed } = rig.book.counts();
    println!("{looks} looks, {started} captions: {} times fewer", looks / started);
    assert_eq!((looks, failed, finished), (4800, 0, started));
    assert!(started * 10 <= looks, "at least 10 times fewer than {looks}: {started}");
    assert!(started >= 8, "each object has words");
}

#[test]
fn words_come_once() {
    let mut rig = Rig::default();
    assert_eq!(rig.state(), CaptionState::None);
    rig.see(&[1], 100);
    assert_eq!(rig.state(), CaptionState::Pending);
    assert_eq!(rig.start(&[1], 9), [1]);
    rig.see(&[1], 100);
    assert_eq!(rig.start(&[1], 9), [0u64; 0], "it is in work");
    rig.finish(1);
    assert_eq!((rig.state(), rig.book.caption(MUG).text.as_str()), (CaptionState::Done, "a mug"));
    (0..100).for_each(|_| rig.see(&[1], 100));
    assert_eq!(rig.start(&[1], 9), [0u64; 0]);
}

#[test]
fn a_lasting_change_makes_them_stale_and_a_flicker_does_not() {
    let mut rig = Rig::with_words();
    (0..20).for_each(|frame| rig.see(&[1], if frame % 3 == 0 { 100 } else { 300 }));
    assert_eq!(rig.state(), CaptionState::Done);
    (0..3).for_each(|_| rig.see(&[1], 300));
    assert_eq!((rig.state(), rig.book.caption(MUG).text.as_str()), (CaptionState::Stale, "a mug"));
    assert_eq!(rig.start(&[1], 9), [1]);
    assert_eq!(rig.state(), CaptionState::Stale, "the old words are still shown");
    rig.finish(1);
    (0..20).for_each(|_| rig.see(&[1], 300));
    assert_eq!((rig.state(), rig.start(&[1], 9).len()), (CaptionState::Done, 0));
}

#[test]
fn another_look_of_the_same_size_is_a_change() {
    let mut rig = Rig::default();
    let mut see = |x: f32, y: f32| {
        rig.now += 1.0;
        let appearance = Appearance::new(vec![x, y]);
        rig.book.see(MUG, Look { area: 100, appearance }, rig.now, &rig.settings);
        for id in rig.book.start(&[MUG], 1, rig.now, &rig.settings) {
            rig.book.finish(id, words("a mug"), rig.now, &rig.settings);
        }
        rig.book.counts().started
    };
    assert_eq!([see(1.0, 0.0), see(1.0, 0.2), see(1.0, 0.1)], [1, 1, 1]);
    assert_eq!([see(0.0, 1.0), see(0.0, 1.0), see(0.0, 1.0), see(0.0, 1.0)], [1, 1, 2, 2]);
}

#[test]
fn a_change_while_the_model_speaks_is_noticed() {
    let mut rig = Rig { settings: ReuseSettings { change_frames: 1, ..Default::default() }, ..Default::default() };
    rig.see(&[1], 100);
    rig.start(&[1], 1);
    rig.see(&[1], 500);
    rig.finish(1);
    assert_eq!(rig.state(), CaptionState::Stale);
}

#[test]
fn old_words_are_made_anew_but_are_not_stale() {
    let mut rig = Rig::with_words();
    rig.now += 59.0;
    rig.see(&[1], 100);
    assert_eq!(rig.start(&[1], 1), [0u64; 0]);
    rig.now += 1.0;
    rig.see(&[1], 100);
    assert_eq!((rig.state(), rig.start(&[1], 1)), (CaptionState::Done, vec![1]));
    rig.finish(1);
    rig.settings.refresh_secs = 0.0;
    rig.now += 1e6;
    rig.see(&[1], 100);
    assert_eq!(rig.start(&[1], 1), [0u64; 0], "0: never");
}

#[test]
fn failures_are_tried_again_after_ever_longer_pauses() {
    let mut rig = Rig::default();
    rig.see(&[1], 100);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        assert_eq!(rig.start(&[1], 1), [1]);
        rig.fail(1);
        assert_eq!(rig.state(), CaptionState::Failed);
        let failed_at = rig.now;
        while rig.start(&[1], 1).is_empty() {
            rig.now += 0.5;
        }
        rig.book.give_up(MUG);
        pauses.push((rig.now - failed_at).round());
    }
    assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 32.0, 32.0]);
    assert_eq!(rig.start(&[1], 1), [1]);
    assert_eq!(rig.state(), CaptionState::Pending);
    rig.finish(1);
    assert_eq!(rig.state(), CaptionState::Done);
}

#[test]
fn a_failure_keeps_the_old_words() {
    let mut rig = Rig::with_words();
    rig.now += 60.0;
    assert_eq!(rig.start(&[1], 1), [1]);
    rig.fail(1);
    assert_eq!((rig.state(), rig.book.caption(MUG).text.as_str()), (CaptionState::Stale, "a mug"));
}

#[test]
fn what_clients_ask_for_comes_first() {
    let mut rig = Rig::with_words();
    rig.see(&[5], 100);
    rig.see(&[1, 2, 3, 4, 5], 100);
    // 5 waits longest of the new ones; 4 was asked for, 1, which has words already, and then 3.
    assert!(rig.book.ask(TrackId(4), rig.now) && rig.book.ask(TrackId(3), rig.now + 0.1) && rig.book.ask(MUG, rig.now));
    assert!(!rig.book.ask(TrackId(99), rig.now));
    let visible = [1, 2, 3, 4, 5, 5, 99];
    assert_eq!(rig.start(&visible, 1), [1, 4, 3, 5], "however few beside them");
    assert_eq!(rig.start(&visible, 3), [2]);
    rig.finish(1);
    rig.fail(4);
    rig.book.ask(TrackId(4), rig.now);
    assert_eq!(rig.start(&visible, 0), [4], "who asks does not wait for the pause after a failure");
    rig.book.give_up(TrackId(5));
    assert_eq!(rig.start(&[1, 2, 3, 4], 9), [0u64; 0], "what is not in this frame cannot be described from it");
    assert_eq!(rig.start(&visible, 9), [5]);
    // Who asks while the model is at work asks for a later look.
    assert!(rig.book.ask(TrackId(5), rig.now));
    rig.finish(5);
    assert_eq!(rig.start(&visible, 0), [5]);
    rig.book.give_up(TrackId(5));
    assert_eq!(rig.start(&visible, 0), [5], "nobody has answered yet");
}

#[test]
fn new_before_changed_before_old() {
    let mut rig = Rig::default();
    rig.see(&[1, 2], 100);
    rig.start(&[1, 2], 9);
    rig.finish(1);
    rig.finish(2);
    rig.now += 60.0;
    (0..3).for_each(|_| {
        rig.see(&[1], 100);
        rig.see(&[2], 500);
    });
    rig.see(&[3], 100);
    assert_eq!(rig.start(&[1, 2, 3], 9), [3, 2, 1]);
}

#[test]
fn the_book_is_bounded_and_forgets_the_dead() {
    let mut rig = Rig { settings: ReuseSettings { capacity: 3, ..Default::default() }, ..Default::default() };
    (1..=10).for_each(|id| rig.see(&[id], 100));
    assert_eq!(rig.book.len(), 3);
    assert_eq!(rig.start(&(1..=10).collect::<Vec<_>>(), 99), [8, 9, 10]);
    rig.book.forget(TrackId(9));
    assert_eq!(rig.book.caption(TrackId(9)), Caption::default());
    rig.finish(9);
    assert_eq!(rig.book.len(), 2, "words for the dead are dropped");
    rig.book.clear();
    assert!(rig.book.is_empty());
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_described_twice_at_once(
            steps in prop::collection::vec((0u8..6, 1u64..6, 50u32..400), 0..200),
        ) {
        let mut rig = Rig { settings: ReuseSettings { capacity: 4, ..Default::default() }, ..Default::default() };
        let mut in_work = std::collections::BTreeSet::new();
        for (step, id, area) in steps {
            match step {
                0 | 1 => rig.see(&[id], area),
                2 => {
                    for begun in rig.start(&[1, 2, 3, 4, 5], 2) {
                        prop_assert!(in_work.insert(begun), "{} is in work", begun);
                    }
                }
                3 if in_work.remove(&id) => rig.finish(id),
                4 if in_work.remove(&id) => rig.fail(id),
                5 => {
                    rig.book.forget(TrackId(id));
                    in_work.remove(&id);
                }
                _ => {}
            }
            prop_assert!(rig.book.len() <= 4);
            // Those that were displaced are not in work any more.
            in_work.retain(|&id| rig.book.caption(TrackId(id)).state != CaptionState::None);
        }
    }
}

//! Several looks at one frame.

use super::clips::shot;
use super::{Rig, detection};
use crate::core::frame::Stamp;
use crate::core::track::{Detection, PromptKey, Searched, TrackId};

#[test]
fn a_second_look_at_a_frame_is_no_second_frame() {
    let (a, b) = ([detection(10, 10, None)], [detection(100, 80, None)]);
    let mut rig = Rig::default();
    rig.see(1, &a, Searched::Everywhere);
    rig.see_again(&b, Searched::For(&[]));
    let update = rig.see(1000, &a, Searched::For(&[]));
    assert_eq!(update.assigned[0].track, Some(TrackId(1)), "it was in sight, and the camera slept");
}

#[test]
fn however_many_looks_there_are_a_frame_misses_and_ages_a_track_once() {
    let (a, b, keys) = (detection(10, 10, Some(7)), detection(100, 80, None), [PromptKey(7)]);
    let mut rig = Rig::default();
    rig.begin(1);
    rig.add(std::slice::from_ref(&a), Searched::For(&keys));
    for searched in [Searched::For(&[]), Searched::Everywhere, Searched::Everywhere] {
        rig.add(std::slice::from_ref(&b), searched);
    }
    let track = |rig: &Rig| rig.tracker.get(TrackId(1)).cloned().unwrap();
    assert_eq!((track(&rig).seen_frames, track(&rig).missed_frames), (1, 0));
    // Looked for three times in one frame, tentative as it is: missed once.
    rig.begin(2);
    (0..3).for_each(|_| drop(rig.add(&[], Searched::Everywhere)));
    assert_eq!((rig.tracker.end().died, track(&rig).missed_frames), (vec![], 1));
    // The first look does not find it, the second does.
    rig.begin(3);
    rig.add(&[], Searched::For(&keys));
    rig.add(&[Detection { prompt: None, ..a }], Searched::For(&[]));
    let update = rig.tracker.end();
    assert_eq!((update.lost, track(&rig).missed_frames, track(&rig).seen_frames), (vec![], 0, 2));
}

#[test]
fn a_second_look_at_every_frame_takes_no_speed_and_no_following_from_what_moves() {
    let keys = [PromptKey(7)];
    let mut rigs = [Rig::default(), Rig::default()];
    for (rig, looks) in rigs.iter_mut().zip([1, 3]) {
        for step in 0..8 {
            rig.begin(1 + step);
            let at = 10 + 10 * step as u32;
            // Requests and everything-mode, before and after the sticky prompt; their masks lie a little beside its mask.
            if looks > 1 && step % 2 == 1 {
                rig.add(&[detection(100, 80, None)], Searched::For(&[]));
                rig.add(&[detection(at + 2, 10, None)], Searched::For(&[]));
            }
            let update = rig.add(&[detection(at, 10, Some(7))], Searched::For(&keys));
            assert_eq!(update.assigned[0].track.map(|id| id.0), Some(1), "{step}");
            if looks > 1 {
                rig.add(&[detection(at + 1, 11, None), detection(100, 80, None)], Searched::Everywhere);
                rig.add(&[], Searched::For(&[]));
            }
        }
    }
    let [alone, among] = rigs.map(|rig| {
        let next = shot(Stamp { secs: 9, nanos: 0 }, rig.begin, rig.pictures + 1);
        let track = rig.tracker.get(TrackId(1)).unwrap();
        (rig.tracker.way(track, &next), track.seen_frames, track.shape.bbox().x)
    });
    assert_eq!((among.1, among.2), (alone.1, alone.2));
    assert!((among.0.x - alone.0.x).abs() < 2.5, "{among:?} {alone:?}");
}

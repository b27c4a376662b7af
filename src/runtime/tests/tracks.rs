//! Objects keep their ids from frame to frame, whoever asks for them.

use std::time::Duration;

use super::rig::*;
use crate::core::geometry::PixelBox;
use crate::core::pixels::raw_image::{ImagePayload, RawFrame};
use crate::core::settings::Settings;
use crate::runtime::api::{PromptSubmission, SegmentRequest};

const RED: [u8; 3] = [220, 30, 20];
const BLUE: [u8; 3] = [20, 40, 230];

/// The only camera's picture at second `secs`: grey, with a coloured patch of 16 x 16 around each centre.
fn patches(secs: i32, patches: &[((u32, u32), [u8; 3])]) -> RawFrame {
    let mut frame = frame(secs);
    let ImagePayload::Raw(raw) = &mut frame.payload else { unreachable!() };
    for &((cx, cy), color) in patches {
        for y in cy.saturating_sub(8)..(cy + 8).min(SIZE.height) {
            for x in cx.saturating_sub(8)..(cx + 8).min(SIZE.width) {
                let at = (3 * (y * SIZE.width + x)) as usize;
                raw.data[at..at + 3].copy_from_slice(&color);
            }
        }
    }
    frame
}

/// A box of 12 x 10 around it.
fn around(id: &str, (x, y): (u32, u32)) -> crate::core::prompt::RawPrompt {
    named_box(id, x - 6, y - 5)
}

async fn seen(rig: &mut Rig, frame: RawFrame) -> Vec<String> {
    rig.handle.frame(frame);
    ids(&*rig.regions().await).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_stands_before_an_object_is_not_the_object() {
    let mut rig = Rig::start(quiet());
    let mug = (16, 16);
    rig.sticky(vec![around("mug", mug)]);
    let first = seen(&mut rig, patches(1, &[(mug, RED)])).await;
    assert_eq!(seen(&mut rig, patches(2, &[(mug, RED)])).await, first);
    for secs in 3..=4 {
        assert_eq!(seen(&mut rig, patches(secs, &[(mug, BLUE)])).await, [""; 0], "a hand is before it");
    }
    let array = {
        rig.handle.frame(patches(5, &[(mug, RED)]));
        rig.regions().await
    };
    assert_eq!(ids(&array), first);
    assert_eq!((array.regions[0].first_seen.secs, array.regions[0].last_seen.secs), (1, 5));
}

#[tokio::test]
async fn after_its_time_to_live_an_object_is_a_new_one() {
    let mut settings = quiet();
    settings.memory.ttl_secs = 5.0;
    let mut rig = Rig::start(settings);
    let mug = (16, 16);
    rig.sticky(vec![around("mug", mug)]);
    let first = [seen(&mut rig, patches(1, &[(mug, RED)])).await, seen(&mut rig, patches(2, &[(mug, RED)])).await];
    assert_eq!(seen(&mut rig, patches(3, &[(mug, BLUE)])).await, [""; 0]);
    let then = seen(&mut rig, patches(9, &[(mug, BLUE)])).await;
    assert!(then.len() == 1 && !first.concat().contains(&then[0]), "the prompt points at what is there: {then:?}");
}

#[tokio::test]
async fn where_stamps_stand_a_prompt_waits_no_longer_for_its_object() {
    for stamp in [0, 77] {
        let mut settings = quiet();
        settings.memory.ttl_secs = 0.2;
        let mut rig = Rig::start(settings);
        let mug = (16, 16);
        rig.sticky(vec![around("mug", mug)]);
        let first = seen(&mut rig, patches(stamp, &[(mug, RED)])).await;
        assert_eq!(seen(&mut rig, patches(stamp, &[(mug, RED)])).await, first);
        assert_eq!(seen(&mut rig, patches(stamp, &[(mug, BLUE)])).await, [""; 0]);
        rig.advance(Duration::from_millis(300));
        let then = seen(&mut rig, patches(stamp, &[(mug, BLUE)])).await;
        assert!(then.len() == 1 && then != first, "the prompt points at what is there: {then:?}");
    }
}

#[tokio::test]
async fn one_object_has_one_id_whoever_asks() {
    let mut rig = Rig::start(quiet());
    let (mug, bowl) = ((16, 16), (48, 32));
    let picture = |secs| patches(secs, &[(mug, RED), (bowl, BLUE)]);
    rig.sticky(vec![around("mug", mug)]);
    let first = seen(&mut rig, picture(1)).await;
    rig.once(0, vec![around("again", mug), around("bowl", bowl)]);
    let second = seen(&mut rig, picture(2)).await;
    assert_eq!((&second[0], second.len()), (&first[0], 3));
    assert!(
        second[1] != second[0] && second[1] != second[2],
        "no two regions of an answer have the same id: {second:?}"
    );
    let asked = rig.handle.segment(on_newest(vec![around("", bowl), around("", mug)])).await.unwrap();
    assert_eq!(ids(&asked), [&second[2], &first[0]]);
    // Its own candidates are regions of their own.
    let request = SegmentRequest { all_masks: true, ..on_newest(vec![around("", mug)]) };
    let candidates = rig.handle.segment(request).await.unwrap();
    let mut different = ids(&candidates);
    assert_eq!(different[0], first[0]);
    different.dedup();
    assert_eq!(different.len(), 3);
    // A picture that a request brings along is nobody's memory.
    let image = Some(picture(2));
    let request = SegmentRequest { image, ..on_newest(vec![around("", mug)]) };
    assert_ne!(ids(&rig.handle.segment(request).await.unwrap()), [&first[0]]);
}

#[tokio::test]
async fn a_sticky_prompt_is_asked_as_its_client_did_while_its_object_rests() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(20, 21), named_box("box", 40, 20)]);
    let mut arrays = Vec::new();
    for secs in 1..=20 {
        rig.frame(secs);
        arrays.push(rig.regions().await);
    }
    for array in &arrays {
        assert_eq!(ids(array), ids(&arrays[0]));
        for (now, then) in array.regions.iter().zip(&arrays[0].regions) {
            assert_eq!((&now.mask, &now.prompt), (&then.mask, &then.prompt));
        }
    }
}

#[tokio::test]
async fn a_clock_that_jumps_and_a_recording_that_begins_again_keep_the_ids() {
    let mut rig = Rig::start(quiet());
    let mug = (16, 16);
    rig.sticky(vec![around("mug", mug)]);
    let first = seen(&mut rig, patches(1000, &[(mug, RED)])).await;
    for secs in [1001, 3, 4, 2_000_000_000, 2_000_000_000, 1, 0, 0] {
        let array = {
            rig.handle.frame(patches(secs, &[(mug, RED)]));
            rig.regions().await
        };
        assert_eq!(ids(&array), first, "{secs}");
        let region = &array.regions[0];
        assert!(region.first_seen <= region.last_seen && region.bbox() == PixelBox::new(10, 11, 12, 10), "{region:?}");
    }
}

#[tokio::test]
async fn cameras_have_tracks_of_their_own_and_ids_in_common() {
    let mut rig = Rig::start(quiet());
    let mut all = Vec::new();
    for (camera, secs) in [("front", 1), ("rear", 1), ("front", 2), ("rear", 2)] {
        if secs == 1 {
            let prompts = vec![named_box("mug", 10, 11)];
            let camera = String::from(camera);
            let frame = picture(&camera, [10, 20, 30], secs);
            rig.handle.prompts(PromptSubmission { camera, sticky: true, prompts, ..Default::default() }).unwrap();
            rig.handle.frame(frame);
        } else {
            rig.handle.frame(picture(camera, [10, 20, 30], secs));
        }
        let array = rig.regions().await;
        assert_eq!((array.header.origin.name(), array.regions.len()), (camera, 1));
        all.push(array.regions[0].id.clone());
    }
    assert!(all[0] == all[2] && all[1] == all[3] && all[0] != all[1], "{all:?}");
}

#[tokio::test]
async fn however_much_is_found_the_tracks_are_bounded() {
    let mut settings =
        Settings { memory: crate::core::settings::MemorySettings { max_regions: 4, ..Default::default() }, ..quiet() };
    settings.limits.max_prompts = 64;
    let mut rig = Rig::start(settings);
    let mut all = std::collections::BTreeSet::new();
    for secs in 1..=10 {
        rig.frame(secs);
        let at = |number: u32| click(4 + 14 * (number % 4), 4 + 14 * (number / 4));
        rig.once(secs, (0..12).map(at).collect());
        let array = rig.regions().await;
        assert_eq!(array.regions.len(), 12, "whatever is tracked, all masks are published");
        let here: std::collections::BTreeSet<&str> = ids(&array).into_iter().collect();
        assert_eq!(here.len(), 12, "no id is used for two things");
        all.extend(here.into_iter().map(str::to_owned));
    }
    // Those that are tracked keep theirs.
    assert_eq!(all.len(), 4 + 10 * 8, "{all:?}");
}

#[tokio::test]
async fn a_request_beside_a_stream_takes_nothing_from_what_the_stream_follows() {
    let mut rig = Rig::start(quiet());
    let (mug, bowl) = ((16, 16), (48, 32));
    let picture = |secs| patches(secs, &[(mug, RED), (bowl, BLUE)]);
    rig.sticky(vec![around("mug", mug)]);
    let first = seen(&mut rig, picture(1)).await;
    rig.handle.segment(on_newest(vec![around("", bowl)])).await.unwrap();
    // The camera slept longer than what is out of sight is remembered.
    assert_eq!(seen(&mut rig, picture(1000)).await, first);
    let asked = rig.handle.segment(on_newest(vec![around("", mug)])).await.unwrap();
    assert_eq!(ids(&asked), first);
}

#[tokio::test]
async fn what_was_forgotten_is_new() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10)]);
    let first = seen(&mut rig, frame(1)).await;
    assert_eq!(seen(&mut rig, frame(2)).await, first);
    assert_eq!(rig.handle.forget().unwrap(), 1);
    let again = seen(&mut rig, frame(3)).await;
    assert!(again.len() == 1 && again != first, "{again:?}");
    assert_eq!(seen(&mut rig, frame(4)).await, again);
}

#[tokio::test]
async fn two_masks_of_an_object_are_one_memory() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![named_box("mug", 10, 11)]);
    seen(&mut rig, frame(1)).await;
    rig.once(0, vec![named_box("again", 10, 11)]);
    assert_eq!(seen(&mut rig, frame(2)).await.len(), 2);
    let recalled = rig.handle.query(&Default::default()).unwrap();
    assert_eq!(recalled.answers.len(), 1);
}

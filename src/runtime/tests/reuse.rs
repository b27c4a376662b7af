//! An object is described once, and again when it has changed, when its words are old, or when somebody asks.

use std::time::Duration;

use super::rig::*;
use crate::core::region::CaptionState::{Done, Failed, None as NoCaption, Pending, Stale};
use crate::core::region::RegionArray;
use crate::core::settings::CaptionMode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::SegmentRequest;

/// Longer than the pause between two captions of one object.
const AFTER_THE_PAUSE: Duration = Duration::from_millis(1100);

/// Plays frames of these seconds, each when the one before has been dealt with; returns the last regions of each.
async fn play(rig: &mut Rig, secs: impl IntoIterator<Item = i32>) -> Vec<std::sync::Arc<RegionArray>> {
    let mut last = Vec::new();
    for secs in secs {
        rig.frame(secs);
        let mut array = rig.regions().await;
        while captions(&array).iter().any(|(state, _)| *state == Pending) {
            array = rig.regions().await;
        }
        last.push(array);
    }
    last
}

#[tokio::test]
async fn a_steady_scene_is_described_once() {
    let mut rig = Rig::start(patient());
    rig.sticky(vec![click(10, 11), click(40, 30)]);
    let arrays = play(&mut rig, 1..=50).await;
    for array in &arrays {
        assert_eq!(captions(array), [(Done, "thing at 10 11"), (Done, "thing at 40 30")]);
        assert_eq!(array.regions[0].caption.captioned_at.secs, 1);
    }
    let stats = rig.handle.stats();
    assert_eq!((stats.captions, stats.captions_wanted), (2, 100));
    assert_eq!(rig.control.rows(Call::Prefill), 2);
    assert_eq!(stats.caption_age.count, 2 * 49);
}

#[tokio::test]
async fn old_words_are_made_anew() {
    let mut settings = patient();
    settings.caption.refresh_secs = 0.3;
    let mut rig = Rig::start(settings);
    rig.sticky(vec![click(10, 11)]);
    play(&mut rig, 1..=3).await;
    assert_eq!(rig.handle.stats().captions, 1);
    rig.settle().await;
    rig.advance(AFTER_THE_PAUSE);
    rig.frame(4);
    let masks = rig.regions().await;
    assert_eq!(captions(&masks), [(Done, "thing at 10 11")]);
    assert_eq!(masks.regions[0].caption.captioned_at.secs, 1);
    let words = rig.regions().await;
    assert_eq!((words.header.stamp.secs, words.regions[0].caption.captioned_at.secs), (4, 4));
    assert_eq!(rig.handle.stats().captions, 2);
}

#[tokio::test]
async fn an_object_that_changes_is_described_anew() {
    let mut rig = Rig::start(patient());
    let boxed = |width: u32| crate::core::prompt::RawPrompt { rect: (4, 4, width, 20), ..named_box("cloth", 4, 4) };
    rig.sticky(vec![boxed(20)]);
    let arrays = play(&mut rig, 1..=3).await;
    rig.settle().await;
    rig.advance(AFTER_THE_PAUSE);
    // Its client points at more of it: 2.5 times the area.
    rig.sticky(vec![boxed(50)]);
    let mut told = Vec::new();
    for secs in 4..=6 {
        rig.frame(secs);
        let array = rig.regions().await;
        told.push((ids(&array)[0].to_owned(), array.regions[0].caption.state));
    }
    let id = ids(&arrays[0])[0].to_owned();
    let told_of = |state| (id.clone(), state);
    assert_eq!(told, [told_of(Done), told_of(Done), told_of(Stale)], "a bad mask or two are no change");
    let words = rig.regions().await;
    assert_eq!((words.regions[0].caption.state, words.regions[0].caption.captioned_at.secs), (Done, 6));
    assert_eq!(rig.handle.stats().captions, 2);
}

#[tokio::test]
async fn who_asks_gets_new_words_at_once_and_before_the_others() {
    let mut settings = patient();
    settings.caption.batch = 1;
    let mut rig = Rig::start(settings);
    rig.captions.close();
    rig.sticky(vec![click(10, 11), click(30, 11), click(50, 11), click(10, 40)]);
    rig.frame(1);
    rig.regions().await;
    rig.captions.wait_for_arrival();
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(50, 40)]) };
    let asked = tokio::spawn(rig.handle.segment(request));
    rig.settle().await;
    rig.captions.open();
    assert_eq!(captions(&asked.await.unwrap().unwrap()), [(Done, "thing at 50 40")]);
    let done = |array: &RegionArray| captions(array).iter().filter(|(state, _)| *state == Done).count();
    // A batch of one at a time: words come as they are ready.
    let mut counts = Vec::new();
    while counts.last() != Some(&4) {
        let array = rig.regions().await;
        counts.push(done(&array));
    }
    assert_eq!(counts, [1, 2, 3, 4]);
    let again = SegmentRequest { caption: true, ..on_newest(vec![click(10, 11)]) };
    let before = rig.handle.stats().captions;
    rig.handle.segment(again).await.unwrap();
    assert_eq!(rig.handle.stats().captions - before, 1, "words for the picture as it is now");
}

#[tokio::test]
async fn after_a_failure_there_is_a_pause_and_then_words() {
    let mut rig = Rig::start(patient());
    rig.control.fail_next(Call::Prefill, 1);
    rig.sticky(vec![click(10, 11)]);
    rig.frame(1);
    assert_eq!(captions(&*rig.regions().await), [(Pending, "")]);
    assert_eq!(captions(&*rig.regions().await), [(Failed, "")]);
    rig.frame(2);
    assert_eq!(captions(&*rig.regions().await), [(Failed, "")]);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "not at once again");
    rig.advance(AFTER_THE_PAUSE);
    rig.frame(3);
    assert_eq!(captions(&*rig.regions().await), [(Failed, "")]);
    assert_eq!(rig.regions().await.regions[0].caption.state, Done);
}

#[tokio::test]
async fn words_that_a_client_asked_for_stay_with_the_object() {
    let mut settings = patient();
    settings.caption.mode = CaptionMode::OnRequest;
    let mut rig = Rig::start(settings);
    rig.sticky(vec![click(10, 11)]);
    rig.frame(1);
    assert_eq!(captions(&*rig.regions().await), [(NoCaption, "")]);
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(10, 11)]) };
    rig.handle.segment(request).await.unwrap();
    rig.frame(2);
    assert_eq!(captions(&*rig.regions().await), [(Done, "thing at 10 11")]);
    assert_eq!(rig.handle.stats().captions, 1);
}

//! Frames: the newest wins, nothing grows, and without a question nothing is done.

use std::time::Duration;

use super::rig::*;
use crate::core::pixels::raw_image::{CompressedImage, ImagePayload};
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::Output;

#[tokio::test]
async fn the_newest_frame_wins_however_many_came_meanwhile() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10)]);
    rig.encoder.close();
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    for secs in 2..=120 {
        rig.frame(secs);
    }
    rig.encoder.open();
    assert_eq!(rig.regions().await.header.stamp.secs, 1);
    assert_eq!(rig.regions().await.header.stamp.secs, 120);
    let stats = rig.handle.stats();
    assert_eq!((stats.frames_in, stats.frames_displaced, stats.frames_processed), (120, 118, 2));
    assert_eq!(rig.calls(Call::Encode), 2);
}

#[tokio::test]
async fn a_model_five_times_as_slow_as_the_camera_answers_with_fresh_frames() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10)]);
    rig.encoder.close();
    rig.frame(0);
    let mut answered = Vec::new();
    for round in 0..24 {
        rig.encoder.wait_for_arrival();
        (1..=5).for_each(|frame| rig.frame(5 * round + frame));
        rig.encoder.let_pass(1);
        answered.push(rig.regions().await.header.stamp.secs);
    }
    rig.encoder.open();
    answered.push(rig.regions().await.header.stamp.secs);
    assert_eq!(answered, (0..=24).map(|round| 5 * round).collect::<Vec<_>>(), "the newest, never twice");
    let stats = rig.handle.stats();
    assert_eq!((stats.frames_processed, stats.frames_displaced), (25, 24 * 4), "looked at or displaced");
}

#[tokio::test]
async fn a_slow_consumer_finds_the_newest_outputs_and_holds_up_nobody() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10)]);
    for secs in 1..=30 {
        rig.frame(secs);
        while rig.handle.stats().frames_processed < secs as u64 {
            tokio::task::yield_now().await;
        }
    }
    rig.settle().await;
    let waiting: Vec<i32> = std::iter::from_fn(|| rig.output.try_recv())
        .map(|output| match output {
            Output::Regions { array, .. } => array.header.stamp.secs,
            Output::Refused { refusal, .. } => panic!("{refusal:?}"),
        })
        .collect();
    assert_eq!(waiting, (23..=30).collect::<Vec<_>>());
    assert_eq!(rig.handle.stats().outputs_displaced, 22);
}

#[tokio::test]
async fn frames_that_nobody_asks_about_are_not_encoded_but_kept() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.frame(2);
    rig.settle().await;
    assert_eq!(rig.calls(Call::Encode), 1, "only the picture of settle");
    let array = rig.handle.segment(on_newest(vec![click(10, 10)])).await.unwrap();
    assert_eq!(array.header.stamp.secs, 2);
    assert_eq!((&*array.header.frame_id, array.size, &*array.model), ("optical", SIZE, "fake 1"));
}

#[tokio::test]
async fn everything_mode_needs_no_prompt() {
    let mut settings = quiet();
    settings.everything.enabled = true;
    settings.everything.points_per_side = 3;
    settings.everything.min_area = 1;
    let mut rig = Rig::start(settings);
    rig.frame(1);
    let array = rig.regions().await;
    assert!(array.regions.len() > 1, "{}", array.regions.len());
    assert!(array.regions.iter().all(|region| region.prompt_id.is_empty()));
    let labels: Vec<u16> = array.regions.iter().map(|region| region.label).collect();
    assert_eq!(labels, (1..=array.regions.len() as u16).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_rate_is_kept() {
    let mut settings = quiet();
    settings.max_rate_hz = 4.0;
    let mut rig = Rig::start(settings);
    rig.sticky(vec![click(10, 10)]);
    rig.frame(1);
    rig.regions().await;
    rig.frame(2);
    rig.frame(3);
    rig.advance(Duration::from_millis(240));
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "a quarter of a second is not over");
    rig.advance(Duration::from_millis(10));
    assert_eq!(rig.regions().await.header.stamp.secs, 3);
}

#[tokio::test]
async fn a_broken_frame_is_refused_and_the_next_is_fine() {
    let mut rig = Rig::start(quiet());
    let mut unknown = frame(1);
    let ImagePayload::Raw(raw) = &mut unknown.payload else { unreachable!() };
    raw.encoding = "bogus".into();
    rig.handle.frame(unknown);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("frame", ResultCode::Unsupported), "said even though nobody asks");
    assert!(refusal.message.contains("bogus"), "{refusal}");

    rig.sticky(vec![click(10, 10)]);
    let truncated = CompressedImage { format: "jpeg".into(), data: vec![0xff, 0xd8, 0xff, 0xe0, 0] };
    let mut broken = frame(2);
    broken.payload = ImagePayload::Compressed(truncated);
    rig.handle.frame(broken);
    assert_eq!(rig.refusal().await.0, "frame");
    rig.frame(3);
    assert_eq!(rig.regions().await.header.stamp.secs, 3);
    assert_eq!(rig.handle.stats().frames_refused, 2);
}

#[tokio::test]
async fn inactive_nothing_is_taken_and_active_again_everything_goes_on() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10)]);
    rig.frame(1);
    let before = rig.regions().await;
    rig.handle.set_active(false);
    rig.frame(2);
    let refused = rig.handle.segment(on_newest(vec![click(10, 10)])).await.unwrap_err();
    assert_eq!(refused.code, ResultCode::NotActive);
    let refused = rig.handle.prompts(Default::default()).unwrap_err();
    assert_ne!(refused.code, ResultCode::Ok);
    assert!(!rig.handle.is_active());
    rig.handle.set_active(true);
    rig.frame(3);
    let after = rig.regions().await;
    assert_eq!(after.header.stamp.secs, 3);
    assert_eq!(ids(&before), ids(&after), "sticky prompts stay");
    assert_eq!(rig.handle.stats().frames_in, 2);
}

#[tokio::test]
async fn cameras_have_slots_of_their_own() {
    let mut rig = Rig::start(quiet());
    let on = |camera: &str| crate::runtime::api::PromptSubmission {
        camera: camera.into(),
        sticky: true,
        prompts: vec![click(10, 10)],
        ..Default::default()
    };
    rig.encoder.close();
    rig.handle.prompts(on("front")).unwrap();
    rig.handle.prompts(on("rear")).unwrap();
    for secs in 1..=3 {
        rig.handle.frame(picture("front", [0; 3], secs));
        rig.encoder.wait_for_arrival();
        rig.handle.frame(picture("rear", [9; 3], secs + 10));
    }
    rig.encoder.open();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let header = rig.regions().await.header.clone();
        seen.push((header.origin.name().to_owned(), header.stamp.secs));
    }
    assert_eq!(seen[0], ("front".into(), 1));
    seen.sort();
    assert_eq!(seen[1..], [("front".into(), 3), ("rear".into(), 13)]);
    let nameless = rig.handle.segment(on_newest(vec![click(1, 1)])).await.unwrap_err();
    assert_eq!(nameless.code, ResultCode::NotFound);
    assert!(nameless.message.contains("front") && nameless.message.contains("rear"), "{nameless}");
}

#[tokio::test]
async fn settings_can_change_while_frames_come() {
    let mut rig = Rig::start(quiet());
    rig.frame(1);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
    let mut settings = quiet();
    settings.everything.enabled = true;
    settings.limits.max_prompts = 1;
    settings.limits.max_image_px = 100;
    rig.handle.set_settings(settings);
    rig.frame(2);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("frame", ResultCode::InvalidPrompt));
    let two = rig.handle.segment(on_newest(vec![click(1, 1); 2])).await.unwrap_err();
    assert!(two.message.contains("1 to 1 prompts"), "{two}");
}

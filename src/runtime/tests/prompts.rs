//! Prompts over the topic: once, with and without a stamp, and sticky.

use super::rig::*;
use crate::core::geometry::PixelBox;
use crate::core::prompt::RawPrompt;
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::PromptSubmission;

#[tokio::test]
async fn prompts_before_the_first_frame_are_answered_on_it() {
    let mut rig = Rig::start(quiet());
    rig.once(0, vec![named_box("mug", 5, 6)]);
    rig.frame(1);
    let array = rig.regions().await;
    assert_eq!((array.header.stamp.secs, array.regions[0].prompt_id.as_str()), (1, "mug"));
    assert_eq!(array.regions[0].bbox(), PixelBox::new(5, 6, 12, 10));
    rig.frame(2);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "once is once");
}

#[tokio::test]
async fn a_camera_that_sends_a_single_picture_is_answered_too() {
    let mut rig = Rig::start(quiet());
    rig.frame(7);
    rig.settle().await;
    rig.once(0, vec![click(10, 10)]);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "the next frame may still come");
    rig.advance(LATCH);
    assert_eq!(rig.regions().await.header.stamp.secs, 7);
    rig.sticky(vec![click(20, 20)]);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "and again");
    rig.advance(LATCH);
    assert_eq!(rig.regions().await.header.stamp.secs, 7);
    assert_eq!(rig.calls(Call::Encode), 2, "the single picture and that of settle");
}

#[tokio::test]
async fn a_stamp_names_a_frame_that_is_still_there() {
    let mut rig = Rig::start(quiet());
    for secs in 1..=3 {
        rig.frame(secs);
    }
    rig.once(2, vec![click(10, 10)]);
    assert_eq!(rig.regions().await.header.stamp.secs, 2);
    // Encoded frames stay longer than the few that the inbox keeps.
    for secs in 4..=40 {
        rig.frame(secs);
    }
    rig.once(2, vec![click(20, 10), click(30, 10)]);
    let array = rig.regions().await;
    assert_eq!((array.header.stamp.secs, array.regions.len()), (2, 2));
    assert_eq!((rig.calls(Call::Encode), rig.calls(Call::Decode)), (1, 2));

    rig.once(3, vec![click(10, 10)]);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("prompts", ResultCode::NoImage));
    assert!(refusal.message.contains("3.000000000"), "{refusal}");
    rig.once(99, vec![click(10, 10)]);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "a small message overtakes a large one");
    rig.advance(LATCH);
    assert_eq!(rig.refusal().await.1.code, ResultCode::NoImage, "a frame that never comes");
    assert_eq!(rig.handle.stats().prompts_refused, 2);
}

#[tokio::test]
async fn prompts_may_overtake_the_frame_that_they_name() {
    let mut rig = Rig::start(quiet());
    rig.frame(1);
    rig.once(2, vec![click(10, 10)]);
    rig.settle().await;
    rig.frame(2);
    assert_eq!(rig.regions().await.header.stamp.secs, 2);
}

#[tokio::test]
async fn ten_prompts_of_all_sorts_are_one_decode() {
    let mut rig = Rig::start(quiet());
    rig.sticky((1..=4).map(|x| click(x, 5)).collect());
    rig.once(0, (1..=3).map(|x| click(x, 15)).collect());
    rig.encoder.close();
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    rig.once(1, vec![click(9, 9)]);
    let request = rig.handle.segment(on_newest(vec![click(1, 30), click(2, 30)]));
    rig.encoder.open();
    let published = rig.regions().await;
    assert_eq!(published.regions.len(), 8, "requests are answered, not published");
    assert_eq!(request.await.unwrap().regions.len(), 2);
    assert_eq!((rig.calls(Call::Decode), rig.control.rows(Call::Decode)), (1, 10));
}

#[tokio::test]
async fn a_sticky_prompt_keeps_its_region() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10), named_box("door", 30, 20)]);
    rig.frame(1);
    let first = rig.regions().await;
    rig.once(0, vec![click(50, 40)]);
    rig.frame(2);
    let second = rig.regions().await;
    assert_eq!(ids(&second)[..2], ids(&first)[..]);
    assert_eq!(second.regions.len(), 3);
    assert!(!ids(&first).contains(&ids(&second)[2]));
    let region = &second.regions[0];
    assert_eq!((region.first_seen.secs, region.last_seen.secs), (1, 2));

    // Repeated, moved under its name, and new.
    rig.sticky(vec![named_box("door", 31, 21), click(10, 10), click(12, 40)]);
    rig.frame(3);
    let third = rig.regions().await;
    assert_eq!(ids(&third)[..2], [ids(&first)[1], ids(&first)[0]]);
    let mut all: Vec<&str> = ids(&third);
    all.push(ids(&second)[2]);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4, "no id is used for two things: {all:?}");
    assert_eq!(third.regions[0].bbox(), PixelBox::new(31, 21, 12, 10));

    // Cleared; the same prompt later finds the object that it found before.
    rig.sticky(vec![]);
    rig.frame(4);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
    rig.sticky(vec![click(10, 10)]);
    rig.frame(5);
    assert_eq!(ids(&*rig.regions().await), [ids(&first)[0]]);
}

#[tokio::test]
async fn sticky_prompts_that_do_not_fit_are_refused_once_until_the_size_changes() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(10, 10), click(70, 10)]);
    rig.frame(1);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("prompts", ResultCode::InvalidPrompt));
    rig.frame(2);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "not with every frame");
    let mut larger = frame(3);
    let crate::core::pixels::raw_image::ImagePayload::Raw(raw) = &mut larger.payload else { unreachable!() };
    (raw.width, raw.height, raw.step) = (128, 24, 384);
    rig.handle.frame(larger);
    assert_eq!(rig.regions().await.regions.len(), 2);
}

#[tokio::test]
async fn bad_prompts_are_refused_and_good_ones_beside_them_are_not() {
    let mut rig = Rig::start(quiet());
    let empty = rig.handle.prompts(PromptSubmission::default()).unwrap_err();
    assert_eq!(empty.code, ResultCode::InvalidPrompt);
    let many = PromptSubmission { prompts: vec![click(1, 1); 65], ..Default::default() };
    assert_eq!(rig.handle.prompts(many).unwrap_err().code, ResultCode::InvalidPrompt);
    rig.once(0, vec![RawPrompt { kind: 9, ..Default::default() }]);
    rig.once(0, vec![click(10, 10)]);
    rig.frame(1);
    assert_eq!(rig.refusal().await.1.code, ResultCode::InvalidPrompt);
    assert_eq!(rig.regions().await.regions.len(), 1);
}

#[tokio::test]
async fn a_full_queue_of_prompts_refuses_at_once() {
    let mut settings = quiet();
    settings.limits.max_pending = 2;
    let rig = Rig::start(settings);
    rig.once(0, vec![click(1, 1)]);
    rig.once(0, vec![click(1, 1)]);
    let third = PromptSubmission { prompts: vec![click(1, 1)], ..Default::default() };
    assert_eq!(rig.handle.prompts(third).unwrap_err().code, ResultCode::Overloaded);
}

#[tokio::test]
async fn sticky_prompts_repeated_before_the_first_frame_do_not_pile_up() {
    let mut settings = quiet();
    settings.limits.max_pending = 2;
    let mut rig = Rig::start(settings);
    rig.once(0, vec![click(1, 1)]);
    for x in 1..=10 {
        rig.sticky(vec![named_box("latest", x, 5)]);
    }
    rig.frame(1);
    let array = rig.regions().await;
    assert_eq!((array.regions.len(), array.regions[0].bbox().x), (2, 10));
}

#[tokio::test]
async fn prompts_for_a_camera_that_never_comes_do_not_wait_for_ever() {
    let mut rig = Rig::start(quiet());
    let lost = PromptSubmission { camera: "rear".into(), prompts: vec![click(1, 1)], ..Default::default() };
    rig.handle.prompts(lost).unwrap();
    rig.frame(1);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "its camera may still come");
    rig.advance(quiet().limits.request_timeout);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("prompts", ResultCode::NoImage));
    assert!(refusal.message.contains("rear"), "{refusal}");
}

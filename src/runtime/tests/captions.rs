//! Words come after masks, never before them, and never in their way.

use super::rig::*;
use crate::core::region::CaptionState::{Done, Failed, None as NoCaption, Pending};
use crate::core::result_code::ResultCode;
use crate::core::settings::CaptionMode;
use crate::core::testing::fake_model::{Call, fake_model};
use crate::runtime::api::SegmentRequest;

fn captioned(prompts: Vec<crate::core::prompt::RawPrompt>) -> SegmentRequest {
    SegmentRequest { caption: true, ..on_newest(prompts) }
}

#[tokio::test]
async fn the_same_stamp_comes_again_with_words() {
    let mut rig = Rig::start(patient());
    rig.once(0, vec![click(10, 11), click(30, 20)]);
    rig.frame(1);
    let masks = rig.regions().await;
    assert_eq!(captions(&masks), [(Pending, ""), (Pending, "")]);
    let words = rig.regions().await;
    assert_eq!(captions(&words), [(Done, "thing at 10 11"), (Done, "thing at 30 20")]);
    assert_eq!((words.header.stamp.secs, ids(&words)), (1, ids(&masks)));
    let caption = &words.regions[0].caption;
    assert!(caption.score <= 0.0 && caption.captioned_at.secs == 1);
    assert_eq!(rig.handle.stats().captions, 2);
}

#[tokio::test]
async fn slow_captions_do_not_delay_masks_and_the_newest_frame_is_described() {
    let mut rig = Rig::start(patient());
    rig.captions.close();
    rig.sticky(vec![click(10, 11)]);
    for secs in 1..=5 {
        rig.frame(secs);
        let array = rig.regions().await;
        assert_eq!((array.header.stamp.secs, captions(&array)), (secs, vec![(Pending, "")]));
        if secs == 1 {
            rig.captions.wait_for_arrival();
        }
    }
    rig.settle().await;
    rig.captions.open();
    for secs in [1, 5] {
        let array = rig.regions().await;
        assert_eq!((array.header.stamp.secs, captions(&array)), (secs, vec![(Done, "thing at 10 11")]));
    }
    assert_eq!(rig.handle.stats().captions_displaced, 3);
    // From now on the object's words are known when its masks come: frame 1 was described, the others did not change.
    rig.frame(6);
    let array = rig.regions().await;
    assert_eq!(captions(&array), [(Done, "thing at 10 11")]);
    assert_eq!((array.regions[0].caption.captioned_at.secs, rig.handle.stats().captions), (1, 1));
}

#[tokio::test]
async fn what_was_asked_once_is_described_though_newer_frames_stream() {
    let mut rig = Rig::start(patient());
    rig.captions.close();
    rig.sticky(vec![click(10, 11)]);
    rig.once(0, vec![click(30, 20)]);
    for secs in 1..=4 {
        rig.frame(secs);
        rig.regions().await;
    }
    rig.settle().await;
    rig.captions.open();
    let described = rig.regions().await;
    assert_eq!((described.header.stamp.secs, described.regions.len()), (1, 2));
    assert_eq!(rig.regions().await.header.stamp.secs, 4);
}

#[tokio::test]
async fn a_request_waits_for_its_words_and_goes_before_streams() {
    let mut rig = Rig::start(patient());
    rig.captions.close();
    rig.sticky(vec![click(10, 11)]);
    for secs in 1..=2 {
        rig.frame(secs);
        rig.regions().await;
        rig.captions.wait_for_arrival();
    }
    let request = tokio::spawn(rig.handle.segment(captioned(vec![click(30, 20)])));
    let without = rig.handle.segment(on_newest(vec![click(31, 20)])).await.unwrap();
    assert_eq!(captions(&without), [(NoCaption, "")]);
    rig.captions.open();
    assert_eq!(captions(&request.await.unwrap().unwrap()), [(Done, "thing at 30 20")]);
    assert_eq!(rig.regions().await.header.stamp.secs, 1);
    assert_eq!(rig.regions().await.header.stamp.secs, 2);
}

#[tokio::test]
async fn all_masks_of_a_prompt_share_one_caption() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    let request = SegmentRequest { all_masks: true, ..captioned(vec![click(20, 21), click(40, 20)]) };
    let array = rig.handle.segment(request).await.unwrap();
    let words = captions(&array);
    assert_eq!(words[..3], [(Done, "thing at 20 21"); 3]);
    assert_eq!(words[3..], [(Done, "thing at 40 20"); 3]);
    assert_eq!(rig.control.rows(Call::Prefill), 2);
}

#[tokio::test]
async fn the_mode_decides_who_gets_words() {
    let mut rig = Rig::start(quiet());
    rig.once(0, vec![click(10, 11)]);
    rig.frame(1);
    assert_eq!(captions(&*rig.regions().await), [(NoCaption, "")]);
    let asked = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap();
    assert_eq!(captions(&asked), [(Done, "thing at 10 11")]);
    assert!(rig.output.try_recv().is_none());

    let mut settings = patient();
    settings.caption.mode = CaptionMode::Off;
    let mut rig = Rig::start(settings);
    rig.once(0, vec![click(10, 11)]);
    rig.frame(1);
    assert_eq!(captions(&*rig.regions().await), [(NoCaption, "")]);
    let refusal = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Unsupported);
}

#[tokio::test]
async fn a_bundle_that_only_segments_says_so() {
    let (mut model, control) = fake_model();
    model.caption = None;
    let mut rig = Rig::start_with(model, control, patient());
    rig.once(0, vec![click(10, 11)]);
    rig.frame(1);
    assert_eq!(captions(&*rig.regions().await), [(NoCaption, "")]);
    let refusal = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Unsupported);
    assert!(!rig.handle.can_caption());
}

#[tokio::test]
async fn captions_that_fail_leave_the_masks_and_the_next_ones_are_fine() {
    let mut rig = Rig::start(patient());
    rig.control.fail_next(Call::Prefill, 1);
    rig.once(0, vec![click(10, 11)]);
    rig.frame(1);
    rig.regions().await;
    assert_eq!(captions(&*rig.regions().await), [(Failed, "")]);
    rig.captions.panic_next();
    let refusal = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Internal);
    assert!(refusal.message.contains("told to panic"), "{refusal}");
    let fine = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap();
    assert_eq!(captions(&fine), [(Done, "thing at 10 11")]);
    assert_eq!((rig.handle.stats().model_failures, rig.handle.stats().captions_failed), (2, 2));
}

#[tokio::test]
async fn captioning_stops_between_tokens_when_the_caller_leaves() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.tokens.close();
    let leaving = tokio::spawn(rig.handle.segment(captioned(vec![click(10, 11)])));
    rig.tokens.wait_for_arrival();
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    rig.tokens.open();
    rig.until("the end of the first caption", |rig| rig.handle.stats().caption.count == 1).await;
    assert_eq!(rig.calls(Call::Step), 1, "the step in which the caller left is the last");
    let caption = rig.handle.segment(captioned(vec![click(10, 11)])).await.unwrap();
    assert_eq!(captions(&caption), [(Done, "thing at 10 11")]);
    assert_eq!(rig.control.rows(Call::Prefill), 2);
    // "thing", " at", " ", "1", "0", " ", "1", "1" and the end; the first token comes with the prefix.
    assert_eq!(rig.calls(Call::Step), 1 + 8);
}

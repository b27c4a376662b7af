//! `segment`: answered, refused at once, timed out, abandoned.

use std::time::Duration;

use super::rig::*;
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::SegmentRequest;

fn on_picture(color: u8, secs: i32) -> SegmentRequest {
    SegmentRequest { image: Some(picture("", [color; 3], secs)), prompts: vec![click(10, 10)], ..Default::default() }
}

#[tokio::test]
async fn without_a_frame_there_is_no_image() {
    let rig = Rig::start(quiet());
    let refusal = rig.handle.segment(on_newest(vec![click(1, 1)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::NoImage);
    rig.frame(1);
    let elsewhere = SegmentRequest { camera: "rear".into(), ..on_newest(vec![click(1, 1)]) };
    assert_eq!(rig.handle.segment(elsewhere).await.unwrap_err().code, ResultCode::NoImage);
    assert!(rig.handle.segment(on_newest(vec![click(1, 1)])).await.is_ok());
}

#[tokio::test]
async fn a_request_brings_its_own_picture() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    let mut request = on_picture(7, 5);
    request.prompts = vec![named_box("left", 2, 3), named_box("right", 40, 30)];
    let array = rig.handle.segment(request).await.unwrap();
    assert_eq!(array.header.stamp.secs, 5);
    let prompt_ids: Vec<&str> = array.regions.iter().map(|region| region.prompt_id.as_str()).collect();
    assert_eq!(prompt_ids, ["left", "right"]);
    let region = &array.regions[1];
    assert_eq!((region.bbox().x, region.bbox().y, region.label), (40, 30, 2));
    assert!(region.first_seen == array.header.stamp && region.last_seen == array.header.stamp);
}

#[tokio::test]
async fn the_same_picture_is_encoded_once_and_another_with_its_stamp_is_not_mistaken_for_it() {
    let rig = Rig::start(quiet());
    for (color, secs, encodes) in [(1, 5, 1), (1, 5, 1), (2, 5, 2), (1, 6, 3), (1, 0, 4), (1, 0, 5)] {
        rig.handle.segment(on_picture(color, secs)).await.unwrap();
        assert_eq!(rig.calls(Call::Encode), encodes, "color {color}, stamp {secs}");
    }
}

#[tokio::test]
async fn more_prompts_on_the_newest_frame_cost_no_encode() {
    let rig = Rig::start(quiet());
    for stamp in [3, 0] {
        let before = rig.calls(Call::Encode);
        rig.frame(stamp);
        for _ in 0..3 {
            rig.handle.segment(on_newest(vec![click(10, 10)])).await.unwrap();
        }
        assert_eq!(rig.calls(Call::Encode), before + 1, "stamp {stamp}");
    }
}

#[tokio::test]
async fn requests_that_wait_for_one_frame_are_one_decode() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.encoder.close();
    let first = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.encoder.wait_for_arrival();
    let others: Vec<_> = (2..=10).map(|x| rig.handle.segment(on_newest(vec![click(x, x)]))).collect();
    rig.encoder.open();
    assert_eq!(first.await.unwrap().regions.len(), 1);
    for (index, other) in others.into_iter().enumerate() {
        let array = other.await.unwrap();
        assert_eq!((array.regions.len(), array.regions[0].label), (1, 1));
        let bbox = array.regions[0].bbox();
        let x = index as u32 + 2;
        assert!(bbox.x <= x && x < bbox.right(), "each caller gets its own mask");
    }
    assert_eq!((rig.calls(Call::Encode), rig.calls(Call::Decode), rig.control.rows(Call::Decode)), (1, 1, 10));
}

#[tokio::test]
async fn a_request_for_the_newest_frame_does_not_join_an_older_one() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.encoder.close();
    let first = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.encoder.wait_for_arrival();
    rig.frame(2);
    let second = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.encoder.open();
    assert_eq!(first.await.unwrap().header.stamp.secs, 1);
    assert_eq!(second.await.unwrap().header.stamp.secs, 2);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let mut settings = quiet();
    settings.limits.max_pending = 3;
    let rig = Rig::start(settings);
    rig.encoder.close();
    let running = rig.handle.segment(on_picture(1, 1));
    rig.encoder.wait_for_arrival();
    let mut waiting: Vec<_> = (0..3).map(|_| rig.handle.segment(on_picture(1, 1))).collect();
    // The model is still held: nothing but the queue can have answered this.
    let refusal = rig.handle.segment(on_picture(1, 1)).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Overloaded);
    assert!(refusal.message.contains("max_pending"), "{refusal}");
    waiting.pop();
    let admitted = rig.handle.segment(on_picture(1, 1));
    rig.encoder.open();
    assert!(running.await.is_ok() && admitted.await.is_ok(), "who has left makes room");
    for request in waiting {
        assert!(request.await.is_ok());
    }
}

#[tokio::test]
async fn time_runs_out_though_the_model_is_busy_and_nothing_is_done_for_the_late() {
    let rig = Rig::start(quiet());
    rig.encoder.close();
    let running = rig.handle.segment(on_picture(1, 1));
    rig.encoder.wait_for_arrival();
    let hasty = SegmentRequest { timeout: Some(Duration::from_millis(20)), ..on_picture(2, 2) };
    // The model is held until this has come.
    let refusal = rig.handle.segment(hasty).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Timeout);
    rig.encoder.open();
    running.await.unwrap();
    rig.settle().await;
    assert_eq!(rig.calls(Call::Encode), 2, "the first picture and that of settle");
    assert_eq!(rig.handle.stats().requests_refused, 1);
}

#[tokio::test]
async fn a_client_s_endless_timeout_is_no_fault() {
    let rig = Rig::start(quiet());
    let patient = SegmentRequest { timeout: Some(Duration::MAX), ..on_picture(1, 1) };
    assert!(rig.handle.segment(patient).await.is_ok());
}

#[tokio::test]
async fn nothing_is_done_for_a_caller_who_has_left() {
    let rig = Rig::start(quiet());
    rig.encoder.close();
    let running = rig.handle.segment(on_picture(1, 1));
    rig.encoder.wait_for_arrival();
    drop(rig.handle.segment(on_picture(2, 2)));
    rig.encoder.open();
    running.await.unwrap();
    rig.settle().await;
    assert_eq!(rig.calls(Call::Encode), 2, "the first picture and that of settle");
    assert_eq!(rig.handle.stats().requests_abandoned, 1);
}

#[tokio::test]
async fn a_faulty_request_is_refused_alone() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.encoder.close();
    let good = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.encoder.wait_for_arrival();
    let outside = rig.handle.segment(on_newest(vec![click(64, 1)]));
    let none = rig.handle.segment(on_newest(vec![])).await.unwrap_err();
    let many = rig.handle.segment(on_newest(vec![click(1, 1); 65])).await.unwrap_err();
    rig.encoder.open();
    assert!(good.await.is_ok());
    let outside = outside.await.unwrap_err();
    for refusal in [none, many, outside] {
        assert_eq!(refusal.code, ResultCode::InvalidPrompt, "{refusal}");
    }
    let mut empty = on_picture(1, 1);
    let Some(crate::core::pixels::raw_image::ImagePayload::Raw(raw)) =
        empty.image.as_mut().map(|image| &mut image.payload)
    else {
        unreachable!()
    };
    raw.step = 1;
    assert_eq!(rig.handle.segment(empty).await.unwrap_err().code, ResultCode::InvalidPrompt);
    assert_eq!(rig.handle.stats().frames_refused, 0, "a request's picture is no frame");
}

#[tokio::test]
async fn all_masks_for_one_are_not_all_masks_for_another() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.encoder.close();
    let best = rig.handle.segment(on_newest(vec![click(20, 20), click(40, 20)]));
    rig.encoder.wait_for_arrival();
    let all = SegmentRequest { all_masks: true, ..on_newest(vec![click(20, 20), click(40, 20)]) };
    let all = rig.handle.segment(all);
    rig.encoder.open();
    assert_eq!(best.await.unwrap().regions.len(), 2);
    let all = all.await.unwrap();
    assert_eq!(all.regions.len(), 6);
    let estimates: Vec<f32> = all.regions.iter().map(|region| region.predicted_iou).collect();
    assert!(estimates[0] > estimates[1] && estimates[1] > estimates[2], "best first: {estimates:?}");
    assert_eq!(rig.calls(Call::Decode), 1);
}

#[tokio::test]
async fn everything_beside_a_click_in_one_request() {
    let mut settings = quiet();
    settings.everything.points_per_side = 3;
    settings.everything.min_area = 1;
    let rig = Rig::start(settings);
    rig.frame(1);
    let everything = crate::core::prompt::RawPrompt { kind: 3, id: "all".into(), ..Default::default() };
    let array = rig.handle.segment(on_newest(vec![click(10, 10), everything])).await.unwrap();
    let of_all = array.regions.iter().filter(|region| region.prompt_id == "all").count();
    assert!(of_all > 1, "{of_all}");
    assert_eq!(array.regions.len(), of_all + 1);
}

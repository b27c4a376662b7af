//! One client, however much it asks for, leaves every other its turns and its share of the room.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::describe::coarse;
use super::rig::*;
use crate::core::prompt::{Prompt, RawPrompt};
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::SegmentRequest;

fn everything() -> RawPrompt {
    RawPrompt { kind: Prompt::EVERYTHING, id: "all".into(), ..RawPrompt::default() }
}

fn on_own_picture(prompts: Vec<RawPrompt>, secs: i32) -> SegmentRequest {
    SegmentRequest { image: Some(picture("", [9; 3], secs)), prompts, ..SegmentRequest::default() }
}

/// Who was answered, in that order, and with which code.
#[derive(Clone, Default)]
struct Answered(Arc<Mutex<Vec<(&'static str, ResultCode)>>>);

impl Answered {
    /// Asks now.
    fn ask(&self, rig: &Rig, who: &'static str, request: SegmentRequest) {
        let (answer, answered) = (rig.handle.segment(request), self.clone());
        tokio::spawn(async move {
            let code = answer.await.map_or_else(|refusal| refusal.code, |_| ResultCode::Ok);
            answered.0.lock().unwrap().push((who, code));
        });
    }

    fn list(&self) -> Vec<(&'static str, ResultCode)> {
        self.0.lock().unwrap().clone()
    }

    async fn until(&self, rig: &Rig, number: usize) {
        rig.until("all answers", |_| self.0.lock().unwrap().len() >= number).await;
    }
}

#[tokio::test]
async fn seventy_requests_for_everything_keep_no_other_client_waiting() {
    let mut settings = coarse();
    settings.everything.points_per_side = 5;
    let mut rig = Rig::start(settings);
    let answered = Answered::default();
    rig.sticky(vec![click(10, 10)]);
    rig.encoder.close();
    answered.ask(&rig, "hostile", on_own_picture(vec![everything()], 1));
    rig.encoder.wait_for_arrival();
    (2..=70).for_each(|secs| answered.ask(&rig, "hostile", on_own_picture(vec![everything()], secs)));
    rig.frame(1);
    let honest = [
        on_newest(vec![click(5, 5)]),
        on_newest(vec![click(7, 5), click(30, 30)]),
        on_own_picture(vec![click(5, 5)], 1000),
        on_newest(vec![everything()]),
    ];
    honest.into_iter().for_each(|request| answered.ask(&rig, "honest", request));
    rig.encoder.open();
    assert_eq!(rig.regions().await.header.stamp.secs, 1, "the camera has its turn");
    let count = |who, code| answered.list().iter().filter(|one| **one == (who, code)).count();
    rig.until("the others", |_| count("honest", ResultCode::Ok) == 4).await;
    let before = count("hostile", ResultCode::Ok);
    assert!(before <= 3, "{before} of 61 had their answer before the last of the others: {:?}", answered.list());
    // One is in work, 64 may wait, and of those four have made room for the others.
    assert_eq!(count("hostile", ResultCode::Overloaded), 5 + 4);
    rig.end().over().await;
    answered.until(&rig, 74).await;
}

#[tokio::test]
async fn everything_that_a_service_is_asked_for_leaves_others_their_turns() {
    let mut rig = Rig::start(coarse());
    let answered = Answered::default();
    rig.sticky(vec![click(10, 10)]);
    rig.frame(1);
    rig.regions().await;
    rig.decoder.close();
    answered.ask(&rig, "everything", on_newest(vec![click(12, 12), everything()]));
    rig.decoder.wait_for_arrival();
    answered.ask(&rig, "click", on_own_picture(vec![click(5, 5)], 7));
    rig.frame(2);
    let before = rig.calls(Call::Decode);
    rig.decoder.open();
    answered.until(&rig, 2).await;
    assert_eq!(answered.list(), [("click", ResultCode::Ok), ("everything", ResultCode::Ok)]);
    // The click beside it, 64 clicks by eights, the other client's, and the stream's.
    assert!(rig.calls(Call::Decode) - before >= 8 + 2, "{}", rig.calls(Call::Decode) - before);
    assert_eq!(rig.regions().await.header.stamp.secs, 2);
}

#[tokio::test]
async fn requests_for_everything_in_one_frame_share_the_work() {
    let rig = Rig::start(coarse());
    let answered = Answered::default();
    rig.frame(1);
    rig.encoder.close();
    answered.ask(&rig, "own", on_own_picture(vec![click(5, 5)], 7));
    rig.encoder.wait_for_arrival();
    (0..5).for_each(|_| answered.ask(&rig, "everything", on_newest(vec![everything()])));
    rig.encoder.open();
    answered.until(&rig, 6).await;
    assert_eq!(rig.calls(Call::Decode), 1 + 8);
}

#[tokio::test]
async fn what_is_in_work_is_refused_when_the_node_rests() {
    let rig = Rig::start(coarse());
    let answered = Answered::default();
    rig.frame(1);
    rig.decoder.close();
    answered.ask(&rig, "everything", on_newest(vec![everything()]));
    rig.decoder.wait_for_arrival();
    rig.handle.set_active(false);
    rig.decoder.open();
    answered.until(&rig, 1).await;
    assert_eq!(answered.list(), [("everything", ResultCode::NotActive)]);
}

#[tokio::test]
async fn a_full_queue_has_room_for_others_who_have_less_than_their_share() {
    let mut settings = quiet();
    settings.limits.max_pending = 4;
    let rig = Rig::start(settings);
    let answered = Answered::default();
    rig.frame(1);
    rig.encoder.close();
    answered.ask(&rig, "own", on_own_picture(vec![click(5, 5)], 1));
    rig.encoder.wait_for_arrival();
    (2..=5).for_each(|secs| answered.ask(&rig, "own", on_own_picture(vec![click(5, 5)], secs)));
    assert_eq!(rig.handle.queues().requests, 4);
    (0..3).for_each(|_| answered.ask(&rig, "newest", on_newest(vec![click(5, 5)])));
    // Two displace two of the four; the third would have more than its share.
    answered.until(&rig, 3).await;
    let full = [("newest", ResultCode::Overloaded), ("own", ResultCode::Overloaded), ("own", ResultCode::Overloaded)];
    let mut refused = answered.list();
    refused.sort_by_key(|one| one.0);
    assert_eq!(refused, full);
    rig.encoder.open();
    answered.until(&rig, 8).await;
}

#[tokio::test]
async fn what_waits_is_bounded_in_bytes() {
    let mut settings = quiet();
    let bytes = 3 * (SIZE.width * SIZE.height) as usize;
    settings.limits.max_pending_bytes = 2 * bytes + 100;
    let rig = Rig::start(settings);
    rig.frame(1);
    rig.encoder.close();
    let running = rig.handle.segment(on_own_picture(vec![click(5, 5)], 1));
    rig.encoder.wait_for_arrival();
    let waiting: Vec<_> = (2..=3).map(|secs| rig.handle.segment(on_own_picture(vec![click(5, 5)], secs))).collect();
    let refusal = rig.handle.segment(on_own_picture(vec![click(5, 5)], 4)).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Overloaded);
    assert!(refusal.message.contains("limits.max_pending_mb"), "{refusal}");
    let newest = rig.handle.segment(on_newest(vec![click(5, 5)]));
    rig.encoder.open();
    assert!(running.await.is_ok() && newest.await.is_ok(), "what needs no room has some");
    for request in waiting {
        assert!(request.await.is_ok());
    }
}

#[tokio::test]
async fn nobody_waits_for_longer_than_the_node_allows() {
    let mut settings = quiet();
    settings.limits.max_timeout = Duration::from_millis(20);
    let rig = Rig::start(settings);
    rig.encoder.close();
    for (timeout, named) in [(Some(Duration::from_secs(3600)), true), (None, false)] {
        let request = SegmentRequest { timeout, ..on_own_picture(vec![click(5, 5)], 1) };
        let refusal = rig.handle.segment(request).await.unwrap_err();
        assert_eq!(refusal.code, ResultCode::Timeout);
        let says = "3600 s were asked for, limits.max_timeout_s allows 0.02";
        assert_eq!(refusal.message.contains(says), named, "{refusal}");
    }
    rig.encoder.open();
}

#[tokio::test]
async fn many_words_for_one_do_not_keep_another_waiting_for_few() {
    let mut settings = patient();
    settings.caption.batch = 4;
    let rig = Rig::start(settings);
    let answered = Answered::default();
    rig.frame(1);
    rig.captions.close();
    let words = |prompts| SegmentRequest { caption: true, ..on_own_picture(prompts, 1) };
    for _ in 0..6 {
        answered.ask(&rig, "many", words((0..24).map(|number| click(2 * number + 3, 20)).collect()));
    }
    answered.ask(&rig, "few", words(vec![click(5, 5)]));
    rig.captions.wait_for_arrival();
    rig.until("words that wait", |rig| rig.handle.queues().captions == 6).await;
    rig.captions.open();
    answered.until(&rig, 7).await;
    assert_eq!(answered.list()[0], ("few", ResultCode::Ok), "{:?}", answered.list());
    assert!(answered.list().iter().all(|one| one.1 == ResultCode::Ok), "{:?}", answered.list());
}

#[tokio::test]
async fn large_requests_about_a_frame_do_not_keep_small_ones_waiting() {
    let rig = Rig::start(quiet());
    let answered = Answered::default();
    rig.frame(1);
    rig.encoder.close();
    answered.ask(&rig, "first", on_own_picture(vec![click(5, 5)], 1));
    rig.encoder.wait_for_arrival();
    (0..6).for_each(|_| answered.ask(&rig, "large", on_newest(vec![click(5, 5); 33])));
    answered.ask(&rig, "small", on_newest(vec![click(7, 7)]));
    rig.encoder.open();
    rig.until("the small one", |_| answered.list().iter().any(|one| one.0 == "small")).await;
    // The one that came first, the oldest large one, and one more that fits beside the small one.
    let list = answered.list();
    let at = list.iter().position(|one| one.0 == "small").unwrap();
    assert!(at <= 3 && list.iter().all(|one| one.1 == ResultCode::Ok), "{list:?}");
}

//! Questions to the memory: what was seen is there at once, and nobody waits for a model.

use std::time::Duration;

use super::describe::{coarse, follow, in_words};
use super::places::{send_depth, with_space};
use super::rig::*;
use crate::core::node::describe::Goal;
use crate::core::query::Query;
use crate::core::region::CaptionState;
use crate::core::result_code::ResultCode;
use crate::runtime::Handle;
use crate::runtime::api::{Recalled, SegmentRequest};

fn every() -> Query {
    Query::default()
}

fn ask(handle: &Handle, query: &Query) -> Recalled {
    handle.query(query).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// (id, state, words) of the answers.
fn told(recalled: &Recalled) -> Vec<(String, CaptionState, String)> {
    let answers = recalled.answers.iter().map(|answer| &answer.object);
    answers.map(|object| (object.id.to_string(), object.caption.state, object.caption.text.clone())).collect()
}

#[tokio::test]
async fn masks_are_remembered_at_once_and_words_when_they_come() {
    let mut rig = Rig::start(patient());
    rig.captions.close();
    rig.frame(1);
    rig.once(1, vec![click(10, 10), click(40, 30)]);
    let array = rig.regions().await;
    let at_click = Query { point: Some((41.0, 30.0)), ..every() };
    let recalled = ask(&rig.handle, &at_click);
    assert_eq!(told(&recalled), [(ids(&array)[1].to_owned(), CaptionState::Pending, String::new())]);
    assert_eq!((recalled.header.as_ref(), recalled.size), (Some(&array.header), Some(SIZE)));
    rig.captions.open();
    rig.regions().await;
    let recalled = ask(&rig.handle, &at_click);
    assert_eq!(told(&recalled), [(ids(&array)[1].to_owned(), CaptionState::Done, "thing at 40 30".to_owned())]);
    assert_eq!(recalled.answers[0].object.shape.area(), array.regions[1].mask.area());
}

#[tokio::test]
async fn what_a_goal_found_is_as_old_as_its_picture_and_there_once() {
    // Stamps that go on, that stand, and a recording that begins again.
    for (then, now) in [(1, 6), (0, 0), (77, 77), (90, 3)] {
        let rig = Rig::start(coarse());
        rig.frame(then);
        rig.decoder.close();
        let goal = Goal { caption: false, ..in_words() };
        let describing = rig.handle.describe_everything(&goal).unwrap();
        rig.decoder.wait_for_arrival();
        rig.advance(Duration::from_secs(5));
        rig.sticky(vec![named_box("mug", 10, 10)]);
        rig.frame(now);
        rig.decoder.open();
        let (_, described) = follow(describing).await;
        let recent = ask(&rig.handle, &Query { max_age_secs: 2.0, ..every() });
        let all = ask(&rig.handle, &every());
        let of_goal = described.regions.len();
        assert!(
            (of_goal..=of_goal + 1).contains(&all.answers.len()) && of_goal > 8,
            "{of_goal}, {}",
            all.answers.len()
        );
        let seen: Vec<&str> = recent.answers.iter().map(|answer| answer.object.prompt_id.as_str()).collect();
        assert_eq!(seen, ["mug"], "stamps {then} and {now}");
    }
}

#[tokio::test]
async fn nobody_who_asks_waits_for_a_model() {
    let mut rig = Rig::start(patient());
    rig.sticky(vec![click(10, 10)]);
    rig.frame(1);
    rig.regions().await;
    rig.regions().await;
    rig.encoder.close();
    rig.captions.close();
    rig.frame(2);
    rig.encoder.wait_for_arrival();
    // Both threads are held: whoever waited for one of them would wait for ever.
    for _ in 0..1000 {
        assert_eq!(ask(&rig.handle, &every()).answers.len(), 1);
    }
    let stats = rig.handle.stats();
    assert_eq!((stats.queries, stats.queries_refused, stats.query.count), (1000, 0, 1000));
}

#[tokio::test]
async fn an_object_that_is_followed_is_one_object_as_it_was_seen_last() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![named_box("mug", 10, 10)]);
    for secs in 1..=3 {
        rig.frame(secs);
        rig.regions().await;
    }
    let recalled = ask(&rig.handle, &every());
    let mug = &recalled.answers[0].object;
    assert_eq!((recalled.answers.len(), mug.prompt_id.as_str()), (1, "mug"));
    assert_eq!((mug.first_seen.secs, mug.last_seen().secs, recalled.header.unwrap().stamp.secs), (1, 3, 3));
}

#[tokio::test]
async fn a_frame_without_regions_is_a_look_too() {
    let mut rig = Rig::start(quiet());
    assert!(ask(&rig.handle, &every()).header.is_none());
    rig.frame(7);
    rig.once(7, vec![named_box("mug", 10, 10)]);
    rig.regions().await;
    let recalled = ask(&rig.handle, &Query { point: Some((60.0, 40.0)), ..every() });
    assert_eq!((recalled.answers.len(), recalled.header.unwrap().stamp.secs), (0, 7));
}

#[tokio::test]
async fn memory_is_bounded_and_forgets() {
    let mut settings = quiet();
    settings.memory.max_regions = 3;
    let mut rig = Rig::start(settings.clone());
    rig.frame(1);
    rig.once(1, (0..5).map(|at| click(8 + 10 * at, 20)).collect());
    rig.regions().await;
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 3);
    settings.memory.max_regions = 2;
    rig.handle.set_settings(settings.clone());
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 2);
    settings.memory.ttl_secs = 5.0;
    rig.handle.set_settings(settings);
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 2);
    rig.advance(Duration::from_secs(6));
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 0, "though no frame came");
}

#[tokio::test]
async fn what_a_request_found_in_the_camera_s_frame_is_remembered_and_what_it_brought_is_not() {
    let rig = Rig::start(patient());
    rig.frame(1);
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(10, 10)]) };
    let array = rig.handle.segment(request).await.unwrap();
    rig.settle().await;
    let remembered = told(&ask(&rig.handle, &every()));
    assert_eq!(remembered, [(ids(&array)[0].to_owned(), CaptionState::Done, "thing at 10 10".to_owned())]);
    let candidates = SegmentRequest { all_masks: true, ..on_newest(vec![click(40, 30)]) };
    rig.handle.segment(candidates).await.unwrap();
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 1);
    assert_eq!(rig.handle.forget().unwrap(), 1);
    assert_eq!(ask(&rig.handle, &every()).answers.len(), 0);
}

#[tokio::test]
async fn places_are_remembered_also_those_that_come_with_the_words() {
    let mut rig = with_space(patient());
    rig.captions.close();
    rig.frame(1);
    rig.once(1, vec![named_box("mug", 26, 19)]);
    rig.regions().await;
    let near = |metres| Query { max_distance: metres, ..every() };
    assert_eq!(ask(&rig.handle, &near(5.0)).answers.len(), 0, "there is no depth yet");
    send_depth(&rig, 1);
    rig.captions.open();
    rig.regions().await;
    let distances = [1.0, 1.2].map(|metres| ask(&rig.handle, &near(metres)).answers.len());
    assert_eq!(distances, [0, 1], "it is at 1.1 m");
}

#[tokio::test]
async fn cameras_are_told_apart() {
    let mut rig = Rig::start(quiet());
    for (camera, secs) in [("front", 1), ("rear", 2)] {
        rig.handle
            .prompts(crate::runtime::api::PromptSubmission {
                camera: camera.into(),
                prompts: vec![click(10, 10)],
                ..Default::default()
            })
            .unwrap();
        rig.handle.frame(picture(camera, [10, 20, 30], secs));
        rig.regions().await;
    }
    let both = ask(&rig.handle, &every());
    let header = both.header.unwrap();
    assert_eq!((both.answers.len(), header.origin.name(), header.stamp.secs), (2, "", 2));
    let front = ask(&rig.handle, &Query { camera: "front".into(), ..every() });
    let header = front.header.unwrap();
    assert_eq!((front.answers.len(), header.origin.name(), header.stamp.secs), (1, "front", 1));
}

#[tokio::test]
async fn questions_are_refused_with_a_reason() {
    let rig = Rig::start(quiet());
    let refusal = rig.handle.query(&Query { max_age_secs: -1.0, ..every() }).unwrap_err();
    assert_eq!(refusal.code, ResultCode::InvalidPrompt);
    assert!(refusal.message.starts_with("max_age: expected"), "{refusal}");
    rig.handle.set_active(false);
    assert_eq!(rig.handle.query(&every()).unwrap_err().code, ResultCode::NotActive);
    assert_eq!(rig.handle.forget().unwrap_err().code, ResultCode::NotActive);
    assert_eq!(rig.handle.stats().queries_refused, 2);
}

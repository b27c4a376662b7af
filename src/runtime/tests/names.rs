//! Names of regions, and proposals of a detector, on their way through the threads.

use super::rig::*;
use crate::core::ports::Model;
use crate::core::query::Query;
use crate::core::region::names::NameScores;
use crate::core::region::{Region, ScoreKind};
use crate::core::result_code::ResultCode;
use crate::core::settings::{Proposals, Settings};
use crate::core::testing::fake_model::{Call, fake_model_with_detector, fake_model_with_names};
use crate::runtime::api::SegmentRequest;

/// Two things in the picture, far apart.
const THINGS: [([f32; 4], f32, &str); 2] =
    [([4.0, 4.0, 20.0, 16.0], 0.8, "cup"), ([36.0, 24.0, 60.0, 44.0], 0.5, "bowl")];

fn everything() -> SegmentRequest {
    let prompt = crate::core::prompt::RawPrompt { kind: 3, ..Default::default() };
    SegmentRequest { image: Some(picture("", [9, 9, 9], 1)), prompts: vec![prompt], ..Default::default() }
}

fn proposing(proposals: Proposals) -> Settings {
    let mut settings = quiet();
    settings.everything.proposals = proposals;
    settings.everything.min_area = 1;
    settings
}

fn without_captions(
    (mut model, control): (Model, std::sync::Arc<crate::core::testing::fake_model::FakeControl>),
) -> Rig {
    model.caption = None;
    Rig::start_with(model, control, proposing(Proposals::Detector))
}

fn listed(names: &NameScores) -> Vec<(&str, f32)> {
    names.iter().map(|one| (&*one.name, one.score)).collect()
}

fn of(region: &Region) -> Vec<(&str, f32)> {
    listed(&region.caption.names)
}

#[tokio::test]
async fn names_come_with_the_caption_and_are_remembered_with_it() {
    let (model, control) = fake_model_with_names();
    let mut rig = Rig::start_with(model, control, patient());
    rig.sticky(vec![named_box("thing", 8, 8)]);
    rig.frame(1);
    let masks = rig.regions().await;
    assert!(masks.regions[0].caption.names.is_empty(), "the words are still to come");
    let words = rig.regions().await;
    assert_eq!(of(&words.regions[0]), [("mug", 0.75), ("cup", 0.5)]);
    // 12 pixels of 64.
    assert_eq!((words.regions[0].caption.score, words.regions[0].caption.score_kind), (0.1875, ScoreKind::Probability));
    let recalled = rig.handle.query(&Query::default()).unwrap();
    assert_eq!(listed(&recalled.answers[0].object.caption.names), [("mug", 0.75), ("cup", 0.5)]);
    rig.frame(2);
    let next = rig.regions().await;
    assert_eq!(of(&next.regions[0]), [("mug", 0.75), ("cup", 0.5)], "they are used again with the words");
}

#[tokio::test]
async fn a_captioner_without_names_gets_those_of_the_detector() {
    let (model, control) = fake_model_with_detector(&THINGS);
    let rig = Rig::start_with(model, control, quiet());
    let request = |caption| SegmentRequest {
        image: Some(picture("", [9, 9, 9], 1)),
        prompts: vec![crate::core::prompt::RawPrompt { kind: 1, rect: (4, 4, 16, 12), ..Default::default() }],
        caption,
        ..Default::default()
    };
    let masks = rig.handle.segment(request(false)).await.unwrap();
    assert!(masks.regions[0].caption.names.is_empty() && rig.calls(Call::Detect) == 0, "nobody needs the detector");
    let words = rig.handle.segment(request(true)).await.unwrap();
    assert_eq!(of(&words.regions[0]), [("cup", 0.8)]);
    assert_eq!(rig.calls(Call::Detect), 1);
}

#[tokio::test]
async fn without_a_captioner_names_come_with_the_masks() {
    let rig = without_captions(fake_model_with_detector(&THINGS));
    let found = rig.handle.segment(everything()).await.unwrap();
    let names: Vec<_> = found.regions.iter().map(of).collect();
    assert_eq!(names, [vec![("cup", 0.8)], vec![("bowl", 0.5)]]);
    assert_eq!((rig.calls(Call::Detect), rig.control.rows(Call::Decode)), (1, 2));
}

#[tokio::test]
async fn a_detector_looks_once_at_a_picture() {
    let mut rig = without_captions(fake_model_with_detector(&THINGS));
    rig.sticky(vec![named_box("thing", 4, 4)]);
    rig.frame(1);
    rig.regions().await;
    rig.once(1, vec![named_box("other", 36, 24)]);
    rig.regions().await;
    assert_eq!((rig.calls(Call::Encode), rig.calls(Call::Detect)), (1, 1));
}

#[tokio::test]
async fn a_detector_that_fails_is_told_and_the_node_goes_on() {
    let rig = without_captions(fake_model_with_detector(&THINGS));
    rig.control.fail_next(Call::Detect, 1);
    let refusal = rig.handle.segment(everything()).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Internal);
    assert!(refusal.message.contains("detecting objects"), "{refusal}");
    assert_eq!(rig.handle.segment(everything()).await.unwrap().regions.len(), 2);
}

#[tokio::test]
async fn a_goal_takes_the_detector_s_boxes() {
    let (model, control) = fake_model_with_detector(&THINGS);
    let rig = Rig::start_with(model, control, proposing(Proposals::Detector));
    rig.frame(1);
    let goal = crate::core::node::describe::Goal { caption: true, ..Default::default() };
    let mut describing = rig.handle.describe_everything(&goal).unwrap();
    while describing.progress().await.is_some() {}
    let ended = describing.ended();
    assert!(ended.ending.is_ok() && ended.regions.len() == 2, "{ended:?}");
    assert_eq!((rig.calls(Call::Detect), rig.control.rows(Call::Decode)), (1, 2));
    let names = rig.handle.query(&Query::default()).unwrap();
    let names: Vec<_> = names.answers.iter().map(|answer| listed(&answer.object.caption.names)).collect();
    assert_eq!(names, [vec![("cup", 0.8)], vec![("bowl", 0.5)]]);
}

#[tokio::test]
async fn a_detector_that_is_not_there_is_told_to_who_asks_for_everything_alone() {
    let mut settings = proposing(Proposals::Detector);
    settings.everything.enabled = true;
    let mut rig = Rig::start(settings);
    let refusal = rig.handle.segment(everything()).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Unsupported);
    assert!(
        refusal.message.contains("everything.proposals") && refusal.message.contains("object_detector"),
        "{refusal}"
    );
    let request = SegmentRequest { image: Some(picture("", [9, 9, 9], 1)), ..on_newest(vec![click(5, 5)]) };
    assert!(rig.handle.segment(request).await.is_ok());
    rig.frame(1);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("prompts", ResultCode::Unsupported));
    let goal = crate::core::node::describe::Goal::default();
    let refusal = rig.handle.describe_everything(&goal).err().unwrap();
    assert_eq!(refusal.code, ResultCode::Unsupported);
}

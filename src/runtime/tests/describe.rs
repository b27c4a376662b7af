//! "Describe everything": its way, its results, and that nobody waits for it.

use super::rig::*;
use crate::core::node::describe::Goal;
use crate::core::progress::Stage;
use crate::core::region::CaptionState::{Done, None as NoCaption, Pending};
use crate::core::result_code::ResultCode;
use crate::core::settings::Settings;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::{DescribeProgress, SegmentRequest};
use crate::runtime::{Described, Describing};

/// 64 clicks, whose masks are all let through.
pub fn coarse() -> Settings {
    let mut settings = quiet();
    settings.everything.points_per_side = 8;
    settings.everything.min_area = 1;
    settings
}

pub fn in_words() -> Goal {
    Goal { caption: true, ..Goal::default() }
}

/// Everything that it tells, and what came of it.
pub async fn follow(mut describing: Describing) -> (Vec<DescribeProgress>, Described) {
    let all = async {
        let mut told = Vec::new();
        while let Some(progress) = describing.progress().await {
            told.push(progress);
        }
        (told, describing.ended())
    };
    tokio::time::timeout(PATIENCE, all).await.expect("a goal has an end")
}

pub async fn described(rig: &Rig, goal: &Goal) -> Described {
    follow(rig.handle.describe_everything(goal).unwrap()).await.1
}

fn steps(told: &[DescribeProgress], stage: Stage) -> Vec<(usize, usize)> {
    told.iter().filter(|told| told.stage == stage).map(|told| (told.done, told.total)).collect()
}

#[tokio::test]
async fn it_tells_its_way_and_masks_go_out_before_words() {
    let mut settings = coarse();
    // So few that a listener of a busy machine hears of each.
    settings.everything.max_regions = 20;
    let mut rig = Rig::start(settings);
    rig.frame(7);
    let (told, described) = follow(rig.handle.describe_everything(&in_words()).unwrap()).await;
    let (masks, words) = (rig.regions().await, rig.regions().await);
    let regions = described.regions.len();
    assert!(described.ending.is_ok() && regions > 8, "{described:?}");

    assert_eq!(steps(&told, Stage::Encode), [(0, 1), (1, 1)]);
    assert_eq!(steps(&told, Stage::Segment), [0, 8, 16, 24, 32, 40, 48, 56, 64].map(|done| (done, 64)));
    assert_eq!(steps(&told, Stage::Caption), (0..=regions).map(|done| (done, regions)).collect::<Vec<_>>());
    let filter = steps(&told, Stage::Filter);
    assert!(filter[0].0 == 0 && filter[1].0 == filter[1].1 && filter[1].1 >= regions, "{filter:?}");
    let mut stages: Vec<Stage> = told.iter().map(|told| told.stage).collect();
    stages.dedup();
    assert_eq!(stages, [Stage::Encode, Stage::Segment, Stage::Filter, Stage::Caption]);
    assert!(told[..12].iter().all(|told| told.id.is_empty()), "there is no region before the first");
    let newest = told[told.len() - regions..].iter().map(|told| (told.id.clone(), told.caption.clone()));
    assert_eq!(newest.collect::<Vec<_>>(), described.regions, "each region is told with its words");

    assert_eq!((described.stamp.secs, masks.header.stamp.secs, words.header.stamp.secs), (7, 7, 7));
    assert!(captions(&masks).iter().all(|caption| *caption == (Pending, "")));
    let said: Vec<_> = words.regions.iter().map(|region| (region.id.clone(), region.caption.text.clone())).collect();
    assert_eq!(said, described.regions);
    assert!(captions(&words).iter().all(|(state, text)| *state == Done && text.starts_with("thing at ")));
    assert_eq!(ids(&masks), ids(&words));
    assert_eq!(
        words.regions.iter().map(|region| usize::from(region.label)).collect::<Vec<_>>(),
        (1..=regions).collect::<Vec<_>>()
    );
    let stats = rig.handle.stats();
    assert_eq!((stats.goals_in, stats.goals_done, stats.captions), (1, 1, regions as u64));
}

#[tokio::test]
async fn without_words_it_ends_with_the_masks() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    let described = described(&rig, &Goal { max_regions: 5, ..Goal::default() }).await;
    assert!(described.ending.is_ok());
    assert_eq!(described.regions.len(), 5);
    assert!(described.regions.iter().all(|(id, words)| !id.is_empty() && words.is_empty()));
    assert_eq!(captions(&*rig.regions().await), [(NoCaption, ""); 5]);
    rig.settle().await;
    assert!(rig.output.try_recv().is_none());
}

#[tokio::test]
async fn the_goal_s_numbers_count_and_zeros_are_parameters() {
    let rig = Rig::start(coarse());
    rig.frame(1);
    for (goal, rows) in [(Goal::default(), 64), (Goal { points_per_side: 5, ..Goal::default() }, 25)] {
        let before = rig.control.rows(Call::Decode);
        described(&rig, &goal).await.ending.unwrap();
        assert_eq!(rig.control.rows(Call::Decode) - before, rows);
    }
    let large = described(&rig, &Goal { min_area: 64 * 48, ..Goal::default() }).await;
    assert!(large.ending.is_ok() && large.regions.is_empty());
}

#[tokio::test]
async fn nothing_found_is_an_answer() {
    let mut settings = coarse();
    settings.everything.pred_iou_thresh = 1.0;
    let mut rig = Rig::start(settings);
    rig.frame(3);
    let (told, described) = follow(rig.handle.describe_everything(&in_words()).unwrap()).await;
    assert!(described.ending.is_ok() && described.regions.is_empty());
    assert_eq!(described.stamp.secs, 3);
    assert_eq!(steps(&told, Stage::Filter), [(0, 0), (0, 0)]);
    assert!(rig.regions().await.regions.is_empty(), "that nothing is there is published too");
}

#[tokio::test]
async fn the_same_frame_gives_the_same_and_is_encoded_once() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    let first = described(&rig, &in_words()).await;
    let second = described(&rig, &in_words()).await;
    let words = |described: &Described| described.regions.iter().map(|(_, words)| words.clone()).collect::<Vec<_>>();
    assert_eq!(words(&first), words(&second));
    let arrays = [rig.regions().await, rig.regions().await, rig.regions().await, rig.regions().await];
    for (one, other) in arrays[1].regions.iter().zip(&arrays[3].regions) {
        assert_eq!(one.mask, other.mask);
        assert_eq!(one.id, other.id, "what has not moved keeps its id");
    }
    assert_eq!(rig.calls(Call::Encode), 1);
}

#[tokio::test]
async fn goals_that_will_never_do_are_refused_with_the_reason() {
    let mut rig = Rig::start(coarse());
    let refused = |rig: &Rig, goal: &Goal| rig.handle.describe_everything(goal).err().expect("a refusal");
    assert_eq!(refused(&rig, &Goal::default()).code, ResultCode::NoImage);
    rig.frame(1);
    let fine = refused(&rig, &Goal { points_per_side: 65, ..Goal::default() });
    assert!(fine.code == ResultCode::InvalidPrompt && fine.message.contains("points_per_side"), "{fine}");
    assert_eq!(refused(&rig, &Goal { camera: "rear".into(), ..Goal::default() }).code, ResultCode::NoImage);
    let mut silent = coarse();
    silent.caption.mode = crate::core::settings::CaptionMode::Off;
    rig.handle.set_settings(silent);
    assert_eq!(refused(&rig, &in_words()).code, ResultCode::Unsupported);
    assert!(described(&rig, &Goal::default()).await.ending.is_ok());
    assert_eq!((rig.handle.stats().goals_refused, rig.regions().await.header.stamp.secs), (4, 1));
}

#[tokio::test]
async fn whoever_waits_has_a_turn_between_two_batches() {
    let mut settings = coarse();
    settings.everything.points_per_side = 16;
    let mut rig = Rig::start(settings);
    rig.frame(1);
    rig.decoder.close();
    let goal = tokio::spawn(follow(rig.handle.describe_everything(&Goal::default()).unwrap()));
    rig.decoder.wait_for_arrival();
    // While the goal's first batch runs, these come: a camera's stream, and two requests.
    rig.sticky(vec![named_box("sticky", 5, 5)]);
    rig.frame(2);
    let own = SegmentRequest { image: Some(picture("", [9; 3], 9)), ..on_newest(vec![click(5, 5)]) };
    let requests = [rig.handle.segment(own), rig.handle.segment(on_newest(vec![click(6, 6)]))].map(tokio::spawn);
    // The batch that is held, the camera's frame with the request for it, and the request with a picture of its own: the
    // goal's other 31 batches come later.
    rig.decoder.let_pass(3);
    for request in requests {
        request.await.unwrap().unwrap();
    }
    rig.decoder.open();
    assert_eq!(rig.regions().await.regions[0].prompt_id, "sticky");
    let everything = rig.regions().await;
    assert!(everything.regions.len() > 8 && everything.header.stamp.secs == 1, "the goal's frame stays its frame");
    assert!(goal.await.unwrap().1.ending.is_ok());
}

#[tokio::test]
async fn a_stream_of_frames_does_not_keep_a_goal_from_its_end() {
    let mut rig = Rig::start(coarse());
    rig.sticky(vec![click(5, 5)]);
    rig.frame(1);
    let goal = tokio::spawn(follow(rig.handle.describe_everything(&in_words()).unwrap()));
    let mut secs = 1;
    while !goal.is_finished() {
        secs += 1;
        rig.frame(secs);
        rig.regions().await;
    }
    assert!(goal.await.unwrap().1.ending.is_ok());
}

#[tokio::test]
async fn a_request_for_words_goes_between_two_batches_of_the_goal_s() {
    let rig = Rig::start(coarse());
    rig.frame(1);
    rig.captions.close();
    let goal = tokio::spawn(follow(rig.handle.describe_everything(&in_words()).unwrap()));
    rig.captions.wait_for_arrival();
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(5, 5)]) };
    let request = tokio::spawn(rig.handle.segment(request));
    rig.settle().await;
    rig.captions.let_pass(2);
    assert_eq!(captions(&request.await.unwrap().unwrap()), [(Done, "thing at 5 5")]);
    assert_eq!(rig.control.rows(Call::Prefill), 9, "one batch of the goal's, and then the request");
    rig.captions.open();
    let described = goal.await.unwrap().1;
    assert!(described.ending.is_ok() && described.regions.len() > 16, "{}", described.regions.len());
}

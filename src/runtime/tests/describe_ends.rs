//! How a goal can end before it is done: always at once, and with what there is.

use std::sync::Arc;
use std::time::Duration;

use super::describe::*;
use super::rig::*;
use crate::core::node::describe::Goal;
use crate::core::progress::Stage;
use crate::core::region::CaptionState::{Done, Failed, None as NoCaption, Pending};
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::{Described, Describing};

/// The time limit of goals whose time runs out when the test says so.
const LIMIT_SECS: f32 = 0.05;
/// Moves the clock beyond it, not beyond the time in which the vision thread makes regions of what it has found.
const BEYOND_THE_LIMIT: Duration = Duration::from_millis(100);

fn code(described: &Described) -> ResultCode {
    described.ending.as_ref().expect_err("an early end").code
}

/// Until it has told this much.
async fn until(describing: &mut Describing, stage: Stage, done: usize) {
    loop {
        let told = tokio::time::timeout(PATIENCE, describing.progress()).await.expect("progress");
        let told = told.expect("a goal that goes on");
        if told.stage == stage && told.done >= done {
            return;
        }
    }
}

#[tokio::test]
async fn cancel_does_not_wait_for_the_model_and_the_next_goal_may_come() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    rig.decoder.close();
    let mut goal = rig.handle.describe_everything(&in_words()).unwrap();
    rig.decoder.wait_for_arrival();
    let second = rig.handle.describe_everything(&in_words()).err().expect("one at a time");
    assert!(second.code == ResultCode::Overloaded && second.message.contains("one at a time"), "{second}");
    goal.cancel();
    // The model is still held.
    assert!(tokio::time::timeout(PATIENCE, goal.progress()).await.expect("an end").is_none());
    let described = goal.ended();
    assert_eq!((code(&described), described.regions.len()), (ResultCode::Canceled, 0));

    let next = rig.handle.describe_everything(&Goal::default()).unwrap();
    rig.decoder.open();
    assert!(follow(next).await.1.ending.is_ok());
    assert_eq!(rig.calls(Call::Decode), 1 + 8, "of the canceled goal, only the run that had begun");
    assert!(!rig.regions().await.regions.is_empty());
    rig.settle().await;
    assert!(rig.output.try_recv().is_none(), "nothing of the canceled goal is published");
}

#[tokio::test]
async fn canceled_in_the_middle_of_a_sentence_it_keeps_those_that_are_said() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    rig.captions.close();
    let mut goal = rig.handle.describe_everything(&in_words()).unwrap();
    rig.captions.let_pass(1);
    until(&mut goal, Stage::Caption, 8).await;
    rig.captions.wait_for_arrival();
    rig.tokens.close();
    rig.captions.open();
    rig.tokens.wait_for_arrival();
    goal.cancel();
    let described = goal.ended();
    assert_eq!(code(&described), ResultCode::Canceled);
    let said = described.regions.iter().filter(|(_, words)| !words.is_empty()).count();
    assert!(said == 8 && said < described.regions.len(), "{said} of {}", described.regions.len());
    rig.tokens.open();

    assert!(captions(&*rig.regions().await).iter().all(|(state, _)| *state == Pending));
    let last = rig.regions().await;
    let states: Vec<_> = last.regions.iter().map(|region| region.caption.state).collect();
    assert!(states[..8].iter().all(|state| *state == Done), "{states:?}");
    assert_eq!(states.last(), Some(&NoCaption), "no words are promised that will not come");
}

#[tokio::test]
async fn when_time_runs_out_in_the_search_what_was_found_is_there() {
    let mut settings = coarse();
    settings.everything.points_per_side = 32;
    let mut rig = Rig::start(settings);
    rig.frame(1);
    rig.decoder.close();
    rig.decoder.let_pass(3);
    let goal = rig.handle.describe_everything(&Goal { time_limit_secs: LIMIT_SECS, ..in_words() }).unwrap();
    rig.decoder.wait_for_arrival();
    rig.advance(BEYOND_THE_LIMIT);
    rig.decoder.open();
    let described = follow(goal).await.1;
    assert_eq!(code(&described), ResultCode::Timeout);
    let published = rig.regions().await;
    assert_eq!(ids(&published), described.regions.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>());
    assert!(!published.regions.is_empty());
    assert!(captions(&published).iter().all(|(state, _)| *state == NoCaption));
    assert_eq!(rig.calls(Call::Decode), 4, "of 128 batches, those that had begun");
}

#[tokio::test]
async fn when_time_runs_out_in_the_words_those_said_are_there() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    rig.captions.close();
    rig.captions.let_pass(2);
    let goal = rig.handle.describe_everything(&Goal { time_limit_secs: LIMIT_SECS, ..in_words() }).unwrap();
    rig.captions.wait_for_arrival();
    rig.advance(BEYOND_THE_LIMIT);
    // The model is still held.
    let described = follow(goal).await.1;
    let refusal = described.ending.unwrap_err();
    assert!(refusal.code == ResultCode::Timeout && refusal.message.contains("0.05 s"), "{refusal}");
    assert_eq!(described.regions.iter().filter(|(_, words)| !words.is_empty()).count(), 16, "two batches of eight");
    assert!(described.regions.len() > 16);
    rig.captions.open();
    let mut last = rig.regions().await;
    while captions(&last).iter().any(|(state, _)| *state == Pending) {
        last = rig.regions().await;
    }
    let said: Vec<_> = last.regions.iter().map(|region| region.caption.text.clone()).collect();
    assert_eq!(said, described.regions.iter().map(|(_, words)| words.clone()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_model_that_hangs_does_not_stretch_the_time_limit() {
    let rig = Rig::start(coarse());
    rig.frame(1);
    rig.encoder.close();
    let goal = rig.handle.describe_everything(&Goal { time_limit_secs: LIMIT_SECS, ..in_words() }).unwrap();
    rig.encoder.wait_for_arrival();
    rig.advance(Duration::from_secs(1));
    let described = follow(goal).await.1;
    assert_eq!((code(&described), described.regions.len()), (ResultCode::Timeout, 0));
}

#[tokio::test]
async fn an_abandoned_goal_makes_room() {
    let rig = Rig::start(coarse());
    rig.frame(1);
    rig.decoder.close();
    let goal = rig.handle.describe_everything(&in_words()).unwrap();
    rig.decoder.wait_for_arrival();
    drop(goal);
    rig.decoder.open();
    rig.settle().await;
    assert_eq!(rig.calls(Call::Decode), 3, "the run that had begun, and those of settle");
    assert!(described(&rig, &Goal::default()).await.ending.is_ok());
}

#[tokio::test]
async fn a_node_that_is_not_active_takes_no_goal_and_keeps_none() {
    let rig = Rig::start(coarse());
    rig.frame(1);
    rig.decoder.close();
    let mut goal = rig.handle.describe_everything(&in_words()).unwrap();
    rig.decoder.wait_for_arrival();
    rig.handle.set_active(false);
    while goal.progress().await.is_some() {}
    assert_eq!(code(&goal.ended()), ResultCode::NotActive);
    let refusal = rig.handle.describe_everything(&in_words()).err().expect("a refusal");
    assert_eq!(refusal.code, ResultCode::NotActive);
    rig.decoder.open();
    rig.handle.set_active(true);
    rig.frame(2);
    assert_eq!(described(&rig, &Goal::default()).await.stamp.secs, 2);
}

#[tokio::test]
async fn shutdown_ends_it_in_the_search_and_in_the_words() {
    for slow in [Call::Decode, Call::Step] {
        let mut rig = Rig::start(coarse());
        rig.frame(1);
        let gate = Arc::clone(if slow == Call::Decode { &rig.decoder } else { &rig.tokens });
        gate.close();
        let goal = rig.handle.describe_everything(&in_words()).unwrap();
        gate.wait_for_arrival();
        let ending = rig.end();
        assert_eq!(code(&follow(goal).await.1), ResultCode::Canceled);
        assert!(!ending.is_over(), "{slow:?}: the goal ended while the model was at work");
        gate.open();
        ending.over().await;
        assert_eq!(rig.calls(slow), 1, "{slow:?}: of many runs, the one that had begun");
        let refusal = rig.handle.describe_everything(&in_words()).err().expect("a refusal");
        assert_eq!(refusal.code, ResultCode::Canceled);
    }
}

#[tokio::test]
async fn a_model_that_fails_ends_the_goal_and_not_the_node() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    for call in [Call::Encode, Call::Decode] {
        rig.control.fail_next(call, 1);
        let described = described(&rig, &in_words()).await;
        assert_eq!((code(&described), described.regions.len()), (ResultCode::Internal, 0), "{call:?}");
    }
    rig.control.fail_next(Call::Prefill, 1);
    let wordless = described(&rig, &in_words()).await;
    assert_eq!(code(&wordless), ResultCode::Internal);
    assert!(!wordless.regions.is_empty(), "the masks are there all the same");
    rig.regions().await;
    assert!(captions(&*rig.regions().await).iter().all(|(state, _)| *state == Failed));
    rig.decoder.panic_next();
    assert!(described(&rig, &in_words()).await.ending.unwrap_err().message.contains("told to panic"));
    assert!(described(&rig, &in_words()).await.ending.is_ok());
}

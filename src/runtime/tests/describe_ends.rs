//! How a goal can end before it is done: always at once, and with what there is.

use std::time::{Duration, Instant};

use super::describe::*;
use super::rig::*;
use crate::core::node::describe::Goal;
use crate::core::progress::Stage;
use crate::core::region::CaptionState::{Done, Failed, None as NoCaption, Pending};
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::{Described, Describing};

/// So soon an end must be seen, whatever a model's run takes.
const AT_ONCE: Duration = Duration::from_millis(100);

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
    let begun = Instant::now();
    goal.cancel();
    assert!(goal.progress().await.is_none());
    let described = goal.ended();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
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
    rig.control.set_delay(Call::Step, Duration::from_millis(50));
    let mut goal = rig.handle.describe_everything(&in_words()).unwrap();
    until(&mut goal, Stage::Caption, 8).await;
    rig.control.set_delay(Call::Step, Duration::from_secs(1));
    let begun = Instant::now();
    goal.cancel();
    let described = goal.ended();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(code(&described), ResultCode::Canceled);
    let said = described.regions.iter().filter(|(_, words)| !words.is_empty()).count();
    assert!(said >= 8 && said < described.regions.len(), "{said} of {}", described.regions.len());

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
    // 128 batches take 7.7 s; in 1.5 s there is time for some, on a busy machine, too.
    rig.control.set_delay(Call::Decode, Duration::from_millis(60));
    let begun = Instant::now();
    let described = described(&rig, &Goal { time_limit_secs: 1.5, ..in_words() }).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(1500) && took < Duration::from_secs(4), "{took:?}");
    assert_eq!(code(&described), ResultCode::Timeout);
    let published = rig.regions().await;
    assert_eq!(ids(&published), described.regions.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>());
    assert!(!published.regions.is_empty());
    assert!(captions(&published).iter().all(|(state, _)| *state == NoCaption));
    assert!(rig.calls(Call::Decode) < 128 / 2);
}

#[tokio::test]
async fn when_time_runs_out_in_the_words_those_said_are_there() {
    let mut rig = Rig::start(coarse());
    rig.frame(1);
    // A batch of words takes 1.1 s: time runs out in the middle of the third.
    rig.control.set_delay(Call::Step, Duration::from_millis(150));
    let begun = Instant::now();
    let described = described(&rig, &Goal { time_limit_secs: 3.0, ..in_words() }).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(6), "{took:?}");
    let refusal = described.ending.unwrap_err();
    assert!(refusal.code == ResultCode::Timeout && refusal.message.contains("3 s"), "{refusal}");
    assert!(described.regions.iter().any(|(_, words)| words.is_empty()));
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
    let begun = Instant::now();
    let described = described(&rig, &Goal { time_limit_secs: 0.05, ..in_words() }).await;
    assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
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
    assert_eq!(rig.calls(Call::Decode), 2, "the run that had begun, and that of settle");
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
        rig.control.set_delay(slow, Duration::from_millis(500));
        let goal = tokio::spawn(follow(rig.handle.describe_everything(&in_words()).unwrap()));
        while rig.calls(slow) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let begun = Instant::now();
        rig.runtime.take().unwrap().shutdown();
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{slow:?}, of which many runs are left: {:?}",
            begun.elapsed()
        );
        assert_eq!(code(&goal.await.unwrap().1), ResultCode::Canceled);
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

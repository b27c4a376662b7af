//! The end waits for the runs of the model that have begun and for no more, and everyone who waits gets an answer.

use super::rig::*;
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::SegmentRequest;

#[tokio::test]
async fn in_the_middle_of_an_encode_it_takes_that_run_and_no_more() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(1, 1)]);
    rig.encoder.close();
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    let waiting = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.once(0, vec![click(1, 1)]);
    let ending = rig.end();
    assert_eq!(waiting.await.unwrap_err().code, ResultCode::Canceled);
    assert_eq!(rig.refusal().await.1.code, ResultCode::Canceled, "the prompts that waited");
    assert!(!ending.is_over(), "both were answered while the model was at work");
    rig.encoder.open();
    ending.over().await;
    assert_eq!(rig.calls(Call::Encode), 1);
    while rig.output.try_recv().is_some() {}
    assert!(rig.output.recv().await.is_none(), "the output has an end");
}

#[tokio::test]
async fn in_the_middle_of_captions_it_does_not_wait_for_the_sentence() {
    let mut rig = Rig::start(patient());
    rig.frame(1);
    rig.tokens.close();
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(10, 10)]) };
    let request = tokio::spawn(rig.handle.segment(request));
    rig.tokens.wait_for_arrival();
    let ending = rig.end();
    rig.until("the end to be told", |rig| rig.handle.0.captions.is_stopped()).await;
    rig.tokens.open();
    assert_eq!(request.await.unwrap().unwrap_err().code, ResultCode::Canceled);
    ending.over().await;
    assert_eq!(rig.calls(Call::Step), 1, "of a whole caption's six and more");
}

#[tokio::test]
async fn afterwards_everything_is_refused_and_nothing_hangs() {
    let mut rig = Rig::start(quiet());
    rig.runtime.take().unwrap().shutdown();
    rig.frame(1);
    let refusal = rig.handle.segment(on_newest(vec![click(1, 1)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Canceled);
    let prompts = crate::runtime::api::PromptSubmission { prompts: vec![click(1, 1)], ..Default::default() };
    assert_eq!(rig.handle.prompts(prompts).unwrap_err().code, ResultCode::Canceled);
    assert!(rig.output.recv().await.is_none());
}

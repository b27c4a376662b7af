//! The end comes soon, in order, and with an answer for everyone who waits.

use std::time::{Duration, Instant};

use super::rig::*;
use crate::core::result_code::ResultCode;
use crate::core::settings::Settings;
use crate::core::testing::fake_model::Call;
use crate::runtime::api::SegmentRequest;

/// Well under a second, with room for a busy machine.
const SOON: Duration = Duration::from_millis(900);

#[tokio::test]
async fn in_the_middle_of_an_encode_it_takes_that_run_and_no_more() {
    let mut rig = Rig::start(quiet());
    rig.sticky(vec![click(1, 1)]);
    rig.encoder.close();
    rig.frame(1);
    rig.encoder.wait_for_arrival();
    let waiting = rig.handle.segment(on_newest(vec![click(1, 1)]));
    rig.once(0, vec![click(1, 1)]);
    rig.control.set_delay(Call::Encode, Duration::from_millis(100));
    rig.encoder.open();
    let begun = Instant::now();
    rig.runtime.take().unwrap().shutdown();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(waiting.await.unwrap_err().code, ResultCode::Canceled);
    assert!(rig.calls(Call::Encode) <= 1);
    assert_eq!(rig.refusal().await.1.code, ResultCode::Canceled, "the prompts that waited");
    while rig.output.try_recv().is_some() {}
    assert!(rig.output.recv().await.is_none(), "the output has an end");
}

#[tokio::test]
async fn in_the_middle_of_captions_it_does_not_wait_for_the_sentence() {
    let mut rig = Rig::start(Settings::default());
    rig.frame(1);
    rig.control.set_delay(Call::Step, Duration::from_millis(200));
    let request = SegmentRequest { caption: true, ..on_newest(vec![click(10, 10)]) };
    let request = tokio::spawn(rig.handle.segment(request));
    while rig.calls(Call::Step) == 0 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    drop(rig.runtime.take());
    assert!(begun.elapsed() < SOON, "{:?}, a whole caption takes over a second", begun.elapsed());
    assert_eq!(request.await.unwrap().unwrap_err().code, ResultCode::Canceled);
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

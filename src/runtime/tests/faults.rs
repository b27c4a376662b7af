//! A model that fails or panics costs an answer, not the node.

use super::rig::*;
use crate::core::result_code::ResultCode;
use crate::core::testing::fake_model::Call;

#[tokio::test]
async fn a_failing_run_is_internal_and_the_next_one_is_fine() {
    let mut rig = Rig::start(quiet());
    rig.frame(1);
    for call in [Call::Encode, Call::Decode] {
        rig.control.fail_next(call, 1);
        let refusal = rig.handle.segment(on_newest(vec![click(1, 1)])).await.unwrap_err();
        assert_eq!(refusal.code, ResultCode::Internal);
        assert!(refusal.message.contains("told to fail"), "{refusal}");
    }
    rig.control.fail_next(Call::Decode, 1);
    rig.once(1, vec![click(1, 1)]);
    let (what, refusal) = rig.refusal().await;
    assert_eq!((what, refusal.code), ("frame", ResultCode::Internal));
    assert!(rig.handle.segment(on_newest(vec![click(1, 1)])).await.is_ok());
    assert_eq!(rig.handle.stats().model_failures, 3);
}

#[tokio::test]
async fn a_panicking_model_is_internal_and_the_next_run_is_fine() {
    let rig = Rig::start(quiet());
    rig.frame(1);
    rig.encoder.panic_next();
    let refusal = rig.handle.segment(on_newest(vec![click(1, 1)])).await.unwrap_err();
    assert_eq!(refusal.code, ResultCode::Internal);
    assert!(refusal.message.contains("panicked") && refusal.message.contains("told to panic"), "{refusal}");
    assert!(rig.handle.segment(on_newest(vec![click(1, 1)])).await.is_ok());
    assert_eq!(rig.handle.stats().model_failures, 1);
}

//! Model runs are foreign code: what goes wrong in one must not take its thread along.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::api::Refusal;
use super::stats::Stats;
use crate::core::ports::ModelError;
use crate::core::result_code::ResultCode;

/// Runs a part of the model. A failure or a panic in it is logged, counted and becomes `INTERNAL`; a cancellation becomes
/// `CANCELED`.
pub(super) fn guarded<T>(
    stats: &Stats,
    what: &'static str,
    run: impl FnOnce() -> Result<T, ModelError>,
) -> Result<T, Refusal> {
    // A model is a state machine behind its port: every encode, decode and prefill starts it anew.
    let reason = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => return Ok(result),
        Ok(Err(ModelError::Canceled)) => {
            return Err(Refusal::new(ResultCode::Canceled, format!("canceled while {what}")));
        }
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("the model panicked: {}", panic_text(panic.as_ref())),
    };
    stats.model_failures.add(1);
    log::error!("{what}: {reason}");
    Err(Refusal::new(ResultCode::Internal, format!("{what}: {reason}")))
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

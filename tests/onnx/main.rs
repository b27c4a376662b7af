//! The ONNX Runtime layer against small bundles (tests/fixtures) and the bundle that ships.
//!
//! Needs ONNX Runtime, found as the node finds it: `ORT_DYLIB_PATH`, or a `.venv` with the Python package `onnxruntime`.
#![cfg(feature = "onnx")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod builtin;
mod kinds;
mod language;
mod names;
mod preprocess;
mod providers;
mod strictness;
mod support;
mod vision;

/// The programs set it themselves; what cargo runs has it from `.cargo/config.toml`.
#[test]
fn cargo_turns_the_telemetry_of_onnx_runtime_off() {
    assert_eq!(std::env::var("ORT_DISABLE_TELEMETRY").as_deref(), Ok("1"));
}

//! The ONNX Runtime layer against small bundles (tests/fixtures) and the bundle that ships.
//!
//! Needs ONNX Runtime, found as the node finds it: `ORT_DYLIB_PATH`, or a `.venv` with the Python package `onnxruntime`.
#![cfg(feature = "onnx")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod builtin;
mod language;
mod preprocess;
mod providers;
mod strictness;
mod support;
mod vision;

//! segcap tells a robot what is where in its camera image, in words.
//!
//! Layers, arrows only point down: `ros` and `runtime` stand on `core`; `onnx` implements core's ports; the binaries
//! wire them together. `tests/architecture.rs` guards this. ARCHITECTURE.md is the map.

pub mod core;
#[cfg(feature = "onnx")]
pub mod onnx;
#[cfg(feature = "ros")]
pub mod ros;
pub mod runtime;

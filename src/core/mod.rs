//! The thinking: frames, prompts, masks, regions, captions. Pure Rust, without ROS, tokio or ONNX Runtime.

pub mod camera_clock;
pub mod caption;
pub mod detections;
pub mod frame;
pub mod geometry;
pub mod mask;
pub mod memory;
pub mod node;
pub mod pixels;
pub mod ports;
pub mod progress;
pub mod prompt;
pub mod query;
pub mod region;
pub mod result_code;
pub mod segment;
pub mod settings;
pub mod space;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod track;
pub mod view;
pub mod words;

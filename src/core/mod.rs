//! The thinking: frames, prompts, masks, regions, captions. Pure Rust, without ROS, tokio or ONNX Runtime.

pub mod code;
pub mod frame;
pub mod geometry;
pub mod mask;
pub mod pixels;
pub mod ports;
pub mod prompt;
pub mod raw_image;
pub mod region;
pub mod settings;
pub mod text;
pub mod transform;

//! The thinking: frames, prompts, masks, regions, captions. Pure Rust, without ROS, tokio or ONNX Runtime.

pub mod candidate;
pub mod caption;
pub mod code;
pub mod configuration;
pub mod describe;
pub mod diagnosis;
#[cfg(test)]
pub(crate) mod dice;
pub mod everything;
#[cfg(test)]
pub(crate) mod fake_model;
pub mod frame;
pub mod geometry;
pub mod goals;
pub mod greedy;
pub mod health;
pub mod islands;
pub mod label_map;
pub mod lifecycle;
pub mod markers;
pub mod mask;
pub mod memory;
pub mod nms;
pub mod overlay;
pub mod pace;
pub mod parameters;
pub mod pipeline;
pub mod pixels;
pub mod ports;
pub mod progress;
pub mod prompt;
pub mod prompt_batch;
pub mod query;
pub mod raw_image;
pub mod region;
pub mod resample;
pub mod reuse;
pub mod rle;
pub mod settings;
pub mod space;
pub mod spans;
pub mod stability;
pub mod text;
pub mod track;
pub mod transform;
pub mod words;

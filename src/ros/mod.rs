//! ROS 2: r2r adapters, one file each. Names and QoS stand in [`interfaces`], messages become core types in [`convert`],
//! and nowhere else.
//!
//! ```text
//! [ros-spin thread]  images -> Handle::frame     prompts -> Handle::prompts     parameters -> watch channel
//!                    depth -> Handle::depth, camera_info -> Handle::camera_info
//!                    segment -> Handle::segment (queued there; the answer is awaited in a tokio task)
//!                    describe_everything -> Handle::describe_everything (followed in a tokio task)
//!                    query_regions -> Handle::query (in a tokio task)
//! [tokio tasks]      OutputReceiver -> publish -> overlay, markers
//! ```
//! The thread `ros-spin` owns the r2r node; nothing heavy runs on it. [`node::Node::start`] wires all of it.

mod cameras;
mod clear;
mod clock;
mod convert;
mod depth;
mod describe;
mod diagnostics;
mod enable;
mod images;
pub mod interfaces;
mod lifecycle;
pub mod log;
#[cfg(has_logger_services)]
mod loggers;
mod markers;
mod names;
pub mod node;
mod overlay;
mod parameters;
mod prompts;
mod publish;
mod query;
mod segment;
mod services;
pub mod session;
pub mod shutdown;
mod silence;
mod spin;
mod throttle;

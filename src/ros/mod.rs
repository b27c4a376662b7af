//! ROS 2: r2r adapters, one file each. Names and QoS stand in [`interfaces`], messages become core types in [`convert`],
//! and nowhere else.
//!
//! ```text
//! [ros-spin thread]  images -> Handle::frame     prompts -> Handle::prompts     parameters -> watch channel
//!                    depth -> Handle::depth, camera_info -> Handle::camera_info
//!                    segment -> Handle::segment (queued there; the answer is awaited in a tokio task)
//!                    describe_everything -> Handle::describe_everything (followed in a tokio task)
//!                    query_regions -> Handle::query (in a tokio task)
//! [tokio tasks]      OutputReceiver -> publishers (regions, overlay, markers)
//! ```
//! The thread `ros-spin` owns the r2r node; nothing heavy runs on it. [`node::Node::start`] wires all of it.

mod cameras;
mod clock;
mod convert;
pub mod interfaces;
pub mod log;
mod names;
pub mod node;
mod publishers;
mod services;
pub mod session;
pub mod shutdown;
mod spin;
mod subscribers;
mod throttle;

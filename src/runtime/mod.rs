//! Threads, inboxes and shutdown: drives the pipeline of `core` over its ports.
//!
//! ```text
//! Handle::frame ----\                                   /--> the caller of segment
//! Handle::prompts ---> inbox -> [vision thread] -------+---> OutputReceiver: masks at once
//! Handle::segment --/                |                 /---> the same stamp again with captions
//!                                    \-> caption inbox -> [caption thread]
//! Handle::depth --> places -> [places thread]: the same stamp again with places that come late
//! Handle::query <---- recollection <-- all threads
//! ```
//! `Handle::describe_everything` goes the same way in many small turns: see `describe`.
//!
//! Every queue is bounded and says what happens when it is full. No thread ever waits for a consumer.

pub mod api;
mod caption;
mod clock;
mod describe;
mod guard;
mod handle;
mod inbox;
mod managed;
mod memory_return;
mod output;
mod places;
mod recollection;
mod requests;
mod shared;
mod stats;
mod threads;
mod vision;

pub use describe::{Described, Describing};
pub use handle::Handle;
pub use managed::{Begun, LoadModel, LoadedModel, Managed};
pub use output::OutputReceiver;
pub use requests::Answer;
pub use stats::{Counter, Latency, LatencyFigures, Stats, StatsSnapshot};
pub use threads::{Runtime, StartError};

#[cfg(test)]
mod tests;

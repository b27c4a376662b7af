//! The caption thread, where regions wait for it, and the words that it has found.

mod batch;
pub(super) mod inbox;
pub(super) mod thread;
pub(super) mod words;

//! Threads, inboxes and shutdown: drives the pipeline of `core` over its ports.

pub mod api;

//! The vision thread and what it does in a turn: choose a picture and its prompts, encode, decode, name, deliver.

pub(super) mod asks;
mod deliver;
mod encoded;
pub(super) mod plan;
pub(super) mod regions;
pub(super) mod sliced;
mod sticky;
pub(super) mod thread;
pub(super) mod tracking;

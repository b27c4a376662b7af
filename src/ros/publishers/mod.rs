//! What goes out by topics.

pub(super) mod diagnostics;
pub(super) mod markers;
pub(super) mod overlay;
pub(super) mod regions;

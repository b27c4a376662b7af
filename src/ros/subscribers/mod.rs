//! What comes in by topics.

pub(super) mod depth;
pub(super) mod images;
pub(super) mod prompts;
pub(super) mod silence;

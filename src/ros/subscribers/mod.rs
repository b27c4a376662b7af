//! What comes in by topics.

mod calibration;
pub(super) mod depth;
pub(super) mod images;
pub(super) mod prompts;
pub(super) mod silence;

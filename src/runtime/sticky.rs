//! Prompts that apply to every frame of a camera until they are replaced.

use std::sync::{Arc, Mutex};

use crate::core::region::Caption;

/// The last caption of a sticky prompt's region: written by the caption thread, read for the next frame.
pub(super) type Words = Arc<Mutex<Option<Caption>>>;

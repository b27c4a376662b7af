//! From an encoded image and prompts to masks, by SAM's rules.
//!
//! [`pipeline`] runs the decoder and [`everything`] the whole grid of clicks. A decoder's proposals become [`candidate`]s:
//! [`resample`] brings their logits to the image's resolution, [`stability`] says how sure they are. [`nms`] and
//! [`islands`] clean up after everything-mode. [`mask_choice`] says which proposal is a prompt's mask.

pub mod candidate;
pub mod everything;
pub mod islands;
mod mask_choice;
pub mod nms;
pub mod pipeline;
pub mod resample;
pub mod stability;

//! One goal of "describe everything" at a time, beside everything else.
//!
//! ```text
//! Handle::describe_everything --> Describing (progress, cancel, the end) <--\
//!         |                                                             [Course]
//!         \--> inbox -> SearchPart, one batch a turn -> caption inbox -> WordsPart, one batch a turn
//! ```
//! The goal is a lane among others: after each of its batches whoever waits has a turn. Who waits for the goal does not
//! wait for its batches: cancel, time limit, deactivation and shutdown end the course at once, and the part that is left
//! in a thread goes at its next look at the course.

mod course;
mod describing;
mod search_part;
mod words_part;

pub(super) use course::{Course, Runner};
pub use describing::{Described, Describing};
pub(super) use search_part::SearchPart;
pub(super) use words_part::WordsPart;

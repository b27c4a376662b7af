//! Why a prompt cannot be used.

use crate::core::geometry::Size;
use crate::core::pixels::ImageError;
use crate::core::result_code::ResultCode;

/// What was expected of the prompts and what came. Indices count from 0, as in the message's arrays.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PromptError {
    #[error("no prompts: expected 1 to {max} (limits.max_prompts)")]
    Missing { max: usize },
    #[error("too many prompts: expected 1 to {max} (limits.max_prompts), got {got}")]
    TooMany { max: usize, got: usize },
    #[error("prompts[{index}]{}: {fault}", quoted(id))]
    Faulty { index: usize, id: String, fault: PromptFault },
}

/// What is wrong with one prompt.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PromptFault {
    #[error("unknown type: expected 0 (POINTS), 1 (BOX), 2 (MASK) or 3 (EVERYTHING), got {kind}")]
    UnknownKind { kind: u8 },
    #[error("the id is too long: expected at most {max} bytes, got {got}")]
    IdTooLong { max: usize, got: usize },
    #[error("the id: expected one line of text without control and direction characters, got one with {got:?}")]
    IdCharacter { got: char },
    #[error("no points: a POINTS prompt takes at least one")]
    NoPoints,
    #[error("too many points: expected at most {max}, got {got}")]
    TooManyPoints { max: usize, got: usize },
    #[error("no foreground point: at least one label must be 1, got {got} labels of 0")]
    NoForeground { got: usize },
    #[error("labels do not match points: expected none or one for each of {points} points, got {labels}")]
    LabelCount { points: usize, labels: usize },
    #[error("labels[{index}]: expected 0 (background) or 1 (foreground), got {value}")]
    LabelValue { index: usize, value: u8 },
    #[error("points[{index}]: expected finite coordinates, got ({x}, {y})")]
    PointNotFinite { index: usize, x: f32, y: f32 },
    #[error("points[{index}]: expected 0 <= x < {} and 0 <= y < {}, got ({x}, {y})", image.width, image.height)]
    PointOutside { index: usize, x: f32, y: f32, image: Size },
    #[error("the box is empty: expected a width and height of at least 1, got {width}x{height}")]
    BoxEmpty { width: u32, height: u32 },
    #[error("the box lies outside the image: it starts at ({x}, {y}), the image is {}x{}", image.width, image.height)]
    BoxOutside { x: u32, y: u32, image: Size },
    #[error("the mask has another size than the image: expected {}x{}, got {width}x{height}", image.width, image.height)]
    MaskSize { width: u32, height: u32, image: Size },
    #[error("the mask's encoding: expected \"mono8\", got {encoding:?}")]
    MaskEncoding { encoding: String },
    #[error("the mask cannot be read: {0}")]
    MaskUnreadable(ImageError),
    #[error("the mask is empty: no pixel is 128 or more")]
    MaskEmpty,
}

impl PromptError {
    /// Always `InvalidPrompt`: the request is at fault.
    pub fn code(&self) -> ResultCode {
        ResultCode::InvalidPrompt
    }
}

fn quoted(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(" ({id:?})") }
}

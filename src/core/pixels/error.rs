//! Why a picture cannot be used.

use crate::core::result_code::ResultCode;

/// What was expected of a picture and what came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("the image is empty: expected at least 1x1 pixels, got {width}x{height}")]
    Empty { width: u32, height: u32 },
    #[error("the image is too large: at most {max_px} pixels (limits.max_image_px), got {width}x{height} = {px}")]
    TooLarge { width: u32, height: u32, px: u64, max_px: u64 },
    #[error("unknown encoding {encoding:?}: expected one of {expected}")]
    UnknownEncoding { encoding: String, expected: String },
    #[error("step is too small: {width} pixels of {encoding} take {row_bytes} bytes a row, got step {step}")]
    StepTooSmall { encoding: &'static str, width: u32, row_bytes: u64, step: u32 },
    #[error("too little data: {encoding} at {width}x{height} with step {step} takes {needed} bytes, got {got}")]
    DataTooShort { encoding: &'static str, width: u32, height: u32, step: u32, needed: u64, got: u64 },
    #[error("too much data: {encoding:?} at {width}x{height} with step {step} takes {needed} bytes, got {got}")]
    DataTooLong { encoding: String, width: u32, height: u32, step: u32, needed: u64, got: u64 },
    #[error("the frame id is too long: expected at most {max} bytes, got {got}")]
    FrameIdTooLong { max: usize, got: usize },
    #[error("{encoding} needs {rule}, got {width}x{height}")]
    BadSize { encoding: &'static str, rule: &'static str, width: u32, height: u32 },
    #[error("unknown file type: expected the bytes of a JPEG or PNG file, got {got} (format says {format:?})")]
    UnknownFile { got: String, format: String },
    #[error("broken {kind} file: {reason}")]
    BrokenFile { kind: &'static str, reason: String },
}

impl ImageError {
    /// `NoImage` where there is no picture at all, `Unsupported` for encodings and files of unknown kind, otherwise
    /// `InvalidPrompt`: the request is at fault (see `msg/ResultCode.msg`).
    pub fn code(&self) -> ResultCode {
        match self {
            Self::Empty { .. } => ResultCode::NoImage,
            Self::UnknownEncoding { .. } | Self::UnknownFile { .. } => ResultCode::Unsupported,
            Self::TooLarge { .. }
            | Self::StepTooSmall { .. }
            | Self::DataTooShort { .. }
            | Self::DataTooLong { .. }
            | Self::FrameIdTooLong { .. }
            | Self::BadSize { .. }
            | Self::BrokenFile { .. } => ResultCode::InvalidPrompt,
        }
    }
}

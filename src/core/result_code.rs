//! The codes with which every request is answered (`msg/ResultCode.msg`).

use std::fmt;

/// What became of a request. The numbers are those of `msg/ResultCode.msg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ResultCode {
    Ok = 0,
    InvalidPrompt = 1,
    NoImage = 2,
    NotActive = 3,
    Overloaded = 4,
    Timeout = 5,
    Canceled = 6,
    NotFound = 7,
    Unsupported = 8,
    Internal = 9,
}

impl ResultCode {
    /// The name of the constant in `msg/ResultCode.msg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::InvalidPrompt => "INVALID_PROMPT",
            Self::NoImage => "NO_IMAGE",
            Self::NotActive => "NOT_ACTIVE",
            Self::Overloaded => "OVERLOADED",
            Self::Timeout => "TIMEOUT",
            Self::Canceled => "CANCELED",
            Self::NotFound => "NOT_FOUND",
            Self::Unsupported => "UNSUPPORTED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

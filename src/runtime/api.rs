//! What goes into the runtime and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use image::RgbImage;

use crate::core::frame::{Header, Stamp};
use crate::core::geometry::Size;
use crate::core::node::describe::GoalError;
use crate::core::pixels::ImageError;
use crate::core::pixels::raw_image::RawFrame;
use crate::core::progress::Stage;
use crate::core::prompt::{PromptError, RawPrompt};
use crate::core::query::Answer;
use crate::core::region::RegionArray;
use crate::core::result_code::ResultCode;

/// One call of `~/segment`.
#[derive(Clone, Debug, Default)]
pub struct SegmentRequest {
    /// `None`: the newest frame of `camera`.
    pub image: Option<RawFrame>,
    /// "": the only camera.
    pub camera: String,
    pub prompts: Vec<RawPrompt>,
    pub caption: bool,
    /// Every candidate of each prompt, not only the best.
    pub all_masks: bool,
    /// `None`: `limits.request_timeout_s`.
    pub timeout: Option<Duration>,
}

/// One message of `~/prompts`.
#[derive(Clone, Debug, Default)]
pub struct PromptSubmission {
    /// "": the only camera.
    pub camera: String,
    /// Zero: the next frame; otherwise a frame still in the cache.
    pub stamp: Stamp,
    /// Keep applying to every frame until replaced; empty and sticky clears.
    pub sticky: bool,
    pub prompts: Vec<RawPrompt>,
}

/// Why a request got no regions.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub code: ResultCode,
    /// What was expected and what came.
    pub message: String,
}

impl Refusal {
    pub fn new(code: ResultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PromptError> for Refusal {
    fn from(error: PromptError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<GoalError> for Refusal {
    fn from(error: GoalError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// How far a goal has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeProgress {
    pub stage: Stage,
    /// Of `total`: clicks in `Segment`, candidates in `Filter`, regions in `Caption`, one in `Encode`.
    pub done: usize,
    pub total: usize,
    /// The newest region, "" before the first one.
    pub id: String,
    /// Its words, "" while it has none.
    pub caption: String,
}

/// What is remembered that answers a question, best first.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// Of the newest picture of the answers' camera that was looked at; "" as its camera where they are of several.
    /// `None` before the first one.
    pub header: Option<Header>,
    pub size: Option<Size>,
    pub model: Arc<str>,
    pub answers: Vec<Answer>,
}

/// What the runtime has to say without being asked in a call.
#[derive(Clone, Debug)]
pub enum Output {
    /// Regions of a frame: masks at once; the same stamp again when captions have come.
    Regions { array: Arc<RegionArray>, image: Arc<RgbImage> },
    /// A frame or a prompt message could not be used.
    Refused { what: &'static str, camera: Arc<str>, refusal: Refusal },
}

//! How the node is: what runs on what, and what went wrong.

use std::time::{Duration, SystemTime};

/// Where one graph of the model runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphReport {
    /// Its role in the bundle.
    pub role: String,
    /// "tensorrt", "cuda" or "cpu".
    pub provider: String,
    /// How many of its nodes each provider took, for people.
    pub nodes: String,
    /// Better providers that were asked for and could not, with the reason of each.
    pub refused: Vec<String>,
    /// One of these was to be expected on this machine.
    pub fell_back: bool,
}

/// What is told of a loaded model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelReport {
    /// Name and version.
    pub name: String,
    /// The bundle's folder.
    pub bundle: String,
    /// Number format of the weights and of what flows, such as "fp32".
    pub precision: String,
    /// Version and place of ONNX Runtime.
    pub library: String,
    pub graphs: Vec<GraphReport>,
}

/// Something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was done, such as "configure".
    pub what: String,
    /// What was expected and what came.
    pub message: String,
    pub at: SystemTime,
}

impl Fault {
    pub fn now(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self { what: what.into(), message: message.into(), at: SystemTime::now() }
    }
}

/// What is known of one camera's pictures as they arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameraHealth {
    /// Name of the camera; "" for the only one.
    pub camera: String,
    /// Full name of its topic.
    pub topic: String,
    /// Pictures that have come, those that a newer one displaced too.
    pub arrived: u64,
    /// Pictures that a newer one displaced before anybody looked at them.
    pub displaced: u64,
    /// Pictures that were older than [`LATE`] when they came, by the node's clock.
    pub late: u64,
    /// Pictures with a stamp that is not newer than that of the picture before.
    pub unordered: u64,
    /// Pictures with the stamp 0.
    pub unstamped: u64,
    /// Age of the newest picture when it came, by the node's clock; `None` without a stamp.
    pub age: Option<Duration>,
    /// Why nothing comes at present, and what to do.
    pub silence: Option<String>,
    /// Full name of its calibration's topic.
    pub calibration_topic: String,
    /// Why regions have no positions although depth comes, and what to do.
    pub uncalibrated: Option<String>,
}

/// A picture of this age is of no use to a robot that moves.
pub const LATE: Duration = Duration::from_millis(500);

/// What waits for the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Cameras whose newest frame has not been looked at.
    pub frames: usize,
    pub prompts: usize,
    pub requests: usize,
    pub captions: usize,
    /// How many prompts or requests may wait.
    pub most: usize,
}

//! What can be set, with its defaults. Names and units are those of the ROS parameters.

pub mod configuration;
pub mod parameters;

use std::time::Duration;

use super::caption::reuse::ReuseSettings;
use super::caption::search::Search;
use super::track::TrackSettings;
use super::track::affinity::Gates;

/// When the node captions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptionMode {
    Off,
    /// Only where a request asks for it.
    OnRequest,
    /// Whatever is published.
    #[default]
    Background,
}

/// Bounds on what clients can ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Prompts in one message or request.
    pub max_prompts: usize,
    /// Pixels of one image.
    pub max_image_px: u64,
    /// Requests that wait for the vision thread; further ones are refused.
    pub max_pending: usize,
    /// Bytes of pictures and masks that may wait with them.
    pub max_pending_bytes: usize,
    /// A request's time, where it names none.
    pub request_timeout: Duration,
    /// The longest time that a request gets, whatever it asks for.
    pub max_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_prompts: 64,
            max_image_px: 4096 * 4096,
            max_pending: 64,
            max_pending_bytes: 256 << 20,
            request_timeout: Duration::from_secs(10),
            max_timeout: Duration::from_secs(60),
        }
    }
}

/// What everything-mode prompts the model with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proposals {
    /// The detector's boxes, and a sparse grid of clicks where their regions leave something out; without a detector the grid.
    #[default]
    Auto,
    /// A grid of clicks.
    Grid,
    /// The detector's boxes alone.
    Detector,
}

/// What is expected of a bundle for [`Proposals::Detector`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "everything.proposals is \"detector\": expected a bundle with an object_detector and a mask_decoder that takes boxes, \
     but the loaded bundle has none; \"auto\" and \"grid\" work with any bundle"
)]
pub struct NoDetector;

/// SAM's automatic mask generator.
#[derive(Clone, Debug, PartialEq)]
pub struct EverythingSettings {
    /// Everything-mode on every frame, without a prompt.
    pub enabled: bool,
    pub proposals: Proposals,
    /// The grid has this many points on a side.
    pub points_per_side: u32,
    /// The grid beside a detector's boxes has this many points on a side.
    pub sparse_points_per_side: u32,
    /// Masks below this predicted IoU are dropped.
    pub pred_iou_thresh: f32,
    /// Masks below this stability are dropped.
    pub stability_thresh: f32,
    /// Of two masks whose boxes or pixels overlap more than this (IoU), the worse is dropped.
    pub nms_thresh: f32,
    /// Masks with fewer pixels are dropped.
    pub min_area: u32,
    /// At most so many regions.
    pub max_regions: usize,
}

/// The thresholds suit the built-in model, which is less sure of itself than SAM (SAM's own: 0.88 and 0.95); measured by
/// `make eval-everything`.
impl Default for EverythingSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            proposals: Proposals::default(),
            points_per_side: 16,
            sparse_points_per_side: 8,
            pred_iou_thresh: 0.6,
            stability_thresh: 0.4,
            nms_thresh: 0.7,
            min_area: 100,
            max_regions: 64,
        }
    }
}

impl EverythingSettings {
    /// `can_prompt_by_detector`: of the loaded model.
    ///
    /// # Errors
    /// A detector is asked for that the model does not have.
    pub fn check_proposals(&self, can_prompt_by_detector: bool) -> Result<(), NoDetector> {
        let is_possible = can_prompt_by_detector || self.proposals != Proposals::Detector;
        if is_possible { Ok(()) } else { Err(NoDetector) }
    }

    /// Whether a detector's boxes are of use, where there is one.
    pub fn uses_detector(&self) -> bool {
        self.proposals != Proposals::Grid
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CaptionSettings {
    pub mode: CaptionMode,
    /// Most new tokens; 0 = what the bundle says.
    pub max_tokens: usize,
    /// Of the search for words, at least 1, which is greedy.
    pub beams: usize,
    /// Regions captioned in one batch.
    pub batch: usize,
    /// Words older than this are made anew, seconds; 0 = never.
    pub refresh_secs: f32,
    /// How much an object may change before its words are stale, 0 to 1: see [`ReuseSettings::change_thresh`].
    pub change_thresh: f32,
}

impl CaptionSettings {
    pub fn search(&self) -> Search {
        Search { max_tokens: self.max_tokens, beams: self.beams }
    }
}

impl Default for CaptionSettings {
    fn default() -> Self {
        Self {
            mode: CaptionMode::default(),
            max_tokens: 0,
            beams: 1,
            batch: 16,
            refresh_secs: 60.0,
            change_thresh: 0.5,
        }
    }
}

/// How depth is read.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceSettings {
    /// The stamps of an image and of its depth may differ by so much.
    pub tolerance_secs: f32,
    /// The images come rectified: camera_info's P describes them, not K and the distortion.
    pub is_rectified: bool,
}

impl Default for SpaceSettings {
    fn default() -> Self {
        Self { tolerance_secs: 0.1, is_rectified: false }
    }
}

/// What is kept of what was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct MemorySettings {
    /// Seconds for which an object is remembered, and keeps its id, that is not seen.
    pub ttl_secs: f64,
    /// Most objects, of all cameras; further ones displace those that were not seen for longest.
    pub max_regions: usize,
    /// Masks that overlap this much (IoU) at the place where an object is expected are masks of it.
    pub assoc_iou: f32,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self { ttl_secs: 30.0, max_regions: 1000, assoc_iou: Gates::default().min_iou }
    }
}

/// Everything that the pipeline needs to know beside its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub limits: Limits,
    pub everything: EverythingSettings,
    pub caption: CaptionSettings,
    pub space: SpaceSettings,
    pub memory: MemorySettings,
    /// Bound of the embedding cache, bytes.
    pub embedding_cache_bytes: usize,
    /// Most frames processed per second; 0 = every frame that the model can keep up with.
    pub max_rate_hz: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            everything: EverythingSettings::default(),
            caption: CaptionSettings::default(),
            space: SpaceSettings::default(),
            memory: MemorySettings::default(),
            embedding_cache_bytes: 64 << 20,
            max_rate_hz: 0.0,
        }
    }
}

/// Of one camera: each is compared with everything that is found in a frame.
const MOST_TRACKS: usize = 512;

impl Settings {
    /// What the trackers go by.
    pub fn tracking(&self) -> TrackSettings {
        let MemorySettings { ttl_secs, max_regions, assoc_iou } = self.memory;
        let gates = Gates { min_iou: assoc_iou, ..Gates::default() };
        TrackSettings { ttl_secs, max_tracks: max_regions.min(MOST_TRACKS), gates, ..TrackSettings::default() }
    }

    /// When objects get new words.
    pub fn reuse(&self) -> ReuseSettings {
        ReuseSettings {
            refresh_secs: f64::from(self.caption.refresh_secs),
            change_thresh: self.caption.change_thresh,
            capacity: self.memory.max_regions,
            ..ReuseSettings::default()
        }
    }
}

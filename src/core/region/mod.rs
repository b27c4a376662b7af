//! What segcap says: regions of an image, with masks and words.

pub(super) mod label_map;
pub mod names;

use std::sync::Arc;

use super::frame::{Header, Stamp};
use super::geometry::{PixelBox, Size};
use super::mask::Mask;
use super::prompt::Shape;
use super::space::Located;
use names::NameScores;

/// How far a region's caption has come. The numbers are those of `msg/Region.msg`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum CaptionState {
    #[default]
    None = 0,
    Pending = 1,
    Done = 2,
    Stale = 3,
    Failed = 4,
}

/// What a caption's score means, which the bundle decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScoreKind {
    /// Mean natural log-probability of the tokens, <= 0.
    #[default]
    MeanLogProb,
    /// Calibrated probability that the caption's noun is right, 0 to 1.
    Probability,
}

/// The words for a region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    pub state: CaptionState,
    pub text: String,
    pub score: f32,
    pub score_kind: ScoreKind,
    /// Candidates for the object's name.
    pub names: NameScores,
    /// The stamp of the frame that was described.
    pub captioned_at: Stamp,
}

/// One thing in one image.
#[derive(Clone, Debug)]
pub struct Region {
    pub id: String,
    /// Its value in the label map, from 1.
    pub label: u16,
    pub prompt_id: String,
    pub mask: Arc<Mask>,
    /// The model's own estimate of the mask's IoU, 0 to 1.
    pub predicted_iou: f32,
    /// Area at a stricter threshold over area at a looser one, 0 to 1 (SAM's stability score, offset 1.0).
    pub stability: f32,
    pub caption: Caption,
    /// In the camera's optical frame; `None` without depth.
    pub place: Option<Located>,
    pub first_seen: Stamp,
    pub last_seen: Stamp,
    /// The prompt that made it, from which it can be captioned later.
    pub prompt: Arc<Shape>,
}

impl Region {
    pub fn bbox(&self) -> PixelBox {
        self.mask.bbox()
    }
}

/// The regions of one frame.
#[derive(Clone, Debug)]
pub struct RegionArray {
    pub header: Header,
    pub size: Size,
    /// Name and version of the bundle.
    pub model: Arc<str>,
    pub regions: Vec<Region>,
}

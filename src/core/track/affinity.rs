//! How well a track and a detection go together.

use super::motion::Vector;
use super::{Detection, PromptKey, Track};
use crate::core::geometry::{Point, Size};
use crate::core::mask::spans::Spans;

/// Bounds within which a track and a detection can be the same object.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    /// Masks that overlap this much at the expected place are the same object, IoU (`memory.assoc_iou`).
    pub min_iou: f32,
    /// Appearances with a lower cosine are not, wherever they are.
    pub veto_cosine: f32,
    /// Appearances with at least this cosine are the same where the object could have come to.
    pub alike_cosine: f32,
    /// With at least this cosine they are the same anywhere in the picture.
    pub certain_cosine: f32,
    /// How far a centre may be from the expected place without overlap, in object sizes (square root of the area).
    pub reach_sizes: f32,
    /// By how many sizes a second the reach grows while the object is out of sight, up to as much again.
    pub reach_growth_per_sec: f32,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            min_iou: 0.2,
            veto_cosine: 0.5,
            alike_cosine: 0.6,
            certain_cosine: 0.8,
            reach_sizes: 1.0,
            reach_growth_per_sec: 1.0,
        }
    }
}

/// Sizes that differ by more than this factor are not of the same object, if it is seen whole.
const LEAST_SIZE_RATIO: f32 = 0.5;
/// And when it comes out from behind something, or is cut by the picture's edge.
const LEAST_PART: f32 = 0.05;
/// Nearness without overlap counts at most as much as this IoU.
const NEARNESS_WEIGHT: f32 = 0.3;
/// Cosine of appearances that are not alike at all: different things have something in common.
const UNLIKE_COSINE: f32 = 0.3;
/// Likeness against place.
const LIKENESS_WEIGHT: f32 = 0.8;
/// The same sticky prompt found it.
const SAME_PROMPT: f32 = 0.2;
/// What has been out of sight yields to what is there.
const LOST_FACTOR: f32 = 0.8;

/// A track, with where it is expected.
pub(super) struct Expectation<'a> {
    pub track: &'a Track,
    /// From where it was last seen.
    pub shift: Vector,
    /// Since it was last seen.
    pub unseen_secs: f64,
    pub image: Size,
}

/// Above 0, or `None` where they cannot be the same.
pub(super) fn affinity(expected: &Expectation, seen: &Detection, centroid: Point, gates: &Gates) -> Option<f32> {
    let track = expected.track;
    if are_different(track.prompt, seen.prompt) {
        return None;
    }
    let iou = best_iou(expected, seen);
    let nearness = nearness(expected, seen, centroid, gates);
    let place = iou.max(NEARNESS_WEIGHT * nearness);
    let cosine = track.appearance.as_ref().zip(seen.appearance.as_ref()).map(|(known, new)| known.cosine(new));
    let base = match cosine {
        Some(cosine) if cosine < gates.veto_cosine => return None,
        Some(cosine) => {
            let is_same =
                iou >= gates.min_iou || (place > 0.0 && cosine >= gates.alike_cosine) || cosine >= gates.certain_cosine;
            let likeness = (cosine - UNLIKE_COSINE) / (1.0 - UNLIKE_COSINE);
            is_same.then_some(place + LIKENESS_WEIGHT * likeness)?
        }
        None => (iou >= gates.min_iou || nearness > 0.0).then_some(place)?,
    };
    let same_prompt = track.prompt.is_some() && track.prompt == seen.prompt;
    let hinted = base + if same_prompt { SAME_PROMPT } else { 0.0 };
    Some((hinted * if track.motion.in_sight { 1.0 } else { LOST_FACTOR }).max(0.01))
}

/// Two sticky prompts never share a track.
fn are_different(track: Option<PromptKey>, seen: Option<PromptKey>) -> bool {
    track.zip(seen).is_some_and(|(a, b)| a != b)
}

/// At the expected place; out of sight an object may also have stayed where it was.
fn best_iou(expected: &Expectation, seen: &Detection) -> f32 {
    let shape = &expected.track.shape;
    let at_expected = shape.iou_shifted(&seen.shape, expected.shift.rounded());
    if expected.track.motion.in_sight { at_expected } else { at_expected.max(shape.iou(&seen.shape)) }
}

/// 1 at the expected centre, 0 beyond reach and for sizes that do not fit.
fn nearness(expected: &Expectation, seen: &Detection, centroid: Point, gates: &Gates) -> f32 {
    let (track, shift) = (expected.track, expected.shift);
    let Some((fit, size)) = size_fit(expected, seen) else { return 0.0 };
    let displacement = Vector::between(track.motion.centroid, centroid);
    let mut distance = (displacement - shift).length();
    let mut reach = size * gates.reach_sizes;
    if !track.motion.in_sight {
        distance = distance.min(displacement.length());
        reach *= 1.0 + (gates.reach_growth_per_sec * expected.unseen_secs as f32).min(1.0);
    }
    (1.0 - distance / reach).max(0.0) * fit
}

/// How well the sizes go together, 0 to 1, and the length, pixels, by which nearness is measured.
fn size_fit(expected: &Expectation, seen: &Detection) -> Option<(f32, f32)> {
    let track = expected.track;
    let (usual, area) = (track.usual_area, seen.shape.area() as f32);
    let ratio = usual.min(area) / usual.max(area);
    let comes_out = !track.motion.in_sight && area < usual;
    let is_cut = || [&track.shape, &seen.shape].iter().any(|shape| touches_edge(shape, expected.image));
    if ratio >= LEAST_SIZE_RATIO {
        Some((ratio, usual.max(area).sqrt()))
    } else if comes_out && ratio >= LEAST_PART {
        Some((LEAST_SIZE_RATIO, usual.sqrt()))
    } else if ratio >= LEAST_PART && is_cut() {
        // What grows at the edge moves little; the floor is not the small thing that stands on it.
        Some((LEAST_SIZE_RATIO, 1.5 * usual.min(area).sqrt()))
    } else {
        None
    }
}

fn touches_edge(shape: &Spans, image: Size) -> bool {
    let bbox = shape.bbox();
    bbox.x == 0 || bbox.y == 0 || bbox.right() >= image.width || bbox.bottom() >= image.height
}

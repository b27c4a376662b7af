//! Boxes as vision_msgs has them: any detector plugs in, and whoever reads detections reads segcap's.

use r2r::vision_msgs::msg::{BoundingBox2D, Detection2D, Detection2DArray, ObjectHypothesisWithPose};

use super::{bounded, header, stamp, text};
use crate::core::geometry::PixelBox;
use crate::core::prompt::RawPrompt;
use crate::core::region::{Caption, Region, RegionArray, ScoreKind};
use crate::core::result_code::ResultCode;
use crate::core::space::Located;
use crate::runtime::api::{PromptSubmission, Refusal};

/// `Prompt.BOX`.
const BOX: u8 = 1;

/// A box prompt for each detection, for the frame with the array's stamp. A prompt is called what the detection is: its
/// id or, without one, the class of its first hypothesis.
///
/// # Errors
/// `INVALID_PROMPT` for a box of numbers that are none, or of a negative size.
pub fn box_prompts(camera: &str, message: &Detection2DArray) -> Result<PromptSubmission, Refusal> {
    let prompts = message.detections.iter().enumerate().map(|(index, one)| box_prompt(index, one));
    Ok(PromptSubmission {
        camera: camera.to_owned(),
        stamp: stamp(&message.header.stamp),
        sticky: false,
        prompts: prompts.collect::<Result<_, _>>()?,
    })
}

fn box_prompt(index: usize, detection: &Detection2D) -> Result<RawPrompt, Refusal> {
    let class = || detection.results.first().map_or("", |first| &first.hypothesis.class_id);
    let id = if detection.id.is_empty() { class() } else { &detection.id };
    let rect = pixels(&detection.bbox).ok_or_else(|| {
        let BoundingBox2D { center, size_x, size_y } = &detection.bbox;
        let (x, y, theta) = (center.position.x, center.position.y, center.theta);
        let message = format!(
            "detections[{index}].bbox: expected finite numbers and sizes of 0 or more, got center ({x}, {y}), \
             theta {theta}, size {size_x} x {size_y}"
        );
        Refusal::new(ResultCode::InvalidPrompt, message)
    })?;
    Ok(RawPrompt { id: bounded(id).to_owned(), kind: BOX, rect, ..RawPrompt::default() })
}

/// The whole pixels that a box touches: those of its upright hull, where it is turned. What lies left of or above the
/// picture is cut off here, the rest by core, which knows the picture's size.
fn pixels(bbox: &BoundingBox2D) -> Option<(u32, u32, u32, u32)> {
    let (x, y, theta) = (bbox.center.position.x, bbox.center.position.y, bbox.center.theta);
    let numbers = [x, y, theta, bbox.size_x, bbox.size_y];
    if numbers.iter().any(|number| !number.is_finite()) || bbox.size_x < 0.0 || bbox.size_y < 0.0 {
        return None;
    }
    let (sin, cos) = (theta.sin().abs(), theta.cos().abs());
    let (left, width) = span(x, bbox.size_x * cos + bbox.size_y * sin);
    let (top, height) = span(y, bbox.size_x * sin + bbox.size_y * cos);
    Some((left, top, width, height))
}

/// First pixel and number of pixels of what reaches half of `size` to both sides of `center`.
fn span(center: f64, size: f64) -> (u32, u32) {
    // A turn by a right angle must not touch one pixel more for its rounding error.
    const SLACK: f64 = 1e-6;
    let (first, end) = ((center - size / 2.0 + SLACK).floor() as u32, (center + size / 2.0 - SLACK).ceil() as u32);
    (first, end.saturating_sub(first))
}

/// One detection a region: class_id is the caption, id the region's, the score the caption's probability, or else its probability a token.
pub fn detections(array: &RegionArray) -> Detection2DArray {
    let header = header(&array.header);
    let detection = |region: &Region| Detection2D {
        header: header.clone(),
        results: vec![hypothesis(&region.caption, region.place)],
        bbox: bounding_box(region.bbox()),
        id: text(&region.id),
    };
    Detection2DArray { detections: array.regions.iter().map(detection).collect(), header: header.clone() }
}

/// There is always one, because many a reader takes the first without a look: without words it says nothing, with score 0.
/// Its pose is the region's place, metres in the picture's frame, or zeros.
fn hypothesis(caption: &Caption, place: Option<Located>) -> ObjectHypothesisWithPose {
    let mut one = ObjectHypothesisWithPose::default();
    one.pose.pose.orientation.w = 1.0;
    if let Some(Located { position: [x, y, z], .. }) = place {
        (one.pose.pose.position.x, one.pose.pose.position.y, one.pose.pose.position.z) = (x, y, z);
    }
    if !caption.text.is_empty() {
        one.hypothesis.class_id = text(&caption.text);
        one.hypothesis.score = match caption.score_kind {
            ScoreKind::MeanLogProb => f64::from(caption.score).exp(),
            ScoreKind::Probability => caption.score.into(),
        };
    }
    one
}

fn bounding_box(rect: PixelBox) -> BoundingBox2D {
    let mut bbox = BoundingBox2D { size_x: rect.width.into(), size_y: rect.height.into(), ..BoundingBox2D::default() };
    bbox.center.position.x = f64::from(rect.x) + bbox.size_x / 2.0;
    bbox.center.position.y = f64::from(rect.y) + bbox.size_y / 2.0;
    bbox
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

    use super::*;

    fn bbox(x: f64, y: f64, theta: f64, size_x: f64, size_y: f64) -> BoundingBox2D {
        let mut bbox = BoundingBox2D { size_x, size_y, ..BoundingBox2D::default() };
        (bbox.center.position.x, bbox.center.position.y, bbox.center.theta) = (x, y, theta);
        bbox
    }

    fn detected(id: &str, class: &str, bbox: BoundingBox2D) -> Detection2DArray {
        let mut first = ObjectHypothesisWithPose::default();
        first.hypothesis.class_id = class.into();
        let detection = Detection2D { id: id.into(), results: vec![first], bbox, ..Detection2D::default() };
        Detection2DArray { detections: vec![detection], ..Detection2DArray::default() }
    }

    #[test]
    fn a_box_goes_out_and_comes_back_the_same() {
        let rect = PixelBox::new(3, 4, 5, 2);
        assert_eq!(pixels(&bounding_box(rect)), Some((3, 4, 5, 2)));
    }

    #[test]
    fn a_turned_box_becomes_its_upright_hull() {
        assert_eq!(pixels(&bbox(50.0, 50.0, FRAC_PI_2, 20.0, 10.0)), Some((45, 40, 10, 20)));
        assert_eq!(pixels(&bbox(50.0, 50.0, FRAC_PI_4, 10.0, 10.0)), Some((42, 42, 16, 16)));
    }

    #[test]
    fn a_box_that_begins_before_the_picture_is_cut() {
        assert_eq!(pixels(&bbox(2.0, 5.0, 0.0, 10.0, 4.0)), Some((0, 3, 7, 4)));
        assert_eq!(pixels(&bbox(-20.0, 5.0, 0.0, 10.0, 4.0)), Some((0, 3, 0, 4)), "empty: core refuses it");
    }

    #[test]
    fn a_prompt_is_called_what_the_detection_is() {
        let id = |id, class| box_prompts("front", &detected(id, class, bbox(5.0, 5.0, 0.0, 2.0, 2.0))).unwrap();
        assert_eq!(id("7", "cup").prompts[0].id, "7");
        assert_eq!(id("", "cup").prompts[0].id, "cup");
        assert_eq!(id("7", "cup").camera, "front");
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for bad in [
            bbox(f64::NAN, 5.0, 0.0, 2.0, 2.0),
            bbox(5.0, f64::INFINITY, 0.0, 2.0, 2.0),
            bbox(5.0, 5.0, f64::NAN, 2.0, 2.0),
            bbox(5.0, 5.0, 0.0, -2.0, 2.0),
        ] {
            let refusal = box_prompts("", &detected("7", "cup", bad)).unwrap_err();
            assert_eq!(refusal.code, ResultCode::InvalidPrompt);
            assert!(refusal.message.starts_with("detections[0].bbox: expected finite"), "{}", refusal.message);
        }
    }

    #[test]
    fn without_words_a_detection_claims_nothing() {
        let silent = hypothesis(&Caption::default(), None);
        assert_eq!((silent.hypothesis.class_id.as_str(), silent.hypothesis.score), ("", 0.0));
        let caption = Caption { text: "a red\0 mug".into(), score: -0.5, ..Caption::default() };
        let said = hypothesis(&caption, None);
        assert_eq!(said.hypothesis.class_id, "a red mug");
        assert!((said.hypothesis.score - 0.6065).abs() < 1e-4);
        let rated = hypothesis(&Caption { score: 0.5, score_kind: ScoreKind::Probability, ..caption }, None);
        assert_eq!(rated.hypothesis.score, 0.5);
    }
}

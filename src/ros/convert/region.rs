//! What segcap answers (`msg/RegionArray.msg`, responses of `srv/Segment.srv`).

use r2r::geometry_msgs::msg::{Point, Vector3};
use r2r::segcap::msg::{Region as RegionMessage, RegionArray as RegionArrayMessage};
use r2r::segcap::srv::Segment;
use r2r::sensor_msgs::msg::RegionOfInterest;

use super::image::mono_message;
use super::{header, text, time};
use crate::core::frame::Header;
use crate::core::geometry::{PixelBox, Size};
use crate::core::region::names::NameScores;
use crate::core::region::{Region, RegionArray};
use crate::core::result_code::ResultCode;
use crate::core::space::Located;
use crate::runtime::api::Refusal;

pub fn region_array(array: &RegionArray) -> RegionArrayMessage {
    RegionArrayMessage {
        header: header(&array.header),
        camera: text(array.header.origin.name()),
        width: array.size.width,
        height: array.size.height,
        model: text(&array.model),
        regions: array.regions.iter().map(|one| region(&array.header, one)).collect(),
    }
}

pub fn segmented(array: &RegionArray) -> Segment::Response {
    Segment::Response {
        success: true,
        code: ResultCode::Ok as u8,
        message: String::new(),
        regions: region_array(array),
    }
}

pub fn refused(refusal: &Refusal) -> Segment::Response {
    Segment::Response {
        success: false,
        code: refusal.code as u8,
        message: text(&refusal.message),
        ..Segment::Response::default()
    }
}

fn region(of: &Header, region: &Region) -> RegionMessage {
    let rect = region.bbox();
    let (position, extent) = place(region.place);
    RegionMessage {
        id: text(&region.id),
        label: region.label,
        prompt_id: text(&region.prompt_id),
        bbox: region_of_interest(rect),
        mask: mono_message(of, Size::new(rect.width, rect.height), region.mask.pixels()),
        area: region.mask.area(),
        predicted_iou: region.predicted_iou,
        stability: region.stability,
        caption_state: region.caption.state as u8,
        caption: text(&region.caption.text),
        caption_score: region.caption.score,
        names: names(&region.caption.names),
        name_scores: region.caption.names.iter().map(|one| one.score).collect(),
        captioned_at: time(region.caption.captioned_at),
        first_seen: time(region.first_seen),
        has_position: region.place.is_some(),
        position,
        extent,
        last_seen: time(region.last_seen),
    }
}

/// The message's two lists go together: this is the first.
pub(super) fn names(names: &NameScores) -> Vec<String> {
    names.iter().map(|one| text(&one.name)).collect()
}

/// Zeros where there is none.
pub(super) fn place(place: Option<Located>) -> (Point, Vector3) {
    let Some(Located { position: [x, y, z], extent, .. }) = place else { return Default::default() };
    let [width, height, depth] = extent.map(f64::from);
    (Point { x, y, z }, Vector3 { x: width, y: height, z: depth })
}

pub(super) fn region_of_interest(rect: PixelBox) -> RegionOfInterest {
    RegionOfInterest { x_offset: rect.x, y_offset: rect.y, height: rect.height, width: rect.width, do_rectify: false }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use r2r::NativeMsg;
    use r2r::segcap::msg::ResultCode as ResultCodeMessage;

    use super::*;
    use crate::core::frame::Stamp;
    use crate::core::mask::Mask;
    use crate::core::prompt::Shape;
    use crate::core::region::{Caption, CaptionState};

    fn array(caption: &str) -> RegionArray {
        let mask = Mask::filled(PixelBox::new(3, 4, 2, 1)).expect("two pixels");
        let stamp = Stamp { secs: 10, nanos: 20 };
        let region = Region {
            id: "r1".into(),
            label: 1,
            prompt_id: "mug\0".into(),
            mask: Arc::new(mask),
            predicted_iou: 0.9,
            stability: 0.8,
            caption: Caption {
                state: CaptionState::Done,
                text: caption.into(),
                score: -0.5,
                captioned_at: stamp,
                names: NameScores::best(&["cup", "mu\0g"].into_iter().collect(), [0.25, 0.5]),
                ..Caption::default()
            },
            place: None,
            first_seen: stamp,
            last_seen: stamp,
            prompt: Arc::new(Shape::Everything),
        };
        RegionArray {
            header: Header { origin: "front".into(), stamp, frame_id: "optical".into() },
            size: Size::new(8, 6),
            model: "tiny 1.0".into(),
            regions: vec![region],
        }
    }

    #[test]
    fn a_region_comes_over_whole() {
        let message = region_array(&array("a red mug"));
        assert_eq!((message.header.stamp.sec, message.header.frame_id.as_str()), (10, "optical"));
        assert_eq!((message.camera.as_str(), message.width, message.height), ("front", 8, 6));
        let region = &message.regions[0];
        assert_eq!((region.bbox.x_offset, region.bbox.y_offset, region.bbox.width, region.bbox.height), (3, 4, 2, 1));
        assert_eq!(
            (region.mask.encoding.as_str(), region.mask.step, &region.mask.data[..]),
            ("mono8", 2, &[255, 255][..])
        );
        assert_eq!((region.area, region.caption.as_str(), region.caption_state), (2, "a red mug", 2));
        assert!(!region.has_position);
        assert_eq!(
            (&region.names[..], &region.name_scores[..]),
            (&["mug".to_owned(), "cup".to_owned()][..], &[0.5, 0.25][..])
        );
    }

    #[test]
    fn a_place_is_metres_along_the_camera_s_axes() {
        let mut array = array("a red mug");
        let place = Located {
            position: [0.5, -0.25, 2.0],
            centre: [0.5, -0.25, 2.0],
            extent: [0.5, 0.25, 0.125],
            valid_share: 1.0,
            confidence: 1.0,
        };
        array.regions[0].place = Some(place);
        let region = &region_array(&array).regions[0];
        assert!(region.has_position);
        assert_eq!((region.position.x, region.position.y, region.position.z), (0.5, -0.25, 2.0));
        assert_eq!((region.extent.x, region.extent.y, region.extent.z), (0.5, 0.25, 0.125));
    }

    #[test]
    fn a_caption_with_nul_can_be_sent() {
        let message = region_array(&array("a\0mug"));
        assert_eq!(message.regions[0].caption, "amug");
        assert_eq!(message.regions[0].prompt_id, "mug");
        // This is where r2r would panic.
        let _sendable = NativeMsg::from(&message);
    }

    #[test]
    fn a_refusal_has_a_code_and_says_why() {
        let refusal = Refusal::new(ResultCode::Overloaded, "64 requests are waiting\0");
        let response = refused(&refusal);
        assert_eq!((response.success, response.code), (false, 4));
        assert_eq!(response.message, "64 requests are waiting");
        assert!(response.regions.regions.is_empty());
    }

    #[test]
    fn the_codes_are_those_of_the_message() {
        use ResultCode::*;
        let pairs = [
            (Ok, ResultCodeMessage::OK as u8),
            (InvalidPrompt, ResultCodeMessage::INVALID_PROMPT as u8),
            (NoImage, ResultCodeMessage::NO_IMAGE as u8),
            (NotActive, ResultCodeMessage::NOT_ACTIVE as u8),
            (Overloaded, ResultCodeMessage::OVERLOADED as u8),
            (Timeout, ResultCodeMessage::TIMEOUT as u8),
            (Canceled, ResultCodeMessage::CANCELED as u8),
            (NotFound, ResultCodeMessage::NOT_FOUND as u8),
            (Unsupported, ResultCodeMessage::UNSUPPORTED as u8),
            (Internal, ResultCodeMessage::INTERNAL as u8),
        ];
        for (code, number) in pairs {
            assert_eq!(code as u8, number, "{code}");
        }
        let states = [
            (CaptionState::None, RegionMessage::CAPTION_NONE as u8),
            (CaptionState::Pending, RegionMessage::CAPTION_PENDING as u8),
            (CaptionState::Done, RegionMessage::CAPTION_DONE as u8),
            (CaptionState::Stale, RegionMessage::CAPTION_STALE as u8),
            (CaptionState::Failed, RegionMessage::CAPTION_FAILED as u8),
        ];
        for (state, number) in states {
            assert_eq!(state as u8, number, "{state:?}");
        }
    }
}

//! Questions to the memory, and what it answers.

use r2r::segcap::msg::{Region as RegionMessage, RegionArray as RegionArrayMessage};
use r2r::segcap::srv::QueryRegions;
use r2r::std_srvs::srv::Trigger;

use super::image::mono_message;
use super::region::{names, place, region_of_interest};
use super::{header, text, time};
use crate::core::geometry::{PixelBox, Size};
use crate::core::memory::Remembered;
use crate::core::query::Query;
use crate::core::result_code::ResultCode;
use crate::core::text::one_line;
use crate::core::track::TrackId;
use crate::runtime::api::{Recalled, Refusal};

/// So much of a wrong id is said back, characters.
const MAX_QUOTED: usize = 64;

/// Most ids in one question.
const MAX_IDS: usize = 1000;

/// # Errors
/// `INVALID_PROMPT` for an id that can be none, and for too many of them.
pub fn query(request: QueryRegions::Request) -> Result<Query, Refusal> {
    let got = request.ids.len();
    if got > MAX_IDS {
        let message = format!("ids: expected at most {MAX_IDS}, got {got}");
        return Err(Refusal::new(ResultCode::InvalidPrompt, message));
    }
    let rect = &request.box_;
    let ids = request.ids.iter().enumerate().map(|(index, id)| region_id(index, id));
    Ok(Query {
        ids: ids.collect::<Result<_, _>>()?,
        camera: text(&request.camera),
        point: request.use_point.then_some((request.point.x, request.point.y)),
        rect: PixelBox::new(rect.x_offset, rect.y_offset, rect.width, rect.height),
        min_score: request.min_score,
        max_age_secs: request.max_age,
        max_distance: request.max_distance,
        limit: request.limit as usize,
        // As it came: core says what is too long.
        text: request.text,
    })
}

fn region_id(index: usize, id: &str) -> Result<TrackId, Refusal> {
    id.parse().map_err(|()| {
        let got = one_line(id, MAX_QUOTED);
        let message = format!("ids[{index}]: expected the id of a region, such as \"r7\", got {got:?}");
        Refusal::new(ResultCode::InvalidPrompt, message)
    })
}

pub fn recalled(recalled: &Recalled, include_masks: bool) -> QueryRegions::Response {
    let size = recalled.size.unwrap_or(Size::new(0, 0));
    let answers = recalled.answers.iter();
    QueryRegions::Response {
        success: true,
        code: ResultCode::Ok as u8,
        message: String::new(),
        regions: RegionArrayMessage {
            header: recalled.header.as_ref().map(header).unwrap_or_default(),
            camera: recalled.header.as_ref().map_or_else(String::new, |header| text(header.origin.name())),
            width: size.width,
            height: size.height,
            model: text(&recalled.model),
            regions: answers.clone().map(|answer| remembered(&answer.object, include_masks)).collect(),
        },
        relevance: answers.map(|answer| answer.score).collect(),
    }
}

pub fn query_refused(refusal: &Refusal) -> QueryRegions::Response {
    QueryRegions::Response {
        success: false,
        code: refusal.code as u8,
        message: text(&refusal.message),
        ..QueryRegions::Response::default()
    }
}

/// How many regions were forgotten.
pub fn cleared(forgotten: Result<usize, Refusal>) -> Trigger::Response {
    match forgotten {
        Ok(count) => Trigger::Response { success: true, message: format!("{count} regions forgotten") },
        Err(refusal) => Trigger::Response { success: false, message: text(&format!("{}: {refusal}", refusal.code)) },
    }
}

fn remembered(object: &Remembered, include_mask: bool) -> RegionMessage {
    let rect = object.shape.bbox();
    let (position, extent) = place(object.place);
    let mask = include_mask.then(|| {
        let mask = object.shape.to_mask();
        mono_message(&object.header, Size::new(rect.width, rect.height), mask.pixels())
    });
    RegionMessage {
        id: object.id.to_string(),
        label: object.label,
        prompt_id: text(&object.prompt_id),
        bbox: region_of_interest(rect),
        mask: mask.unwrap_or_default(),
        area: object.shape.area(),
        predicted_iou: object.predicted_iou,
        stability: object.stability,
        caption_state: object.caption.state as u8,
        caption: text(&object.caption.text),
        caption_score: object.caption.score,
        names: names(&object.caption.names),
        name_scores: object.caption.names.iter().map(|one| one.score).collect(),
        captioned_at: time(object.caption.captioned_at),
        has_position: object.place.is_some(),
        position,
        extent,
        first_seen: time(object.first_seen),
        last_seen: time(object.last_seen()),
    }
}

#[cfg(test)]
mod tests {
    use r2r::NativeMsg;
    use r2r::geometry_msgs::msg::Point32;
    use r2r::sensor_msgs::msg::RegionOfInterest;

    use super::*;

    #[test]
    fn a_question_comes_over_whole() {
        let request = QueryRegions::Request {
            text: "red mug".into(),
            ids: vec!["r7".into(), "r12".into()],
            camera: "front".into(),
            use_point: true,
            point: Point32 { x: 1.5, y: 2.5, z: 9.0 },
            box_: RegionOfInterest { x_offset: 1, y_offset: 2, height: 4, width: 3, do_rectify: false },
            min_score: 0.5,
            max_age: 2.0,
            max_distance: 3.0,
            limit: 4,
            include_masks: true,
        };
        let query = query(request).unwrap();
        assert_eq!((query.text.as_str(), query.camera.as_str(), query.point), ("red mug", "front", Some((1.5, 2.5))));
        assert_eq!(query.ids.into_iter().map(|id| id.0).collect::<Vec<_>>(), [7, 12]);
        assert_eq!(query.rect, PixelBox::new(1, 2, 3, 4));
        assert_eq!((query.min_score, query.max_age_secs, query.max_distance, query.limit), (0.5, 2.0, 3.0, 4));
        let none = super::query(QueryRegions::Request::default()).unwrap();
        assert_eq!(none, Query::default(), "nothing asked filters nothing");
    }

    #[test]
    fn what_cannot_be_an_id_is_told() {
        for id in ["mug", "", "7", "r", "r07", "r-1", "r1 ", "r\0", "r99999999999999999999999"] {
            let request = QueryRegions::Request { ids: vec!["r1".into(), id.into()], ..Default::default() };
            let refusal = query(request).unwrap_err();
            assert_eq!(refusal.code, ResultCode::InvalidPrompt);
            assert!(refusal.message.starts_with("ids[1]: expected the id of a region"), "{}", refusal.message);
        }
    }

    #[test]
    fn a_question_names_at_most_1000_ids() {
        let with_ids =
            |count: usize| query(QueryRegions::Request { ids: vec!["r1".into(); count], ..Default::default() });
        assert!(with_ids(1000).is_ok());
        assert_eq!(with_ids(1001).unwrap_err().message, "ids: expected at most 1000, got 1001");
    }

    #[test]
    fn a_refusal_and_an_empty_memory_can_be_sent() {
        let refused = query_refused(&Refusal::new(ResultCode::InvalidPrompt, "point: expected\0"));
        assert_eq!((refused.success, refused.code, refused.message.as_str()), (false, 1, "point: expected"));
        let empty = Recalled { header: None, size: None, model: "tiny 1".into(), answers: Vec::new() };
        let response = recalled(&empty, true);
        assert!(response.success && response.relevance.is_empty() && response.regions.width == 0);
        let _sendable = NativeMsg::from(&response.regions);
    }
}

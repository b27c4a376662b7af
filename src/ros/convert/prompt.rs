//! What clients ask for (`msg/Prompt.msg`, `msg/PromptArray.msg`, requests of `srv/Segment.srv`).

use std::sync::Arc;
use std::time::Duration;

use r2r::segcap::msg::{Prompt, PromptArray};
use r2r::segcap::srv::Segment;

use super::image::raw_image;
use super::{bounded, stamp, text};
use crate::core::frame::Header;
use crate::core::pixels::raw_image::{ImagePayload, RawFrame};
use crate::core::prompt::RawPrompt;
use crate::core::result_code::ResultCode;
use crate::runtime::api::{PromptSubmission, Refusal, SegmentRequest};

/// Longest time that a request may ask for, seconds.
const MAX_TIMEOUT_SECS: f32 = 3600.0;

pub fn prompt_submission(camera: &str, message: PromptArray) -> PromptSubmission {
    PromptSubmission {
        camera: camera.to_owned(),
        stamp: stamp(&message.header.stamp),
        sticky: message.sticky,
        prompts: message.prompts.into_iter().map(prompt).collect(),
    }
}

/// One foreground click on the next frame, pixels.
pub fn click(camera: &str, x: f64, y: f64) -> PromptSubmission {
    let prompt = RawPrompt { kind: Prompt::POINTS as u8, points: vec![(x as f32, y as f32)], ..RawPrompt::default() };
    PromptSubmission { camera: camera.to_owned(), prompts: vec![prompt], ..PromptSubmission::default() }
}

/// # Errors
/// `INVALID_PROMPT` for a timeout that is no time.
pub fn segment_request(request: Segment::Request) -> Result<SegmentRequest, Refusal> {
    let timeout = timeout(request.timeout)?;
    let camera = text(&request.camera);
    // Width 0 stands for the newest frame.
    let image = (request.image.width > 0).then(|| RawFrame {
        header: Header {
            camera: "".into(),
            stamp: stamp(&request.image.header.stamp),
            frame_id: Arc::from(text(&request.image.header.frame_id)),
        },
        payload: ImagePayload::Raw(raw_image(request.image)),
    });
    Ok(SegmentRequest {
        image,
        camera,
        prompts: request.prompts.into_iter().map(prompt).collect(),
        caption: request.caption,
        all_masks: request.all_masks,
        timeout,
    })
}

fn timeout(secs: f32) -> Result<Option<Duration>, Refusal> {
    if !(0.0..=MAX_TIMEOUT_SECS).contains(&secs) {
        let message = format!("timeout: expected 0 to {MAX_TIMEOUT_SECS} seconds, got {secs}");
        return Err(Refusal::new(ResultCode::InvalidPrompt, message));
    }
    Ok((secs > 0.0).then(|| Duration::from_secs_f32(secs)))
}

fn prompt(message: Prompt) -> RawPrompt {
    RawPrompt {
        id: bounded(&message.id).to_owned(),
        kind: message.type_,
        points: message.points.iter().map(|point| (point.x, point.y)).collect(),
        labels: message.labels,
        rect: (message.box_.x_offset, message.box_.y_offset, message.box_.width, message.box_.height),
        mask: raw_image(message.mask),
    }
}

#[cfg(test)]
mod tests {
    use r2r::geometry_msgs::msg::Point32;
    use r2r::sensor_msgs::msg::{Image, RegionOfInterest};

    use super::*;

    fn message() -> Prompt {
        Prompt {
            id: "mug".into(),
            type_: Prompt::BOX as u8,
            points: vec![Point32 { x: 1.5, y: f32::NAN, z: 9.0 }],
            labels: vec![1],
            box_: RegionOfInterest { x_offset: 1, y_offset: 2, height: 4, width: 3, do_rectify: true },
            mask: Image { width: 1, height: 1, step: 1, encoding: "mono8".into(), data: vec![255], ..Image::default() },
        }
    }

    #[test]
    fn a_prompt_comes_over_whole() {
        let prompt = prompt(message());
        assert_eq!((prompt.id.as_str(), prompt.kind, prompt.rect), ("mug", 1, (1, 2, 3, 4)));
        assert_eq!(prompt.points[0].0, 1.5);
        // Finding fault with it is core's part.
        assert!(prompt.points[0].1.is_nan());
        assert_eq!(prompt.mask.data, [255]);
    }

    #[test]
    fn the_kinds_are_those_of_the_message() {
        let kinds = [Prompt::POINTS as u8, Prompt::BOX as u8, Prompt::MASK as u8, Prompt::EVERYTHING as u8];
        assert_eq!(kinds, [0, 1, 2, 3]);
    }

    #[test]
    fn a_request_without_an_image_means_the_newest_frame() {
        let request = Segment::Request { prompts: vec![message()], ..Segment::Request::default() };
        let request = segment_request(request).unwrap();
        assert!(request.image.is_none() && request.timeout.is_none());
        let image = Image { width: 640, ..Image::default() };
        let request = segment_request(Segment::Request { image, timeout: 0.5, ..Segment::Request::default() }).unwrap();
        assert!(request.image.is_some(), "a height of 0 is a fault, not the newest frame");
        assert_eq!(request.timeout, Some(Duration::from_millis(500)));
    }

    #[test]
    fn a_timeout_must_be_a_time() {
        for secs in [-1.0, f32::NAN, f32::INFINITY, 1e30] {
            let refusal =
                segment_request(Segment::Request { timeout: secs, ..Segment::Request::default() }).unwrap_err();
            assert_eq!(refusal.code, ResultCode::InvalidPrompt);
            assert!(refusal.message.contains("0 to 3600 seconds"), "{}", refusal.message);
        }
    }

    #[test]
    fn a_click_is_one_foreground_point() {
        let submission = click("front", 320.0, 240.5);
        assert_eq!(submission.camera, "front");
        assert!(!submission.sticky && submission.stamp.is_zero());
        assert_eq!(submission.prompts[0].points, [(320.0, 240.5)]);
    }
}

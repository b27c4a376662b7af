//! What clients ask for (`msg/Prompt.msg`, `msg/PromptArray.msg`, requests of `srv/Segment.srv`).

use std::sync::Arc;
use std::time::Duration;

use r2r::segcap::msg::{Prompt, PromptArray};
use r2r::segcap::srv::Segment;
use r2r::sensor_msgs::msg::Image;

use super::image::raw_image;
use super::{bounded, stamp, text};
use crate::core::frame::{Header, Origin};
use crate::core::pixels::raw_image::{ImagePayload, RawFrame, RawImage};
use crate::core::pixels::{ImageError, check_frame_id};
use crate::core::prompt::{PromptError, PromptFault, RawPrompt};
use crate::core::result_code::ResultCode;
use crate::core::text::one_line;
use crate::runtime::api::{PromptSubmission, Refusal, SegmentRequest};

/// Longest time that a request may ask for, seconds.
const MAX_TIMEOUT_SECS: f32 = 3600.0;

/// # Errors
/// `INVALID_PROMPT` for a mask with more data than rows.
pub fn prompt_submission(camera: &str, message: PromptArray) -> Result<PromptSubmission, Refusal> {
    Ok(PromptSubmission {
        camera: camera.to_owned(),
        stamp: stamp(&message.header.stamp),
        sticky: message.sticky,
        prompts: prompts(message.prompts)?,
    })
}

/// One foreground click on the next frame, pixels.
pub fn click(camera: &str, x: f64, y: f64) -> PromptSubmission {
    let prompt = RawPrompt { kind: Prompt::POINTS as u8, points: vec![(x as f32, y as f32)], ..RawPrompt::default() };
    PromptSubmission { camera: camera.to_owned(), prompts: vec![prompt], ..PromptSubmission::default() }
}

/// # Errors
/// `INVALID_PROMPT` for a timeout that is no time, a frame id that is too long, and an image or mask with more data than rows.
pub fn segment_request(request: Segment::Request) -> Result<SegmentRequest, Refusal> {
    let timeout = timeout(request.timeout)?;
    let camera = text(&request.camera);
    // Width 0 stands for the newest frame.
    let image = (request.image.width > 0).then(|| own_image(request.image)).transpose()?;
    Ok(SegmentRequest {
        image,
        camera,
        prompts: prompts(request.prompts)?,
        caption: request.caption,
        all_masks: request.all_masks,
        timeout,
    })
}

fn own_image(message: Image) -> Result<RawFrame, ImageError> {
    let frame_id = &message.header.frame_id;
    check_frame_id(frame_id.len())?;
    let (stamp, frame_id) = (stamp(&message.header.stamp), Arc::from(text(frame_id)));
    let header = Header { origin: Origin::Client, stamp, frame_id };
    let image = raw_image(message);
    image.view().check_excess()?;
    Ok(RawFrame { header, payload: ImagePayload::Raw(image) })
}

fn timeout(secs: f32) -> Result<Option<Duration>, Refusal> {
    if !(0.0..=MAX_TIMEOUT_SECS).contains(&secs) {
        let message = format!("timeout: expected 0 to {MAX_TIMEOUT_SECS} seconds, got {secs}");
        return Err(Refusal::new(ResultCode::InvalidPrompt, message));
    }
    Ok((secs > 0.0).then(|| Duration::from_secs_f32(secs)))
}

/// Refused here is only what would fill the memory while it waits: finding fault is core's part.
fn prompts(messages: Vec<Prompt>) -> Result<Vec<RawPrompt>, Refusal> {
    let prompts: Vec<RawPrompt> = messages.into_iter().map(prompt).collect();
    for (index, prompt) in prompts.iter().enumerate() {
        if let Err(error) = prompt.mask.view().check_excess() {
            let (id, fault) = (one_line(&prompt.id, 40), PromptFault::MaskUnreadable(error));
            return Err(PromptError::Faulty { index, id, fault }.into());
        }
    }
    Ok(prompts)
}

fn prompt(message: Prompt) -> RawPrompt {
    // Other prompts' masks mean nothing.
    let mask = if message.type_ == Prompt::MASK as u8 { raw_image(message.mask) } else { RawImage::default() };
    RawPrompt {
        id: bounded(&message.id).to_owned(),
        kind: message.type_,
        points: message.points.iter().map(|point| (point.x, point.y)).collect(),
        labels: message.labels,
        rect: (message.box_.x_offset, message.box_.y_offset, message.box_.width, message.box_.height),
        mask,
    }
}

#[cfg(test)]
mod tests {
    use r2r::geometry_msgs::msg::Point32;
    use r2r::sensor_msgs::msg::RegionOfInterest;

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
        assert!(prompt.mask.data.is_empty(), "of a box it means nothing");
        let prompt = super::prompt(Prompt { type_: Prompt::MASK as u8, ..message() });
        assert_eq!(prompt.mask.data, [255]);
    }

    #[test]
    fn what_is_longer_than_it_says_is_refused_before_it_waits() {
        let refused = |request| segment_request(request).unwrap_err();
        let image =
            Image { width: 10, height: 10, step: 30, encoding: "rgb8".into(), data: vec![0; 301], ..Image::default() };
        let refusal = refused(Segment::Request { image: image.clone(), ..Segment::Request::default() });
        assert_eq!(refusal.code, ResultCode::InvalidPrompt);
        assert!(refusal.message.contains("300 bytes, got 301"), "{}", refusal.message);
        let mut named = Image { data: vec![0; 300], ..image };
        named.header.frame_id = "x".repeat(257);
        let refusal = refused(Segment::Request { image: named, ..Segment::Request::default() });
        assert!(refusal.message.contains("frame id is too long: expected at most 256"), "{}", refusal.message);
        let mut mask = Prompt { type_: Prompt::MASK as u8, ..message() };
        mask.mask.data = vec![255; 2];
        let submission =
            prompt_submission("", PromptArray { prompts: vec![message(), mask], ..PromptArray::default() });
        let message = submission.unwrap_err().message;
        assert!(message.starts_with("prompts[1] (\"mug\"): the mask cannot be read: too much data"), "{message}");
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

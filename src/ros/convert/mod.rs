//! The only place where messages become core types and back.
//!
//! r2r panics when it makes a C string of text with a NUL, so all text that leaves passes [`text`]. Numbers are handed on
//! as they came: what is wrong with them is core's to say, with a code.

mod camera_info;
mod depth;
mod describe;
#[cfg(has_vision_msgs)]
mod detection;
mod diagnostic;
mod image;
mod lifecycle;
mod logging;
mod marker;
mod parameter;
mod prompt;
mod query;
mod region;

pub use camera_info::camera_info;
pub use depth::depth_image;
pub use describe::{
    cancel_request, cancel_response, describe_goal, describe_result, feedback, goal_id, goal_response, goal_statuses,
    result_response,
};
#[cfg(has_vision_msgs)]
pub use detection::{box_prompts, detections};
pub use diagnostic::diagnostic_array;
pub use image::{compressed_frame, jpeg_message, label_map_message, raw_frame, rgb_message};
pub use lifecycle::{state, transition_description, transition_event};
pub use logging::log_message;
pub use marker::marker_array;
pub use parameter::{declared, from_override, parameter_descriptor, parameter_event, parameter_message};
pub use prompt::{click, prompt_submission, segment_request};
pub use query::{cleared, query, query_refused, recalled};
pub use region::{refused, region_array, segmented};

use r2r::{builtin_interfaces, std_msgs};

use crate::core::frame::{Header, Stamp};

/// Longest text that is sent on, bytes: enough for any name, caption or error.
const MAX_TEXT_BYTES: usize = 4096;

/// Without NUL and bounded; otherwise as it came.
fn text(text: &str) -> String {
    bounded(text).replace('\0', "")
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

fn stamp(time: &builtin_interfaces::msg::Time) -> Stamp {
    Stamp { secs: time.sec, nanos: time.nanosec }
}

fn time(stamp: Stamp) -> builtin_interfaces::msg::Time {
    builtin_interfaces::msg::Time { sec: stamp.secs, nanosec: stamp.nanos }
}

/// Stamp and frame of the picture, unchanged.
fn header(header: &Header) -> std_msgs::msg::Header {
    std_msgs::msg::Header { stamp: time(header.stamp), frame_id: text(&header.frame_id) }
}

/// The node's clock as a stamp.
pub fn now_stamp() -> Stamp {
    stamp(&now())
}

/// The node's clock as a ROS time.
fn now() -> builtin_interfaces::msg::Time {
    let now = super::clock::now();
    // Until 2038, as the message's type has it.
    let sec = i32::try_from(now.as_secs()).unwrap_or(i32::MAX);
    builtin_interfaces::msg::Time { sec, nanosec: now.subsec_nanos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_loses_nul_and_is_cut_between_characters() {
        assert_eq!(text("a\0b"), "ab");
        assert_eq!(text("\0"), "");
        let long = "\u{e4}".repeat(MAX_TEXT_BYTES);
        assert_eq!(text(&long).len(), MAX_TEXT_BYTES);
        assert_eq!(text(&format!("x{long}")).len(), MAX_TEXT_BYTES - 1);
    }

    #[test]
    fn stamps_survive_both_ways() {
        let stamp_in = Stamp { secs: -5, nanos: 999_999_999 };
        assert_eq!(stamp(&time(stamp_in)), stamp_in);
    }
}

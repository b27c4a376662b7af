//! Every name and quality of service by which the node is known to others. Relative names are remappable inputs, `~/`
//! names are the node's own.

use std::time::Duration;

use r2r::QosProfile;

use crate::core::settings::configuration::{ImageTransport, Reliability};

/// The node's name, unless `__node:=` says otherwise.
pub const NODE: &str = "segcap";

pub const IMAGE: &str = "image";
pub const IMAGE_COMPRESSED: &str = "image/compressed";
pub const DEPTH: &str = "depth";
pub const CAMERA_INFO: &str = "camera_info";
pub const PROMPTS: &str = "prompts";
pub const PROMPT_POINT: &str = "prompt_point";
/// What rqt_image_view publishes when somebody clicks into `~/overlay`.
pub const OVERLAY_CLICK: &str = "overlay_mouse_left";

/// Boxes of a detector, where vision_msgs was installed when the node was built.
#[cfg(has_vision_msgs)]
pub const PROMPT_BOXES: &str = "prompt_boxes";

pub const REGIONS: &str = "regions";
/// Where vision_msgs was installed when the node was built.
#[cfg(has_vision_msgs)]
pub const DETECTIONS: &str = "detections";
pub const LABEL_MAP: &str = "label_map";
pub const OVERLAY: &str = "overlay";
pub const OVERLAY_COMPRESSED: &str = "overlay/compressed";
pub const MARKERS: &str = "markers";

pub const SEGMENT: &str = "~/segment";
pub const QUERY_REGIONS: &str = "~/query_regions";
pub const CLEAR: &str = "~/clear";
pub const SET_ENABLED: &str = "~/set_enabled";

pub const DESCRIBE_EVERYTHING: &str = "~/describe_everything";

pub const CHANGE_STATE: &str = "~/change_state";
pub const GET_STATE: &str = "~/get_state";
pub const GET_AVAILABLE_STATES: &str = "~/get_available_states";
pub const GET_AVAILABLE_TRANSITIONS: &str = "~/get_available_transitions";
pub const GET_TRANSITION_GRAPH: &str = "~/get_transition_graph";
pub const TRANSITION_EVENT: &str = "~/transition_event";

pub const DIAGNOSTICS: &str = "/diagnostics";

pub const GET_LOGGER_LEVELS: &str = "~/get_logger_levels";
pub const SET_LOGGER_LEVELS: &str = "~/set_logger_levels";

pub const SET_PARAMETERS: &str = "~/set_parameters";
pub const SET_PARAMETERS_ATOMICALLY: &str = "~/set_parameters_atomically";
pub const GET_PARAMETERS: &str = "~/get_parameters";
pub const GET_PARAMETER_TYPES: &str = "~/get_parameter_types";
pub const LIST_PARAMETERS: &str = "~/list_parameters";
pub const DESCRIBE_PARAMETERS: &str = "~/describe_parameters";
pub const PARAMETER_EVENTS: &str = "/parameter_events";
pub const ROSOUT: &str = "/rosout";
pub const CLOCK: &str = "/clock";

/// The topic of a camera's pictures: `image`, or `<camera>/image` where cameras have names.
pub fn image_topic(camera: &str, transport: ImageTransport) -> String {
    let name = match transport {
        ImageTransport::Raw => IMAGE,
        ImageTransport::Compressed => IMAGE_COMPRESSED,
    };
    input_topic(camera, name)
}

/// What a camera brings: `<name>`, or `<camera>/<name>` where cameras have names.
pub fn input_topic(camera: &str, name: &str) -> String {
    if camera.is_empty() { name.to_owned() } else { format!("{camera}/{name}") }
}

/// The calibration's topic for pictures on this one, given in full: `camera_info` instead of its last part, as
/// image_transport has it. A transport's own part, such as `/compressed`, does not count.
pub fn camera_info_beside(image: &str, transport: ImageTransport) -> String {
    let base = match transport {
        ImageTransport::Raw => image,
        ImageTransport::Compressed => image.strip_suffix("/compressed").unwrap_or(image),
    };
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{CAMERA_INFO}")
}

/// A topic of the node for one camera: `~/<name>`, or `~/<camera>/<name>` where cameras have names.
pub fn camera_topic(camera: &str, name: &str) -> String {
    if camera.is_empty() { format!("~/{name}") } else { format!("~/{camera}/{name}") }
}

/// An action is three services and two topics: "send_goal", "cancel_goal", "get_result", "feedback", "status".
pub fn action_part(action: &str, part: &str) -> String {
    format!("{action}/_action/{part}")
}

/// REP-2003 sensor data, but only the newest picture.
pub fn image_qos(reliability: Reliability) -> QosProfile {
    let newest = QosProfile::sensor_data().keep_last(1);
    match reliability {
        Reliability::BestEffort => newest.best_effort(),
        Reliability::Reliable => newest.reliable(),
    }
}

/// As the pictures', but a few deep: the newest depth need not be that of the newest picture.
pub fn depth_qos(reliability: Reliability) -> QosProfile {
    image_qos(reliability).keep_last(5)
}

/// Deep enough that a viewer misses no end of a marker.
pub fn markers_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(10)
}

pub fn prompts_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(10)
}

pub fn regions_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(5)
}

/// Label map and overlay: reliable, because RViz asks for it, but never more than the newest two in memory.
pub fn picture_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(2)
}

/// Deep enough for many clients that ask at the same moment; what cannot be answered is refused, not lost.
pub fn service_qos() -> QosProfile {
    QosProfile::services_default().keep_last(256)
}

/// Deep enough for a burst of captions.
pub fn feedback_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(64)
}

/// As rcl_action has it: who comes later still sees the last state of all goals.
pub fn goal_status_qos() -> QosProfile {
    QosProfile::default().reliable().transient_local().keep_last(1)
}

/// As rcl's.
pub fn transition_event_qos() -> QosProfile {
    QosProfile::default()
}

/// As diagnostic_updater's.
pub fn diagnostics_qos() -> QosProfile {
    QosProfile::default().reliable().keep_last(1)
}

pub fn parameter_service_qos() -> QosProfile {
    QosProfile::parameters()
}

pub fn parameter_events_qos() -> QosProfile {
    QosProfile::parameter_events()
}

/// As rclcpp's: only the newest time counts.
pub fn clock_qos() -> QosProfile {
    QosProfile::default().best_effort().keep_last(1)
}

/// As rclcpp's: who comes later still reads the last ten seconds.
pub fn rosout_qos() -> QosProfile {
    QosProfile::default().reliable().transient_local().keep_last(1000).lifespan(Duration::from_secs(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_camera_without_a_name_has_short_topics() {
        assert_eq!(image_topic("", ImageTransport::Raw), "image");
        assert_eq!(image_topic("", ImageTransport::Compressed), "image/compressed");
        assert_eq!(camera_topic("", REGIONS), "~/regions");
        assert_eq!(action_part(DESCRIBE_EVERYTHING, "status"), "~/describe_everything/_action/status");
    }

    #[test]
    fn named_cameras_have_topics_of_their_own() {
        assert_eq!(image_topic("front", ImageTransport::Raw), "front/image");
        assert_eq!(input_topic("front", CAMERA_INFO), "front/camera_info");
        assert_eq!(camera_topic("front", OVERLAY_COMPRESSED), "~/front/overlay/compressed");
    }
}

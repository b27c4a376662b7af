//! What to tell a person who waits for pictures that do not come: the commonest trouble with a camera, and one about which
//! ROS 2 itself says nothing.

use std::time::{Duration, Instant};

use r2r::qos::ReliabilityPolicy;

use crate::core::configuration::{ImageTransport, InputOptions, Reliability};

/// How long a camera may be silent before it is worth a line.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches one topic.
pub struct Silence {
    /// Full name.
    topic: String,
    options: InputOptions,
    last_heard: Instant,
    ever_heard: bool,
    told: bool,
}

impl Silence {
    pub fn new(topic: String, options: InputOptions, now: Instant) -> Self {
        Self { topic, options, last_heard: now, ever_heard: false, told: false }
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// A picture has come.
    pub fn heard(&mut self, now: Instant) {
        if !self.ever_heard || self.told {
            log::info!("pictures arrive on {}", self.topic);
        }
        self.last_heard = now;
        self.ever_heard = true;
        self.told = false;
    }

    /// Says once, after a while without pictures, what the graph knows of the reason.
    pub fn check(&mut self, node: &r2r::Node, now: Instant) {
        let silent_for = now.duration_since(self.last_heard);
        if self.told || silent_for < PATIENCE {
            return;
        }
        self.told = true;
        let publishers = node.get_publishers_info_by_topic(&self.topic, false).unwrap_or_default();
        let publishers: Vec<Publisher> = publishers
            .into_iter()
            .map(|info| Publisher {
                node: format!("{}/{}", info.node_namespace.trim_end_matches('/'), info.node_name),
                message: info.topic_type,
                best_effort: matches!(info.qos_profile.reliability, ReliabilityPolicy::BestEffort),
            })
            .collect();
        let hint = hint(&self.options, &publishers);
        log::warn!("no picture on {} for {:.0} s: {hint}", self.topic, silent_for.as_secs_f64());
    }
}

/// What matters here of somebody who publishes.
struct Publisher {
    node: String,
    message: String,
    best_effort: bool,
}

fn hint(options: &InputOptions, publishers: &[Publisher]) -> String {
    let expected = match options.transport {
        ImageTransport::Raw => "sensor_msgs/msg/Image",
        ImageTransport::Compressed => "sensor_msgs/msg/CompressedImage",
    };
    let Some(first) = publishers.first() else {
        return "nobody publishes there; see `ros2 topic list`, and start with --ros-args -r image:=/your/topic (or, for \
                image/compressed, -p image_transport:=compressed)"
            .into();
    };
    if let Some(other) = publishers.iter().find(|publisher| publisher.message != expected) {
        return format!("{} publishes {} there, expected {expected}", other.node, other.message);
    }
    if options.reliability == Reliability::Reliable && publishers.iter().all(|publisher| publisher.best_effort) {
        return format!(
            "{} publishes best effort, which does not match image_reliability reliable; set it to best_effort",
            first.node
        );
    }
    format!(
        "{} publisher(s), among them {}, but nothing arrives: nothing is sent, or it is lost on the way (large pictures need \
         more shared memory on both sides, see config/fastdds.xml)",
        publishers.len(),
        first.node
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher(message: &str, best_effort: bool) -> Publisher {
        Publisher { node: "/camera".into(), message: message.into(), best_effort }
    }

    #[test]
    fn every_reason_has_its_hint() {
        let image = "sensor_msgs/msg/Image";
        let reliable = InputOptions { reliability: Reliability::Reliable, ..InputOptions::default() };
        let default = InputOptions::default();
        for (options, publishers, expected) in [
            (&default, vec![], "nobody publishes"),
            (&default, vec![publisher("sensor_msgs/msg/CompressedImage", true)], "expected sensor_msgs/msg/Image"),
            (&reliable, vec![publisher(image, true)], "set it to best_effort"),
            (&reliable, vec![publisher(image, true), publisher(image, false)], "2 publisher(s)"),
            (&default, vec![publisher(image, true)], "more shared memory"),
        ] {
            let hint = hint(options, &publishers);
            assert!(hint.contains(expected), "{hint}");
        }
    }
}

//! What to tell a person who waits for pictures that do not come: the commonest trouble with a camera, and one about which
//! ROS 2 itself says nothing.

use std::time::{Duration, Instant};

use r2r::qos::ReliabilityPolicy;

use crate::core::settings::configuration::{ImageTransport, InputOptions, Reliability};

/// How long a camera may be silent before it is worth a line in the log.
const PATIENCE: Duration = Duration::from_secs(5);
/// And before diagnostics warn: so many of its periods, within these bounds. With a look every fifth of a second and
/// diagnostics every second, a camera of 4 Hz and more is told of within two seconds.
const PERIODS: f32 = 2.5;
const SHORTEST: Duration = Duration::from_millis(700);

/// Watches one topic.
pub struct Silence {
    /// Full name.
    topic: String,
    options: InputOptions,
    last_heard: Instant,
    /// Between two pictures, smoothed.
    period: Option<Duration>,
    told: bool,
}

impl Silence {
    pub fn new(topic: String, options: InputOptions, now: Instant) -> Self {
        Self { topic, options, last_heard: now, period: None, told: false }
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// So many pictures have come, at least one.
    pub fn heard(&mut self, pictures: u32, now: Instant) {
        if self.period.is_none() || self.told {
            log::info!("pictures arrive on {}", self.topic);
        }
        let latest = now.duration_since(self.last_heard).min(PATIENCE) / pictures.max(1);
        self.period = Some(self.period.map_or(latest, |period| period.mul_f32(0.8) + latest.mul_f32(0.2)));
        self.last_heard = now;
        self.told = false;
    }

    /// What the graph knows of the reason, where no picture has come for too long; says it once in the log, too.
    pub fn check(&mut self, node: &r2r::Node, now: Instant) -> Option<String> {
        let silent_for = now.duration_since(self.last_heard);
        if silent_for < self.patience() {
            return None;
        }
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
        if !self.told && silent_for >= PATIENCE {
            self.told = true;
            log::warn!("no picture on {} for {:.0} s: {hint}", self.topic, silent_for.as_secs_f64());
        }
        Some(hint)
    }

    fn patience(&self) -> Duration {
        self.period.unwrap_or_default().mul_f32(PERIODS).clamp(SHORTEST, PATIENCE)
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
    fn a_slow_camera_is_given_more_time() {
        let begun = Instant::now();
        let mut silence = Silence::new("/image".into(), InputOptions::default(), begun);
        assert_eq!(silence.patience(), SHORTEST);
        for tenth in 1..=50 {
            silence.heard(3, begun + Duration::from_millis(100 * tenth));
        }
        assert_eq!(silence.patience(), SHORTEST, "30 Hz");
        for second in 6..=40 {
            silence.heard(1, begun + Duration::from_secs(second));
        }
        assert!(silence.patience() > Duration::from_secs(2), "1 Hz");
        silence.heard(1, begun + Duration::from_secs(4000));
        assert!(silence.patience() <= PATIENCE);
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

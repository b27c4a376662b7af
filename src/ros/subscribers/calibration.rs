//! Tells a person why there are no positions: depth arrives, but no calibration.

use std::time::{Duration, Instant};

/// How long depth may come without a calibration before that is a fault, and how often its reason is looked up again.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);
const CAMERA_INFO: &str = "sensor_msgs/msg/CameraInfo";

/// Watches one camera's depth and calibration.
pub struct CalibrationWatch {
    /// Full names.
    depth_topic: String,
    topic: String,
    /// As it is remapped, such as `front/camera_info`.
    input: String,
    /// The first depth image and the newest one.
    depth: Option<(Instant, Instant)>,
    is_calibrated: bool,
    warning: Option<(String, Instant)>,
}

impl CalibrationWatch {
    pub fn new(depth_topic: String, topic: String, input: String) -> Self {
        Self { depth_topic, topic, input, depth: None, is_calibrated: false, warning: None }
    }

    /// A depth image has come.
    pub fn depth(&mut self, now: Instant) {
        if self.depth.is_none() {
            log::info!("depth arrives on {}", self.depth_topic);
        }
        self.depth = Some((self.depth.map_or(now, |(first, _)| first), now));
    }

    /// A calibration has come.
    pub fn calibrated(&mut self) {
        if !self.is_calibrated {
            log::info!("calibration arrives on {}", self.topic);
        }
        (self.is_calibrated, self.warning) = (true, None);
    }

    /// A warning while depth comes without a calibration, with what the graph knows of the reason. Logs it once.
    pub fn check(&mut self, node: &r2r::Node, now: Instant) -> Option<String> {
        if !self.is_missing(now) {
            return None;
        }
        let is_due = |at: Instant| now.saturating_duration_since(at) >= LOOK_UP_EVERY;
        if self.warning.as_ref().is_none_or(|&(_, at)| is_due(at)) {
            // A topic that is only subscribed to is listed, too.
            let publishers =
                |topic: &str| node.get_publishers_info_by_topic(topic, false).map_or(0, |found| found.len());
            let topics = node.get_topic_names_and_types().unwrap_or_default();
            let is_other =
                |name: &str, types: &[String]| name != self.topic && types.iter().any(|one| one == CAMERA_INFO);
            let others = topics.into_iter().filter(|(name, types)| is_other(name, types) && publishers(name) > 0);
            let mut elsewhere: Vec<String> = others.map(|(name, _)| name).collect();
            elsewhere.sort();
            let publishers = publishers(&self.topic);
            let text = self.text(publishers, &elsewhere);
            if self.warning.is_none() {
                log::warn!("{text}");
            }
            self.warning = Some((text, now));
        }
        self.warning.as_ref().map(|(text, _)| text.clone())
    }

    fn is_missing(&self, now: Instant) -> bool {
        let age = |at: Instant| now.saturating_duration_since(at);
        !self.is_calibrated && self.depth.is_some_and(|(first, last)| age(first) >= PATIENCE && age(last) < PATIENCE)
    }

    /// `elsewhere`: the other topics with calibrations, by name.
    fn text(&self, publishers: usize, elsewhere: &[String]) -> String {
        let reason = match (publishers, elsewhere) {
            (0, []) => "nobody publishes there, nor a CameraInfo elsewhere".to_owned(),
            (0, [one]) => format!(
                "nobody publishes there; a CameraInfo comes on {one}: if it is this camera's, start with --ros-args -r {}:={one}",
                self.input
            ),
            (0, several) => format!(
                "nobody publishes there; CameraInfo comes on {}: start with --ros-args -r {}:= and this camera's",
                several.join(", "),
                self.input
            ),
            (count, _) => format!("{count} publisher(s), but nothing arrives; is its reliability image_reliability's?"),
        };
        format!("no positions: depth arrives on {}, but no calibration on {}: {reason}", self.depth_topic, self.topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> CalibrationWatch {
        CalibrationWatch::new("/eye/depth".into(), "/eye/camera_info".into(), "front/camera_info".into())
    }

    #[test]
    fn only_depth_that_comes_lacks_a_calibration() {
        let begun = Instant::now();
        let after = |secs| begun + Duration::from_secs(secs);
        let mut watch = watch();
        assert!(!watch.is_missing(after(60)), "without depth nobody needs it");
        watch.depth(begun);
        assert!(!watch.is_missing(after(1)), "it may be on its way");
        assert!(!watch.is_missing(after(60)), "the depth has ended");
        watch.depth(after(60));
        assert!(watch.is_missing(after(60)));
        watch.calibrated();
        assert!(!watch.is_missing(after(60)));
    }

    #[test]
    fn the_warning_names_the_topics_and_what_to_do() {
        let text = watch().text(0, &["/lens/camera_info".to_owned()]);
        assert!(text.contains("depth arrives on /eye/depth, but no calibration on /eye/camera_info"), "{text}");
        assert!(text.ends_with("-r front/camera_info:=/lens/camera_info"), "{text}");
        let text = watch().text(0, &["/a".to_owned(), "/b".to_owned()]);
        assert!(text.contains("CameraInfo comes on /a, /b: start with --ros-args -r front/camera_info:="), "{text}");
        assert!(watch().text(0, &[]).contains("nobody publishes there"));
        assert!(watch().text(2, &[]).contains("2 publisher(s)"));
    }
}

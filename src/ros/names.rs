//! What a name becomes on the graph. rcl does this for every entity, but r2r keeps the answer to itself, and people need
//! to read it: "no image on /camera/image" says more than "no image".

use super::interfaces;
use crate::core::settings::configuration::ImageTransport;

const REMAP_FLAGS: [&str; 2] = ["-r", "--remap"];
const ROS_ARGS: &str = "--ros-args";

/// `[node:]from:=to`, as given on the command line.
struct Rule {
    node: Option<String>,
    from: String,
    to: String,
}

/// The node's own names and the remappings that it was started with.
pub struct Names {
    node: String,
    namespace: String,
    rules: Vec<Rule>,
}

impl Names {
    /// `node` and `namespace` are those on the graph; `args` is the whole command line.
    pub fn new(node: &str, namespace: &str, args: impl IntoIterator<Item = String>) -> Self {
        Self { node: node.to_owned(), namespace: namespace.to_owned(), rules: rules(args) }
    }

    /// The node's full name, such as `/robot/segcap`.
    pub fn node(&self) -> String {
        format!("{}/{}", self.namespace.trim_end_matches('/'), self.node)
    }

    /// The full name under which a topic or service of this name is found. The first rule that matches counts.
    pub fn resolve(&self, name: &str) -> String {
        self.rule_for(name).map_or_else(|| self.expand(name), |rule| self.expand(&rule.to))
    }

    /// The name under which a camera's calibration is subscribed to: `camera_info` where the command line remaps it, otherwise
    /// the topic beside the camera's pictures, as image_transport derives it.
    pub fn camera_info(&self, camera: &str, transport: ImageTransport) -> String {
        let own = interfaces::input_topic(camera, interfaces::CAMERA_INFO);
        if self.rule_for(&own).is_some() {
            return own;
        }
        interfaces::camera_info_beside(&self.resolve(&interfaces::image_topic(camera, transport)), transport)
    }

    fn rule_for(&self, name: &str) -> Option<&Rule> {
        let expanded = self.expand(name);
        self.rules.iter().find(|rule| {
            rule.node.as_ref().is_none_or(|node| *node == self.node) && self.expand(&rule.from) == expanded
        })
    }

    fn expand(&self, name: &str) -> String {
        if name.starts_with('/') {
            name.to_owned()
        } else if let Some(own) = name.strip_prefix("~/") {
            format!("{}/{own}", self.node())
        } else {
            format!("{}/{name}", self.namespace.trim_end_matches('/'))
        }
    }
}

fn rules(args: impl IntoIterator<Item = String>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut for_ros = false;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            ROS_ARGS => for_ros = true,
            "--" => for_ros = false,
            flag if for_ros && REMAP_FLAGS.contains(&flag) => rules.extend(args.next().as_deref().and_then(rule)),
            _ => {}
        }
    }
    rules
}

fn rule(text: &str) -> Option<Rule> {
    let (from, to) = text.split_once(":=")?;
    let (node, from) = match from.split_once(':') {
        // rostopic://name is the only other thing with a colon.
        Some(("rostopic" | "rosservice", _)) | None => (None, from),
        Some((node, from)) => (Some(node.to_owned()), from),
    };
    let from = from.trim_start_matches("rostopic://").trim_start_matches("rosservice://");
    // "__node" and "__ns" name the node, not a topic.
    (!from.starts_with("__")).then(|| Rule { node, from: from.to_owned(), to: to.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::core::settings::configuration::ImageTransport::{Compressed, Raw};

    fn names(namespace: &str, args: &str) -> Names {
        Names::new("segcap", namespace, args.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_rules_names_are_expanded() {
        let names = names("/robot", "segcap_node");
        assert_eq!(names.resolve("image"), "/robot/image");
        assert_eq!(names.resolve("~/regions"), "/robot/segcap/regions");
        assert_eq!(names.resolve("/rosout"), "/rosout");
        assert_eq!(super::Names::new("segcap", "/", []).resolve("~/regions"), "/segcap/regions");
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let names = names("/", "segcap_node --ros-args -r image:=/camera/image --remap image:=/other -p a:=1");
        assert_eq!(names.resolve("image"), "/camera/image");
        assert_eq!(names.resolve("/image"), "/camera/image");
        assert_eq!(names.resolve("image/compressed"), "/image/compressed");
    }

    #[test]
    fn rules_may_be_for_another_node_or_for_the_node_itself() {
        let names =
            names("/", "x --ros-args -r other:image:=/a -r segcap:~/regions:=found -r __node:=segcap -- -r image:=/b");
        assert_eq!(names.resolve("image"), "/image");
        assert_eq!(names.resolve("~/regions"), "/found");
    }

    #[test]
    fn the_calibration_lies_beside_the_pictures() {
        for (args, raw, compressed) in [
            ("", "/robot/camera_info", "/robot/camera_info"),
            ("-r image:=/camera/image_raw", "/camera/camera_info", "/robot/camera_info"),
            ("-r image:=camera/image_raw", "/robot/camera/camera_info", "/robot/camera_info"),
            ("-r image:=/image_raw", "/camera_info", "/robot/camera_info"),
            ("-r image/compressed:=/camera/image_raw/compressed", "/robot/camera_info", "/camera/camera_info"),
            ("-r image/compressed:=/camera/jpeg", "/robot/camera_info", "/camera/camera_info"),
            ("-r image:=/camera/image_raw -r camera_info:=/lens", "camera_info", "camera_info"),
        ] {
            let names = names("/robot", &format!("segcap_node --ros-args {args}"));
            let found = [Raw, Compressed].map(|transport| names.camera_info("", transport));
            assert_eq!(found, [raw, compressed], "{args}");
        }
    }

    #[test]
    fn each_camera_has_its_own_calibration() {
        let names = names("/", "x --ros-args -r front/image:=/eye/image_rect -r rear/camera_info:=/lens");
        assert_eq!(names.camera_info("front", Raw), "/eye/camera_info");
        assert_eq!(names.resolve(&names.camera_info("rear", Raw)), "/lens");
        assert_eq!(names.camera_info("left", Raw), "/left/camera_info");
    }
}

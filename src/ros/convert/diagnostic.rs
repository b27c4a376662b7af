//! Diagnostics (diagnostic_msgs/DiagnosticArray).

use r2r::diagnostic_msgs::msg::{DiagnosticArray, DiagnosticStatus, KeyValue};
use r2r::std_msgs::msg::Header;

use super::{now, text};
use crate::core::node::diagnosis::Status;

/// `node` is the full name; each status is named "node: what", as viewers and aggregators expect.
pub fn diagnostic_array(node: &str, statuses: &[Status]) -> DiagnosticArray {
    let node = node.trim_start_matches('/');
    let status = |status: &Status| DiagnosticStatus {
        level: status.level as u8,
        name: text(&format!("{node}: {}", status.name)),
        message: text(&status.message),
        hardware_id: text(node),
        values: status.values.iter().map(|(key, value)| KeyValue { key: text(key), value: text(value) }).collect(),
    };
    DiagnosticArray {
        header: Header { stamp: now(), frame_id: String::new() },
        status: statuses.iter().map(status).collect(),
    }
}

#[cfg(test)]
mod tests {
    use r2r::diagnostic_msgs::msg::DiagnosticStatus as Numbers;

    use super::*;
    use crate::core::node::diagnosis::Level;

    #[test]
    fn levels_are_those_of_the_message() {
        assert_eq!(
            [Level::Ok as u8, Level::Warn as u8, Level::Error as u8],
            [Numbers::OK as u8, Numbers::WARN as u8, Numbers::ERROR as u8]
        );
    }

    #[test]
    fn names_bear_the_node_and_text_is_clean() {
        let status = Status { name: "model".into(), message: "a\0b".into(), ..Status::default() };
        let array = diagnostic_array("/robot/segcap", &[status]);
        assert_eq!(array.status[0].name, "robot/segcap: model");
        assert_eq!((array.status[0].message.as_str(), array.status[0].hardware_id.as_str()), ("ab", "robot/segcap"));
    }
}

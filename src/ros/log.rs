//! Log lines as every ROS 2 node has them: on the console and in its log file through rcutils (which also knows
//! `--log-level` and `RCUTILS_CONSOLE_OUTPUT_FORMAT`), and on /rosout.

use std::cell::Cell;
use std::sync::{Mutex, OnceLock, PoisonError};

use log::{Level, Log, Metadata, Record};
use r2r::rcl_interfaces::msg::Log as LogMessage;
use r2r::{LogSeverity, Publisher};

use super::convert::log_message;
use super::interfaces;

/// Whose debug and trace lines are worth having; from other crates only warnings are.
const OWN_TARGETS: [&str; 2] = ["segcap", "segcap_node"];

static LOG: RosLogger = RosLogger { name: OnceLock::new(), rosout: OnceLock::new() };

struct RosLogger {
    /// The node's name among loggers, once there is a node.
    name: OnceLock<String>,
    rosout: OnceLock<Mutex<Publisher<LogMessage>>>,
}

thread_local! {
    /// r2r logs when it cannot publish: that line must not be published in turn.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Makes `log` write as a ROS node. Call once, first of all.
pub fn init() {
    if log::set_logger(&LOG).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

/// From here on lines bear the node's name and go to /rosout too. In Humble rcl itself publishes them.
///
/// # Errors
/// When the publisher cannot be made.
pub fn speak_as(node: &mut r2r::Node) -> r2r::Result<()> {
    // Of two nodes in one process the first one speaks for both.
    let _ = LOG.name.set(node.logger().to_owned());
    if r2r::ROS_DISTRO != "humble" {
        let publisher = node.create_publisher(interfaces::ROSOUT, interfaces::rosout_qos())?;
        let _ = LOG.rosout.set(Mutex::new(publisher));
    }
    Ok(())
}

impl Log for RosLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        metadata.level() <= Level::Warn || OWN_TARGETS.contains(&root)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // r2r makes C strings of both: a NUL would be a panic.
        let text = record.args().to_string().replace('\0', "\u{fffd}");
        let file = record.file().unwrap_or_default();
        let line = record.line().unwrap_or_default();
        r2r::log(&text, self.name(), file, line, severity(record.level()));
        if record.level() <= Level::Info {
            self.publish(record, &text);
        }
    }

    fn flush(&self) {}
}

impl RosLogger {
    fn name(&self) -> &str {
        self.name.get().map_or(interfaces::NODE, String::as_str)
    }

    fn publish(&self, record: &Record<'_>, text: &str) {
        let Some(rosout) = self.rosout.get() else { return };
        if PUBLISHING.replace(true) {
            return;
        }
        let message = log_message(record, self.name(), text);
        // Fails only when the node is gone; then the console has the line.
        let _ = rosout.lock().unwrap_or_else(PoisonError::into_inner).publish(&message);
        PUBLISHING.set(false);
    }
}

fn severity(level: Level) -> LogSeverity {
    match level {
        Level::Error => LogSeverity::Error,
        Level::Warn => LogSeverity::Warn,
        Level::Info => LogSeverity::Info,
        Level::Debug | Level::Trace => LogSeverity::Debug,
    }
}

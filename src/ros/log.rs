//! Log lines as every ROS 2 node has them: on the console and in its log file through rcutils (which also knows
//! `--log-level` and `RCUTILS_CONSOLE_OUTPUT_FORMAT`), and on /rosout.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use log::{Level, Log, Metadata, Record};
use r2r::rcl_interfaces::msg::Log as LogMessage;
use r2r::{LogSeverity, Publisher};

use super::convert::log_message;
use super::interfaces;

/// Whose debug and trace lines are worth having; from other crates only warnings are.
const OWN_TARGETS: [&str; 2] = ["segcap", "segcap_node"];

static LOG: RosLogger = RosLogger { name: OnceLock::new(), rosout: OnceLock::new(), last_error: Mutex::new(None) };

/// rcutils' table of levels is not safe to read while it is written.
static RCUTILS: Mutex<()> = Mutex::new(());

struct RosLogger {
    /// The node's name among loggers, once there is a node.
    name: OnceLock<String>,
    rosout: OnceLock<Mutex<Publisher<LogMessage>>>,
    last_error: Mutex<Option<(SystemTime, String)>>,
}

// rcutils/logging.h, which r2r links.
unsafe extern "C" {
    fn rcutils_logging_get_logger_level(name: *const c_char) -> c_int;
    fn rcutils_logging_set_logger_level(name: *const c_char, level: c_int) -> c_int;
    fn rcutils_logging_logger_is_enabled_for(name: *const c_char, severity: c_int) -> bool;
}

/// Why a logger's level was not set.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    #[error("expected a level of 0 (unset), 10 (debug), 20 (info), 30 (warn), 40 (error) or 50 (fatal), got {0}")]
    Level(u32),
    #[error("expected a logger's name without NUL, got {0:?}")]
    Name(String),
    #[error("rcutils could not set the level of {0:?}")]
    Rcutils(String),
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

/// The level of the logger with this name, 0 where none was set.
pub fn level(name: &str) -> u32 {
    let Ok(name) = CString::new(name) else { return 0 };
    let _alone = rcutils();
    // SAFETY: a C string that outlives the call; nobody writes the table meanwhile.
    let level = unsafe { rcutils_logging_get_logger_level(name.as_ptr()) };
    u32::try_from(level).unwrap_or(0)
}

/// Sets the level of the logger with this name, the node's or another.
///
/// # Errors
/// A level that there is not, or a name that cannot be one.
pub fn set_level(name: &str, level: u32) -> Result<(), LevelError> {
    if !matches!(level, 0 | 10 | 20 | 30 | 40 | 50) {
        return Err(LevelError::Level(level));
    }
    let c_name = CString::new(name).map_err(|_| LevelError::Name(name.to_owned()))?;
    let _alone = rcutils();
    // SAFETY: as above; rcutils copies the name. The level is at most 50.
    let code = unsafe { rcutils_logging_set_logger_level(c_name.as_ptr(), level as c_int) };
    if code == 0 { Ok(()) } else { Err(LevelError::Rcutils(name.to_owned())) }
}

/// The last line of level error, and when it was logged.
pub fn last_error() -> Option<(SystemTime, String)> {
    LOG.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn rcutils() -> MutexGuard<'static, ()> {
    RCUTILS.lock().unwrap_or_else(PoisonError::into_inner)
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
        if record.level() == Level::Error {
            let error = Some((SystemTime::now(), text.clone()));
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
        }
        let (level, is_wanted) = (severity(record.level()), self.is_wanted(record.level()));
        if is_wanted {
            let alone = rcutils();
            r2r::log(&text, self.name(), file, line, level);
            drop(alone);
            self.publish(record, &text);
        }
    }

    fn flush(&self) {}
}

impl RosLogger {
    fn name(&self) -> &str {
        self.name.get().map_or(interfaces::NODE, String::as_str)
    }

    /// Whether the logger's level lets lines of this one pass.
    fn is_wanted(&self, level: Level) -> bool {
        // A node's name holds no NUL.
        let Ok(name) = CString::new(self.name()) else { return true };
        let number = match level {
            Level::Error => 40,
            Level::Warn => 30,
            Level::Info => 20,
            Level::Debug | Level::Trace => 10,
        };
        let _alone = rcutils();
        // SAFETY: a C string that outlives the call; nobody writes the table meanwhile.
        unsafe { rcutils_logging_logger_is_enabled_for(name.as_ptr(), number) }
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

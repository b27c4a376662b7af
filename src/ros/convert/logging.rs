//! Log lines for /rosout.

use log::{Level, Record};
use r2r::rcl_interfaces::msg::Log;

use super::{now, text};

/// `line` is the record's text.
pub fn log_message(record: &Record<'_>, logger: &str, line: &str) -> Log {
    Log {
        stamp: now(),
        level: match record.level() {
            Level::Error => Log::ERROR as u8,
            Level::Warn => Log::WARN as u8,
            Level::Info => Log::INFO as u8,
            Level::Debug | Level::Trace => Log::DEBUG as u8,
        },
        name: text(logger),
        msg: text(line),
        file: text(record.file().unwrap_or_default()),
        function: text(record.module_path().unwrap_or_default()),
        line: record.line().unwrap_or_default(),
    }
}

//! `~/get_logger_levels` and `~/set_logger_levels`: what is logged can be changed while the node runs. As rclcpp's logger
//! services; rcl_interfaces has them from Iron on.

use r2r::rcl_interfaces::msg::{LoggerLevel, SetLoggerLevelsResult};
use r2r::rcl_interfaces::srv::{GetLoggerLevels, SetLoggerLevels};

use super::{Serving, serve};
use crate::ros::{interfaces, log as ros_log};

/// # Errors
/// When rcl cannot create a service.
pub fn serve_loggers(node: &mut r2r::Node) -> r2r::Result<Vec<Serving>> {
    let qos = interfaces::service_qos;
    let get = serve::<GetLoggerLevels::Service>(node, interfaces::GET_LOGGER_LEVELS, qos(), |request, pending| {
        let level = |name: String| {
            // r2r gives text as it came, and makes a C string of it again.
            let name = name.replace('\0', "");
            LoggerLevel { level: ros_log::level(&name), name }
        };
        pending.respond(GetLoggerLevels::Response { levels: request.names.into_iter().map(level).collect() });
    })?;
    let set = serve::<SetLoggerLevels::Service>(node, interfaces::SET_LOGGER_LEVELS, qos(), |request, pending| {
        let results = request.levels.iter().map(set_level).collect();
        pending.respond(SetLoggerLevels::Response { results });
    })?;
    Ok(vec![get, set])
}

fn set_level(wanted: &LoggerLevel) -> SetLoggerLevelsResult {
    let reason = ros_log::set_level(&wanted.name, wanted.level).err().map(|error| error.to_string());
    if let Some(reason) = &reason {
        log::warn!("logger level: {reason}");
    }
    SetLoggerLevelsResult { successful: reason.is_none(), reason: reason.unwrap_or_default().replace('\0', "") }
}

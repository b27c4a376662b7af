//! What the node says of its own health: rules that make statuses (REP-107) of what was counted and timed.

use std::fmt::Display;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::health::{CameraHealth, Fault, ModelReport, Queues};
use super::lifecycle::State;

/// By its number in diagnostic_msgs/DiagnosticStatus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    #[default]
    Ok = 0,
    Warn = 1,
    Error = 2,
}

/// One line of a diagnostics viewer, with what stands below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What it is about, without the node's name.
    pub name: String,
    pub level: Level,
    pub message: String,
    pub values: Vec<(String, String)>,
}

impl Status {
    fn new(name: impl Into<String>, level: Level, message: impl Into<String>) -> Self {
        Self { name: name.into(), level, message: message.into(), values: Vec::new() }
    }

    fn with(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.values.push((key.into(), value.to_string()));
        self
    }
}

/// The managed node's state, and why a transition failed; `works`: it is active and not paused.
pub fn lifecycle(state: State, works: bool, fault: Option<&Fault>) -> Status {
    let status = match fault {
        Some(fault) => Status::new("lifecycle", Level::Error, format!("{} failed: {}", fault.what, fault.message)),
        None if state == State::Active && !works => {
            Status::new("lifecycle", Level::Ok, "active, but inference is disabled (~/set_enabled)")
        }
        None => Status::new("lifecycle", Level::Ok, state.label()),
    };
    status.with("state", state.label()).with("inference", if works { "enabled" } else { "disabled" })
}

/// What runs on what. A better provider that is there and could not run a graph is a warning; one that this machine's
/// ONNX Runtime does not have is only told.
pub fn model(report: Option<&ModelReport>) -> Status {
    let Some(report) = report else { return Status::new("model", Level::Ok, "none is loaded") };
    let fallen = report.graphs.iter().find(|graph| graph.fell_back);
    let first = report.graphs.first().map_or("nothing", |graph| graph.provider.as_str());
    let mut status = match fallen {
        Some(graph) => {
            let reasons = graph.refused.join("; ");
            Status::new("model", Level::Warn, format!("{} fell back to {}: {reasons}", graph.role, graph.provider))
        }
        None => Status::new("model", Level::Ok, format!("{} on {first}", report.name)),
    };
    status = status
        .with("model", &report.name)
        .with("bundle", &report.bundle)
        .with("precision", &report.precision)
        .with("provider", first)
        .with("ONNX Runtime", &report.library);
    for graph in &report.graphs {
        status = status.with(format!("{} runs on", graph.role), format!("{} ({})", graph.provider, graph.nodes));
        if !graph.refused.is_empty() {
            status = status.with(format!("{} could not run on", graph.role), graph.refused.join("; "));
        }
    }
    status
}

/// One camera's pictures. `before` is what was counted `over` so much time earlier.
pub fn camera(now: &CameraHealth, before: &CameraHealth, over: Duration) -> Status {
    let name = if now.camera.is_empty() { "camera".to_owned() } else { format!("camera {}", now.camera) };
    let arrived = now.arrived - before.arrived;
    let late = now.late - before.late;
    let looked_at = arrived - (now.displaced - before.displaced);
    let unordered = now.unordered - before.unordered;
    let rate = per_second(arrived, over);
    let status = if let Some(hint) = &now.silence {
        Status::new(name, Level::Warn, format!("no picture on {}: {hint}", now.topic))
    } else if late * 2 > looked_at {
        let age = now.age.unwrap_or_default().as_secs_f64();
        let why = "a slow driver or network, clocks that differ, or a bag without use_sim_time";
        Status::new(name, Level::Warn, format!("pictures are {age:.1} s old when they arrive: {why}"))
    } else if let Some(hint) = &now.uncalibrated {
        Status::new(name, Level::Warn, hint)
    } else if now.unstamped > before.unstamped {
        let what = "pictures have the stamp 0: answers will too, and nothing can be related in time";
        Status::new(name, Level::Warn, what)
    } else if unordered > 0 {
        let what =
            format!("{unordered} picture(s) with a stamp not newer than the one before: a bag that starts again, ");
        Status::new(name, Level::Warn, what + "a driver that repeats stamps, or two publishers on one topic")
    } else {
        Status::new(name, Level::Ok, format!("{rate:.1} pictures a second"))
    };
    status
        .with("topic", &now.topic)
        .with("calibration topic", &now.calibration_topic)
        .with("input rate (Hz)", format!("{rate:.1}"))
        .with("pictures", now.arrived)
        .with("displaced on arrival", now.displaced)
        .with("late", now.late)
        .with("not newer than the one before", now.unordered)
        .with("without a stamp", now.unstamped)
        .with("age on arrival (ms)", now.age.map_or_else(|| "unknown".into(), millis))
}

/// How long one stage took, over its last times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stage {
    pub name: &'static str,
    /// Times since start.
    pub count: u64,
    pub p50: Duration,
    pub p99: Duration,
}

/// What the runtime has counted and timed.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Numbers that only grow, by name.
    pub counters: Vec<(&'static str, u64)>,
    pub stages: Vec<Stage>,
    pub queues: Queues,
    /// Resident memory of the process, bytes, now and at most.
    pub memory_bytes: (u64, u64),
    /// The last line that was logged as an error.
    pub last_error: Option<(SystemTime, String)>,
}

impl Work {
    fn counter(&self, name: &str) -> u64 {
        self.counters.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count)
    }
}

/// What the node does. `before` is what was counted `over` so much time earlier.
pub fn work(now: &Work, before: &Work, over: Duration) -> Status {
    let more = |name| now.counter(name) - before.counter(name);
    let secs = over.as_secs_f64();
    let output_rate = per_second(more("frames_processed"), over);
    let mut status = if more("model_failures") > 0 {
        let what = format!("{} runs of the model failed in {secs:.0} s: see the last error", more("model_failures"));
        Status::new("work", Level::Error, what)
    } else if more("frames_refused") > 0 {
        let what = format!("{} pictures were refused in {secs:.0} s: the log says why", more("frames_refused"));
        Status::new("work", Level::Warn, what)
    } else if now.queues.requests.max(now.queues.prompts) >= now.queues.most {
        Status::new("work", Level::Warn, "the queue is full (limits.max_pending): clients are refused")
    } else if more("outputs_displaced") > 0 {
        Status::new("work", Level::Warn, "answers were lost on the way out: the machine is overloaded")
    } else {
        Status::new("work", Level::Ok, format!("{output_rate:.1} answers a second"))
    };
    status = status.with("output rate (Hz)", format!("{output_rate:.1}"));
    for (name, count) in &now.counters {
        status = status.with(name.replace('_', " "), count);
    }
    let queues = [
        ("frames", now.queues.frames),
        ("prompts", now.queues.prompts),
        ("requests", now.queues.requests),
        ("captions", now.queues.captions),
    ];
    for (name, length) in queues {
        status = status.with(format!("{name} waiting"), length);
    }
    for stage in &now.stages {
        let figures = if stage.count == 0 {
            "not yet".to_owned()
        } else {
            format!("{} / {}", millis(stage.p50), millis(stage.p99))
        };
        status = status.with(format!("{} p50 / p99 (ms)", stage.name.replace('_', " ")), figures);
    }
    let (memory, most) = now.memory_bytes;
    status
        .with("memory (MiB)", memory >> 20)
        .with("memory at most (MiB)", most >> 20)
        .with("last error", now.last_error.as_ref().map_or("none", |(_, text)| text.as_str()))
        .with(
            "last error at (s since 1970)",
            now.last_error.as_ref().map_or_else(|| "never".into(), |(at, _)| seconds(*at)),
        )
}

/// The node's clock, as it stood at each of the last looks, oldest first.
pub fn clock(simulated: bool, times: &[Duration]) -> Status {
    let now = times.last().copied().unwrap_or_default();
    let back = times.windows(2).filter_map(|pair| pair[0].checked_sub(pair[1])).max().unwrap_or_default();
    let status = if simulated && now.is_zero() {
        let what = "use_sim_time is set, but nothing comes on /clock: start the simulator or `ros2 bag play --clock`";
        Status::new("clock", Level::Warn, what)
    } else if !back.is_zero() {
        let what =
            format!("the time went back by {:.1} s: a bag or a simulation that started again?", back.as_secs_f64());
        Status::new("clock", Level::Warn, what)
    } else {
        Status::new("clock", Level::Ok, if simulated { "simulated (/clock)" } else { "the system's" })
    };
    status.with("use_sim_time", simulated).with("time (s)", format!("{:.3}", now.as_secs_f64()))
}

fn per_second(count: u64, over: Duration) -> f64 {
    if over.is_zero() { 0.0 } else { count as f64 / over.as_secs_f64() }
}

fn millis(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

fn seconds(at: SystemTime) -> String {
    format!("{:.3}", at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
}

#[cfg(test)]
mod tests;

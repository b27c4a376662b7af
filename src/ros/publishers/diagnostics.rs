//! /diagnostics, once a second.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r2r::Publisher;
use r2r::diagnostic_msgs::msg::DiagnosticArray;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::send;
use crate::core::node::diagnosis::{self, Stage, Status, Work};
use crate::core::node::health::CameraHealth;
use crate::ros::{clock, convert, interfaces, log as ros_log};
use crate::runtime::Managed;

const PERIOD: Duration = Duration::from_secs(1);
/// Rates and levels are of this time.
const WINDOW: Duration = Duration::from_secs(5);

/// Written where pictures arrive, read here.
pub type Pulse = Arc<Mutex<CameraHealth>>;

/// What is told of, and what it was like lately.
pub struct Diagnostics {
    /// The node's full name.
    node: String,
    managed: Arc<Managed>,
    cameras: Vec<Pulse>,
    use_sim_time: bool,
    publisher: Publisher<DiagnosticArray>,
    /// Oldest first.
    lately: VecDeque<Moment>,
}

struct Moment {
    at: Instant,
    ros_time: Duration,
    cameras: Vec<CameraHealth>,
    work: Work,
}

impl Diagnostics {
    /// # Errors
    /// When rcl cannot create the publisher.
    pub fn create(
        node: &mut r2r::Node,
        full_name: String,
        managed: Arc<Managed>,
        cameras: Vec<Pulse>,
        use_sim_time: bool,
    ) -> r2r::Result<Self> {
        let publisher = node.create_publisher(interfaces::DIAGNOSTICS, interfaces::diagnostics_qos())?;
        Ok(Self { node: full_name, managed, cameras, use_sim_time, publisher, lately: VecDeque::new() })
    }

    /// Never ends by itself.
    pub async fn run(mut self) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let statuses = self.look();
            send(&self.publisher, &convert::diagnostic_array(&self.node, &statuses));
        }
    }

    fn look(&mut self) -> Vec<Status> {
        let now = self.moment();
        while self.lately.front().is_some_and(|first| now.at - first.at > WINDOW + PERIOD / 2) {
            self.lately.pop_front();
        }
        let before = self.lately.front().unwrap_or(&now);
        let over = now.at - before.at;
        let fault = self.managed.fault();
        let mut statuses = vec![
            diagnosis::lifecycle(self.managed.state(), self.managed.handle().is_active(), fault.as_ref()),
            diagnosis::model(self.managed.report().as_deref()),
        ];
        let cameras = now.cameras.iter().zip(&before.cameras);
        statuses.extend(cameras.map(|(now, before)| diagnosis::camera(now, before, over)));
        statuses.push(diagnosis::work(&now.work, &before.work, over));
        let times = self.lately.iter().chain([&now]).map(|moment| moment.ros_time);
        statuses.push(diagnosis::clock(self.use_sim_time, &times.collect::<Vec<_>>()));
        self.lately.push_back(now);
        statuses
    }

    fn moment(&self) -> Moment {
        let handle = self.managed.handle();
        let stats = handle.stats();
        let stages =
            stats.latencies().map(|(name, took)| Stage { name, count: took.count, p50: took.p50, p99: took.p99 });
        let work = Work {
            counters: stats.counters().collect(),
            stages: stages.collect(),
            queues: handle.queues(),
            memory_bytes: memory_bytes(),
            last_error: ros_log::last_error(),
        };
        let of = |pulse: &Pulse| pulse.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let cameras = self.cameras.iter().map(of).collect();
        Moment { at: Instant::now(), ros_time: clock::now(), cameras, work }
    }
}

/// What the process holds of the machine's memory, and the most that it has held.
fn memory_bytes() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) << 10
    };
    (field("VmRSS:"), field("VmHWM:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        let (now, most) = memory_bytes();
        assert!(now > 1 << 20 && most >= now, "{now} {most}");
    }
}

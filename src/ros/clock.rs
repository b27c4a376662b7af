//! The node's clock: the system's or, with `use_sim_time`, what /clock says. For stamps only: nothing that waits or times
//! out follows it, so that a clock that stands still or goes back stops nothing.
//!
//! r2r has a time source too, but only where its bindings were generated in the same build, not taken from its cache.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use r2r::builtin_interfaces::msg::Time;
use r2r::rosgraph_msgs::msg::Clock;

use super::interfaces;
use super::services::Serving;

/// Nanoseconds, once anything follows /clock. Of two nodes in one process the time is that of both.
static SIMULATED: OnceLock<AtomicU64> = OnceLock::new();

/// From here on [`now`] is the simulation's time.
///
/// # Errors
/// When rcl cannot subscribe to /clock.
pub fn follow(node: &mut r2r::Node) -> r2r::Result<Serving> {
    let ticks = node.subscribe::<Clock>(interfaces::CLOCK, interfaces::clock_qos())?;
    let simulated = SIMULATED.get_or_init(AtomicU64::default);
    Ok(Box::pin(ticks.for_each(move |tick| {
        simulated.store(nanos(&tick.clock), Ordering::Relaxed);
        futures::future::ready(())
    })))
}

/// Time since 1970, or since the beginning of what is simulated: 0 before the first message on /clock.
pub fn now() -> Duration {
    match SIMULATED.get() {
        Some(simulated) => Duration::from_nanos(simulated.load(Ordering::Relaxed)),
        None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    }
}

/// 0 for times before the beginning.
fn nanos(time: &Time) -> u64 {
    u64::try_from(time.sec).map_or(0, |secs| secs * 1_000_000_000 + u64::from(time.nanosec))
}

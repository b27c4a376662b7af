//! The node's clock: the system's or, with `use_sim_time`, what /clock says. For stamps only: nothing that waits or times
//! out follows it, so that a clock that stands still or goes back stops nothing.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static CLOCK: OnceLock<Arc<Mutex<r2r::Clock>>> = OnceLock::new();

/// From here on [`now`] is the node's time.
///
/// # Errors
/// When rcl cannot subscribe to /clock.
pub fn follow(node: &mut r2r::Node, use_sim_time: bool) -> r2r::Result<()> {
    if use_sim_time {
        node.get_time_source().enable_sim_time(node)?;
    }
    // Of two nodes in one process the first one's time is that of both.
    let _ = CLOCK.set(node.get_ros_clock());
    Ok(())
}

/// Time since 1970, or since the beginning of what is simulated: 0 before the first message on /clock.
pub fn now() -> Duration {
    let told = CLOCK.get().and_then(|clock| clock.lock().unwrap_or_else(PoisonError::into_inner).get_now().ok());
    told.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

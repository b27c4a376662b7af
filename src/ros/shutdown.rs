//! SIGINT and SIGTERM: the first asks the node to end, the second ends it on the spot.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell expects of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first signal. The second one ends the process from within the signal handler, even
/// if everything hangs. Must be called in a tokio runtime.
///
/// # Errors
/// When the system refuses the handlers.
pub fn on_signals() -> io::Result<CancellationToken> {
    let asked = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset.
        flag::register_conditional_shutdown(number, INTERRUPTED, Arc::clone(&asked))?;
        flag::register(number, Arc::clone(&asked))?;
    }
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        log::info!("{name}: ending (again to end at once)");
        cancel.cancel();
    });
    Ok(token)
}

/// Ends the process now, without waiting for threads that are inside a library.
pub fn end_at_once(code: i32) -> ! {
    signal_hook::low_level::exit(code)
}

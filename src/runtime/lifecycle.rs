//! Start and end of the threads.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::handle::Handle;
use super::output::{self, OutputReceiver};
use super::shared::Shared;
use super::stats::Stats;
use super::{caption_thread, vision_thread};
use crate::core::ports::Model;
use crate::core::settings::Settings;

/// Why the runtime could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the thread {name:?} could not be started: {source}")]
    Thread { name: &'static str, source: std::io::Error },
}

/// The running threads. Dropping it ends them, as [`Runtime::shutdown`] does.
pub struct Runtime {
    shared: Arc<Shared>,
    vision: Option<JoinHandle<()>>,
    caption: Option<JoinHandle<()>>,
}

impl Runtime {
    /// Starts the threads `vision` and `caption` (the latter only for a model that captions), active.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(model: Model, settings: Settings) -> Result<(Self, Handle, OutputReceiver), StartError> {
        let stats = Arc::new(Stats::default());
        let (output, receiver) = output::channel(Arc::clone(&stats));
        let shared = Arc::new(Shared::new(model.name, model.caption.is_some(), settings, output, stats));
        // Made first, so that a second thread that fails to start ends the first one.
        let mut runtime = Self { shared: Arc::clone(&shared), vision: None, caption: None };
        let (vision, caption) = (Arc::clone(&shared), Arc::clone(&shared));
        runtime.vision = Some(spawn("vision", move || vision_thread::run(&vision, model.vision))?);
        if let Some(model) = model.caption {
            runtime.caption = Some(spawn("caption", move || caption_thread::run(&caption, model))?);
        }
        Ok((runtime, Handle(shared), receiver))
    }

    /// Ends the threads and waits for them: at most as long as one run of one graph of the model takes, which cannot be
    /// interrupted from here. Waiting requests are answered `CANCELED`; outputs made so far can still be received.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Runtime {
    /// The order: first both inboxes close (what waits is refused, both threads are told at the same time, so that their
    /// last runs overlap), then `vision` is joined, which feeds `caption`, then `caption`, and last the output closes,
    /// because both threads write to it.
    fn drop(&mut self) {
        self.shared.stop();
        for thread in [self.vision.take(), self.caption.take()].into_iter().flatten() {
            let name = thread.thread().name().unwrap_or("unnamed").to_owned();
            if thread.join().is_err() {
                log::error!("the thread {name} had ended in a panic");
            }
        }
        self.shared.output.close();
    }
}

fn spawn(name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|source| StartError::Thread { name, source })
}

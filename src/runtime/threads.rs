//! Start and end of the threads, which own the model.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::clock::Clock;
use super::handle::Handle;
use super::output::{self, OutputReceiver};
use super::shared::Shared;
use super::stats::Stats;
use super::{caption, places, vision};
use crate::core::ports::Model;
use crate::core::settings::Settings;

/// Why the runtime could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the thread {name:?} could not be started: {source}")]
    Thread { name: &'static str, source: std::io::Error },
}

/// The running threads, if there is a model. Dropping it ends them, as [`Runtime::shutdown`] does.
pub struct Runtime {
    shared: Arc<Shared>,
    /// In the order in which they are joined.
    threads: Vec<JoinHandle<()>>,
}

impl Runtime {
    /// Without a model: whatever is asked of the handle is refused with `NOT_ACTIVE`.
    pub fn idle(settings: Settings) -> (Self, Handle, OutputReceiver) {
        Self::idle_by(Clock::default(), settings)
    }

    pub(super) fn idle_by(clock: Clock, settings: Settings) -> (Self, Handle, OutputReceiver) {
        let stats = Arc::new(Stats::default());
        let (output, receiver) = output::channel(Arc::clone(&stats));
        let shared = Arc::new(Shared::new(settings, output, stats, clock));
        shared.forget();
        (Self { shared: Arc::clone(&shared), threads: Vec::new() }, Handle(shared), receiver)
    }

    /// With a model, active at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(model: Model, settings: Settings) -> Result<(Self, Handle, OutputReceiver), StartError> {
        let (mut runtime, handle, receiver) = Self::idle(settings);
        runtime.load(model)?;
        handle.set_active(true);
        Ok((runtime, handle, receiver))
    }

    /// Starts the threads `vision`, `caption` (only for a model that captions) and `places`, inactive. An earlier model is
    /// unloaded first.
    ///
    /// # Errors
    /// When the system gives no thread; then no model is loaded.
    pub fn load(&mut self, model: Model) -> Result<(), StartError> {
        self.unload();
        self.shared.open(&model);
        self.spawn_all(model).inspect_err(|_| self.unload())
    }

    /// Ends the threads and with them the model and everything that came from it: embeddings, frames, sticky prompts.
    /// Waits as [`Runtime::shutdown`] does.
    pub fn unload(&mut self) {
        self.shared.set_active(false);
        self.join();
        self.shared.forget();
    }

    /// Ends the threads and waits for them: at most as long as one run of one graph of the model takes, which cannot be
    /// interrupted from here. Waiting requests are answered `CANCELED`; outputs made so far can still be received.
    pub fn shutdown(self) {
        drop(self);
    }

    fn spawn_all(&mut self, model: Model) -> Result<(), StartError> {
        let [for_vision, for_caption, for_places] = [(); 3].map(|()| Arc::clone(&self.shared));
        self.threads.push(spawn("vision", move || vision::thread::run(&for_vision, model.vision))?);
        if let Some(model) = model.caption {
            self.threads.push(spawn("caption", move || caption::thread::run(&for_caption, model))?);
        }
        self.threads.push(spawn("places", move || places::thread::run(&for_places))?);
        Ok(())
    }

    /// First the inboxes close (what waits is refused, all threads are told at the same time, so that their last runs
    /// overlap), then `vision` is joined, which feeds `caption`, then `caption`, then `places`, which hears of both.
    fn join(&mut self) {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or("unnamed").to_owned();
            if thread.join().is_err() {
                log::error!("the thread {name} had ended in a panic");
            }
        }
    }
}

impl Drop for Runtime {
    /// The output closes last, because all threads write to it.
    fn drop(&mut self) {
        self.join();
        self.shared.output.close();
    }
}

fn spawn(name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|source| StartError::Thread { name, source })
}

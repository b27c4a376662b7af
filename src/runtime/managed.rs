//! The managed node's transitions: what is done on the way from one state to the next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::guard::panic_text;
use super::handle::Handle;
use super::memory_return::return_freed_memory;
use super::threads::Runtime;
use crate::core::node::health::{Fault, ModelReport};
use crate::core::node::lifecycle::{Machine, NotAvailable, Outcome, State, Transition, Wanted};
use crate::core::ports::Model;
use crate::core::settings::configuration::Configuration;

/// A model, and what is told of it.
pub struct LoadedModel {
    pub model: Model,
    pub report: ModelReport,
}

/// Loads the model that a configuration names; an error says what was expected and what came. It may take minutes.
pub type LoadModel = dyn Fn(&Configuration) -> Result<LoadedModel, String> + Send + Sync;

/// A transition that has begun and must be [carried out](Managed::carry_out).
#[derive(Debug)]
#[must_use = "the node stays in a transition state until it is carried out"]
pub struct Begun(&'static Transition);

/// The runtime with its states. The states can be asked for at any time; one transition is under way at a time.
pub struct Managed {
    machine: Mutex<Machine>,
    /// Held for as long as a transition works on it.
    runtime: Mutex<Option<Runtime>>,
    handle: Handle,
    load: Box<LoadModel>,
    report: Mutex<Option<Arc<ModelReport>>>,
    fault: Mutex<Option<Fault>>,
}

impl Managed {
    /// Unconfigured: `runtime` has no model yet.
    pub fn new(runtime: Runtime, handle: Handle, load: Box<LoadModel>) -> Self {
        Self {
            machine: Mutex::default(),
            runtime: Mutex::new(Some(runtime)),
            handle,
            load,
            report: Mutex::default(),
            fault: Mutex::default(),
        }
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    pub fn state(&self) -> State {
        lock(&self.machine).state()
    }

    /// What may be asked for now.
    pub fn available(&self) -> Vec<&'static Transition> {
        lock(&self.machine).available().collect()
    }

    /// What is told of the loaded model; `None` without one.
    pub fn report(&self) -> Option<Arc<ModelReport>> {
        lock(&self.report).clone()
    }

    /// The last transition that failed, unless one of the same kind has succeeded since.
    pub fn fault(&self) -> Option<Fault> {
        lock(&self.fault).clone()
    }

    /// Sets out at once; the work is still to be done.
    ///
    /// # Errors
    /// When there is no such way from the present state; then nothing has changed.
    pub fn begin(&self, wanted: Wanted<'_>) -> Result<Begun, NotAvailable> {
        lock(&self.machine).begin(wanted).map(Begun)
    }

    /// Does the work of a transition, which may take minutes, and returns whether it succeeded. `configuration` is read
    /// after the node has left its old state; `tell` hears of every step, the first one too.
    pub fn carry_out(
        &self,
        begun: Begun,
        configuration: impl FnOnce() -> Arc<Configuration>,
        tell: &dyn Fn(&Transition),
    ) -> bool {
        let Begun(way) = begun;
        tell(way);
        let mut runtime = lock(&self.runtime);
        let work = AssertUnwindSafe(|| self.work(way.to, runtime.as_mut(), configuration));
        let (outcome, reason) = match catch_unwind(work) {
            Ok(Ok(())) => (Outcome::Success, None),
            Ok(Err(reason)) => (Outcome::Failure, Some(reason)),
            Err(panic) => (Outcome::Error, Some(format!("panicked: {}", panic_text(panic.as_ref())))),
        };
        self.remember(way, reason);
        self.finish(outcome, tell);
        if outcome == Outcome::Error {
            let tidied = catch_unwind(AssertUnwindSafe(|| self.unload(runtime.as_mut())));
            self.finish(if tidied.is_ok() { Outcome::Success } else { Outcome::Failure }, tell);
        }
        outcome == Outcome::Success
    }

    /// The end of the process: what waits is answered `CANCELED` at once, then the model's last run is waited for.
    /// Afterwards the outputs end.
    pub fn end(&self, tell: &dyn Fn(&Transition)) {
        self.handle.0.stop();
        let mut runtime = lock(&self.runtime);
        let begun = self.begin(Wanted { label: "shutdown", id: 0 });
        if let Ok(Begun(way)) = &begun {
            tell(way);
        }
        drop(runtime.take());
        if begun.is_ok() {
            self.finish(Outcome::Success, tell);
        }
    }

    fn work(
        &self,
        state: State,
        runtime: Option<&mut Runtime>,
        configuration: impl FnOnce() -> Arc<Configuration>,
    ) -> Result<(), String> {
        match state {
            State::Configuring => self.configure(runtime, &configuration()),
            State::Activating | State::Deactivating => {
                self.handle.set_active(state == State::Activating);
                Ok(())
            }
            State::CleaningUp | State::ShuttingDown => {
                self.unload(runtime);
                Ok(())
            }
            other => unreachable!("no transition that can be asked for leads to {other}"),
        }
    }

    fn configure(&self, runtime: Option<&mut Runtime>, configuration: &Configuration) -> Result<(), String> {
        let runtime = runtime.ok_or("the process is ending")?;
        let LoadedModel { model, report } = (self.load)(configuration)?;
        let can_prompt_by_detector = model.vision.can_prompt_by_detector();
        configuration.settings.everything.check_proposals(can_prompt_by_detector).map_err(|error| error.to_string())?;
        self.handle.set_settings(configuration.settings.clone());
        runtime.load(model).map_err(|error| error.to_string())?;
        *lock(&self.report) = Some(Arc::new(report));
        Ok(())
    }

    fn unload(&self, runtime: Option<&mut Runtime>) {
        *lock(&self.report) = None;
        if let Some(runtime) = runtime {
            runtime.unload();
            return_freed_memory();
        }
    }

    fn finish(&self, outcome: Outcome, tell: &dyn Fn(&Transition)) {
        // In a statement of its own: `tell` may ask for the state.
        let way = lock(&self.machine).finish(outcome);
        tell(way);
    }

    fn remember(&self, way: &Transition, reason: Option<String>) {
        let mut fault = lock(&self.fault);
        match reason {
            Some(reason) => {
                log::error!("{}: {reason}", way.label);
                *fault = Some(Fault::now(way.label, reason));
            }
            None if fault.as_ref().is_some_and(|fault| fault.what == way.label) => *fault = None,
            None => {}
        }
    }
}

/// A panic under one of these locks leaves whole values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What waits in the inbox, under its lock: read and taken from by the inbox and by the vision thread's planner.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::camera::{Arrived, Camera};
use super::request_queue::RequestQueue;
use crate::core::result_code::ResultCode;
use crate::runtime::api::{PromptSubmission, Refusal};
use crate::runtime::describe::SearchPart;
use crate::runtime::requests::PendingRequest;
use crate::runtime::vision::sliced::SlicedTurn;

/// A message of prompts that waits for its frame.
#[derive(Debug)]
pub(in crate::runtime) struct PendingPrompts {
    pub submission: PromptSubmission,
    pub arrived: Instant,
}

/// What waits. Read and taken from by the vision thread's planner, under the inbox's lock.
#[derive(Default)]
pub(in crate::runtime) struct Waiting {
    pub cameras: BTreeMap<Arc<str>, Camera>,
    /// Oldest first.
    pub prompts: VecDeque<PendingPrompts>,
    pub requests: RequestQueue,
    /// Turns on everything that requests have asked for, between two of their slices: one of each class at most.
    pub sliced: Vec<SlicedTurn>,
    /// The goal that runs, between two of its turns.
    pub describe: Option<Box<SearchPart>>,
    pub stopped: bool,
    pub(super) inactive: bool,
    /// Active, but told to pause.
    pub(super) disabled: bool,
}

impl Waiting {
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        if self.disabled && !self.inactive {
            let why = "inference is disabled: expected a call of ~/set_enabled with true first";
            return Err(Refusal::new(ResultCode::NotActive, why));
        }
        self.check_active()
    }

    pub(super) fn check_active(&self) -> Result<(), Refusal> {
        if self.inactive {
            return Err(Refusal::new(
                ResultCode::NotActive,
                "expected the node to be active: `ros2 lifecycle get` says what it is",
            ));
        }
        if self.stopped {
            return Err(Refusal::new(ResultCode::Canceled, "the node is shutting down"));
        }
        Ok(())
    }

    /// Nothing is to be done with what is there.
    pub(super) fn drain(&mut self) -> (Vec<PendingPrompts>, Vec<PendingRequest>) {
        self.cameras.values_mut().for_each(|camera| camera.fresh = false);
        let mut requests = self.requests.drain();
        requests.extend(self.sliced.drain(..).flat_map(SlicedTurn::into_requests));
        (self.prompts.drain(..).collect(), requests)
    }

    /// Which camera a name means: "" the only one.
    pub(in crate::runtime) fn resolve(&self, name: &str) -> Result<Arc<str>, Refusal> {
        if let Some((camera, _)) = self.cameras.get_key_value(name) {
            return Ok(Arc::clone(camera));
        }
        let known: Vec<&str> = self.cameras.keys().map(|camera| &**camera).collect();
        match self.cameras.keys().next() {
            None => Err(Refusal::new(ResultCode::NoImage, "no frame has arrived yet")),
            Some(only) if name.is_empty() && known.len() == 1 => Ok(Arc::clone(only)),
            Some(_) if name.is_empty() => {
                let message = format!("expected the name of a camera, one of {known:?}, got none");
                Err(Refusal::new(ResultCode::NotFound, message))
            }
            Some(_) => {
                let message = format!("no frame of camera {name:?} has arrived; there are frames of {known:?}");
                Err(Refusal::new(ResultCode::NoImage, message))
            }
        }
    }

    /// Who joins a turn on `frame` that has begun: requests while it is still the camera's newest, and prompts that name
    /// its stamp. `room`: for so many prompts of requests.
    pub(in crate::runtime) fn take_joining(
        &mut self,
        frame: &Arc<Arrived>,
        room: usize,
    ) -> (Vec<PromptSubmission>, Vec<PendingRequest>) {
        let camera = &frame.camera;
        let newest = self.cameras.get(camera).and_then(|slot| slot.newest());
        let is_newest = newest.is_some_and(|newest| Arc::ptr_eq(newest, frame));
        let requests = if is_newest {
            self.requests.take_fitting(room, |request| is_for_newest(request, camera))
        } else {
            Vec::new()
        };
        let stamp = frame.stamp();
        let once = self.take_prompts(|submission| {
            !stamp.is_zero() && !submission.sticky && submission.stamp == stamp && *submission.camera == **camera
        });
        (once, requests)
    }

    pub(in crate::runtime) fn take_prompts(
        &mut self,
        wanted: impl Fn(&PromptSubmission) -> bool,
    ) -> Vec<PromptSubmission> {
        let taken = take(&mut self.prompts, |pending| wanted(&pending.submission));
        taken.into_iter().map(|pending| pending.submission).collect()
    }
}

pub(in crate::runtime) fn is_for_next(submission: &PromptSubmission, camera: &Arc<str>) -> bool {
    submission.stamp.is_zero() && *submission.camera == **camera
}

/// Beside a stream, in one turn; what asks for everything has turns of its own.
pub(in crate::runtime) fn is_for_newest(pending: &PendingRequest, camera: &Arc<str>) -> bool {
    !pending.class.own_picture && !pending.class.everything && *pending.request.camera == **camera
}

/// Those that are wanted, in their order; the others stay.
fn take<T>(queue: &mut VecDeque<T>, wanted: impl Fn(&T) -> bool) -> Vec<T> {
    let (taken, kept): (Vec<T>, Vec<T>) = queue.drain(..).partition(wanted);
    queue.extend(kept);
    taken
}

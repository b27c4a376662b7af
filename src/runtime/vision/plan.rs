//! What the vision thread does next: which picture, and whose prompts on it.
//!
//! Each camera, each class of requests that goes with no camera's stream (a picture of their own, everything in a picture),
//! and the prompts that name a stamp are lanes that take turns, so that none keeps another waiting for more than one turn of
//! each; a goal of "describe everything" is one more lane. What asks for everything has a turn for each of its slices. Prompts and requests for the same picture go
//! together in one turn. Nothing waits in order to gather more: while a turn runs, the next one's prompts gather anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sliced::SlicedTurn;
use super::sticky::StickySet;
use crate::core::camera_clock::Shot;
use crate::core::frame::Stamp;
use crate::core::pixels::raw_image::RawFrame;
use crate::core::prompt::batch::MAX_BATCH;
use crate::core::result_code::ResultCode;
use crate::core::settings::Settings;
use crate::runtime::api::{PromptSubmission, Refusal};
use crate::runtime::describe::SearchPart;
use crate::runtime::inbox::Next;
use crate::runtime::inbox::camera::Arrived;
use crate::runtime::inbox::waiting::{Waiting, is_for_newest, is_for_next};
use crate::runtime::requests::{Class, PendingRequest};

/// Prompts without a stamp wait so long for the next frame; then they apply to the newest one. Prompts with a stamp wait
/// so long for a frame that is newer than any: a small message overtakes a large one.
pub(in crate::runtime) const LATCH: Duration = Duration::from_millis(100);

/// Prompts of requests that are decoded in one turn, beside those of a stream and of the oldest request.
pub(super) const PROMPTS_A_TURN: usize = MAX_BATCH;

const OWN: Class = Class { own_picture: true, everything: false };
const OWN_EVERYTHING: Class = Class { own_picture: true, everything: true };
const EVERYTHING: Class = Class { own_picture: false, everything: true };

/// The picture of a turn.
#[derive(Debug)]
pub(in crate::runtime) enum Target {
    Arrived(Arc<Arrived>),
    /// A frame that the inbox no longer has; perhaps among the encoded ones.
    Past {
        camera: Arc<str>,
        stamp: Stamp,
    },
    /// A request's own picture.
    Own(Box<RawFrame>),
}

/// One turn. Without anyone's prompts: the picture is only looked at, because it has a new format.
#[derive(Debug)]
pub(super) struct Turn {
    pub target: Target,
    /// The camera's sticky prompts and everything-mode apply.
    pub streaming: bool,
    pub once: Vec<PromptSubmission>,
    pub requests: Vec<PendingRequest>,
}

/// What the planner finds to do.
pub(super) enum Todo {
    Turn(Turn),
    /// The next slice of a turn.
    Slice(Box<SlicedTurn>),
    /// One turn of a goal.
    Describe(Box<SearchPart>),
    /// Prompts came to nothing: for each its camera and why.
    Refuse(Vec<(Arc<str>, Refusal)>),
}

impl Target {
    /// When the camera took it; `None` for a request's own picture.
    pub(in crate::runtime) fn shot(&self, now: Instant) -> Option<Shot> {
        let (stamp, arrived) = match self {
            Self::Arrived(arrived) => (arrived.taken, Some(arrived.at)),
            Self::Past { stamp, .. } => (*stamp, None),
            Self::Own(_) => return None,
        };
        Some(Shot { stamp, arrived, looked_at: now })
    }
}

impl Turn {
    fn on(target: Target) -> Self {
        Self { target, streaming: false, once: Vec::new(), requests: Vec::new() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// Those that have no turn in common with a stream.
    Requests(Class),
    #[default]
    Past,
    Describe,
    Camera(Arc<str>),
}

/// State of the choice, owned by the vision thread.
#[derive(Default)]
pub(super) struct Planner {
    settings: Arc<Settings>,
    sticky: BTreeMap<Arc<str>, StickySet>,
    streamed: BTreeMap<Arc<str>, Instant>,
    last: Lane,
}

impl Planner {
    pub(super) fn sticky(&mut self, camera: &Arc<str>) -> &mut StickySet {
        self.sticky.entry(Arc::clone(camera)).or_default()
    }

    pub(super) fn next(&mut self, waiting: &mut Waiting, now: Instant, settings: Arc<Settings>) -> Next<Todo> {
        if waiting.stopped {
            return Next::Stop;
        }
        self.settings = settings;
        waiting.requests.retain(|request| !request.reply.is_gone());
        for late in waiting.requests.take(|request| now >= request.term.deadline) {
            let refusal = late.term.is_over("its turn came");
            late.refuse(refusal);
        }
        let refused = self.settle_prompts(waiting, now);
        if !refused.is_empty() {
            return Next::Work(Todo::Refuse(refused));
        }
        if let Some(part) = waiting.describe.take_if(|part| part.is_urgent()) {
            return Next::Work(Todo::Describe(part));
        }
        let mut lanes: Vec<Lane> = [OWN, OWN_EVERYTHING, EVERYTHING].map(Lane::Requests).into();
        lanes.extend([Lane::Past, Lane::Describe]);
        lanes.extend(waiting.cameras.keys().cloned().map(Lane::Camera));
        // Whatever order they are listed in: the next one is the one above the last.
        lanes.sort_unstable();
        let after_last = lanes.iter().position(|lane| *lane > self.last).unwrap_or(0);
        lanes.rotate_left(after_last);
        for lane in lanes {
            let todo = match &lane {
                Lane::Requests(class) => request_turn(waiting, *class),
                Lane::Past => past_turn(waiting, now).map(Todo::Turn),
                Lane::Describe => waiting.describe.take().map(Todo::Describe),
                Lane::Camera(camera) => self.camera_turn(camera, waiting, now).map(Todo::Turn),
            };
            if let Some(todo) = todo {
                self.last = lane;
                return Next::Work(todo);
            }
        }
        Next::Wait(self.next_moment(waiting, now))
    }

    /// Names the camera of every prompt message as far as that can be said, takes the sticky ones, and returns those for
    /// whose camera the wait is over.
    fn settle_prompts(&mut self, waiting: &mut Waiting, now: Instant) -> Vec<(Arc<str>, Refusal)> {
        let mut refused = Vec::new();
        let mut unsettled = std::mem::take(&mut waiting.prompts);
        while let Some(mut pending) = unsettled.pop_front() {
            match waiting.resolve(&pending.submission.camera) {
                Ok(camera) if pending.submission.sticky => {
                    self.sticky(&camera).replace(pending.submission.prompts, now);
                }
                Ok(camera) => {
                    pending.submission.camera = camera.to_string();
                    waiting.prompts.push_back(pending);
                }
                Err(refusal) if !waiting.cameras.is_empty() && now >= pending.arrived + self.patience() => {
                    refused.push((pending.submission.camera.as_str().into(), refusal));
                }
                Err(_) => waiting.prompts.push_back(pending),
            }
        }
        refused
    }

    fn camera_turn(&mut self, camera: &Arc<str>, waiting: &mut Waiting, now: Instant) -> Option<Turn> {
        let slot = waiting.cameras.get(camera)?;
        let (newest, fresh) = (Arc::clone(slot.newest()?), slot.fresh);
        let prompted = waiting
            .prompts
            .iter()
            .any(|pending| is_for_next(&pending.submission, camera) && (fresh || now >= pending.arrived + LATCH));
        let streams = self.streams(camera);
        let latched = self.sticky(camera).changed.is_some_and(|changed| now >= changed + LATCH);
        let streaming = streams && (prompted || latched || (fresh && self.is_due(camera, now)));
        let requests = waiting.requests.take_for_turn(PROMPTS_A_TURN, |request| is_for_newest(request, camera));
        let mut turn = Turn { streaming, requests, ..Turn::on(Target::Arrived(newest)) };
        if prompted {
            turn.once = waiting.take_prompts(|submission| is_for_next(submission, camera));
        }
        if streaming {
            self.streamed.insert(Arc::clone(camera), now);
            self.sticky(camera).changed = None;
        }
        let slot = waiting.cameras.get_mut(camera)?;
        // A fresh frame that only waits for its pace stays fresh.
        let looked_at = fresh && (streaming || prompted || !streams);
        slot.fresh &= !looked_at;
        let new_format = looked_at && slot.has_new_format();
        (streaming || prompted || new_format || !turn.requests.is_empty()).then_some(turn)
    }

    fn streams(&mut self, camera: &Arc<str>) -> bool {
        self.settings.everything.enabled || !self.sticky(camera).is_empty()
    }

    fn is_due(&self, camera: &Arc<str>, now: Instant) -> bool {
        self.due_at(camera).is_none_or(|due| now >= due)
    }

    fn due_at(&self, camera: &Arc<str>) -> Option<Instant> {
        self.streamed.get(camera)?.checked_add(self.pace())
    }

    /// Time from one streamed frame of a camera to the next, at least.
    fn pace(&self) -> Duration {
        let rate = self.settings.max_rate_hz;
        if rate > 0.0 { Duration::try_from_secs_f32(1.0 / rate).unwrap_or(Duration::MAX) } else { Duration::ZERO }
    }

    /// How long prompts wait for the first frame of a camera that is not there, while others are.
    fn patience(&self) -> Duration {
        self.settings.limits.request_timeout
    }

    /// The next moment at which something is to be done though nothing arrives.
    fn next_moment(&mut self, waiting: &Waiting, now: Instant) -> Option<Instant> {
        let latches = waiting.prompts.iter().map(|pending| pending.arrived + LATCH);
        let patience = waiting.prompts.iter().map(|pending| pending.arrived + self.patience());
        let changes = self.sticky.values().filter_map(|set| Some(set.changed? + LATCH));
        let fresh = waiting.cameras.iter().filter(|(_, slot)| slot.fresh);
        let paced = fresh.filter_map(|(camera, _)| self.due_at(camera));
        latches.chain(patience).chain(changes).chain(paced).filter(|moment| *moment > now).min()
    }
}

/// The oldest request of the class, or the next slice of the one that is being worked on. Those that want everything in the
/// newest frame of one camera share the work.
fn request_turn(waiting: &mut Waiting, class: Class) -> Option<Todo> {
    if let Some(index) = waiting.sliced.iter().position(|turn| turn.class() == class) {
        return Some(Todo::Slice(Box::new(waiting.sliced.remove(index))));
    }
    let mut first = waiting.requests.take_first(|pending| pending.class == class)?;
    let camera = first.request.camera.clone();
    if let Some(image) = first.request.image.take() {
        return Some(Todo::Turn(Turn { requests: vec![first], ..Turn::on(Target::Own(Box::new(image))) }));
    }
    let frame = waiting.cameras.get(camera.as_str()).and_then(|slot| slot.newest().cloned());
    let Some(frame) = frame else {
        // Its camera was there when it came: cameras go only when the node is cleaned up, and requests with them.
        first.refuse(Refusal::new(ResultCode::NoImage, "no frame of its camera is there any more"));
        return None;
    };
    let mut requests = vec![first];
    let is_alike = |pending: &PendingRequest| pending.class == class && pending.request.camera == camera;
    requests.extend(waiting.requests.take_fitting(PROMPTS_A_TURN, is_alike));
    Some(Todo::Turn(Turn { requests, ..Turn::on(Target::Arrived(frame)) }))
}

/// The oldest prompts that name a stamp, with all others that name the same.
fn past_turn(waiting: &mut Waiting, now: Instant) -> Option<Turn> {
    let ready = waiting.prompts.iter().find_map(|pending| {
        let submission = &pending.submission;
        let (camera, slot) = waiting.cameras.get_key_value(submission.camera.as_str())?;
        let stamp = Some(submission.stamp).filter(|stamp| !stamp.is_zero())?;
        let found = slot.find(stamp).cloned();
        let may_come = slot.newest().is_none_or(|newest| newest.stamp() < stamp) && now < pending.arrived + LATCH;
        let target = match found {
            Some(frame) => Target::Arrived(frame),
            None if may_come => return None,
            None => Target::Past { camera: Arc::clone(camera), stamp },
        };
        Some((target, Arc::clone(camera), stamp))
    });
    let (target, camera, stamp) = ready?;
    let once = waiting.take_prompts(|submission| *submission.camera == *camera && submission.stamp == stamp);
    Some(Turn { once, ..Turn::on(target) })
}

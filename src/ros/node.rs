//! The whole node: every adapter, wired to the runtime's handle.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cameras::Cameras;
use super::clock;
use super::interfaces;
use super::names::Names;
use super::publishers::diagnostics::{Diagnostics, Pulse};
use super::publishers::overlay::{Painting, PlainFeed, overlay};
use super::publishers::regions::{AnswerTopics, publish_outputs};
use super::services::Serving;
use super::services::clear::serve_clear;
use super::services::describe::serve_describe_everything;
use super::services::enable::serve_set_enabled;
use super::services::lifecycle::Lifecycle;
use super::services::parameters::serve_parameters;
use super::services::query::serve_query_regions;
use super::services::segment::serve_segment;
use super::session::Session;
use super::spin::{SpinThread, SpinWork};
use super::subscribers::prompts::take_prompts;
use crate::core::settings::configuration::{Configuration, ImageTransport, InputOptions, Reliability};
use crate::runtime::{Handle, Managed, OutputReceiver};

/// The longest that a model may take to finish its run at shutdown.
const LAST_RUN: Duration = Duration::from_millis(400);
/// While the node starts itself, what is asked of it waits, but no longer than this: building a GPU's engines takes minutes.
const START_WAIT: Duration = Duration::from_secs(30);
/// How long the last answers may take to be sent at shutdown where the model has ended: all of them are there, and only a busy
/// machine takes as long.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The same where it has not: the answer that it works on will not come.
const LAST_ANSWERS_BUT_ONE: Duration = Duration::from_millis(100);

/// Why the node does not run (any more).
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error("{name} could not be created: {source}")]
    Entity { name: String, source: r2r::Error },
    #[error("the thread \"ros-spin\" could not be started: {0}")]
    Thread(std::io::Error),
    #[error("the thread \"ros-spin\" has panicked; its message stands above")]
    SpinThread,
}

/// A running node.
pub struct Node {
    spin: SpinThread,
    tasks: JoinSet<()>,
    calls: TaskTracker,
    lifecycle: Lifecycle,
}

impl Node {
    /// Creates every topic, service and action, and starts to spin. Must be called in a tokio runtime with time enabled. `lost`
    /// is cancelled if the node dies. With `autostart` it configures and activates itself, and what is asked meanwhile
    /// waits for that; otherwise an inactive node answers `NOT_ACTIVE`.
    ///
    /// # Errors
    /// When rcl refuses a name or the system a thread.
    pub fn start(
        session: Session,
        managed: Arc<Managed>,
        outputs: OutputReceiver,
        lost: CancellationToken,
    ) -> Result<Self, NodeError> {
        let Session { mut node, names, parameters } = session;
        let handle = managed.handle().clone();
        let Configuration { autostart, use_sim_time, .. } = *parameters.configuration();
        let input = parameters.configuration().input.clone();
        let mut tasks = JoinSet::new();

        let (parameters, configuration, mut at_once) =
            serve_parameters(&mut node, names.node(), parameters, Arc::clone(&managed))
                .map_err(entity("parameter services"))?;
        if use_sim_time {
            at_once.push(clock::follow(&mut node).map_err(entity(interfaces::CLOCK))?);
        }
        tasks.spawn(apply_settings(configuration.clone(), handle.clone()));
        let lifecycle =
            Lifecycle::create(&mut node, Arc::clone(&managed), parameters).map_err(entity("transition events"))?;
        at_once.extend(lifecycle.serve(&mut node).map_err(entity("lifecycle services"))?);
        #[cfg(has_logger_services)]
        at_once.extend(super::services::loggers::serve_loggers(&mut node).map_err(entity("logger services"))?);

        let cameras = Cameras::new(&input);
        let mut wired = Wired::default();
        for camera in cameras.iter() {
            tell_topics(&names, camera, &input);
            let added = wired.add(&mut node, camera, &handle, configuration.clone());
            added.map_err(|source| NodeError::Entity { name: format!("camera {camera:?}"), source })?;
        }
        let Wired { topics, inputs, pulses, mut serving, paintings } = wired;
        for painting in paintings {
            tasks.spawn(painting);
        }
        tasks.spawn(publish_outputs(outputs, topics, handle.clone()));
        let calls = TaskTracker::new();
        serving.extend(serve_calls(&mut node, &handle, &cameras, &calls)?);
        let diagnostics = Diagnostics::create(&mut node, names.node(), managed, pulses, use_sim_time);
        tasks.spawn(diagnostics.map_err(entity(interfaces::DIAGNOSTICS))?.run());

        let started = CancellationToken::new();
        let spin = SpinThread::start(SpinWork {
            node,
            names,
            handle,
            input,
            cameras: inputs,
            serving: at_once,
            serving_when_started: serving,
            started: started.clone(),
            lost,
        })?;
        tasks.spawn(start_up(autostart, lifecycle.clone(), started));
        Ok(Self { spin, tasks, calls, lifecycle })
    }

    /// Passes the transition "shutdown", which ends the model's runs and answers who waits; then the last answers go out,
    /// the tasks end, and last the thread `ros-spin`, which drops the node. Returns whether the model has ended: a
    /// library that is deep in its work cannot be called back.
    ///
    /// # Errors
    /// When the node had died before.
    pub async fn shutdown(mut self) -> Result<bool, NodeError> {
        let ended = self.lifecycle.end(LAST_RUN).await;
        self.calls.close();
        let within = if ended { LAST_ANSWERS } else { LAST_ANSWERS_BUT_ONE };
        if timeout(within, self.calls.wait()).await.is_err() {
            log::warn!("{} requests or goals got no answer", self.calls.len());
        }
        self.tasks.shutdown().await;
        self.spin.end().map(|()| ended)
    }
}

fn entity(name: &'static str) -> impl Fn(r2r::Error) -> NodeError {
    move |source| NodeError::Entity { name: name.into(), source }
}

/// What belongs to the cameras, but for their subscriptions, which live on the spin thread.
#[derive(Default)]
struct Wired {
    topics: HashMap<Arc<str>, AnswerTopics>,
    inputs: Vec<(Arc<str>, PlainFeed, Pulse)>,
    pulses: Vec<Pulse>,
    serving: Vec<Serving>,
    paintings: Vec<Painting>,
}

impl Wired {
    fn add(
        &mut self,
        node: &mut r2r::Node,
        camera: &Arc<str>,
        handle: &Handle,
        configuration: watch::Receiver<Arc<Configuration>>,
    ) -> r2r::Result<()> {
        let (answers, plain, painting) = overlay(node, camera, configuration)?;
        self.topics.insert(Arc::clone(camera), AnswerTopics::create(node, camera, answers)?);
        self.serving.push(take_prompts(node, camera, handle)?);
        self.paintings.push(painting);
        let pulse = Pulse::default();
        self.pulses.push(Arc::clone(&pulse));
        self.inputs.push((Arc::clone(camera), plain, pulse));
        Ok(())
    }
}

/// Services and the action that need the model.
fn serve_calls(
    node: &mut r2r::Node,
    handle: &Handle,
    cameras: &Cameras,
    calls: &TaskTracker,
) -> Result<Vec<Serving>, NodeError> {
    let segment = serve_segment(node, handle.clone(), cameras.clone(), calls.clone());
    let describe = serve_describe_everything(node, handle.clone(), cameras.clone(), calls.clone());
    let mut serving = vec![segment.map_err(entity(interfaces::SEGMENT))?];
    serving.extend(describe.map_err(entity(interfaces::DESCRIBE_EVERYTHING))?);
    let query = serve_query_regions(node, handle.clone(), cameras.clone(), calls.clone());
    serving.push(query.map_err(entity(interfaces::QUERY_REGIONS))?);
    serving.push(serve_clear(node, handle.clone()).map_err(entity(interfaces::CLEAR))?);
    serving.push(serve_set_enabled(node, handle.clone()).map_err(entity(interfaces::SET_ENABLED))?);
    Ok(serving)
}

/// Configures and activates where that is wanted; afterwards, or after [`START_WAIT`], `started` is cancelled.
async fn start_up(autostart: bool, lifecycle: Lifecycle, started: CancellationToken) {
    if autostart {
        let _in_time = timeout(START_WAIT, lifecycle.autostart()).await;
    } else {
        log::info!("waiting for the transitions configure and activate (autostart is false)");
    }
    started.cancel();
}

/// Live parameters reach the runtime as they change.
async fn apply_settings(mut configuration: watch::Receiver<Arc<Configuration>>, handle: Handle) {
    while configuration.changed().await.is_ok() {
        let current = Arc::clone(&configuration.borrow_and_update());
        handle.set_settings(current.settings.clone());
    }
}

fn tell_topics(names: &Names, camera: &str, input: &InputOptions) {
    let message = match input.transport {
        ImageTransport::Raw => "sensor_msgs/Image",
        ImageTransport::Compressed => "sensor_msgs/CompressedImage",
    };
    let reliability = match input.reliability {
        Reliability::BestEffort => "best effort",
        Reliability::Reliable => "reliable",
    };
    let image = names.resolve(&interfaces::image_topic(camera, input.transport));
    let depth = names.resolve(&interfaces::input_topic(camera, interfaces::DEPTH));
    let info = names.resolve(&names.camera_info(camera, input.transport));
    let own = |name| names.resolve(&interfaces::camera_topic(camera, name));
    log::info!(
        "pictures from {image} ({message}, {reliability}), positions with {depth} and {info}, prompts from {}; answers on \
         {}, {}, {}",
        own(interfaces::PROMPTS),
        own(interfaces::REGIONS),
        own(interfaces::OVERLAY),
        own(interfaces::MARKERS)
    );
}

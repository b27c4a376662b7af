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
use super::clear::serve_clear;
use super::describe::serve_describe_everything;
use super::interfaces;
use super::names::Names;
use super::overlay::{Painting, PlainFeed, overlay};
use super::parameters::serve_parameters;
use super::prompts::take_prompts;
use super::publish::{AnswerTopics, publish_outputs};
use super::query::serve_query_regions;
use super::segment::serve_segment;
use super::services::Serving;
use super::session::Session;
use super::spin::{SpinThread, SpinWork};
use crate::core::configuration::{Configuration, ImageTransport, InputOptions, Reliability};
use crate::runtime::{Handle, OutputReceiver};

/// How long the last answers may take to be sent at shutdown.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

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
}

impl Node {
    /// Creates every topic, service and action, and starts to spin. Must be called in a tokio runtime with time enabled. Live
    /// parameters are handed to `apply` as they change; `lost` is cancelled if the node dies.
    ///
    /// # Errors
    /// When rcl refuses a name or the system a thread.
    pub fn start(
        session: Session,
        handle: Handle,
        outputs: OutputReceiver,
        apply: impl Fn(&Configuration) + Send + 'static,
        lost: CancellationToken,
    ) -> Result<Self, NodeError> {
        let Session { mut node, names, parameters } = session;
        let input = parameters.configuration().input.clone();
        let mut tasks = JoinSet::new();
        let entity = |name: &'static str| move |source| NodeError::Entity { name: name.into(), source };

        let (configuration, mut serving) =
            serve_parameters(&mut node, names.node(), parameters).map_err(entity("parameter services"))?;
        tasks.spawn(watch_parameters(configuration.clone(), apply));

        let mut topics = HashMap::new();
        let mut plain_feeds = Vec::new();
        let cameras = Cameras::new(&input);
        for camera in cameras.iter() {
            tell_topics(&names, camera, &input);
            let wired = Camera::wire(&mut node, camera, &handle, configuration.clone());
            let wired = wired.map_err(|source| NodeError::Entity { name: format!("camera {camera:?}"), source })?;
            serving.push(wired.prompts);
            tasks.spawn(wired.painting);
            topics.insert(Arc::clone(camera), wired.topics);
            plain_feeds.push((Arc::clone(camera), wired.plain));
        }
        tasks.spawn(publish_outputs(outputs, topics));

        let calls = TaskTracker::new();
        let query = serve_query_regions(&mut node, handle.clone(), cameras.clone(), calls.clone());
        serving.push(query.map_err(entity(interfaces::QUERY_REGIONS))?);
        serving.push(serve_clear(&mut node, handle.clone()).map_err(entity(interfaces::CLEAR))?);
        let segment = serve_segment(&mut node, handle.clone(), cameras.clone(), calls.clone());
        serving.push(segment.map_err(entity(interfaces::SEGMENT))?);
        let describe = serve_describe_everything(&mut node, handle.clone(), cameras, calls.clone());
        serving.extend(describe.map_err(entity(interfaces::DESCRIBE_EVERYTHING))?);

        let spin = SpinThread::start(SpinWork { node, names, handle, input, cameras: plain_feeds, serving, lost })?;
        Ok(Self { spin, tasks, calls })
    }

    /// Leaves the graph. Call it after the runtime's shutdown, which has answered what was waiting: first the last answers
    /// go out, then the tasks end, then the thread `ros-spin`, which drops the node.
    ///
    /// # Errors
    /// When the node had died before.
    pub async fn shutdown(mut self) -> Result<(), NodeError> {
        self.calls.close();
        if timeout(LAST_ANSWERS, self.calls.wait()).await.is_err() {
            log::warn!("{} requests or goals got no answer", self.calls.len());
        }
        self.tasks.shutdown().await;
        self.spin.end()
    }
}

/// What belongs to one camera, but for its subscription, which lives on the spin thread.
struct Camera {
    topics: AnswerTopics,
    plain: PlainFeed,
    prompts: Serving,
    painting: Painting,
}

impl Camera {
    fn wire(
        node: &mut r2r::Node,
        camera: &Arc<str>,
        handle: &Handle,
        configuration: watch::Receiver<Arc<Configuration>>,
    ) -> r2r::Result<Self> {
        let (answers, plain, painting) = overlay(node, camera, configuration)?;
        let topics = AnswerTopics::create(node, camera, answers)?;
        Ok(Self { topics, plain, prompts: take_prompts(node, camera, handle)?, painting })
    }
}

async fn watch_parameters(mut configuration: watch::Receiver<Arc<Configuration>>, apply: impl Fn(&Configuration)) {
    while configuration.changed().await.is_ok() {
        let current = Arc::clone(&configuration.borrow_and_update());
        apply(&current);
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
    let [depth, info] =
        [interfaces::DEPTH, interfaces::CAMERA_INFO].map(|name| names.resolve(&interfaces::input_topic(camera, name)));
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

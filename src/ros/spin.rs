//! The thread `ros-spin`: it owns the r2r node and the cameras' subscriptions, and ends by dropping both. r2r keeps ten
//! messages or requests of each kind and loses further ones, so everything is taken at once, here, after every spin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::names::Names;
use super::node::NodeError;
use super::publishers::diagnostics::Pulse;
use super::publishers::overlay::PlainFeed;
use super::services::Serving;
use super::subscribers::depth::DepthInput;
use super::subscribers::images::ImageInput;
use crate::core::settings::configuration::InputOptions;
use crate::runtime::Handle;

/// r2r cannot be woken: how long it waits for a message bounds how long the end takes.
const WAIT: Duration = Duration::from_millis(50);
/// How often the cameras are asked whether they have fallen silent.
const LISTEN_EVERY: Duration = Duration::from_millis(200);

/// What the thread works with.
pub struct SpinWork {
    pub node: r2r::Node,
    pub names: Names,
    pub handle: Handle,
    pub input: InputOptions,
    pub cameras: Vec<(Arc<str>, PlainFeed, Pulse)>,
    /// What takes messages and requests; none of it may block.
    pub serving: Vec<Serving>,
    /// The same, for what needs the model: nothing of it is taken before `started`, and of pictures the newest is kept.
    /// Until then r2r's queues hold what comes, so that who asks as soon as the node is seen is answered.
    pub serving_when_started: Vec<Serving>,
    pub started: CancellationToken,
    /// Ends the process when the thread dies.
    pub lost: CancellationToken,
}

pub struct SpinThread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl SpinThread {
    /// Subscribes to the cameras and spins.
    ///
    /// # Errors
    /// When the system gives no thread or rcl no subscription.
    pub fn start(work: SpinWork) -> Result<Self, NodeError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell_started, started) = mpsc::sync_channel(1);
        let stop_seen = Arc::clone(&stop);
        let run = move || run(work, &stop_seen, &tell_started);
        let thread = std::thread::Builder::new().name("ros-spin".into()).spawn(run).map_err(NodeError::Thread)?;
        // An error in the channel means that the thread has panicked.
        started.recv().unwrap_or(Err(NodeError::SpinThread))?;
        Ok(Self { stop, thread })
    }

    /// Waits until the node is gone from the graph, a moment.
    ///
    /// # Errors
    /// When the thread had died of a panic.
    pub fn end(self) -> Result<(), NodeError> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| NodeError::SpinThread)
    }
}

fn run(work: SpinWork, stop: &AtomicBool, tell_started: &mpsc::SyncSender<Result<(), NodeError>>) {
    let SpinWork { mut node, names, handle, input, cameras, serving, serving_when_started, started, lost } = work;
    // An error in the channel means that `start` has gone.
    let (mut inputs, mut depths) = match subscribe(&mut node, &names, &input, cameras) {
        Ok(subscribed) => subscribed,
        Err(error) => return drop(tell_started.send(Err(error))),
    };
    let _ = tell_started.send(Ok(()));
    // Dropped on the way out, expected or not: without this thread the node is deaf.
    let _lost = lost.drop_guard();
    let mut serving: FuturesUnordered<Serving> = serving.into_iter().collect();
    let mut later = Some(serving_when_started);
    let mut listened = Instant::now();
    while !stop.load(Relaxed) {
        node.spin_once(WAIT);
        let has_started = started.is_cancelled();
        if has_started {
            serving.extend(later.take().unwrap_or_default());
        }
        // First the depth, so that it is there when its picture is looked at.
        depths.iter_mut().for_each(|input| input.drain(&handle));
        inputs.iter_mut().for_each(|input| input.drain(&handle, has_started));
        // Polls those to whom something has come. They never end while the node lives.
        let _ = serving.next().now_or_never();
        if has_started && listened.elapsed() >= LISTEN_EVERY {
            listened = Instant::now();
            inputs.iter_mut().for_each(|input| input.listen(&node, listened));
            depths.iter_mut().for_each(|input| input.listen(&node, listened));
        }
    }
    // Messages before the node that made them.
    drop((inputs, depths, serving, later));
    drop(node);
}

fn subscribe(
    node: &mut r2r::Node,
    names: &Names,
    input: &InputOptions,
    cameras: Vec<(Arc<str>, PlainFeed, Pulse)>,
) -> Result<(Vec<ImageInput>, Vec<DepthInput>), NodeError> {
    let (mut images, mut depths) = (Vec::new(), Vec::new());
    for (camera, overlay, pulse) in cameras {
        let entity = |source| NodeError::Entity { name: format!("the inputs of camera {camera:?}"), source };
        let depth = DepthInput::subscribe(node, names, Arc::clone(&camera), input, Arc::clone(&pulse));
        images.push(ImageInput::subscribe(node, names, Arc::clone(&camera), input, overlay, pulse).map_err(entity)?);
        depths.push(depth.map_err(entity)?);
    }
    Ok((images, depths))
}

//! Cameras: pictures on the dedicated thread, read in their C form, only the newest copied.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{FutureExt, Stream, StreamExt};
use r2r::NativeMsg;
use r2r::sensor_msgs::msg::{CompressedImage, Image};

use super::silence::Silence;
use crate::core::frame::Stamp;
use crate::core::node::health::{CameraHealth, LATE};
use crate::core::pixels::raw_image::RawFrame;
use crate::core::settings::configuration::{ImageTransport, InputOptions};
use crate::ros::names::Names;
use crate::ros::publishers::diagnostics::Pulse;
use crate::ros::publishers::overlay::PlainFeed;
use crate::ros::{clock, convert, interfaces};
use crate::runtime::Handle;

type Messages<M> = Box<dyn Stream<Item = NativeMsg<M>> + Unpin>;

enum Source {
    Raw(Messages<Image>),
    Compressed(Messages<CompressedImage>),
}

/// One camera's subscription. Native messages cannot leave the thread that made them, and neither can this.
pub struct ImageInput {
    camera: Arc<str>,
    source: Source,
    silence: Silence,
    overlay: PlainFeed,
    pulse: Pulse,
    last_stamp: Option<Stamp>,
    /// Came while the node was starting.
    held: Option<RawFrame>,
    warned_of_zero_stamp: bool,
}

impl ImageInput {
    /// # Errors
    /// When rcl cannot create the subscription.
    pub fn subscribe(
        node: &mut r2r::Node,
        names: &Names,
        camera: Arc<str>,
        options: &InputOptions,
        overlay: PlainFeed,
        pulse: Pulse,
    ) -> r2r::Result<Self> {
        let topic = interfaces::image_topic(&camera, options.transport);
        let qos = interfaces::image_qos(options.reliability);
        let source = match options.transport {
            ImageTransport::Raw => Source::Raw(Box::new(node.subscribe_native(&topic, qos)?)),
            ImageTransport::Compressed => Source::Compressed(Box::new(node.subscribe_native(&topic, qos)?)),
        };
        let silence = Silence::new(names.resolve(&topic), options.clone(), Instant::now());
        {
            let mut health = pulse.lock().unwrap_or_else(PoisonError::into_inner);
            health.camera = camera.to_string();
            health.topic = silence.topic().to_owned();
        }
        Ok(Self { camera, source, silence, overlay, pulse, last_stamp: None, held: None, warned_of_zero_stamp: false })
    }

    /// Takes what has arrived and gives the runtime the newest of it; before the node has `started`, keeps that.
    pub fn drain(&mut self, handle: &Handle, started: bool) {
        let held = self.held.take();
        let newest = self.newest(!started || handle.is_active()).or(held);
        if !started {
            self.held = newest;
            return;
        }
        let Some(frame) = newest else { return };
        if frame.header.stamp.is_zero() && !self.warned_of_zero_stamp {
            self.warned_of_zero_stamp = true;
            log::warn!(
                "{}: pictures have the stamp 0; answers will too, and prompts cannot name a frame",
                self.silence.topic()
            );
        }
        self.overlay.offer(&frame);
        handle.frame(frame);
    }

    /// Says so when no picture comes; call some times a second.
    pub fn listen(&mut self, node: &r2r::Node, now: Instant) {
        let silence = self.silence.check(node, now);
        self.health().silence = silence;
    }

    fn health(&self) -> MutexGuard<'_, CameraHealth> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest picture, copied where `wanted`.
    fn newest(&mut self, wanted: bool) -> Option<RawFrame> {
        let camera = &self.camera;
        let (arrived, frame) = match &mut self.source {
            Source::Raw(messages) => last(messages, |message| wanted.then(|| convert::raw_frame(camera, message))),
            Source::Compressed(messages) => {
                last(messages, |message| wanted.then(|| convert::compressed_frame(camera, message)))
            }
        };
        if arrived > 0 {
            self.silence.heard(arrived, Instant::now());
            self.count(arrived, frame.as_ref().map(|frame| frame.header.stamp));
        }
        frame
    }

    /// So many have come; the newest, if it was looked at, has this stamp.
    fn count(&mut self, arrived: u32, stamp: Option<Stamp>) {
        let last_stamp = self.last_stamp;
        self.last_stamp = stamp.or(last_stamp);
        let mut health = self.health();
        health.arrived += u64::from(arrived);
        health.displaced += u64::from(arrived - 1);
        health.silence = None;
        let Some(stamp) = stamp else { return };
        if stamp.is_zero() {
            health.unstamped += 1;
            health.age = None;
            return;
        }
        health.unordered += u64::from(last_stamp.is_some_and(|last| stamp <= last));
        let taken = Duration::new(u64::try_from(stamp.secs).unwrap_or(0), stamp.nanos);
        let age = clock::now().saturating_sub(taken);
        health.late += u64::from(age > LATE);
        health.age = Some(age);
    }
}

/// Empties the stream; how many messages were in it, and what `read` makes of the last.
fn last<M>(messages: &mut Messages<M>, read: impl FnOnce(&NativeMsg<M>) -> Option<RawFrame>) -> (u32, Option<RawFrame>)
where
    M: r2r::WrappedTypesupport + 'static,
{
    let (mut count, mut newest) = (0, None);
    while let Some(Some(message)) = messages.next().now_or_never() {
        count += 1;
        newest = Some(message);
    }
    (count, newest.and_then(|message| read(&message)))
}

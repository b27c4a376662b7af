//! Cameras: pictures on the dedicated thread, read in their C form, only the newest copied.

use std::sync::Arc;
use std::time::Instant;

use futures::{FutureExt, Stream, StreamExt};
use r2r::NativeMsg;
use r2r::sensor_msgs::msg::{CompressedImage, Image};

use super::names::Names;
use super::overlay::PlainFeed;
use super::silence::Silence;
use super::{convert, interfaces};
use crate::core::configuration::{ImageTransport, InputOptions};
use crate::core::raw_image::RawFrame;
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
    ) -> r2r::Result<Self> {
        let topic = interfaces::image_topic(&camera, options.transport);
        let qos = interfaces::image_qos(options.reliability);
        let source = match options.transport {
            ImageTransport::Raw => Source::Raw(Box::new(node.subscribe_native(&topic, qos)?)),
            ImageTransport::Compressed => Source::Compressed(Box::new(node.subscribe_native(&topic, qos)?)),
        };
        let silence = Silence::new(names.resolve(&topic), options.clone(), Instant::now());
        Ok(Self { camera, source, silence, overlay, warned_of_zero_stamp: false })
    }

    /// Takes what has arrived and gives the runtime the newest of it.
    pub fn drain(&mut self, handle: &Handle) {
        let Some(frame) = self.newest(handle.is_active()) else { return };
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

    /// Says so when no picture comes; call about once a second.
    pub fn listen(&mut self, node: &r2r::Node, now: Instant) {
        self.silence.check(node, now);
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
        if arrived {
            self.silence.heard(Instant::now());
        }
        frame
    }
}

/// Empties the stream; whether anything was in it, and what `read` makes of its last message.
fn last<M>(messages: &mut Messages<M>, read: impl FnOnce(&NativeMsg<M>) -> Option<RawFrame>) -> (bool, Option<RawFrame>)
where
    M: r2r::WrappedTypesupport + 'static,
{
    let mut newest = None;
    while let Some(Some(message)) = messages.next().now_or_never() {
        newest = Some(message);
    }
    (newest.is_some(), newest.and_then(|message| read(&message)))
}

//! `~/overlay`: the picture with what was found in it. Drawn only while somebody looks, at most so often, always the
//! newest. While there are no answers the camera's plain picture is shown, so that there is something to click into.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures::future::BoxFuture;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use r2r::Publisher;
use r2r::sensor_msgs::msg::{CompressedImage as CompressedMessage, Image as ImageMessage};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::{has_listeners, send};
use crate::core::pixels::raw_image::RawFrame;
use crate::core::region::RegionArray;
use crate::core::settings::Limits;
use crate::core::settings::configuration::Configuration;
use crate::core::view::overlay::{OverlayStyle, draw};
use crate::ros::{convert, interfaces};

/// An answer stays on the screen so long before the plain picture comes back.
const HOLD: Duration = Duration::from_secs(2);
/// How often it is looked whether something new has come, or somebody who wants to see it.
const NOTHING_NEW: Duration = Duration::from_millis(10);
const NOBODY_LOOKS: Duration = Duration::from_millis(250);
const JPEG_QUALITY: u8 = 85;

/// The work of painting, a task.
pub type Painting = BoxFuture<'static, ()>;

type Answer = (Arc<RegionArray>, Arc<RgbImage>);

/// Where answers are handed in; the newest displaces one that is not drawn yet.
pub struct AnswerFeed(watch::Sender<Option<Answer>>);

impl AnswerFeed {
    pub fn show(&self, array: Arc<RegionArray>, image: Arc<RgbImage>) {
        self.0.send_replace(Some((array, image)));
    }
}

/// Where the camera's thread hands in a frame, when one is wanted.
#[derive(Clone)]
pub struct PlainFeed {
    wanted: Arc<AtomicBool>,
    frames: watch::Sender<Option<RawFrame>>,
}

impl PlainFeed {
    /// Copies the frame, but only if the overlay waits for one.
    pub fn offer(&self, frame: &RawFrame) {
        if self.wanted.swap(false, Relaxed) {
            self.frames.send_replace(Some(frame.clone()));
        }
    }
}

/// A camera's overlay: the two feeds, and the work that turns them into messages.
///
/// # Errors
/// When rcl cannot create a publisher.
pub fn overlay(
    node: &mut r2r::Node,
    camera: &str,
    configuration: watch::Receiver<Arc<Configuration>>,
) -> r2r::Result<(AnswerFeed, PlainFeed, Painting)> {
    let topic = |name| interfaces::camera_topic(camera, name);
    let qos = interfaces::picture_qos;
    let (answer_feed, answers) = watch::channel(None);
    let (frame_feed, frames) = watch::channel(None);
    let plain_feed = PlainFeed { wanted: Arc::default(), frames: frame_feed };
    let painter = Painter {
        raw: node.create_publisher(&topic(interfaces::OVERLAY), qos())?,
        compressed: node.create_publisher(&topic(interfaces::OVERLAY_COMPRESSED), qos())?,
        configuration,
        answers,
        frames,
        plain_wanted: Arc::clone(&plain_feed.wanted),
        answered: None,
    };
    Ok((AnswerFeed(answer_feed), plain_feed, Box::pin(painter.run())))
}

struct Painter {
    raw: Publisher<ImageMessage>,
    compressed: Publisher<CompressedMessage>,
    configuration: watch::Receiver<Arc<Configuration>>,
    answers: watch::Receiver<Option<Answer>>,
    frames: watch::Receiver<Option<RawFrame>>,
    plain_wanted: Arc<AtomicBool>,
    /// When the last answer was shown.
    answered: Option<Instant>,
}

impl Painter {
    async fn run(mut self) {
        loop {
            let configuration = Arc::clone(&self.configuration.borrow());
            let looked_at = Viewers { raw: has_listeners(&self.raw), compressed: has_listeners(&self.compressed) };
            let begun = Instant::now();
            let pause = if !configuration.overlay.enabled || !looked_at.any() {
                // Nobody wants to see tomorrow what is answered now.
                self.answers.mark_unchanged();
                NOBODY_LOOKS
            } else if let Some(scene) = self.next_scene() {
                let limits = configuration.settings.limits.clone();
                let alpha = configuration.overlay.alpha;
                let painting = spawn_blocking(move || paint(scene, alpha, &limits, looked_at));
                // An error means that the node goes down, or that painting panicked, which the panic hook has told.
                if let Ok(Some(painted)) = painting.await {
                    self.send(&painted);
                }
                Duration::from_secs_f32(1.0 / configuration.overlay.max_rate_hz)
            } else {
                NOTHING_NEW
            };
            sleep(pause.saturating_sub(begun.elapsed())).await;
        }
    }

    /// A new answer, or the camera's picture where there has been no answer for a while.
    fn next_scene(&mut self) -> Option<Scene> {
        if self.answers.has_changed().unwrap_or(false) {
            self.answered = Some(Instant::now());
            return self.answers.borrow_and_update().clone().map(Scene::Answer);
        }
        if self.answered.is_some_and(|at| at.elapsed() < HOLD) {
            return None;
        }
        self.plain_wanted.store(true, Relaxed);
        let arrived = self.frames.has_changed().unwrap_or(false);
        arrived.then(|| self.frames.borrow_and_update().clone().map(Scene::Plain)).flatten()
    }

    fn send(&self, painted: &Painted) {
        if let Some(message) = &painted.raw {
            send(&self.raw, message);
        }
        if let Some(message) = &painted.compressed {
            send(&self.compressed, message);
        }
    }
}

/// What is to be painted.
enum Scene {
    Answer(Answer),
    Plain(RawFrame),
}

/// Which of the topics has listeners.
#[derive(Clone, Copy)]
struct Viewers {
    raw: bool,
    compressed: bool,
}

impl Viewers {
    fn any(self) -> bool {
        self.raw || self.compressed
    }
}

struct Painted {
    raw: Option<ImageMessage>,
    compressed: Option<CompressedMessage>,
}

fn paint(scene: Scene, alpha: f32, limits: &Limits, looked_at: Viewers) -> Option<Painted> {
    let (header, image) = match scene {
        Scene::Answer((array, image)) => {
            let style = OverlayStyle { alpha, prompts: true, captions: true };
            (array.header.clone(), draw(&image, &array.regions, &style))
        }
        // The runtime says what is wrong with a frame that cannot be converted.
        Scene::Plain(frame) => (frame.header.clone(), frame.payload.to_rgb(limits).ok()?),
    };
    let compressed = if looked_at.compressed { jpeg(&image) } else { None };
    Some(Painted {
        raw: looked_at.raw.then(|| convert::rgb_message(&header, image)),
        compressed: compressed.map(|file| convert::jpeg_message(&header, file)),
    })
}

fn jpeg(image: &RgbImage) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY).encode_image(image);
    if let Err(error) = &encoded {
        log::warn!("the overlay could not be written as JPEG: {error}");
    }
    encoded.is_ok().then_some(file)
}

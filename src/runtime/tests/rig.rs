//! A running runtime and the strings to its model.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use image::RgbImage;
use ndarray::Array3;

use crate::core::frame::{Header, Stamp};
use crate::core::geometry::Size;
use crate::core::geometry::transform::ModelFromImage;
use crate::core::pixels::raw_image::{ImagePayload, RawFrame, RawImage};
use crate::core::ports::*;
use crate::core::prompt::RawPrompt;
use crate::core::region::{CaptionState, RegionArray};
use crate::core::settings::Settings;
use crate::core::testing::fake_model::{Call, FakeControl, fake_model};
use crate::runtime::api::{Output, PromptSubmission, Refusal, SegmentRequest};
use crate::runtime::{Handle, OutputReceiver, Runtime};

/// Far longer than anything here takes: a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Lies in the fake model's square pixel by pixel.
pub const SIZE: Size = Size { width: 64, height: 48 };

/// Holds a thread at a place until it is opened, and tells when one is held.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
    panic: AtomicBool,
}

impl Gate {
    pub fn close(&self) {
        self.state.lock().unwrap().0 = true;
    }

    pub fn open(&self) {
        self.state.lock().unwrap().0 = false;
        self.changed.notify_all();
    }

    /// Returns when a thread is held.
    pub fn wait_for_arrival(&self) {
        let state = self.state.lock().unwrap();
        let held = self.changed.wait_timeout_while(state, PATIENCE, |(_, held)| *held == 0).unwrap();
        assert!(!held.1.timed_out(), "no thread came to the gate");
    }

    /// The next thread that passes panics.
    pub fn panic_next(&self) {
        self.panic.store(true, Ordering::SeqCst);
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |(closed, _)| *closed).unwrap();
        state.1 -= 1;
        drop(state);
        assert!(!self.panic.swap(false, Ordering::SeqCst), "told to panic");
    }
}

struct GatedEncoder(Box<dyn ImageEncoder>, Arc<Gate>);

impl ImageEncoder for GatedEncoder {
    fn transform(&self, image: Size) -> ModelFromImage {
        self.0.transform(image)
    }

    fn encode(&mut self, image: &RgbImage) -> Result<Embedding, ModelError> {
        self.1.pass();
        self.0.encode(image)
    }
}

struct GatedDecoder(Box<dyn MaskDecoder>, Arc<Gate>);

impl MaskDecoder for GatedDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        self.0.mask_input_size()
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        self.1.pass();
        self.0.decode(embedding, prompts)
    }
}

struct GatedPrefix(Box<dyn CaptionPrefix>, Arc<Gate>);

impl CaptionPrefix for GatedPrefix {
    fn prefix(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<Array3<f32>, ModelError> {
        self.1.pass();
        self.0.prefix(embedding, prompts)
    }
}

pub struct Rig {
    /// `None` once it has been shut down.
    pub runtime: Option<Runtime>,
    pub handle: Handle,
    pub output: OutputReceiver,
    pub control: Arc<FakeControl>,
    /// Before each run of the encoder.
    pub encoder: Arc<Gate>,
    /// Before each run of the decoder.
    pub decoder: Arc<Gate>,
    /// Before each run of the caption prefix.
    pub captions: Arc<Gate>,
}

impl Rig {
    pub fn start(settings: Settings) -> Self {
        let (model, control) = fake_model();
        Self::start_with(model, control, settings)
    }

    pub fn start_with(mut model: Model, control: Arc<FakeControl>, settings: Settings) -> Self {
        let [encoder, decoder, captions] = [(); 3].map(|()| Arc::new(Gate::default()));
        model.vision.encoder = Box::new(GatedEncoder(model.vision.encoder, encoder.clone()));
        model.vision.decoder = Box::new(GatedDecoder(model.vision.decoder, decoder.clone()));
        model.caption = model
            .caption
            .map(|caption| CaptionModel { prefix: Box::new(GatedPrefix(caption.prefix, captions.clone())), ..caption });
        let (runtime, handle, output) = Runtime::start(model, settings).unwrap();
        Self { runtime: Some(runtime), handle, output, control, encoder, decoder, captions }
    }

    pub async fn output(&mut self) -> Output {
        let output = tokio::time::timeout(PATIENCE, self.output.recv()).await.expect("an output in time");
        output.expect("a running runtime")
    }

    /// The next output, which must be regions.
    pub async fn regions(&mut self) -> Arc<RegionArray> {
        match self.output().await {
            Output::Regions { array, .. } => array,
            Output::Refused { what, refusal, .. } => panic!("expected regions, but {what}: {refusal:?}"),
        }
    }

    /// The next output, which must be a refusal.
    pub async fn refusal(&mut self) -> (&'static str, Refusal) {
        match self.output().await {
            Output::Refused { what, refusal, .. } => (what, refusal),
            Output::Regions { array, .. } => panic!("expected a refusal, got regions of {:?}", array.header),
        }
    }

    pub fn frame(&self, secs: i32) {
        self.handle.frame(frame(secs));
    }

    pub fn sticky(&self, prompts: Vec<RawPrompt>) {
        self.handle.prompts(PromptSubmission { sticky: true, prompts, ..Default::default() }).unwrap();
    }

    pub fn once(&self, stamp_secs: i32, prompts: Vec<RawPrompt>) {
        let stamp = Stamp { secs: stamp_secs, nanos: 0 };
        self.handle.prompts(PromptSubmission { stamp, prompts, ..Default::default() }).unwrap();
    }

    /// Returns when the vision thread has looked at everything before this call: it has answered a request made now.
    pub async fn settle(&self) {
        let image = Some(picture("settle", [1, 2, 3], 0));
        let request = SegmentRequest { image, prompts: vec![click(5, 5)], ..Default::default() };
        self.handle.segment(request).await.unwrap();
    }

    pub fn calls(&self, call: Call) -> usize {
        self.control.calls(call)
    }
}

impl Drop for Rig {
    /// So that a failing test fails and does not hang in the runtime's end.
    fn drop(&mut self) {
        self.encoder.open();
        self.decoder.open();
        self.captions.open();
    }
}

/// Captions only where a request asks: most tests look at masks.
pub fn quiet() -> Settings {
    let mut settings = Settings::default();
    settings.caption.mode = crate::core::settings::CaptionMode::OnRequest;
    settings
}

/// Of the only camera, at second `secs`.
pub fn frame(secs: i32) -> RawFrame {
    picture("", [10, 20, 30], secs)
}

pub fn picture(camera: &str, color: [u8; 3], secs: i32) -> RawFrame {
    let data = color.repeat((SIZE.width * SIZE.height) as usize);
    let (width, height, step) = (SIZE.width, SIZE.height, SIZE.width * 3);
    let raw = RawImage { width, height, step, encoding: "rgb8".into(), big_endian: false, data };
    let stamp = Stamp { secs, nanos: 0 };
    let header = Header { camera: camera.into(), stamp, frame_id: "optical".into() };
    RawFrame { header, payload: ImagePayload::Raw(raw) }
}

pub fn click(x: u32, y: u32) -> RawPrompt {
    RawPrompt { kind: 0, points: vec![(x as f32, y as f32)], ..Default::default() }
}

pub fn named_box(id: &str, x: u32, y: u32) -> RawPrompt {
    RawPrompt { id: id.into(), kind: 1, rect: (x, y, 12, 10), ..Default::default() }
}

pub fn on_newest(prompts: Vec<RawPrompt>) -> SegmentRequest {
    SegmentRequest { prompts, ..Default::default() }
}

pub fn ids(array: &RegionArray) -> Vec<&str> {
    array.regions.iter().map(|region| region.id.as_str()).collect()
}

pub fn captions(array: &RegionArray) -> Vec<(CaptionState, &str)> {
    array.regions.iter().map(|region| (region.caption.state, region.caption.text.as_str())).collect()
}

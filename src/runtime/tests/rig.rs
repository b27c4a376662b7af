//! A running runtime, the strings to its model, and a clock that stands still.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::RgbImage;
use ndarray::Array3;

use super::gate::Gate;
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
use crate::runtime::clock::{Clock, Reading};
use crate::runtime::{Handle, OutputReceiver, Runtime};

/// Only a test that hangs waits so long: no machine is so slow.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Prompts wait at most so long for a camera's next frame.
pub const LATCH: Duration = crate::runtime::vision::plan::LATCH;

/// Lies in the fake model's square pixel by pixel.
pub const SIZE: Size = Size { width: 64, height: 48 };

/// What is not awaited can pass by before it is looked for: nothing ages and nothing falls due unless a test says so.
pub struct StandingClock(Mutex<Reading>);

impl StandingClock {
    fn start() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Clock::default().read())))
    }

    /// No two moments are the same.
    fn read(&self) -> Reading {
        self.advance(Duration::from_nanos(1))
    }

    fn advance(&self, by: Duration) -> Reading {
        let mut now = self.0.lock().unwrap();
        now.steady += by;
        now.wall += by;
        *now
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

struct GatedLanguage(Box<dyn LanguageModel>, Arc<Gate>);

impl LanguageModel for GatedLanguage {
    fn prefill(&mut self, prefix: &Array3<f32>, best: usize) -> Result<LanguageStep, ModelError> {
        self.0.prefill(prefix, best)
    }

    fn decode(&mut self, tokens: &[u32], best: usize) -> Result<LanguageStep, ModelError> {
        self.1.pass();
        self.0.decode(tokens, best)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), ModelError> {
        self.0.select(rows)
    }

    fn eos_token(&self) -> u32 {
        self.0.eos_token()
    }

    fn max_new_tokens(&self) -> usize {
        self.0.max_new_tokens()
    }
}

struct GatedPrefix(Box<dyn CaptionPrefix>, Arc<Gate>);

impl CaptionPrefix for GatedPrefix {
    fn prefix(&mut self, embedding: &Embedding, regions: &RegionBatch) -> Result<RegionPrefixes, ModelError> {
        self.1.pass();
        self.0.prefix(embedding, regions)
    }

    fn has_names(&self) -> bool {
        self.0.has_names()
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
    /// Before each step of the language model, but for the first of a caption.
    pub tokens: Arc<Gate>,
    clock: Arc<StandingClock>,
}

impl Rig {
    pub fn start(settings: Settings) -> Self {
        let (model, control) = fake_model();
        Self::start_with(model, control, settings)
    }

    pub fn start_with(mut model: Model, control: Arc<FakeControl>, settings: Settings) -> Self {
        let [encoder, decoder, captions, tokens] = [(); 4].map(|()| Arc::new(Gate::default()));
        model.vision.encoder = Box::new(GatedEncoder(model.vision.encoder, encoder.clone()));
        model.vision.decoder = Box::new(GatedDecoder(model.vision.decoder, decoder.clone()));
        model.caption = model.caption.map(|caption| CaptionModel {
            prefix: Box::new(GatedPrefix(caption.prefix, captions.clone())),
            language: Box::new(GatedLanguage(caption.language, tokens.clone())),
            ..caption
        });
        let clock = StandingClock::start();
        let asked = Arc::clone(&clock);
        let (mut runtime, handle, output) = Runtime::idle_by(Clock::new(move || asked.read()), settings);
        runtime.load(model).unwrap();
        handle.set_active(true);
        Self { runtime: Some(runtime), handle, output, control, encoder, decoder, captions, tokens, clock }
    }

    /// So much time has passed, for all but requests, whose timeouts the system's clock keeps.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        // Wakes the vision thread, which may find something due.
        self.handle.set_settings(Settings::clone(&self.handle.settings()));
    }

    /// Ends the runtime in a thread of its own: a run of the model that is held would hold up the caller, too.
    pub fn end(&mut self) -> Ending {
        let runtime = self.runtime.take().unwrap();
        Ending(tokio::task::spawn_blocking(move || runtime.shutdown()))
    }

    /// Waits until it is so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
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

    /// Returns when the vision thread has looked at everything before this call: it has answered two requests for one
    /// picture, the second after a turn of everything else.
    pub async fn settle(&self) {
        for _ in 0..2 {
            let image = Some(picture("settle", [1, 2, 3], 1));
            let request = SegmentRequest { image, prompts: vec![click(5, 5)], ..Default::default() };
            self.handle.segment(request).await.unwrap();
        }
    }

    pub fn calls(&self, call: Call) -> usize {
        self.control.calls(call)
    }
}

impl Drop for Rig {
    /// So that a failing test fails and does not hang in the runtime's end.
    fn drop(&mut self) {
        for gate in [&self.encoder, &self.decoder, &self.captions, &self.tokens] {
            gate.open();
        }
    }
}

/// The end of a runtime, which may still be under way.
pub struct Ending(tokio::task::JoinHandle<()>);

impl Ending {
    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    pub async fn over(self) {
        tokio::time::timeout(PATIENCE, self.0).await.expect("an end").unwrap();
    }
}

/// Every parameter's default, but no request times out because the machine is busy.
pub fn patient() -> Settings {
    let mut settings = Settings::default();
    settings.limits.request_timeout = Duration::from_secs(3600);
    settings.limits.max_timeout = Duration::from_secs(3600);
    settings
}

/// Captions only where a request asks: most tests look at masks.
pub fn quiet() -> Settings {
    let mut settings = patient();
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
    let header = Header { origin: camera.into(), stamp, frame_id: "optical".into() };
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

//! The managed node: its model comes and goes, and nobody waits in vain for either.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::rig::*;
use crate::core::node::health::ModelReport;
use crate::core::node::lifecycle::{State, Wanted};
use crate::core::result_code::ResultCode;
use crate::core::settings::Proposals;
use crate::core::settings::Settings;
use crate::core::settings::configuration::Configuration;
use crate::core::testing::fake_model::fake_model;
use crate::runtime::api::{Output, PromptSubmission};
use crate::runtime::{LoadedModel, Managed, OutputReceiver, Runtime};

/// What the loader is to do the next time.
#[derive(Default)]
struct Loader {
    fails: AtomicBool,
    panics: AtomicBool,
    loads: AtomicUsize,
    /// Models that are alive: the encoders hold a clone of it.
    alive: Arc<()>,
}

struct CountedEncoder(Box<dyn crate::core::ports::ImageEncoder>, #[expect(dead_code, reason = "counted")] Arc<()>);

impl crate::core::ports::ImageEncoder for CountedEncoder {
    fn transform(&self, image: crate::core::geometry::Size) -> crate::core::geometry::transform::ModelFromImage {
        self.0.transform(image)
    }

    fn encode(
        &mut self,
        image: &image::RgbImage,
    ) -> Result<crate::core::ports::Embedding, crate::core::ports::ModelError> {
        self.0.encode(image)
    }
}

struct Node {
    managed: Managed,
    output: OutputReceiver,
    loader: Arc<Loader>,
    told: Mutex<Vec<(State, State)>>,
}

impl Node {
    fn new() -> Self {
        let loader = Arc::new(Loader::default());
        let (runtime, handle, output) = Runtime::idle(quiet());
        let loading = Arc::clone(&loader);
        let load = move |configuration: &Configuration| {
            loading.loads.fetch_add(1, SeqCst);
            assert!(!loading.panics.load(SeqCst), "told to panic");
            if loading.fails.load(SeqCst) {
                return Err(format!("expected a bundle, got {:?}", configuration.model.bundle));
            }
            let (mut model, _) = fake_model();
            model.vision.encoder = Box::new(CountedEncoder(model.vision.encoder, Arc::clone(&loading.alive)));
            Ok(LoadedModel { model, report: ModelReport { name: "fake".into(), ..ModelReport::default() } })
        };
        Self { managed: Managed::new(runtime, handle, Box::new(load)), output, loader, told: Mutex::default() }
    }

    fn change(&self, label: &str) -> bool {
        self.change_with(label, Configuration::default())
    }

    fn change_with(&self, label: &str, configuration: Configuration) -> bool {
        let begun = self.managed.begin(Wanted { id: 0, label }).unwrap();
        self.managed.carry_out(begun, || Arc::new(configuration), &|way| {
            self.told.lock().unwrap().push((way.from, way.to));
        })
    }

    fn models_alive(&self) -> usize {
        Arc::strong_count(&self.loader.alive) - 1
    }

    async fn code(&self) -> ResultCode {
        let answer = self.managed.handle().segment(on_newest(vec![click(10, 10)])).await;
        answer.map_or_else(|refusal| refusal.code, |_| ResultCode::Ok)
    }
}

#[tokio::test]
async fn only_an_active_node_answers() {
    let node = Node::new();
    assert_eq!(node.code().await, ResultCode::NotActive);
    assert!(node.change("configure"));
    assert_eq!((node.managed.state(), node.models_alive()), (State::Inactive, 1));
    assert_eq!(node.managed.report().unwrap().name, "fake");
    node.managed.handle().frame(frame(1));
    assert_eq!(node.code().await, ResultCode::NotActive);
    let prompts = PromptSubmission { prompts: vec![click(1, 1)], ..Default::default() };
    assert_eq!(node.managed.handle().prompts(prompts).unwrap_err().code, ResultCode::NotActive);

    assert!(node.change("activate"));
    assert_eq!(node.code().await, ResultCode::NoImage, "frames before were ignored");
    node.managed.handle().frame(frame(2));
    assert_eq!(node.code().await, ResultCode::Ok);

    assert!(node.change("deactivate"));
    assert_eq!(node.code().await, ResultCode::NotActive);
    assert!(node.change("activate"));
    assert_eq!(node.code().await, ResultCode::Ok, "the frame is still there");
    assert!(node.change("deactivate"));
    assert!(node.change("cleanup"));
    assert_eq!((node.managed.state(), node.models_alive()), (State::Unconfigured, 0));
    assert!(node.managed.report().is_none());
    assert_eq!(node.code().await, ResultCode::NotActive);
    assert_eq!(&*node.managed.handle().model_name(), "");
}

#[tokio::test]
async fn an_active_node_can_be_paused() {
    let node = Node::new();
    assert!(node.change("configure"));
    assert_eq!(node.managed.handle().set_enabled(false).unwrap_err().code, ResultCode::NotActive);
    assert!(node.change("activate"));
    node.managed.handle().frame(frame(1));
    node.managed.handle().set_enabled(false).unwrap();
    assert!(!node.managed.handle().is_active());
    let refused = node.managed.handle().segment(on_newest(vec![click(10, 10)])).await.unwrap_err();
    assert_eq!(refused.code, ResultCode::NotActive);
    assert!(refused.message.contains("set_enabled"), "{refused}");
    node.managed.handle().set_enabled(true).unwrap();
    assert_eq!(node.code().await, ResultCode::Ok);
    node.managed.handle().set_enabled(false).unwrap();
    assert!(node.change("deactivate") && node.change("activate"));
    assert_eq!(node.code().await, ResultCode::Ok, "activation ends a pause");
}

#[tokio::test]
async fn a_model_that_cannot_be_loaded_is_told_and_tried_again() {
    let node = Node::new();
    node.loader.fails.store(true, SeqCst);
    assert!(!node.change("configure"));
    assert_eq!(node.managed.state(), State::Unconfigured);
    let fault = node.managed.fault().unwrap();
    assert_eq!((fault.what.as_str(), fault.message.as_str()), ("configure", "expected a bundle, got \"\""));
    assert_eq!(
        *node.told.lock().unwrap(),
        [(State::Unconfigured, State::Configuring), (State::Configuring, State::Unconfigured)]
    );
    node.loader.fails.store(false, SeqCst);
    assert!(node.change("configure"));
    assert!(node.managed.fault().is_none(), "it is mended");
}

#[tokio::test]
async fn a_detector_that_the_bundle_lacks_fails_configure() {
    let node = Node::new();
    let mut configuration = Configuration::default();
    configuration.settings.everything.proposals = Proposals::Detector;
    assert!(!node.change_with("configure", configuration));
    assert_eq!(node.managed.state(), State::Unconfigured);
    let message = node.managed.fault().unwrap().message;
    assert!(message.contains("everything.proposals") && message.contains("object_detector"), "{message}");
    assert!(node.change("configure"), "auto does without");
}

#[tokio::test]
async fn a_loader_that_panics_passes_error_processing() {
    let node = Node::new();
    node.loader.panics.store(true, SeqCst);
    assert!(!node.change("configure"));
    assert!(node.managed.fault().unwrap().message.contains("told to panic"));
    let expected = [
        (State::Unconfigured, State::Configuring),
        (State::Configuring, State::ErrorProcessing),
        (State::ErrorProcessing, State::Unconfigured),
    ];
    assert_eq!(*node.told.lock().unwrap(), expected);
    node.loader.panics.store(false, SeqCst);
    assert!(node.change("configure") && node.change("activate"));
}

#[tokio::test]
async fn a_transition_under_way_keeps_others_out() {
    let node = Node::new();
    let begun = node.managed.begin(Wanted { id: 1, label: "" }).unwrap();
    assert_eq!(node.managed.state(), State::Configuring);
    assert!(node.managed.available().is_empty());
    let refused = node.managed.begin(Wanted { id: 1, label: "" }).unwrap_err();
    assert!(refused.to_string().contains("configuring"), "{refused}");
    assert!(node.managed.carry_out(begun, || Arc::new(Configuration::default()), &|_| {}));
    assert_eq!(node.loader.loads.load(SeqCst), 1);
}

#[tokio::test]
async fn shutdown_leads_from_every_state_to_the_end_and_frees_the_model() {
    for before in [&[][..], &["configure"], &["configure", "activate"]] {
        let node = Node::new();
        assert!(before.iter().all(|label| node.change(label)));
        assert!(node.change("shutdown"));
        assert_eq!((node.managed.state(), node.models_alive()), (State::Finalized, 0));
        assert_eq!(node.code().await, ResultCode::NotActive);
        assert!(node.managed.available().is_empty());
    }
}

#[tokio::test]
async fn the_end_of_the_process_answers_who_waits_and_tells_the_states() {
    let mut node = Node::new();
    assert!(node.change("configure") && node.change("activate"));
    node.told.lock().unwrap().clear();
    node.managed.end(&|way| node.told.lock().unwrap().push((way.from, way.to)));
    let expected = [(State::Active, State::ShuttingDown), (State::ShuttingDown, State::Finalized)];
    assert_eq!(*node.told.lock().unwrap(), expected);
    assert_eq!(node.code().await, ResultCode::Canceled);
    assert_eq!(node.models_alive(), 0);
    assert!(node.output.recv().await.is_none());
}

#[tokio::test]
async fn a_thousand_models_come_and_go_without_a_trace() {
    let mut node = Node::new();
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads();
    for cycle in 0..1000 {
        assert!(node.change("configure") && node.change("activate"), "cycle {cycle}");
        assert_eq!(node.models_alive(), 1);
        node.managed
            .handle()
            .prompts(PromptSubmission { sticky: true, prompts: vec![click(9, 9)], ..Default::default() })
            .unwrap();
        node.managed.handle().frame(frame(cycle));
        assert_eq!(node.code().await, ResultCode::Ok);
        while let Some(output) = node.output.try_recv() {
            assert!(matches!(output, Output::Regions { .. }), "{output:?}");
        }
        assert!(node.change("deactivate") && node.change("cleanup"));
        assert_eq!(node.models_alive(), 0);
    }
    // Other tests have threads of their own in this process, more where there are more cores; a thread a cycle would be a
    // thousand.
    assert!(threads() < before + 900, "{} threads more", threads() - before);
    assert_eq!(node.loader.loads.load(SeqCst), 1000);
}

#[tokio::test]
async fn settings_of_the_configuration_hold_from_configure_on() {
    let node = Node::new();
    let settings = Settings { max_rate_hz: 7.0, ..Settings::default() };
    let configuration = Arc::new(Configuration { settings, ..Configuration::default() });
    let begun = node.managed.begin(Wanted { id: 1, label: "" }).unwrap();
    assert!(node.managed.carry_out(begun, || configuration, &|_| {}));
    assert_eq!(node.managed.handle().settings().max_rate_hz, 7.0);
}

//! Which execution provider runs a graph: the ladder TensorRT, CUDA, CPU, one rung at a time and never silently.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::bundle::Role;
use super::bundle::error::BundleError;
use super::bundle::manifest::GraphEntry;
use super::engine_cache::{EngineHost, folder_name};
use super::library::{Library, LibraryInfo};
use super::placement;

/// Files that a driver makes where there is a GPU: of a discrete NVIDIA card, a Jetson (two releases), WSL.
const GPU_DEVICES: [&str; 4] = ["/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/nvgpu", "/dev/dxg"];

/// Why a provider is not to be had on a machine that was not made for it.
pub const NOT_BUILT_IN: &str = "this ONNX Runtime was built without it";

/// An execution provider of ONNX Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    TensorRt,
    Cuda,
    Cpu,
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Self::TensorRt => "tensorrt",
            Self::Cuda => "cuda",
            Self::Cpu => "cpu",
        }
    }

    fn onnx_name(self) -> &'static str {
        match self {
            Self::TensorRt => ep::TensorRT::NAME,
            Self::Cuda => ep::CUDA::NAME,
            Self::Cpu => ep::CPU::NAME,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the user asks for (the parameter `provider`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProviderChoice {
    /// The best that works.
    #[default]
    Auto,
    /// This one, or an error. With `tensorrt`, graphs whose shapes change from run to run are on CUDA: each new shape
    /// would have TensorRT build another engine, for minutes, in the middle of a run.
    Fixed(Provider),
}

/// A provider name that is none.
#[derive(Debug, thiserror::Error)]
#[error("provider: expected auto, tensorrt, cuda or cpu, got `{0}`")]
pub struct UnknownProvider(String);

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            "tensorrt" => Ok(Self::Fixed(Provider::TensorRt)),
            "cuda" => Ok(Self::Fixed(Provider::Cuda)),
            "cpu" => Ok(Self::Fixed(Provider::Cpu)),
            _ => Err(UnknownProvider(name.to_owned())),
        }
    }
}

impl ProviderChoice {
    /// The rungs to try for a graph, best first.
    fn rungs(self, role: Role) -> &'static [Provider] {
        use Provider::{Cpu, Cuda, TensorRt};
        let fixed_shapes = role == Role::ImageEncoder;
        match (self, fixed_shapes) {
            (Self::Auto, true) => &[TensorRt, Cuda, Cpu],
            (Self::Auto, false) => &[Cuda, Cpu],
            (Self::Fixed(TensorRt), true) => &[TensorRt],
            (Self::Fixed(TensorRt | Cuda), _) => &[Cuda],
            (Self::Fixed(Cpu), _) => &[Cpu],
        }
    }
}

/// How sessions are made.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    pub provider: ProviderChoice,
    /// GPU, as CUDA numbers them.
    pub device_id: i32,
    /// Threads of one graph's run on the CPU; 0 = one per physical core.
    pub threads: usize,
    /// Bound on GPU memory of one graph, bytes; `None` = no bound.
    pub gpu_mem_limit_bytes: Option<usize>,
    /// Where TensorRT's engines are kept; `None` = they are built anew each time.
    pub engine_cache_dir: Option<PathBuf>,
}

/// Where one graph really runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphReport {
    /// The graph's role in the bundle.
    pub role: &'static str,
    pub provider: Provider,
    /// Nodes by ONNX Runtime's name of the provider that they were given to: a graph need not be whole on one.
    pub nodes: BTreeMap<String, usize>,
    /// Better providers that were tried, and why they could not.
    pub refused: Vec<(Provider, String)>,
    /// Something better was to be expected on this machine.
    pub fell_back: bool,
}

/// What runs where, for diagnostics and `segcap bundle check`.
#[derive(Clone, Debug)]
pub struct ProviderReport {
    pub library: Arc<LibraryInfo>,
    pub graphs: Vec<GraphReport>,
}

impl ProviderReport {
    /// In one word: the provider of the heaviest graph, the encoder's.
    pub fn summary(&self) -> &'static str {
        self.graphs.first().map_or("none", |graph| graph.provider.name())
    }
}

/// Makes sessions and remembers which providers this machine does not have.
pub struct Ladder {
    library: Library,
    options: SessionOptions,
    /// Providers that could not even be registered, with the reason: not tried again for the next graph.
    absent: BTreeMap<Provider, String>,
    graphs: Vec<GraphReport>,
    has_gpu: bool,
}

impl Ladder {
    pub fn new(library: Library, options: SessionOptions) -> Self {
        let has_gpu = GPU_DEVICES.iter().any(|device| Path::new(device).exists());
        if options.provider == ProviderChoice::Auto && !has_gpu {
            log::info!("no GPU on this machine: the model runs on the CPU (provider auto)");
        }
        Self { library, options, absent: BTreeMap::new(), graphs: Vec::new(), has_gpu }
    }

    pub fn into_report(self) -> ProviderReport {
        ProviderReport { library: self.library.info, graphs: self.graphs }
    }

    /// A session on the best provider that works. `commit` gives the builder the graph's model.
    ///
    /// # Errors
    /// Where no allowed provider can run the graph; with every reason.
    pub fn session(
        &mut self,
        role: Role,
        graph: &GraphEntry,
        commit: impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> Result<Session, BundleError> {
        let mut refused: Vec<(Provider, String)> = Vec::new();
        for &provider in self.options.provider.rungs(role) {
            match self.attempt(provider, graph, &commit) {
                Ok((session, nodes)) => {
                    log::info!("{role} runs on {provider}: {nodes:?} nodes");
                    let fell_back =
                        refused.iter().any(|(_, reason)| self.is_fault(reason)) || self.misses_gpu(provider);
                    if self.misses_gpu(provider) && self.graphs.is_empty() {
                        log::warn!("this machine has a GPU, but the model runs on the CPU: {}", reasons(&refused));
                    }
                    self.graphs.push(GraphReport { role: role.name(), provider, nodes, refused, fell_back });
                    return Ok(session);
                }
                Err(reason) => refused.push((provider, reason)),
            }
        }
        Err(BundleError::Provider { role: role.name(), reason: reasons(&refused) })
    }

    /// With `auto` a provider may be missing where there is no GPU, or where ONNX Runtime was built without it.
    fn is_fault(&self, reason: &str) -> bool {
        is_fault(self.options.provider, self.has_gpu, reason)
    }

    fn misses_gpu(&self, provider: Provider) -> bool {
        self.has_gpu && self.options.provider == ProviderChoice::Auto && provider == Provider::Cpu
    }

    fn log_missing(&self, text: &str, reason: &str) {
        let level = if self.is_fault(reason) { log::Level::Warn } else { log::Level::Info };
        log::log!(level, "{text}: {reason}");
    }

    fn attempt(
        &mut self,
        provider: Provider,
        graph: &GraphEntry,
        commit: &impl Fn(SessionBuilder) -> ort::Result<Session>,
    ) -> Result<(Session, BTreeMap<String, usize>), String> {
        if let Some(reason) = self.absent.get(&provider) {
            return Err(reason.clone());
        }
        let builder = match self.builder(provider, graph) {
            Ok(builder) => builder,
            Err(e) => {
                let reason = e.to_string();
                self.log_missing(&format!("{provider} is not to be had"), &reason);
                self.absent.insert(provider, reason.clone());
                return Err(reason);
            }
        };
        let session = placed(provider, commit(builder));
        session.inspect_err(|reason| self.log_missing(&format!("{provider} cannot run the graph"), reason))
    }

    fn builder(&self, provider: Provider, graph: &GraphEntry) -> ort::Result<SessionBuilder> {
        let providers = self.providers(provider, graph)?;
        let builder = Session::builder(self.library.environment())?
            .with_execution_providers(providers)?
            .with_intra_threads(self.options.threads)?
            // A pool that spins between frames takes cores from the rest of the robot.
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_config_entry(placement::RECORD_KEY, "1")?;
        Ok(builder)
    }

    fn providers(&self, provider: Provider, graph: &GraphEntry) -> ort::Result<Vec<ExecutionProviderDispatch>> {
        let device = self.options.device_id;
        let cuda = || {
            let cuda = ep::CUDA::default()
                .with_device_id(device)
                // The exhaustive search of the default would run again for every new shape.
                .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Heuristic);
            match self.options.gpu_mem_limit_bytes {
                Some(limit) => cuda.with_memory_limit(limit),
                None => cuda,
            }
        };
        let (available, providers) = match provider {
            Provider::TensorRt => {
                let mut tensorrt = ep::TensorRT::default().with_device_id(device);
                if let Some(folder) = self.engine_folder(graph) {
                    let folder = folder.display();
                    tensorrt = tensorrt.with_engine_cache(true).with_engine_cache_path(folder);
                }
                (ep::TensorRT::is_available()?, vec![tensorrt.build(), cuda().build()])
            }
            Provider::Cuda => (ep::CUDA::is_available()?, vec![cuda().build()]),
            Provider::Cpu => (true, vec![ep::CPU::default().build()]),
        };
        if !available {
            return Err(ort::Error::new(NOT_BUILT_IN));
        }
        Ok(providers.into_iter().map(ExecutionProviderDispatch::error_on_failure).collect())
    }
}

impl Ladder {
    /// The folder for one graph's engines.
    fn engine_folder(&self, graph: &GraphEntry) -> Option<PathBuf> {
        let cache = self.options.engine_cache_dir.as_ref()?;
        let LibraryInfo { path, build, .. } = &*self.library.info;
        let host = EngineHost::of_this_machine(build, path);
        let folder = cache.join(folder_name(graph, &host, self.options.device_id));
        match fs::create_dir_all(&folder) {
            Ok(()) => Some(folder),
            Err(error) => {
                log::warn!("engine_cache_dir: {}: {error}; engines are not kept", folder.display());
                None
            }
        }
    }
}

fn is_fault(choice: ProviderChoice, has_gpu: bool, reason: &str) -> bool {
    choice != ProviderChoice::Auto || (has_gpu && reason != NOT_BUILT_IN)
}

fn reasons(refused: &[(Provider, String)]) -> String {
    refused.iter().map(|(provider, reason)| format!("{provider}: {reason}")).collect::<Vec<_>>().join("; ")
}

/// A session of which `provider` runs at least one node, and who runs how many.
fn placed(provider: Provider, session: ort::Result<Session>) -> Result<(Session, BTreeMap<String, usize>), String> {
    let session = session.map_err(|e| e.to_string())?;
    let nodes = placement::nodes_by_provider(&session).map_err(|e| e.to_string())?;
    if nodes.contains_key(provider.onnx_name()) || provider == Provider::Cpu {
        Ok((session, nodes))
    } else {
        Err(format!("it took none of the graph's nodes, which went to {nodes:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_refused() {
        assert_eq!("auto".parse::<ProviderChoice>().unwrap(), ProviderChoice::Auto);
        assert_eq!("cuda".parse::<ProviderChoice>().unwrap(), ProviderChoice::Fixed(Provider::Cuda));
        let error = "gpu".parse::<ProviderChoice>().unwrap_err().to_string();
        assert!(error.contains("`gpu`") && error.contains("tensorrt"), "{error}");
    }

    #[test]
    fn auto_without_a_gpu_is_no_fault() {
        let (auto, cuda) = (ProviderChoice::Auto, ProviderChoice::Fixed(Provider::Cuda));
        for (choice, has_gpu, reason, expected) in [
            (auto, false, NOT_BUILT_IN, false),
            (auto, false, "no CUDA-capable device", false),
            (auto, true, NOT_BUILT_IN, false),
            (auto, true, "libcudnn.so.9: not found", true),
            (cuda, false, NOT_BUILT_IN, true),
        ] {
            assert_eq!(is_fault(choice, has_gpu, reason), expected, "{choice:?} {has_gpu} {reason}");
        }
    }

    #[test]
    fn auto_ends_on_the_cpu_and_a_fixed_choice_does_not() {
        assert_eq!(ProviderChoice::Auto.rungs(Role::ImageEncoder).last(), Some(&Provider::Cpu));
        assert_eq!(ProviderChoice::Auto.rungs(Role::LmDecode), [Provider::Cuda, Provider::Cpu]);
        let cuda = ProviderChoice::Fixed(Provider::Cuda);
        assert_eq!(cuda.rungs(Role::ImageEncoder), [Provider::Cuda]);
        assert_eq!(ProviderChoice::Fixed(Provider::TensorRt).rungs(Role::CaptionPrefix), [Provider::Cuda]);
    }
}

//! Where TensorRT's engines of one graph are kept.
//!
//! TensorRT names its files after the graph's structure alone, and an engine holds the weights, compiled for one model of GPU
//! by one version of TensorRT. Another graph, other weights, another GPU or library therefore get a folder of their own.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundle::manifest::GraphEntry;

/// One folder a GPU, in each a file `information` with the line "Model:".
const NVIDIA_GPUS: &str = "/proc/driver/nvidia/gpus";
/// The driver's version.
const NVIDIA_DRIVER: &str = "/proc/driver/nvidia/version";
/// A Jetson's name and its release of L4T, which holds driver, CUDA and TensorRT.
const JETSON: [&str; 2] = ["/proc/device-tree/model", "/etc/nv_tegra_release"];
const TENSORRT_LIBRARY: &str = "libnvinfer.so";
/// Where packages put TensorRT, beside `LD_LIBRARY_PATH` and the Python environment.
const TENSORRT_FOLDERS: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/lib",
    "/usr/local/tensorrt/lib",
    "/opt/tensorrt/lib",
];

/// What engines depend on beside the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineHost {
    /// ONNX Runtime's own description of its build.
    pub onnx_runtime: String,
    /// As the driver or the device tree names them.
    pub gpus: Vec<String>,
    pub driver: String,
    /// Each library of TensorRT that is installed, with its size: the name of one from a Python package holds no more than
    /// its major version.
    pub tensorrt: BTreeSet<String>,
}

impl EngineHost {
    /// This machine, as far as it can be known without opening CUDA or TensorRT. `library`: ONNX Runtime's file.
    pub fn of_this_machine(onnx_runtime: &str, library: &Path) -> Self {
        let [jetson, release] = JETSON.map(|file| read_line(Path::new(file)));
        let gpus = gpus_in(Path::new(NVIDIA_GPUS)).into_iter().chain(jetson).collect();
        let driver = read_line(Path::new(NVIDIA_DRIVER)).into_iter().chain(release).collect::<Vec<_>>().join("; ");
        Self { onnx_runtime: onnx_runtime.to_owned(), gpus, driver, tensorrt: tensorrt_in(&tensorrt_folders(library)) }
    }
}

/// The folder's name for a graph on the GPU `device_id` of `host`.
pub fn folder_name(graph: &GraphEntry, host: &EngineHost, device_id: i32) -> String {
    let mut key = Sha256::new();
    // With its length before it no part runs into the next one, with their number before them no list does.
    let mut add = |part: &str| {
        key.update((part.len() as u64).to_le_bytes());
        key.update(part);
    };
    add(&graph.sha256.to_ascii_lowercase());
    add(&graph.data.len().to_string());
    for (location, sha256) in &graph.data {
        add(location);
        add(&sha256.to_ascii_lowercase());
    }
    add(&host.onnx_runtime);
    add(&host.driver);
    add(&host.gpus.len().to_string());
    host.gpus.iter().for_each(|gpu| add(gpu));
    host.tensorrt.iter().for_each(|library| add(library));
    let key = format!("{:x}", key.finalize());
    format!("{}-gpu{device_id}", &key[..16])
}

/// The models of NVIDIA's GPUs, in the order of their bus addresses.
fn gpus_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    folders.sort();
    let model = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join("information")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("Model:")).map(|model| model.trim().to_owned())
    };
    folders.into_iter().filter_map(model).collect()
}

fn tensorrt_folders(library: &Path) -> Vec<PathBuf> {
    let from_environment = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    // site-packages/onnxruntime/capi/libonnxruntime.so and site-packages/tensorrt_libs/libnvinfer.so.10.
    let from_python = library.ancestors().nth(3).map(|packages| packages.join("tensorrt_libs"));
    let beside = library.parent().map(Path::to_owned);
    let packaged = TENSORRT_FOLDERS.map(PathBuf::from);
    env::split_paths(&from_environment).chain(from_python).chain(beside).chain(packaged).collect()
}

/// "libnvinfer.so.10.3.0 (231345678 bytes)" of each in these folders, links followed.
fn tensorrt_in(folders: &[PathBuf]) -> BTreeSet<String> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    let libraries = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TENSORRT_LIBRARY));
    let identity = |entry: fs::DirEntry| {
        let path = entry.path().canonicalize().ok()?;
        let bytes = fs::metadata(&path).ok()?.len();
        Some(format!("{} ({bytes} bytes)", path.file_name()?.to_string_lossy()))
    };
    libraries.filter_map(identity).collect()
}

/// The first line, without what pads it; `None` where there is no such file.
fn read_line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .next()
        .map(|line| line.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace()).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn graph() -> GraphEntry {
        let data = [("encoder.data".to_owned(), "b".repeat(64))];
        GraphEntry {
            file: "encoder.onnx".to_owned(),
            sha256: "a".repeat(64),
            data: data.into(),
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            kind: None,
            names: None,
            names_sha256: None,
            preprocess: None,
        }
    }

    fn host() -> EngineHost {
        EngineHost {
            onnx_runtime: "branch=rel-1.31".to_owned(),
            gpus: vec!["NVIDIA H100".to_owned()],
            driver: "570.1".to_owned(),
            tensorrt: ["libnvinfer.so.10 (1000 bytes)".to_owned()].into(),
        }
    }

    #[test]
    fn the_same_graph_on_the_same_machine_has_one_folder() {
        let name = folder_name(&graph(), &host(), 0);
        assert_eq!(name, folder_name(&GraphEntry { file: "renamed.onnx".to_owned(), ..graph() }, &host(), 0));
        assert_eq!(name, folder_name(&GraphEntry { sha256: "A".repeat(64), ..graph() }, &host(), 0));
        assert!(name.len() == 21 && name.ends_with("-gpu0"), "{name}");
    }

    #[test]
    fn whatever_an_engine_depends_on_changes_the_folder() {
        let data = |location: &str, sha256: &str| BTreeMap::from([(location.to_owned(), sha256.repeat(64))]);
        let graphs = [
            graph(),
            GraphEntry { sha256: "c".repeat(64), ..graph() },
            GraphEntry { data: data("encoder.data", "c"), ..graph() },
            GraphEntry { data: data("other.data", "b"), ..graph() },
            GraphEntry { data: BTreeMap::new(), ..graph() },
        ];
        let hosts = [
            EngineHost { onnx_runtime: "branch=rel-1.32".to_owned(), ..host() },
            EngineHost { gpus: vec!["Orin".to_owned()], ..host() },
            EngineHost { gpus: vec!["NVIDIA H100".to_owned(), "NVIDIA H100".to_owned()], ..host() },
            EngineHost { driver: "580.2".to_owned(), ..host() },
            EngineHost { tensorrt: ["libnvinfer.so.10 (1001 bytes)".to_owned()].into(), ..host() },
            EngineHost { tensorrt: BTreeSet::new(), ..host() },
        ];
        let names = graphs.iter().map(|graph| folder_name(graph, &host(), 0));
        let names = names.chain(hosts.iter().map(|host| folder_name(&graph(), host, 0)));
        let names: BTreeSet<String> = names.chain([folder_name(&graph(), &host(), 1)]).collect();
        assert_eq!(names.len(), graphs.len() + hosts.len() + 1, "{names:?}");
    }

    #[test]
    fn gpus_and_libraries_are_read_from_their_folders() {
        let root = env::temp_dir().join(format!("segcap-engine-cache-{}", std::process::id()));
        let gpu = |address: &str, text: &str| {
            fs::create_dir_all(root.join(address)).unwrap();
            fs::write(root.join(address).join("information"), text).unwrap();
        };
        gpu("0000:01:00.0", "Model: \t\t NVIDIA RTX A4000\nIRQ:   \t\t 81\n");
        gpu("0000:00:00.0", "Model: \t\t NVIDIA H100\n");
        fs::write(root.join("libnvinfer.so.10.3.0"), [0; 12]).unwrap();
        std::os::unix::fs::symlink("libnvinfer.so.10.3.0", root.join("libnvinfer.so.10")).unwrap();
        let (gpus, libraries) = (gpus_in(&root), tensorrt_in(&[root.clone(), root.join("nowhere")]));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(gpus, ["NVIDIA H100", "NVIDIA RTX A4000"]);
        assert_eq!(libraries, ["libnvinfer.so.10.3.0 (12 bytes)".to_owned()].into());
    }
}

//! Finds ONNX Runtime's shared library and opens it, once in a process.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

/// What the file is called in the wheels and packages that carry it; a version may follow.
const FILE_STEM: &str = "libonnxruntime.so";
/// What the loader of the system is asked for, in this order.
const SYSTEM_NAMES: [&str; 2] = ["libonnxruntime.so.1", "libonnxruntime.so"];
/// Set to 1, ONNX Runtime sends no telemetry: since 1.32 its own switch, which `open` turns off as well, is not enough.
const DISABLE_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";
/// What to do when there is no library, in the messages.
const REMEDY: &str = "install one with `pip install onnxruntime` (1.31 or newer; `onnxruntime-gpu` for NVIDIA GPUs) into the \
                      virtual environment in use or into .venv, or name the file in ORT_DYLIB_PATH";

/// Why there is no ONNX Runtime.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("ONNX Runtime not found. Looked for: {}. To go on, {REMEDY}", .tried.join("; "))]
    NotFound { tried: Vec<String> },
    #[error("cannot use the ONNX Runtime named by {origin}: {reason}. To go on, {REMEDY}")]
    Unusable { origin: Origin, reason: String },
    #[error(
        "ONNX Runtime is already loaded from {loaded}, and {wanted} was asked for: one process has one; restart it"
    )]
    AlreadyLoaded { loaded: String, wanted: String },
    #[error("ONNX Runtime {path} could not make its environment: {reason}")]
    Environment { path: String, reason: String },
}

/// Who named the library that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Parameter,
    EnvironmentVariable,
    BesideBinary,
    VirtualEnvironment,
    System,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameter => "the parameter",
            Self::EnvironmentVariable => "ORT_DYLIB_PATH",
            Self::BesideBinary => "the binary's folder",
            Self::VirtualEnvironment => "the Python environment",
            Self::System => "the system",
        })
    }
}

/// The library in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryInfo {
    pub path: PathBuf,
    pub origin: Origin,
    /// Git branch, commit and flags, as the library itself says.
    pub build: String,
}

impl fmt::Display for LibraryInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (named by {}; {})", self.path.display(), self.origin, self.build)
    }
}

/// ONNX Runtime, opened. Clones are cheap.
#[derive(Clone)]
pub struct Library {
    environment: Environment,
    pub info: Arc<LibraryInfo>,
}

impl Library {
    /// The process's one environment, under which sessions are made.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// ort allows one environment in the life of a process, so it is kept here until the end.
static OPENED: Mutex<Option<Library>> = Mutex::new(None);

/// Keeps ONNX Runtime from sending telemetry, which from 1.32 on writes a device id and a store of events below
/// `$HOME/.cache/Microsoft` and sends them to a server. The library reads the variable when it is opened.
///
/// # Safety
/// No other thread may read or write the environment meanwhile: call it first in `main`.
pub unsafe fn disable_telemetry() {
    // SAFETY: as the caller promises.
    unsafe { env::set_var(DISABLE_TELEMETRY, "1") };
}

/// Opens ONNX Runtime, or hands out what is open. Looks at the parameter, `ORT_DYLIB_PATH`, the binary's folder, the
/// Python environment (`VIRTUAL_ENV`, or `.venv` in the working folder or above the binary), then the system.
///
/// # Errors
/// Where none is found or it is older than the API that segcap is built for; a library named by the parameter or the
/// variable is taken or refused, never passed over.
pub fn open(parameter: Option<&Path>) -> Result<Library, LibraryError> {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = opened.as_ref() {
        return reuse(library, parameter);
    }
    if env::var_os(DISABLE_TELEMETRY).is_none_or(|value| value != "1") {
        log::warn!(
            "ONNX Runtime may send telemetry: expected {DISABLE_TELEMETRY}=1 in the environment, found otherwise"
        );
    }
    let (builder, path, origin) = find(parameter)?;
    let environment = builder
        .with_name("segcap")
        .with_telemetry(false)
        .with_logger(Arc::new(forward_log))
        .build()
        .map_err(|e| LibraryError::Environment { path: path.display().to_string(), reason: e.to_string() })?;
    environment.set_log_level(LogLevel::Warning);
    let info = LibraryInfo { path, origin, build: ort::info().to_owned() };
    log::info!("ONNX Runtime: {info}");
    let library = Library { environment, info: Arc::new(info) };
    *opened = Some(library.clone());
    Ok(library)
}

fn reuse(library: &Library, parameter: Option<&Path>) -> Result<Library, LibraryError> {
    let same = |wanted: &Path| wanted.canonicalize().ok() == library.info.path.canonicalize().ok();
    match parameter {
        Some(wanted) if !same(wanted) => Err(LibraryError::AlreadyLoaded {
            loaded: library.info.path.display().to_string(),
            wanted: wanted.display().to_string(),
        }),
        _ => Ok(library.clone()),
    }
}

fn find(parameter: Option<&Path>) -> Result<(ort::environment::EnvironmentBuilder, PathBuf, Origin), LibraryError> {
    if let Some((path, origin)) = named(parameter) {
        return match try_open(&path) {
            Ok(builder) => Ok((builder, path, origin)),
            Err(reason) => Err(LibraryError::Unusable { origin, reason }),
        };
    }
    let mut tried = vec!["ORT_DYLIB_PATH (not set)".to_owned()];
    for (folder, origin) in folders() {
        let Some(path) = newest_in(&folder) else {
            tried.push(format!("{FILE_STEM}* in {} (none)", folder.display()));
            continue;
        };
        match try_open(&path) {
            Ok(builder) => return Ok((builder, path, origin)),
            Err(reason) => tried.push(reason),
        }
    }
    for name in SYSTEM_NAMES {
        match try_open(Path::new(name)) {
            Ok(builder) => return Ok((builder, PathBuf::from(name), Origin::System)),
            Err(reason) => tried.push(reason),
        }
    }
    Err(LibraryError::NotFound { tried })
}

/// The library that somebody named, if anybody did.
fn named(parameter: Option<&Path>) -> Option<(PathBuf, Origin)> {
    if let Some(path) = parameter {
        return Some((path.to_owned(), Origin::Parameter));
    }
    let path = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty())?;
    Some((PathBuf::from(path), Origin::EnvironmentVariable))
}

/// Where a library may lie, in the order of trust.
fn folders() -> Vec<(PathBuf, Origin)> {
    let binary = env::current_exe().ok();
    let beside = binary.as_deref().and_then(Path::parent).map(|folder| (folder.to_owned(), Origin::BesideBinary));
    let above_binary = binary.iter().flat_map(|path| path.ancestors().skip(1)).map(|folder| folder.join(".venv"));
    let venvs = env::var_os("VIRTUAL_ENV")
        .map(PathBuf::from)
        .into_iter()
        .chain(env::current_dir().ok().map(|folder| folder.join(".venv")))
        .chain(above_binary)
        .filter(|venv| venv.is_dir());
    beside.into_iter().chain(venvs.flat_map(|venv| capi_folders(&venv))).collect()
}

/// `lib/python3.*/site-packages/onnxruntime/capi` of a Python environment.
fn capi_folders(venv: &Path) -> Vec<(PathBuf, Origin)> {
    let Ok(entries) = venv.join("lib").read_dir() else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
        .map(|entry| (entry.path().join("site-packages/onnxruntime/capi"), Origin::VirtualEnvironment))
        .collect()
}

/// The library in a folder; of several versions the one whose name is last in version order.
fn newest_in(folder: &Path) -> Option<PathBuf> {
    let version = |path: &PathBuf| -> Vec<u32> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.trim_start_matches(FILE_STEM).split('.').filter_map(|part| part.parse().ok()).collect()
    };
    let is_library =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE_STEM));
    let found = folder.read_dir().ok()?.filter_map(Result::ok).map(|entry| entry.path());
    found.filter(is_library).max_by_key(version)
}

fn try_open(path: &Path) -> Result<ort::environment::EnvironmentBuilder, String> {
    ort::init_from(path).map_err(|e| e.to_string())
}

/// What ONNX Runtime says goes to our log, one level lower: what matters comes back as an error as well.
fn forward_log(level: LogLevel, _category: &str, _id: &str, _location: &str, message: &str) {
    let level = match level {
        LogLevel::Fatal => log::Level::Error,
        LogLevel::Error => log::Level::Info,
        LogLevel::Warning | LogLevel::Info => log::Level::Debug,
        LogLevel::Verbose => log::Level::Trace,
    };
    log::log!(target: "onnxruntime", level, "{message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_in_a_folder_wins() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["libonnxruntime.so.1.9.0", "libonnxruntime.so.1.31.2", "libonnxruntime_providers_shared.so"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        assert_eq!(newest_in(folder.path()), Some(folder.path().join("libonnxruntime.so.1.31.2")));
        assert_eq!(newest_in(&folder.path().join("absent")), None);
    }

    #[test]
    fn finds_the_folder_of_the_python_wheel() {
        let venv = tempfile::tempdir().unwrap();
        let capi = venv.path().join("lib/python3.12/site-packages/onnxruntime/capi");
        std::fs::create_dir_all(&capi).unwrap();
        assert_eq!(capi_folders(venv.path()), [(capi, Origin::VirtualEnvironment)]);
    }

    #[test]
    fn a_file_that_is_no_library_says_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let Err(reason) = try_open(file.path()) else { panic!("an empty file was opened") };
        assert!(reason.contains(&file.path().display().to_string()), "{reason}");
    }

    #[test]
    fn messages_say_what_to_do_next() {
        let error = LibraryError::NotFound { tried: vec!["a (none)".into(), "b (none)".into()] };
        let text = error.to_string();
        assert!(text.contains("a (none); b (none)") && text.contains("pip install onnxruntime"), "{text}");
    }
}

//! Links the ROS node so that it starts without a sourced environment, and refuses stale interfaces.
//!
//! Without the feature `ros` it does nothing. With it, it expects what `env.sh` (or CMakeLists.txt) sets:
//! `AMENT_PREFIX_PATH` with segcap's own interfaces staged in one of its prefixes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of interface definitions, in the sources and in `share/segcap` of the staged prefix.
const INTERFACE_FOLDERS: [&str; 3] = ["msg", "srv", "action"];

/// segcap's libraries that ROS 2 opens by name at run time. Linked explicitly, they are found through the program's own
/// rpath; without introspection_c, creating an action fails.
const OPENED_BY_NAME: [&str; 2] =
    ["segcap__rosidl_typesupport_fastrtps_c", "segcap__rosidl_typesupport_introspection_c"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(has_vision_msgs, has_logger_services)");
    if env::var_os("CARGO_FEATURE_ROS").is_none() {
        return;
    }
    println!("cargo:rerun-if-env-changed=AMENT_PREFIX_PATH");
    println!("cargo:rerun-if-env-changed=CMAKE_IDL_PACKAGES");
    let prefixes = ament_prefixes();
    let Some(own) = prefixes.iter().find(|prefix| prefix.join("share/segcap/msg").is_dir()) else {
        panic!(
            "expected segcap's interfaces in a prefix of AMENT_PREFIX_PATH, found none in {prefixes:?}: \
             run `make setup` once, then `source env.sh` (or build without ROS: --no-default-features)"
        );
    };
    refuse_stale_interfaces(own);
    link(own, &prefixes);
    if prefixes.iter().any(|prefix| prefix.join("share/vision_msgs").is_dir()) {
        println!("cargo:rustc-cfg=has_vision_msgs");
    }
    // From Iron on.
    if prefixes.iter().any(|prefix| prefix.join("share/rcl_interfaces/srv/SetLoggerLevels.srv").is_file()) {
        println!("cargo:rustc-cfg=has_logger_services");
    }
}

fn ament_prefixes() -> Vec<PathBuf> {
    let path = env::var_os("AMENT_PREFIX_PATH").unwrap_or_default();
    env::split_paths(&path).filter(|prefix| !prefix.as_os_str().is_empty()).collect()
}

/// The generated structs are cached by environment, not by content: an edited message must not keep its old struct.
fn refuse_stale_interfaces(own: &Path) {
    for folder in INTERFACE_FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        for source in entries.map(|entry| entry.unwrap_or_else(|error| panic!("{folder}: {error}")).path()) {
            let staged = own.join("share/segcap").join(&source);
            println!("cargo:rerun-if-changed={}", staged.display());
            assert!(
                fs::read(&source).ok() == fs::read(&staged).ok(),
                "{} differs from the built {}: run `make setup`, then `source env.sh` again",
                source.display(),
                staged.display()
            );
        }
    }
}

/// The rpath is the folder above the program (lib/segcap -> lib, when installed), then every prefix's lib.
fn link(own: &Path, prefixes: &[PathBuf]) {
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/..");
    for prefix in prefixes {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}/lib", prefix.display());
    }
    println!("cargo:rustc-link-search=native={}/lib", own.display());
    println!("cargo:rustc-link-arg=-Wl,--push-state,--no-as-needed");
    for library in OPENED_BY_NAME {
        println!("cargo:rustc-link-arg=-l{library}");
    }
    println!("cargo:rustc-link-arg=-Wl,--pop-state");
}

//! Where a bundle is looked for, by both programs.

use std::env;
use std::path::{Path, PathBuf};

/// Names the bundle's folder, where no option does.
pub const VARIABLE: &str = "SEGCAP_BUNDLE";
const BUILTIN: &str = "models/builtin";
const INSTALLED: &str = "share/segcap/models/builtin";

/// Why there is no bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BundleDirError {
    #[error("{origin} names {}, which has no bundle.yaml", .dir.display())]
    NotABundle { origin: &'static str, dir: PathBuf },
    #[error("no bundle given, and the built-in one is not installed: name a folder, or set {VARIABLE}. Looked for: {}",
        .tried.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(", "))]
    NotFound { tried: Vec<PathBuf> },
}

/// The folder of the bundle: `given`, else `$SEGCAP_BUNDLE`, else the built-in bundle: `share/segcap/models/builtin`
/// of the prefix in which the running program is installed, else `models/builtin` of the repository in which it was
/// built (above `target/`) or of the one in which the user stands.
///
/// # Errors
/// A folder that is named must hold a `bundle.yaml`; it is never replaced by another. Nothing found at all.
pub fn find(given: Option<&Path>) -> Result<PathBuf, BundleDirError> {
    let variable = env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let program = env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    find_among(given, variable, candidates(program.as_deref(), env::current_dir().ok().as_deref()))
}

fn find_among(
    given: Option<&Path>,
    variable: Option<PathBuf>,
    candidates: Vec<PathBuf>,
) -> Result<PathBuf, BundleDirError> {
    let named = given.map(|dir| ("the bundle option", dir.to_owned())).or(variable.map(|dir| (VARIABLE, dir)));
    if let Some((origin, dir)) = named {
        return if is_bundle(&dir) { Ok(dir) } else { Err(BundleDirError::NotABundle { origin, dir }) };
    }
    let found = candidates.iter().find(|dir| is_bundle(dir)).cloned();
    found.ok_or(BundleDirError::NotFound { tried: candidates })
}

fn is_bundle(dir: &Path) -> bool {
    dir.join("bundle.yaml").is_file()
}

/// Programs are installed in `PREFIX/lib/segcap` or `PREFIX/bin`, and built in `REPOSITORY/target/PROFILE`.
fn candidates(program: Option<&Path>, current: Option<&Path>) -> Vec<PathBuf> {
    let above = |path: &Path, levels: usize| path.ancestors().skip(1).take(levels).map(Path::to_owned).collect();
    let of_program: Vec<PathBuf> = program.map(|path| above(path, 4)).unwrap_or_default();
    let installed = of_program.iter().skip(1).take(2).map(|prefix| prefix.join(INSTALLED));
    let built = of_program.iter().skip(2).map(|repository| repository.join(BUILTIN));
    let here = current.map(|current| current.join(BUILTIN));
    installed.chain(built).chain(here).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn bundle_at(dir: &Path) -> PathBuf {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("bundle.yaml"), "format: 1\n").unwrap();
        dir.to_owned()
    }

    #[test]
    fn the_built_in_bundle_is_found_wherever_the_program_lies() {
        let root = tempfile::tempdir().unwrap();
        let installed = bundle_at(&root.path().join("prefix").join(INSTALLED));
        let built = bundle_at(&root.path().join("repository").join(BUILTIN));
        let cases = [
            ("prefix/lib/segcap/segcap", "", &installed),
            ("prefix/bin/segcap", "", &installed),
            ("repository/target/release/segcap", "", &built),
            ("repository/target/debug/deps/cli-0123", "", &built),
            ("elsewhere/segcap", "repository", &built),
        ];
        for (program, current, expected) in cases {
            let candidates = candidates(Some(&root.path().join(program)), Some(&root.path().join(current)));
            assert_eq!(find_among(None, None, candidates).as_ref(), Ok(expected), "{program}");
        }
    }

    #[test]
    fn a_named_folder_wins_and_is_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        let [mine, other] = ["mine", "other"].map(|name| bundle_at(&root.path().join(name)));
        let missing = root.path().join("missing");
        let find = |given: Option<&Path>, variable: Option<&PathBuf>| {
            find_among(given, variable.cloned(), vec![missing.clone(), other.clone()])
        };
        assert_eq!(find(Some(&mine), Some(&other)), Ok(mine.clone()));
        assert_eq!(find(None, Some(&mine)), Ok(mine));
        assert_eq!(find(None, None), Ok(other.clone()));
        let message = find(Some(&missing), None).unwrap_err().to_string();
        assert!(message.contains("missing, which has no bundle.yaml"), "{message}");
        assert!(find_among(None, None, vec![missing]).unwrap_err().to_string().contains("SEGCAP_BUNDLE"));
    }
}

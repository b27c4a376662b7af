//! The files of a bundle: inside its folder, and byte for byte those that `bundle.yaml` means.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::BundleError;
use super::external_data;
use super::manifest::GraphEntry;
use super::roles::Role;

/// Nobody's manifest is larger; what is, is something else.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// A graph's bytes and those of its weights beside it, all verified.
pub struct GraphBytes {
    pub model: Vec<u8>,
    /// Location as the model names it, and content.
    pub data: Vec<(String, Arc<[u8]>)>,
}

/// A bundle's folder. A file is read once; what was hashed is what is used.
pub struct BundleFiles {
    /// Absolute, without links.
    root: PathBuf,
}

impl BundleFiles {
    /// # Errors
    /// When there is no such folder.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        let root = folder.canonicalize().map_err(|source| BundleError::Read { path: folder.to_owned(), source })?;
        Ok(Self { root })
    }

    /// The bytes of `bundle.yaml`.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than a manifest may be.
    pub fn manifest(&self) -> Result<Vec<u8>, BundleError> {
        let path = self.root.join("bundle.yaml");
        let refuse = |source| BundleError::Read { path: path.clone(), source };
        let mut text = Vec::new();
        let file = fs::File::open(&path).map_err(refuse)?;
        file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut text).map_err(refuse)?;
        if text.len() as u64 > MAX_MANIFEST_BYTES {
            let reason = format!("expected at most {MAX_MANIFEST_BYTES} bytes, got more");
            return Err(BundleError::Manifest { path, reason });
        }
        Ok(text)
    }

    /// A file's content, its hash checked. `key` is where `bundle.yaml` names it.
    ///
    /// # Errors
    /// A path that leaves the folder, a file that cannot be read, or whose hash is another.
    pub fn read(&self, key: &str, file: &str, sha256: &str) -> Result<Vec<u8>, BundleError> {
        check_digest(&format!("{key} (sha256)"), sha256)?;
        let path = self.resolve(key, file)?;
        let content = fs::read(&path).map_err(|source| BundleError::Read { path, source })?;
        let got = format!("{:x}", Sha256::digest(&content));
        if got == sha256.to_ascii_lowercase() {
            Ok(content)
        } else {
            Err(BundleError::Hash { file: file.to_owned(), expected: sha256.to_owned(), got })
        }
    }

    /// A graph and the weights that it keeps in other files. Each of those must be listed with its hash; a graph that
    /// points anywhere else is refused.
    ///
    /// # Errors
    /// As [`BundleFiles::read`], for the graph and for its weights.
    pub fn read_graph(&self, role: Role, entry: &GraphEntry) -> Result<GraphBytes, BundleError> {
        let key = format!("graphs.{role}");
        let model = self.read(&format!("{key}.file"), &entry.file, &entry.sha256)?;
        let used = external_data::locations(&model)
            .map_err(|e| BundleError::Model { file: entry.file.clone(), reason: e.to_string() })?;
        if let Some(unlisted) = used.iter().find(|location| !entry.data.contains_key(*location)) {
            return Err(BundleError::Outside {
                key: format!("{key}.data"),
                file: unlisted.clone(),
                reason: format!("{} keeps data there, and it is not listed with its sha256", entry.file),
            });
        }
        if let Some(unused) = entry.data.keys().find(|file| !used.contains(*file)) {
            let expected = format!("files in which {} keeps data", entry.file);
            return Err(BundleError::Value { key: format!("{key}.data"), expected, got: unused.clone() });
        }
        let read = |(file, sha256): (&String, &String)| {
            Ok((file.clone(), Arc::from(self.read(&format!("{key}.data"), file, sha256)?)))
        };
        let data = entry.data.iter().map(read).collect::<Result<_, BundleError>>()?;
        Ok(GraphBytes { model, data })
    }

    /// A regular file inside the folder, links followed.
    fn resolve(&self, key: &str, file: &str) -> Result<PathBuf, BundleError> {
        let outside = |reason: &str| BundleError::Outside {
            key: key.to_owned(),
            file: file.to_owned(),
            reason: reason.to_owned(),
        };
        let relative = Path::new(file);
        let plain = |part: Component| matches!(part, Component::Normal(_));
        if file.is_empty() || relative.is_absolute() || !relative.components().all(plain) {
            return Err(outside("expected a relative path without `..`"));
        }
        let named = self.root.join(relative);
        let path = named.canonicalize().map_err(|source| BundleError::Read { path: named, source })?;
        if !path.starts_with(&self.root) {
            return Err(outside(&format!("it is a link to {}", path.display())));
        }
        if !path.is_file() {
            return Err(outside("it is not a regular file"));
        }
        Ok(path)
    }
}

fn check_digest(key: &str, sha256: &str) -> Result<(), BundleError> {
    if sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    let expected = "64 hexadecimal digits".to_owned();
    Err(BundleError::Value { key: key.to_owned(), expected, got: format!("{sha256:?}") })
}

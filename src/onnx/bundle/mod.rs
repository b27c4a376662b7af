//! A model's folder, read and verified (`models/README.md` is the contract).

pub mod error;
mod external_data;
mod files;
pub mod manifest;
mod names;
mod roles;

use std::path::{Path, PathBuf};

pub use files::BundleFiles;
pub use manifest::Manifest;
pub use names::read_names;
pub use roles::{
    Binding, CAPTION_SCORE, DecoderKind, IMAGE_EMBEDDINGS, NAME_SCORES, Names, PIXELS_INPUT, POINT_COORDS,
    REGION_BOXES, Role, bind,
};

pub use error::BundleError;

/// A bundle whose manifest is sound. Its files are verified as they are read.
pub struct Bundle {
    pub manifest: Manifest,
    pub files: BundleFiles,
}

impl Bundle {
    /// Reads `bundle.yaml` in `folder` and checks everything that can be checked without opening another file.
    ///
    /// # Errors
    /// [`BundleError`], which names the key, what was expected and what came.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        let files = BundleFiles::open(folder)?;
        let path: PathBuf = folder.join("bundle.yaml");
        let manifest = Manifest::parse(&path, &files.manifest()?)?;
        Ok(Self { manifest, files })
    }
}

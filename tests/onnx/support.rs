//! A copy of a bundle in a folder of its own, to be damaged.

use std::fs;
use std::path::{Path, PathBuf};

use segcap::core::ports::{Embedding, PromptBatch, RegionBatch};
use segcap::onnx::provider::{Provider, ProviderChoice, SessionOptions};
use segcap::onnx::{BundleError, LoadOptions, LoadedBundle, load};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn cpu() -> LoadOptions {
    let session = SessionOptions { provider: ProviderChoice::Fixed(Provider::Cpu), threads: 1, ..Default::default() };
    LoadOptions { session, library: None }
}

pub struct BundleCopy {
    /// The bundle lies in a folder inside this one, so that there is something outside of it.
    outer: TempDir,
}

impl BundleCopy {
    pub fn of(name: &str) -> Self {
        let outer = tempfile::tempdir().unwrap();
        let copy = Self { outer };
        fs::create_dir(copy.folder()).unwrap();
        for entry in fs::read_dir(fixtures().join(name)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path(entry.file_name().to_str().unwrap())).unwrap();
        }
        copy
    }

    pub fn tiny() -> Self {
        Self::of("tiny")
    }

    pub fn outer(&self) -> &Path {
        self.outer.path()
    }

    pub fn folder(&self) -> PathBuf {
        self.outer.path().join("bundle")
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder().join(file)
    }

    /// Replaces text in bundle.yaml, which must hold it.
    pub fn edit(self, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path("bundle.yaml")).unwrap();
        assert!(text.contains(from), "bundle.yaml does not hold {from:?}");
        fs::write(self.path("bundle.yaml"), text.replace(from, to)).unwrap();
        self
    }

    /// Replaces a file's content and its hash in bundle.yaml.
    pub fn replace(self, file: &str, content: &[u8]) -> Self {
        let old = digest(&fs::read(self.path(file)).unwrap());
        fs::write(self.path(file), content).unwrap();
        self.edit(&old, &digest(content))
    }

    pub fn load(&self) -> Result<LoadedBundle, BundleError> {
        load(&self.folder(), &cpu())
    }

    /// The message with which the bundle is refused.
    pub fn refusal(&self) -> String {
        match self.load() {
            Ok(_) => panic!("the bundle was accepted"),
            Err(e) => e.to_string(),
        }
    }
}

pub fn digest(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}

/// Asserts that a refusal names all of `parts`.
#[track_caller]
pub fn assert_names(refusal: &str, parts: &[&str]) {
    for part in parts {
        assert!(refusal.contains(part), "expected {part:?} in: {refusal}");
    }
}

/// Prompts of one foreground point each.
pub fn points(at: &[(f32, f32)]) -> PromptBatch {
    PromptBatch {
        coords: ndarray::Array3::from_shape_fn((at.len(), 1, 2), |(row, _, axis)| [at[row].0, at[row].1][axis]),
        labels: ndarray::Array2::ones((at.len(), 1)),
        masks: None,
    }
}

/// Regions of these points, with boxes that lie anywhere.
pub fn regions(at: &[(f32, f32)]) -> RegionBatch {
    RegionBatch { prompts: points(at), boxes: ndarray::Array2::from_shape_fn((at.len(), 4), |(_, side)| side as f32) }
}

/// The embedding of a picture in one colour that fills the encoder's square.
pub fn embed(bundle: &mut LoadedBundle, colour: [u8; 3]) -> Embedding {
    let image = image::RgbImage::from_pixel(32, 32, image::Rgb(colour));
    bundle.model.vision.encoder.encode(&image).unwrap()
}

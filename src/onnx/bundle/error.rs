//! Why a bundle was refused.

use std::path::PathBuf;

use crate::onnx::library::LibraryError;

/// Each variant names the file or key, what was expected and what came.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {reason}", .path.display())]
    Manifest { path: PathBuf, reason: String },
    #[error("bundle.yaml, {key}: expected {expected}, got {got}")]
    Value { key: String, expected: String, got: String },
    #[error("bundle.yaml, {key}: `{file}` must be a file inside the bundle's folder: {reason}")]
    Outside { key: String, file: String, reason: String },
    #[error("{file}: expected sha256 {expected}, got {got}")]
    Hash { file: String, expected: String, got: String },
    #[error("{file}: not a readable ONNX model: {reason}")]
    Model { file: String, reason: String },
    #[error("{file}, {role}, tensor `{tensor}`: expected {expected}, got {got}")]
    Tensor { file: String, role: &'static str, tensor: String, expected: String, got: String },
    #[error("{role}: no provider could run it: {reason}")]
    Provider { role: &'static str, reason: String },
    #[error("{file}: not a readable tokenizer: {reason}")]
    Tokenizer { file: String, reason: String },
    #[error("{file}{}: expected {expected}, got {got}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    NameFile { file: String, line: Option<usize>, expected: String, got: String },
    #[error("the bundle failed its first run: {0}")]
    SelfTest(#[from] crate::core::ports::ModelError),
    #[error(transparent)]
    Library(#[from] LibraryError),
}

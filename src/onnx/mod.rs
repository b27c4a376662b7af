//! ONNX Runtime: bundles, sessions, providers; implements the ports of `core`.
//!
//! [`load::load`] turns a bundle's folder into a [`core::ports::Model`](crate::core::ports::Model): the bundle is
//! verified (`bundle/`), ONNX Runtime is found (`library`), each graph gets a session on the best provider
//! (`provider`, `session`), the parts implement the ports (`encoder`, `decoder`, `detector`, `language`, `tokenizer`), and every
//! graph runs once before anything is said to be loaded (`self_test`).

pub mod bundle;
pub mod bundle_dir;
mod decoder;
mod detector;
mod encoder;
mod engine_cache;
mod features;
mod language;
pub mod library;
pub mod load;
mod placement;
pub mod preprocess;
pub mod provider;
mod self_test;
mod session;
mod tokenizer;

pub use bundle::error::BundleError;
pub use load::{LoadOptions, LoadedBundle, load};

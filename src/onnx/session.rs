//! A graph in its role: an ONNX Runtime session whose tensors are called as the role calls them.

use std::borrow::Cow;

use ndarray::{Array, ArrayView, Dimension};
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, PrimitiveTensorElementType, TensorRef};

use super::bundle::error::BundleError;
use super::bundle::manifest::{GraphEntry, PixelType};
use super::bundle::{Binding, BundleFiles, Names, Role, bind};
use super::features::FeatureTensors;
use super::provider::Ladder;
use crate::core::ports::{Embedding, ModelError};

/// An input: its name in the role, the layer (0 where there is one only), its value.
pub type Feed<'v> = (&'static str, usize, SessionInputValue<'v>);

/// A float32 input, borrowed from an array in standard layout.
pub fn feed<'v, D: Dimension + 'static>(
    role: Role,
    name: &'static str,
    array: ArrayView<'v, f32, D>,
) -> Result<Feed<'v>, ModelError> {
    let tensor = TensorRef::from_array_view(array).map_err(|e| run_error(role, &e))?;
    Ok((name, 0, tensor.into()))
}

/// An input of whole numbers.
pub fn feed_integers<'v, D: Dimension + 'static>(
    role: Role,
    name: &'static str,
    array: ArrayView<'v, i64, D>,
) -> Result<Feed<'v>, ModelError> {
    let tensor = TensorRef::from_array_view(array).map_err(|e| run_error(role, &e))?;
    Ok((name, 0, tensor.into()))
}

/// One graph, loaded. One thread at a time runs it.
pub struct Graph {
    role: Role,
    session: Session,
    binding: Binding,
}

/// Makes [`Graph`]s of a bundle.
pub struct GraphLoader<'a> {
    pub files: &'a BundleFiles,
    pub ladder: &'a mut Ladder,
    pub pixel: PixelType,
    /// Of the language model; 0 where there is none.
    pub layers: usize,
}

impl GraphLoader<'_> {
    pub fn load(&mut self, role: Role, entry: &GraphEntry) -> Result<Graph, BundleError> {
        let bytes = self.files.read_graph(role, entry)?;
        let session = self.ladder.session(role, entry, |mut builder| {
            for (location, content) in &bytes.data {
                builder = builder.with_external_initializer_file_in_memory(location, content.clone())?;
            }
            builder.commit_from_memory(&bytes.model)
        })?;
        let pixel = entry.preprocess.as_ref().map_or(self.pixel, |preprocess| preprocess.dtype);
        let binding = bind(role, entry, &session, pixel, self.layers)?;
        Ok(Graph { role, session, binding })
    }
}

impl Graph {
    pub fn has_input(&self, name: &str) -> bool {
        self.binding.inputs.has(name)
    }

    /// Runs the graph. Blocks until it has run.
    pub fn run(&mut self, feeds: Vec<Feed<'_>>) -> Result<Outputs<'_>, ModelError> {
        self.run_with(feeds, Vec::new())
    }

    /// Runs the graph on an image: it gets those of the image's features that the bundle gives it.
    pub fn run_on(&mut self, image: &Embedding, feeds: Vec<Feed<'_>>) -> Result<Outputs<'_>, ModelError> {
        let features = FeatureTensors::of(self.role, image)?;
        let names = self.binding.features.iter();
        let features = names.map(|name| Ok((self.binding.inputs.all(name)[0].clone(), features.get(self.role, name)?)));
        let features: Vec<(String, &DynValue)> = features.collect::<Result<_, ModelError>>()?;
        self.run_with(feeds, features)
    }

    fn run_with(
        &mut self,
        feeds: Vec<Feed<'_>>,
        features: Vec<(String, &DynValue)>,
    ) -> Result<Outputs<'_>, ModelError> {
        let Self { role, session, binding } = self;
        let names = &binding.inputs;
        let feeds = feeds.into_iter().map(|(name, layer, value)| (Cow::from(names.all(name)[layer].as_str()), value));
        let features = features.into_iter().map(|(name, value)| (Cow::from(name), value.into()));
        let inputs: Vec<(Cow<str>, SessionInputValue)> = feeds.chain(features).collect();
        let values = session.run(inputs).map_err(|e| run_error(*role, &e))?;
        Ok(Outputs { role: *role, names: &binding.outputs, values })
    }

    pub fn has_output(&self, name: &str) -> bool {
        self.binding.outputs.has(name)
    }

    /// Names in the role of everything that it gives.
    pub fn outputs(&self) -> Vec<String> {
        self.binding.outputs.roles().map(str::to_owned).collect()
    }

    pub fn role(&self) -> Role {
        self.role
    }
}

/// What a run gave, by the role's names.
pub struct Outputs<'a> {
    role: Role,
    names: &'a Names,
    values: SessionOutputs<'a>,
}

impl Outputs<'_> {
    /// A float32 output as an array.
    pub fn array<D: Dimension>(&self, name: &str) -> Result<ArrayView<'_, f32, D>, ModelError> {
        self.typed_array(name)
    }

    /// An int64 output as an array.
    pub fn integers<D: Dimension>(&self, name: &str) -> Result<ArrayView<'_, i64, D>, ModelError> {
        self.typed_array(name)
    }

    /// A float32 output of probabilities, which must be in 0 to 1, give or take rounding, and are then cut to it.
    pub fn probabilities<D: Dimension>(&self, name: &str) -> Result<Array<f32, D>, ModelError> {
        /// What arithmetic in half precision may be off by.
        const ROUNDING: f32 = 1e-3;
        let array = self.array::<D>(name)?;
        // NaN is in no range.
        if let Some(wrong) = array.iter().find(|value| !(-ROUNDING..=1.0 + ROUNDING).contains(*value)) {
            return Err(self.run_error(&format!("output `{name}`: expected values of 0 to 1, got {wrong}")));
        }
        Ok(array.mapv(|value| value.clamp(0.0, 1.0)))
    }

    fn typed_array<T: PrimitiveTensorElementType, D: Dimension>(
        &self,
        name: &str,
    ) -> Result<ArrayView<'_, T, D>, ModelError> {
        let value = &self.values[self.names.all(name)[0].as_str()];
        let array = value.try_extract_array::<T>().map_err(|e| run_error(self.role, &e))?;
        let shape = array.shape().to_vec();
        array.into_dimensionality::<D>().map_err(|_| {
            let expected = format!("`{name}` of rank {}", D::NDIM.unwrap_or_default());
            self.shape_error(expected, &shape)
        })
    }

    /// Takes an output's tensor; its memory is its own.
    pub fn take(&mut self, name: &str, layer: usize) -> Result<DynValue, ModelError> {
        let tensor = &self.names.all(name)[layer];
        let taken = self.values.remove(tensor);
        taken.ok_or_else(|| self.run_error(&format!("output `{tensor}` is gone: it was taken before")))
    }

    /// Tensors of one name: 1, or the number of layers.
    pub fn count(&self, name: &str) -> usize {
        self.names.all(name).len()
    }

    /// The graph ran, and what it gave is of no use.
    pub fn run_error(&self, reason: &str) -> ModelError {
        ModelError::Run { graph: self.role.name(), reason: reason.to_owned() }
    }

    pub fn shape_error(&self, expected: String, got: &[usize]) -> ModelError {
        ModelError::Shape { graph: self.role.name(), expected, got: format!("{got:?}") }
    }
}

/// What ONNX Runtime says, with the graph's name.
pub fn run_error(role: Role, e: &ort::Error) -> ModelError {
    ModelError::Run { graph: role.name(), reason: e.to_string() }
}

//! What an encoder says of one image: named tensors, which only its own bundle's graphs look into.

use std::any::Any;

use ndarray::{ArrayView3, Axis, Ix4};
use ort::value::DynValue;

use super::bundle::{IMAGE_EMBEDDINGS, Role};
use crate::core::geometry::Size;
use crate::core::ports::{Embedding, EmbeddingData, ModelError};

/// Tensors of their own memory, of any type and shape, only ever read. `image_embeddings` is among them.
pub struct FeatureTensors {
    tensors: Vec<(String, DynValue)>,
    bytes: usize,
}

impl FeatureTensors {
    pub fn new(tensors: Vec<(String, DynValue)>) -> Self {
        let bytes = tensors.iter().map(|(_, value)| bytes_of(value)).sum();
        Self { tensors, bytes }
    }

    /// Those of an image for a graph.
    pub fn of(role: Role, image: &Embedding) -> Result<&Self, ModelError> {
        image.data.as_any().downcast_ref().ok_or_else(|| ModelError::Run {
            graph: role.name(),
            reason: "expected features of an ONNX Runtime encoder, got another model's".to_owned(),
        })
    }

    pub fn get(&self, role: Role, name: &str) -> Result<&DynValue, ModelError> {
        self.find(name).ok_or_else(|| ModelError::Run {
            graph: role.name(),
            reason: format!("expected features `{name}`, got {}", self.names()),
        })
    }

    /// Height and width of a mask of low resolution: four times those of `image_embeddings`.
    pub fn low_res_size(&self) -> Result<Size, ModelError> {
        let shape = self.find(IMAGE_EMBEDDINGS).and_then(|value| value.dtype().tensor_shape());
        match shape.map(|shape| &shape[..]) {
            Some(&[1, _, height, width]) => Ok(Size::new(4 * width as u32, 4 * height as u32)),
            other => Err(ModelError::Shape {
                graph: Role::ImageEncoder.name(),
                expected: format!("{IMAGE_EMBEDDINGS} (1, C, H, W)"),
                got: format!("{other:?}"),
            }),
        }
    }

    fn find(&self, name: &str) -> Option<&DynValue> {
        self.tensors.iter().find(|(of, _)| of == name).map(|(_, value)| value)
    }

    fn names(&self) -> String {
        self.tensors.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl EmbeddingData for FeatureTensors {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn features(&self) -> Option<ArrayView3<'_, f32>> {
        let value = self.find(IMAGE_EMBEDDINGS)?;
        let values = value.try_extract_array::<f32>().ok()?.into_dimensionality::<Ix4>().ok()?;
        (values.len_of(Axis(0)) == 1).then(|| values.index_axis_move(Axis(0), 0))
    }
}

fn bytes_of(value: &DynValue) -> usize {
    let dtype = value.dtype();
    let elements = dtype.tensor_shape().map_or(0, |shape| shape.num_elements());
    elements * dtype.tensor_type().and_then(|element| element.byte_size(1)).unwrap_or_default()
}

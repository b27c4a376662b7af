//! The role `image_encoder`.

use std::sync::Arc;

use image::RgbImage;
use ort::session::SessionInputValue;
use ort::value::TensorRef;

use super::bundle::{PIXELS_INPUT, Role};
use super::features::FeatureTensors;
use super::preprocess::{Pixels, Preprocessor};
use super::session::{Feed, Graph, run_error};
use crate::core::geometry::Size;
use crate::core::geometry::transform::ModelFromImage;
use crate::core::ports::{Embedding, ImageEncoder, ModelError};

pub struct OnnxEncoder {
    graph: Graph,
    preprocessor: Preprocessor,
    /// Of its features.
    names: Vec<String>,
}

impl OnnxEncoder {
    pub fn new(graph: Graph, preprocessor: Preprocessor) -> Self {
        Self { names: graph.outputs(), graph, preprocessor }
    }
}

impl ImageEncoder for OnnxEncoder {
    fn transform(&self, image: Size) -> ModelFromImage {
        self.preprocessor.transform(image)
    }

    fn encode(&mut self, image: &RgbImage) -> Result<Embedding, ModelError> {
        let transform = self.transform(Size::new(image.width(), image.height()));
        let input = feed_pixels(self.graph.role(), &mut self.preprocessor, image)?;
        let mut outputs = self.graph.run(vec![input])?;
        let tensors = self.names.iter().map(|name| Ok((name.clone(), outputs.take(name, 0)?)));
        let features = FeatureTensors::new(tensors.collect::<Result<_, ModelError>>()?);
        Ok(Embedding { data: Arc::new(features), transform, detections: Arc::default() })
    }
}

/// An image as a graph of this role takes it.
pub fn feed_pixels<'v>(
    role: Role,
    preprocessor: &'v mut Preprocessor,
    image: &RgbImage,
) -> Result<Feed<'v>, ModelError> {
    let (shape, size) = (preprocessor.shape(), Size::new(image.width(), image.height()));
    let content = preprocessor.transform(size).content;
    let pixels = preprocessor
        .run(image)
        .map_err(|e| ModelError::Run { graph: role.name(), reason: format!("resizing to {content:?} failed: {e}") })?;
    let input: ort::Result<SessionInputValue> = match pixels {
        Pixels::Float32(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
        Pixels::Uint8(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
    };
    Ok((PIXELS_INPUT, 0, input.map_err(|e| run_error(role, &e))?))
}

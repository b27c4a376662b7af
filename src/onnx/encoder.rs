//! The role `image_encoder`.

use std::sync::Arc;

use image::RgbImage;
use ort::session::SessionInputValue;
use ort::value::TensorRef;

use super::features::FeatureTensors;
use super::preprocess::{Pixels, Preprocessor};
use super::session::{Graph, run_error};
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
        let shape = self.preprocessor.shape();
        let pixels = self.preprocessor.run(image).map_err(|e| ModelError::Run {
            graph: "image_encoder",
            reason: format!("resizing to {:?} failed: {e}", transform.content),
        })?;
        let input: ort::Result<SessionInputValue> = match pixels {
            Pixels::Float32(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
            Pixels::Uint8(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
        };
        let input = input.map_err(|e| run_error(self.graph.role(), &e))?;
        let mut outputs = self.graph.run(vec![("pixels", 0, input)])?;
        let tensors = self.names.iter().map(|name| Ok((name.clone(), outputs.take(name, 0)?)));
        let features = FeatureTensors::new(tensors.collect::<Result<_, ModelError>>()?);
        Ok(Embedding { data: Arc::new(features), transform })
    }
}

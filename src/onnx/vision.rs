//! The encoder, and the decoder that takes a batch of prompts.

use std::any::Any;
use std::sync::Arc;

use image::RgbImage;
use ndarray::{Array1, ArrayView3, ArrayView4, Axis, Ix2, Ix4};
use ort::session::SessionInputValue;
use ort::value::{DynValue, TensorRef};

use super::bundle::Role;
use super::preprocess::{Pixels, Preprocessor};
use super::session::{Feed, Graph, Outputs, feed, run_error};
use crate::core::geometry::Size;
use crate::core::geometry::transform::ModelFromImage;
use crate::core::ports::{
    Embedding, EmbeddingData, ImageEncoder, MaskCandidates, MaskDecoder, ModelError, PromptBatch,
};

/// `image_embeddings` (1, C, H, W) of one image: a tensor of its own, only ever read.
struct EmbeddingTensor {
    value: DynValue,
    bytes: usize,
}

impl EmbeddingData for EmbeddingTensor {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn features(&self) -> Option<ArrayView3<'_, f32>> {
        let values = self.value.try_extract_array::<f32>().ok()?.into_dimensionality::<Ix4>().ok()?;
        (values.len_of(Axis(0)) == 1).then(|| values.index_axis_move(Axis(0), 0))
    }
}

fn embedding_tensor(role: Role, embedding: &Embedding) -> Result<&DynValue, ModelError> {
    let tensor = embedding.data.as_any().downcast_ref::<EmbeddingTensor>();
    tensor.map(|tensor| &tensor.value).ok_or_else(|| ModelError::Run {
        graph: role.name(),
        reason: "expected an embedding of an ONNX Runtime encoder, got another model's".to_owned(),
    })
}

/// The inputs that all graphs which look at an embedding and points have in common.
pub fn prompt_feeds<'a>(
    role: Role,
    embedding: &'a Embedding,
    prompts: &'a PromptBatch,
) -> Result<Vec<Feed<'a>>, ModelError> {
    Ok(vec![
        ("image_embeddings", 0, embedding_tensor(role, embedding)?.into()),
        feed(role, "point_coords", prompts.coords.view())?,
        feed(role, "point_labels", prompts.labels.view())?,
    ])
}

pub struct OnnxEncoder {
    graph: Graph,
    preprocessor: Preprocessor,
}

impl OnnxEncoder {
    pub fn new(graph: Graph, preprocessor: Preprocessor) -> Self {
        Self { graph, preprocessor }
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
        let bytes = outputs.array::<Ix4>("image_embeddings")?.len() * size_of::<f32>();
        let value = outputs.take("image_embeddings", 0)?;
        Ok(Embedding { data: Arc::new(EmbeddingTensor { value, bytes }), transform })
    }
}

/// Height and width of an embedding, four times which is a low-resolution mask.
pub fn low_res_size(embedding: &Embedding) -> Result<Size, ModelError> {
    let tensor = embedding_tensor(Role::ImageEncoder, embedding)?;
    match tensor.dtype().tensor_shape().map(|shape| &shape[..]) {
        Some(&[1, _, height, width]) => Ok(Size::new(4 * width as u32, 4 * height as u32)),
        other => Err(ModelError::Shape {
            graph: "image_encoder",
            expected: "image_embeddings (1, C, H, W)".to_owned(),
            got: format!("{other:?}"),
        }),
    }
}

/// The role `mask_decoder`: N prompts a run.
pub struct OnnxDecoder {
    graph: Graph,
    /// 4H x 4W.
    low_res: Size,
    zeros: Zeros,
}

impl OnnxDecoder {
    pub fn new(graph: Graph, low_res: Size) -> Self {
        Self { graph, low_res, zeros: Zeros::default() }
    }
}

impl MaskDecoder for OnnxDecoder {
    fn mask_input_size(&self) -> Option<Size> {
        self.graph.has_input("mask_input").then_some(self.low_res)
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        let role = self.graph.role();
        let mut feeds = prompt_feeds(role, embedding, prompts)?;
        let flags = Array1::from_elem(prompts.len(), if prompts.masks.is_some() { 1.0 } else { 0.0 });
        if self.graph.has_input("mask_input") {
            let masks = match &prompts.masks {
                Some(masks) => masks.view(),
                None => self.zeros.view(prompts.len(), self.low_res),
            };
            feeds.push(feed(role, "mask_input", masks)?);
            feeds.push(feed(role, "has_mask_input", flags.view())?);
        } else if prompts.masks.is_some() {
            return Err(ModelError::Run {
                graph: role.name(),
                reason: "expected points or boxes, got mask prompts: this decoder has no mask_input".to_owned(),
            });
        }
        let outputs = self.graph.run(feeds)?;
        candidates(&outputs, prompts.len(), self.low_res)
    }
}

/// The mask input of prompts that have no mask; grows as batches need it.
#[derive(Default)]
pub struct Zeros(Vec<f32>);

impl Zeros {
    /// (prompts, 1, height, width).
    pub fn view(&mut self, prompts: usize, size: Size) -> ArrayView4<'_, f32> {
        let shape = (prompts, 1, size.height as usize, size.width as usize);
        let length = shape.0 * shape.2 * shape.3;
        self.0.resize(self.0.len().max(length), 0.0);
        ArrayView4::from_shape(shape, &self.0[..length]).expect("the slice was cut to the shape's length")
    }
}

/// What a decoder said of `prompts` prompts, its shapes checked.
pub fn candidates(outputs: &Outputs<'_>, prompts: usize, low_res: Size) -> Result<MaskCandidates, ModelError> {
    let logits = outputs.array::<Ix4>("low_res_masks")?;
    let predicted_iou = outputs.array::<Ix2>("iou_predictions")?;
    let (count, masks) = predicted_iou.dim();
    if count != prompts || masks == 0 {
        let expected = format!("iou_predictions ({prompts}, M)");
        return Err(outputs.shape_error(expected, predicted_iou.shape()));
    }
    let (height, width) = (low_res.height as usize, low_res.width as usize);
    if logits.dim() != (prompts, masks, height, width) {
        let expected = format!("low_res_masks ({prompts}, {masks}, {height}, {width})");
        return Err(outputs.shape_error(expected, logits.shape()));
    }
    Ok(MaskCandidates { logits: logits.to_owned(), predicted_iou: predicted_iou.to_owned() })
}

//! Every graph runs once before a bundle counts as loaded: what the static check cannot see (open shapes, kernels that
//! a provider lacks) is found now and not in front of the first camera image. It also warms the sessions up.

use image::RgbImage;
use ndarray::{Array2, Array3, Array4};

use super::bundle::manifest::Preprocess;
use crate::core::geometry::Size;
use crate::core::ports::{
    CaptionModel, Embedding, ImageEncoder, MaskDecoder, ModelError, ObjectDetector, PromptBatch, RegionBatch,
};

/// Encodes a grey picture that is half as high as wide, so that padding is exercised too.
pub fn encode(encoder: &mut dyn ImageEncoder, rules: &Preprocess) -> Result<Embedding, ModelError> {
    encoder.encode(&picture(Size::new(rules.input_size, (rules.input_size / 2).max(1))))
}

/// Detects in the picture that was encoded.
pub fn detect(detector: &mut dyn ObjectDetector, embedding: &Embedding) -> Result<(), ModelError> {
    detector.detect(&picture(embedding.transform.image), embedding).map(|_| ())
}

fn picture(size: Size) -> RgbImage {
    RgbImage::from_pixel(size.width, size.height, image::Rgb([128; 3]))
}

/// Decodes a click, a batch of two boxes and a mask, as far as the decoder takes them.
pub fn decode(decoder: &mut dyn MaskDecoder, embedding: &Embedding) -> Result<(), ModelError> {
    decoder.decode(embedding, &click(embedding))?;
    let boxes = boxes(embedding, 2);
    if decoder.takes_boxes() {
        decoder.decode(embedding, &boxes)?;
    }
    if let Some(size) = decoder.mask_input_size() {
        let masks = Array4::zeros((2, 1, size.height as usize, size.width as usize));
        decoder.decode(embedding, &PromptBatch { masks: Some(masks), ..boxes })?;
    }
    Ok(())
}

/// Speaks two tokens about two boxes and one more about the first of them.
pub fn caption(model: &mut CaptionModel, embedding: &Embedding) -> Result<(), ModelError> {
    model.prefix.prefix(embedding, &regions(click(embedding)))?;
    let prefix = model.prefix.prefix(embedding, &regions(boxes(embedding, 2)))?.prefix;
    let first = model.language.prefill(&prefix, 1)?.likeliest();
    let second = model.language.decode(&first, 1)?.likeliest();
    model.language.select(&[0])?;
    let third = model.language.decode(&second[..1], 1)?.likeliest();
    for tokens in [first, second, third] {
        model.detokenizer.text(&tokens)?;
    }
    Ok(())
}

/// Regions in the top left corner, by these prompts.
fn regions(prompts: PromptBatch) -> RegionBatch {
    let boxes = Array2::from_shape_fn((prompts.len(), 4), |(row, side)| if side < 2 { 0.0 } else { 8.0 + row as f32 });
    RegionBatch { prompts, boxes }
}

/// One foreground click in the middle, with the padding point that follows points.
fn click(embedding: &Embedding) -> PromptBatch {
    let middle = embedding.transform.side as f32 / 4.0;
    let coords = Array3::from_shape_vec((1, 2, 2), vec![middle, middle, 0.0, 0.0]).expect("1 x 2 x 2 numbers");
    let labels = Array2::from_shape_vec((1, 2), vec![1.0, -1.0]).expect("1 x 2 numbers");
    PromptBatch { coords, labels, masks: None }
}

/// `count` boxes around the middle of the content.
fn boxes(embedding: &Embedding, count: usize) -> PromptBatch {
    let content = embedding.transform.content;
    let corners = [[0.25, 0.25], [0.75, 0.75]];
    let scale = [content.width as f32, content.height as f32];
    PromptBatch {
        coords: Array3::from_shape_fn((count, 2, 2), |(_, corner, axis)| corners[corner][axis] * scale[axis]),
        labels: Array2::from_shape_fn((count, 2), |(_, corner)| 2.0 + corner as f32),
        masks: None,
    }
}

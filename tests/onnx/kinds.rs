//! Each kind of decoder: what its prompts become. What the tiny graphs compute stands in tests/fixtures/make_fixtures.py.

use ndarray::{Array4, array};
use segcap::core::geometry::Size;
use segcap::core::ports::{Embedding, PromptBatch};
use segcap::onnx::LoadedBundle;

use crate::support::{BundleCopy, assert_names, embed};

const COLOUR: [u8; 3] = [10, 200, 90];

/// Mean of the normalised channels: (value/255 - 0.5) / [0.5, 0.25, 0.125].
fn field() -> f32 {
    let std = [0.5, 0.25, 0.125];
    (0..3).map(|channel| (f32::from(COLOUR[channel]) / 255.0 - 0.5) / std[channel]).sum::<f32>() / 3.0
}

/// A click at (1, 2) with its padding, and a box from (2, 3) to (5, 7): a batch with equally many points.
fn click_and_box() -> PromptBatch {
    PromptBatch {
        coords: array![[[1.0, 2.0], [0.0, 0.0]], [[2.0, 3.0], [5.0, 7.0]], [[4.0, 1.0], [0.0, 0.0]]],
        labels: array![[1.0, -1.0], [2.0, 3.0], [1.0, -1.0]],
        masks: None,
    }
}

fn decoded(bundle: &mut LoadedBundle, embedding: &Embedding, prompts: &PromptBatch) -> Vec<f32> {
    let found = bundle.model.vision.decoder.decode(embedding, prompts).unwrap();
    assert_eq!(found.logits.dim(), (prompts.len(), 2, 16, 16));
    for row in 0..prompts.len() {
        let first = found.logits[[row, 0, 3, 11]];
        assert!((found.logits[[row, 1, 15, 0]] + first).abs() < 1e-3);
        assert!((found.predicted_iou[[row, 0]] - first).abs() < 1e-2);
    }
    (0..prompts.len()).map(|row| found.logits[[row, 0, 3, 11]]).collect()
}

#[track_caller]
fn assert_near(got: &[f32], expected: &[f32]) {
    let near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-2);
    assert!(near && got.len() == expected.len(), "expected {expected:?}, got {got:?}");
}

#[test]
fn sam2_gets_its_three_maps_and_a_box_its_padding() {
    let mut bundle = BundleCopy::of("sam2").load().unwrap();
    let embedding = embed(&mut bundle, COLOUR);
    assert_eq!(embedding.data.bytes(), 4 * 3 * (4 * 4 + 16 * 16 + 8 * 8));
    assert_eq!(embedding.data.features().unwrap().dim(), (3, 4, 4));
    // Three maps of one colour; 1000 a point: two for a click with its padding, three for a box with its own.
    let base = 3.0 * field();
    let corners = 2.0 * (2.0 + 6.0) + 3.0 * (5.0 + 14.0);
    let expected = [base + 2000.0 + 5.0, base + 3000.0 + corners, base + 2000.0 + 6.0];
    assert_near(&decoded(&mut bundle, &embedding, &click_and_box()), &expected);
}

#[test]
fn sam2_takes_masks() {
    let mut bundle = BundleCopy::of("sam2").load().unwrap();
    let embedding = embed(&mut bundle, COLOUR);
    assert_eq!(bundle.model.vision.decoder.mask_input_size(), Some(Size::new(16, 16)));
    let masks = Array4::from_shape_fn((3, 1, 16, 16), |(row, ..)| 50.0 * row as f32);
    let plain = decoded(&mut bundle, &embedding, &click_and_box());
    let with_masks = decoded(&mut bundle, &embedding, &PromptBatch { masks: Some(masks), ..click_and_box() });
    let differences: Vec<f32> = with_masks.iter().zip(&plain).map(|(with, without)| with - without).collect();
    assert_near(&differences, &[0.0, 50.0, 100.0]);
}

#[test]
fn hf_sam_gets_clicks_without_padding_and_boxes_as_boxes() {
    let mut bundle = BundleCopy::of("hf_sam").load().unwrap();
    let embedding = embed(&mut bundle, COLOUR);
    assert_eq!(embedding.data.bytes(), 4 * (3 * 4 * 4 + 1), "features of other types count, too");
    // 5 by way of features that are whole numbers; 100 a click.
    let base = field() + 5.0;
    let expected = [base + 100.0 + 5.0, base + 2.0 + 3.0 + 5.0 + 7.0, base + 100.0 + 6.0];
    assert_near(&decoded(&mut bundle, &embedding, &click_and_box()), &expected);
    let box_with_clicks = PromptBatch {
        coords: array![[[1.0, 2.0], [3.0, 1.0], [2.0, 3.0], [5.0, 7.0]]],
        labels: array![[1.0, 0.0, 2.0, 3.0]],
        masks: None,
    };
    assert_near(&decoded(&mut bundle, &embedding, &box_with_clicks), &[base + 200.0 + 5.0 + 17.0]);
}

#[test]
fn hf_sam_without_boxes_refuses_them() {
    let mut bundle = BundleCopy::of("hf_sam_clicks").load().unwrap();
    let embedding = embed(&mut bundle, COLOUR);
    let decoder = &mut bundle.model.vision.decoder;
    assert!(!decoder.takes_boxes() && decoder.mask_input_size().is_none());
    let error = decoder.decode(&embedding, &click_and_box()).unwrap_err().to_string();
    assert_names(&error, &["mask_decoder", "expected clicks, got boxes", "input_boxes"]);
    let click = PromptBatch { coords: array![[[1.0, 2.0], [0.0, 0.0]]], labels: array![[1.0, -1.0]], masks: None };
    assert_near(&decoded(&mut bundle, &embedding, &click), &[field() + 5.0 + 100.0 + 5.0]);
    let masked = PromptBatch { masks: Some(Array4::zeros((1, 1, 16, 16))), ..click };
    let error = bundle.model.vision.decoder.decode(&embedding, &masked).unwrap_err().to_string();
    assert_names(&error, &["mask_decoder", "takes no masks"]);
}

#[test]
fn a_decoder_of_format_2_names_its_kind() {
    let copy = BundleCopy::of("sam2").edit("    kind: sam2\n", "");
    assert_names(&copy.refusal(), &["graphs.mask_decoder", "kind", "sca, sam_export, sam2 or hf_sam"]);
    let copy = BundleCopy::of("sam2").edit("kind: sam2", "kind: sam3");
    assert_names(&copy.refusal(), &["unknown variant `sam3`", "hf_sam"]);
    let copy = BundleCopy::tiny().edit("  mask_decoder:\n", "  mask_decoder:\n    kind: sca\n");
    assert_names(&copy.refusal(), &["graphs.mask_decoder.kind", "format 2"]);
}

#[test]
fn features_are_those_that_the_encoder_gives() {
    let copy = BundleCopy::of("sam2").edit("      high_res_feats_1: \"high_res_feats_1\"\n      point", "      point");
    assert_names(&copy.refusal(), &["mask_decoder.onnx", "high_res_feats_1", "nothing fills"]);
    let copy = BundleCopy::of("hf_sam")
        .edit("      image_positional_embeddings: \"image_positional_embeddings\"\n  mask", "  mask");
    assert_names(&copy.refusal(), &["graphs.mask_decoder.inputs", "image_positional_embeddings", "only"]);
    let copy = BundleCopy::of("hf_sam")
        .edit("positional_embeddings: \"image_positional", "positional_embeddings: \"image_other");
    assert_names(&copy.refusal(), &["image_other_embeddings", "none of that name"]);
}

//! Encoder and decoders: every tensor reaches its place. What the tiny graphs compute stands in
//! tests/fixtures/make_fixtures.py.

use ndarray::{Array4, s};
use segcap::core::geometry::Size;
use segcap::core::ports::PromptBatch;

use crate::support::{BundleCopy, embed, points, regions};

/// Mean of the normalised channels of a colour: (value/255 - 0.5) / [0.5, 0.25, 0.125].
fn field(colour: [u8; 3]) -> f32 {
    let std = [0.5, 0.25, 0.125];
    (0..3).map(|channel| (f32::from(colour[channel]) / 255.0 - 0.5) / std[channel]).sum::<f32>() / 3.0
}

fn assert_near(got: f32, expected: f32) {
    assert!((got - expected).abs() < 1e-4, "expected {expected}, got {got}");
}

fn check_decoder(bundle: &str) {
    let mut bundle = BundleCopy::of(bundle).load().unwrap();
    let colour = [10, 200, 90];
    let embedding = embed(&mut bundle, colour);
    let decoder = &mut bundle.model.vision.decoder;
    assert_eq!(decoder.mask_input_size(), Some(Size::new(16, 16)));
    let mut prompts = points(&[(1.0, 2.0), (8.0, 0.5), (0.0, 31.0)]);
    let offsets = [5.0, 9.0, 62.0];
    let got = decoder.decode(&embedding, &prompts).unwrap();
    assert_eq!(got.logits.dim(), (3, 2, 16, 16));
    for (row, offset) in offsets.into_iter().enumerate() {
        let expected = field(colour) + offset;
        assert_near(got.logits[[row, 0, 3, 11]], expected);
        assert_near(got.logits[[row, 1, 15, 0]], -expected);
        assert_near(got.predicted_iou[[row, 0]], expected);
    }
    let masks = Array4::from_shape_fn((3, 1, 16, 16), |(row, _, y, x)| (100 * row + 16 * y + x) as f32);
    prompts.masks = Some(masks.clone());
    let with_masks = decoder.decode(&embedding, &prompts).unwrap();
    let difference = &with_masks.logits.slice(s![.., ..1, .., ..]) - &got.logits.slice(s![.., ..1, .., ..]);
    assert!((&difference - &masks).iter().all(|value| value.abs() < 1e-3));
}

#[test]
fn batched_decoder() {
    check_decoder("tiny");
}

#[test]
fn sam_export_decoder_runs_once_a_prompt() {
    check_decoder("sam");
}

#[test]
fn masks_without_a_mask_follow_masks() {
    // The zeros of a batch without masks must not be what an earlier, larger batch left behind.
    let mut bundle = BundleCopy::tiny().load().unwrap();
    let embedding = embed(&mut bundle, [0, 0, 0]);
    let decoder = &mut bundle.model.vision.decoder;
    let before = decoder.decode(&embedding, &points(&[(1.0, 1.0)])).unwrap();
    let with_mask = PromptBatch { masks: Some(Array4::from_elem((4, 1, 16, 16), 9.0)), ..points(&[(1.0, 1.0); 4]) };
    decoder.decode(&embedding, &with_mask).unwrap();
    let after = decoder.decode(&embedding, &points(&[(1.0, 1.0)])).unwrap();
    assert_eq!(before.logits, after.logits);
}

#[test]
fn no_prompts_are_an_error_or_nothing() {
    for name in ["tiny", "sam"] {
        let mut bundle = BundleCopy::of(name).load().unwrap();
        let embedding = embed(&mut bundle, [0, 0, 0]);
        if let Ok(got) = bundle.model.vision.decoder.decode(&embedding, &points(&[])) {
            assert_eq!(got.logits.dim().0, 0);
        }
    }
}

#[test]
fn embeddings_are_their_own_and_cross_threads() {
    let mut bundle = BundleCopy::tiny().load().unwrap();
    let black = embed(&mut bundle, [0, 0, 0]);
    let white = embed(&mut bundle, [255, 255, 255]);
    assert_eq!(black.data.bytes(), 3 * 4 * 4 * size_of::<f32>());
    let mut caption = bundle.model.caption.unwrap();
    let decoder = &mut bundle.model.vision.decoder;
    std::thread::scope(|scope| {
        let shared = white.clone();
        let prefix = scope.spawn(move || caption.prefix.prefix(&shared, &regions(&[(1.0, 2.0)])).unwrap().prefix);
        let dark = decoder.decode(&black, &points(&[(0.0, 0.0)])).unwrap();
        assert_near(dark.logits[[0, 0, 0, 0]], field([0, 0, 0]));
        let prefix = prefix.join().unwrap();
        assert_eq!(prefix.dim(), (1, 2, 4));
        assert_near(prefix[[0, 1, 2]], 1.0 + field([255; 3]));
        assert_near(prefix[[0, 0, 3]], 2.0 + field([255; 3]));
    });
}

#[test]
fn an_embedding_of_another_size_is_an_error() {
    let mut tiny = BundleCopy::tiny().load().unwrap();
    let embedding = embed(&mut tiny, [0, 0, 0]);
    let wrong = PromptBatch { masks: Some(Array4::zeros((1, 1, 8, 8))), ..points(&[(1.0, 1.0)]) };
    let error = tiny.model.vision.decoder.decode(&embedding, &wrong).unwrap_err().to_string();
    assert!(error.contains("mask_decoder") && error.contains("mask_input"), "{error}");
}

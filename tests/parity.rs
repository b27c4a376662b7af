//! segcap against an independent Python reading of the same bundle (tests/reference/segcap_reference.py): the same
//! logits, masks and words, for every kind of prompt, in batches here and one by one there. Logits are compared for the
//! same picture at the encoder's size, masks and words from the camera's picture to the end.
//!
//! Needs a Python with onnxruntime, numpy, Pillow and PyYAML: `SEGCAP_PYTHON`, or the one in `.venv`. Without it the
//! tests say so and pass. With `SEGCAP_REQUIRE_PARITY=1` they fail, and where `CI` is set, unless that says 0.
#![cfg(feature = "onnx")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use image::{GrayImage, Rgb, RgbImage};
use ndarray::{Array3, s};
use segcap::core::caption::search::Search;
use segcap::core::caption::{Subject, describe};
use segcap::core::geometry::{PixelBox, Point, Size};
use segcap::core::mask::Mask;
use segcap::core::ports::{Embedding, MaskDecoder};
use segcap::core::progress::ignore;
use segcap::core::prompt::batch::group;
use segcap::core::prompt::{Click, Prompt, Shape};
use segcap::core::segment::pipeline::{Found, SegmentOptions, segment};
use segcap::onnx::bundle::manifest::{Layout, PixelType, Preprocess};
use segcap::onnx::preprocess::{Pixels, Preprocessor};
use segcap::onnx::provider::{Provider, ProviderChoice, SessionOptions};
use segcap::onnx::{LoadOptions, LoadedBundle, load};
use serde::Deserialize;
use serde_json::{Value, json};

const GREEDY: Search = Search { max_tokens: 0, beams: 1 };
/// Largest difference of a logit, for the same picture at the encoder's size.
const LOGIT_TOLERANCE: f32 = 1e-3;
/// Largest part of the bytes of that picture that may differ from Pillow's, by one.
const RESIZE_TOLERANCE: f64 = 1e-2;
/// Largest part of an image's pixels in which masks may differ: the pictures that they come from differ by RESIZE_TOLERANCE.
const MASK_TOLERANCE: f64 = 3e-3;
/// Largest difference of a caption's score; the box of the mask may differ by a pixel.
const SCORE_TOLERANCE: f32 = 5e-2;
/// Largest difference of a name's score; the box of the mask may differ by a pixel.
const NAME_TOLERANCE: f32 = 5e-2;
/// Largest difference of a predicted IoU.
const IOU_TOLERANCE: f32 = 1e-2;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether tests that cannot run must fail: what `SEGCAP_REQUIRE_PARITY` says, or without it `CI`.
fn is_required(required: Option<&str>, ci: Option<&str>) -> bool {
    let value = required.filter(|value| !value.is_empty()).or(ci).unwrap_or_default();
    !matches!(value, "" | "0" | "false")
}

/// A Python that can run the reference. Without one a message says so, or where it is required the test fails.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SEGCAP_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from);
    let probe = Command::new(&python).args(["-c", "import numpy, onnxruntime, PIL, yaml"]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let missing = format!("{} has no numpy, onnxruntime, PIL and yaml (SEGCAP_PYTHON names another)", python.display());
    let [required, ci] = ["SEGCAP_REQUIRE_PARITY", "CI"].map(|name| std::env::var(name).ok());
    assert!(!is_required(required.as_deref(), ci.as_deref()), "{missing}");
    eprintln!("skipped: {missing}");
    None
}

/// A picture with shapes, stripes and gradients; the same on every run.
fn picture(size: Size) -> RgbImage {
    let (width, height) = (size.width as f32, size.height as f32);
    RgbImage::from_fn(size.width, size.height, |x, y| {
        let (u, v) = (x as f32 / width, y as f32 / height);
        let from_centre = ((u - 0.35).powi(2) + ((v - 0.4) * height / width).powi(2)).sqrt();
        if from_centre < 0.16 {
            return Rgb([200, 40 + (120.0 * v) as u8, 30]);
        }
        if (0.55..0.9).contains(&u) && (0.3..0.75).contains(&v) {
            let stripe = if ((u * 40.0) as u32).is_multiple_of(2) { 60 } else { 190 };
            return Rgb([30, stripe, 200 - (100.0 * u) as u8]);
        }
        Rgb([(90.0 + 120.0 * v) as u8, (110.0 + 90.0 * v) as u8, (100.0 + 60.0 * u) as u8])
    })
}

fn at(size: Size, u: f32, v: f32) -> Point {
    Point::new(u * size.width as f32, v * size.height as f32)
}

fn click(size: Size, u: f32, v: f32, foreground: bool) -> Click {
    Click { at: at(size, u, v), foreground }
}

fn rect(size: Size, [left, top, right, bottom]: [f32; 4]) -> PixelBox {
    let (from, to) = (at(size, left, top), at(size, right, bottom));
    PixelBox::new(from.x as u32, from.y as u32, (to.x - from.x) as u32, (to.y - from.y) as u32)
}

/// An ellipse in the middle of a box.
fn ellipse(size: Size, within: PixelBox) -> Mask {
    let centre = (within.x as f32 + within.width as f32 / 2.0, within.y as f32 + within.height as f32 / 2.0);
    let inside = |x: u32, y: u32| {
        let across = (x as f32 + 0.5 - centre.0) / (within.width as f32 / 2.0);
        let down = (y as f32 + 0.5 - centre.1) / (within.height as f32 / 2.0);
        across * across + down * down < 1.0
    };
    let pixels: Vec<u8> = (0..size.height).flat_map(|y| (0..size.width).map(move |x| u8::from(inside(x, y)))).collect();
    Mask::from_binary(size, &pixels).unwrap()
}

/// Points, boxes, boxes with clicks, masks: mixed, so that batches gather what does not lie together.
fn prompts(size: Size) -> Vec<Prompt> {
    let ball = rect(size, [0.18, 0.12, 0.52, 0.68]);
    let stripes = rect(size, [0.54, 0.28, 0.91, 0.77]);
    let shapes = [
        Shape::Points(vec![click(size, 0.35, 0.4, true)]),
        Shape::Box { rect: ball, clicks: vec![] },
        Shape::Points(vec![click(size, 0.7, 0.5, true), click(size, 0.1, 0.9, false)]),
        Shape::Box { rect: stripes, clicks: vec![click(size, 0.6, 0.5, true), click(size, 0.93, 0.5, false)] },
        Shape::Mask { mask: Arc::new(ellipse(size, ball)), clicks: vec![] },
        Shape::Points(vec![click(size, 0.05, 0.05, true)]),
        Shape::Box { rect: stripes, clicks: vec![] },
        Shape::Mask { mask: Arc::new(ellipse(size, stripes)), clicks: vec![click(size, 0.7, 0.5, true)] },
        Shape::Box { rect: PixelBox::of_size(size), clicks: vec![] },
    ];
    shapes.into_iter().enumerate().map(|(index, shape)| Prompt { id: index.to_string(), shape }).collect()
}

/// A prompt as the reference reads it; a mask goes to a file in `folder`.
fn in_words(prompt: &Prompt, size: Size, folder: &Path) -> Value {
    let corners = |rect: PixelBox| json!([rect.x, rect.y, rect.right(), rect.bottom()]);
    let (clicks, corners, mask) = match &prompt.shape {
        Shape::Points(clicks) => (clicks, Value::Null, None),
        Shape::Box { rect, clicks } => (clicks, corners(*rect), None),
        Shape::Mask { mask, clicks } => (clicks, corners(mask.bbox()), Some(mask)),
        Shape::Everything => panic!("the reference has no everything-mode"),
    };
    let file = mask.map(|mask| {
        let file = folder.join(format!("mask_{}.png", prompt.id));
        GrayImage::from_raw(size.width, size.height, mask.to_binary(size)).unwrap().save(&file).unwrap();
        file
    });
    json!({
        "points": clicks.iter().map(|click| [click.at.x, click.at.y]).collect::<Vec<_>>(),
        "labels": clicks.iter().map(|click| u8::from(click.foreground)).collect::<Vec<_>>(),
        "box": corners,
        "mask": file,
    })
}

#[derive(Deserialize)]
struct Answers {
    resize: Resize,
    prompts: Vec<Answer>,
}

#[derive(Deserialize)]
struct Resize {
    worst: u8,
    part: f64,
}

#[derive(Deserialize)]
struct Answer {
    iou: Vec<f32>,
    chosen: Option<usize>,
    mask: Option<Vec<u32>>,
    tokens: Vec<u32>,
    score: f32,
    names: Vec<(String, f32)>,
}

/// The image as the encoder sees it, without padding.
fn resized(image: &RgbImage, rules: &Preprocess) -> RgbImage {
    let bytes = Preprocess { layout: Layout::Nhwc, dtype: PixelType::Uint8, ..rules.clone() };
    let mut preprocessor = Preprocessor::new(bytes);
    let content = preprocessor.transform(Size::new(image.width(), image.height())).content;
    let Pixels::Uint8(pixels) = preprocessor.run(image).unwrap() else { panic!("asked for bytes") };
    let square = RgbImage::from_raw(rules.input_size, rules.input_size, pixels.to_vec()).unwrap();
    image::imageops::crop_imm(&square, 0, 0, content.width, content.height).to_image()
}

/// What the reference says, and the low-resolution logits (M, h, w) of each prompt.
fn ask_reference(python: &Path, image: &RgbImage, rules: &Preprocess, prompts: &[Prompt]) -> (Answers, Vec<Vec<f32>>) {
    let folder = tempfile::tempdir().unwrap();
    let at = |file: &str| folder.path().join(file);
    image.save(at("image.png")).unwrap();
    resized(image, rules).save(at("resized.png")).unwrap();
    let size = Size::new(image.width(), image.height());
    let words: Vec<_> = prompts.iter().map(|prompt| in_words(prompt, size, folder.path())).collect();
    let job = json!({
        "bundle": built_in_folder(),
        "image": at("image.png"),
        "resized": at("resized.png"),
        "out": folder.path(),
        "prompts": words,
    });
    fs::write(at("job.json"), job.to_string()).unwrap();
    let script = root().join("tests/reference/segcap_reference.py");
    let output = Command::new(python).arg(script).arg(at("job.json")).output().unwrap();
    assert!(output.status.success(), "the reference failed: {}", String::from_utf8_lossy(&output.stderr));
    let answers = serde_json::from_slice(&fs::read(at("answers.json")).unwrap()).unwrap();
    let logits = (0..prompts.len()).map(|index| floats(&fs::read(at(&format!("logits_{index}.f32"))).unwrap()));
    (answers, logits.collect())
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn built_in_folder() -> PathBuf {
    root().join("models/builtin")
}

fn built_in() -> LoadedBundle {
    let session = SessionOptions { provider: ProviderChoice::Fixed(Provider::Cpu), ..Default::default() };
    load(&built_in_folder(), &LoadOptions { session, library: None }).unwrap()
}

/// The decoder's logits of each prompt, decoded in batches, by the prompts' order.
fn batched_logits(decoder: &mut dyn MaskDecoder, embedding: &Embedding, prompts: &[Prompt]) -> Vec<Array3<f32>> {
    let mut logits = vec![Array3::zeros((0, 0, 0)); prompts.len()];
    let shapes = prompts.iter().map(|prompt| &prompt.shape);
    for batch in group(shapes, &embedding.transform, decoder.mask_input_size()) {
        let found = decoder.decode(embedding, &batch.batch).unwrap();
        for (row, index) in batch.indices.into_iter().enumerate() {
            logits[index] = found.logits.slice(s![row, .., .., ..]).to_owned();
        }
    }
    logits
}

fn pixels_of(runs: &[u32]) -> Vec<bool> {
    let inside = |(index, length): (usize, &u32)| std::iter::repeat_n(index % 2 == 1, *length as usize);
    runs.iter().enumerate().flat_map(inside).collect()
}

fn check(size: Size) {
    let Some(python) = python() else { return };
    let (image, prompts) = (picture(size), prompts(size));
    let LoadedBundle { mut model, manifest, .. } = built_in();
    let (answers, reference_logits) = ask_reference(&python, &image, &manifest.preprocess, &prompts);
    let Resize { worst, part } = answers.resize;
    assert!(worst <= 1 && part <= RESIZE_TOLERANCE, "resized unlike Pillow: worst {worst}, {part} of the bytes differ");

    let embedding = model.vision.encoder.encode(&image).unwrap();
    let decoder = model.vision.decoder.as_mut();
    check_logits(&batched_logits(decoder, &embedding, &prompts), &reference_logits);
    let found = segment(decoder, &embedding, &prompts, &SegmentOptions::default(), &mut ignore).unwrap();
    for (index, answer) in answers.prompts.iter().enumerate() {
        check_mask(index, found.iter().find(|found| found.prompt_index == index), answer, size);
    }
    // The reference captions the box of its own mask, and the whole image where it has none.
    let bbox = |index| {
        let found = found.iter().find(|found| found.prompt_index == index);
        found.map_or(PixelBox::of_size(size), |found| found.mask.bbox())
    };
    let subject =
        |(index, prompt): (usize, &Prompt)| Subject { shape: Arc::new(prompt.shape.clone()), bbox: bbox(index) };
    let subjects: Vec<_> = prompts.iter().enumerate().map(subject).collect();
    let spoken = describe(&mut model.caption.unwrap(), &embedding, &subjects, GREEDY, 4, &|| false).unwrap();
    for (index, (got, expected)) in spoken.iter().zip(&answers.prompts).enumerate() {
        assert_eq!(got.tokens, expected.tokens, "prompt {index}: {}", got.text);
        assert!((got.score - expected.score).abs() <= SCORE_TOLERANCE, "prompt {index}: score {}", got.score);
        let told: Vec<&(String, f32)> = expected.names.iter().filter(|(_, score)| *score >= NAME_TOLERANCE).collect();
        assert!(got.names.iter().count() >= told.len(), "prompt {index}: {:?}", got.names);
        for (one, (name, score)) in got.names.iter().zip(told) {
            // Two names may change places where they are nearly as good.
            assert!((one.score - score).abs() <= NAME_TOLERANCE, "prompt {index}: {one:?}, expected {name} {score}");
        }
    }
}

fn check_logits(got: &[Array3<f32>], expected: &[Vec<f32>]) {
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert_eq!(got.len(), expected.len(), "prompt {index}");
        let worst = got.iter().zip(expected).map(|(got, expected)| (got - expected).abs()).fold(0.0, f32::max);
        assert!(worst <= LOGIT_TOLERANCE, "prompt {index}: a logit differs by {worst}");
    }
}

fn check_mask(index: usize, found: Option<&Found>, answer: &Answer, size: Size) {
    let Some(runs) = &answer.mask else {
        assert!(found.is_none(), "prompt {index}: expected no mask");
        return;
    };
    let found = found.unwrap_or_else(|| panic!("prompt {index}: expected a mask, got none"));
    let expected_iou = answer.iou[answer.chosen.unwrap()].clamp(0.0, 1.0);
    let off = (expected_iou - found.predicted_iou).abs();
    assert!(off <= IOU_TOLERANCE, "prompt {index}: expected predicted IoU {expected_iou}, got {}", found.predicted_iou);
    let pixels = found.mask.to_binary(size);
    let differ = pixels.iter().zip(pixels_of(runs)).filter(|(got, expected)| (**got != 0) != *expected).count();
    let part = differ as f64 / size.pixels() as f64;
    assert!(part <= MASK_TOLERANCE, "prompt {index}: {differ} of {} pixels differ", size.pixels());
}

#[test]
fn continuous_integration_requires_the_reference() {
    for (required, ci, expected) in [
        (None, None, false),
        (None, Some("true"), true),
        (Some(""), Some("true"), true),
        (Some("0"), Some("true"), false),
        (Some("1"), None, true),
        (Some("1"), Some("false"), true),
        (None, Some("false"), false),
    ] {
        assert_eq!(is_required(required, ci), expected, "{required:?}, CI={ci:?}");
    }
}

#[test]
fn at_640_x_480() {
    check(Size::new(640, 480));
}

#[test]
fn at_1280_x_720() {
    check(Size::new(1280, 720));
}

#[test]
fn at_333_x_517() {
    check(Size::new(333, 517));
}

#[test]
fn at_3840_x_2160() {
    check(Size::new(3840, 2160));
}

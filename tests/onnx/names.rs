//! Names, region boxes and object detectors. What the tiny graphs compute stands in tests/fixtures/make_fixtures.py.

use std::sync::Arc;

use ndarray::{Array2, array};
use segcap::core::caption::search::Search;
use segcap::core::caption::{Spoken, Subject, describe};
use segcap::core::geometry::PixelBox;
use segcap::core::ports::{Embedding, RegionBatch};
use segcap::core::prompt::Shape;
use segcap::core::region::ScoreKind;
use segcap::core::region::names::NameScores;
use segcap::onnx::LoadedBundle;

use crate::support::{BundleCopy, assert_names, digest, embed, points};

const GREY: [u8; 3] = [100; 3];

fn listed(names: &NameScores) -> Vec<(&str, f32)> {
    names.iter().map(|one| (&*one.name, one.score)).collect()
}

fn regions(boxes: Array2<f32>) -> RegionBatch {
    RegionBatch { prompts: points(&vec![(1.0, 1.0); boxes.nrows()]), boxes }
}

/// Captions regions with these boxes, pixels of the image.
fn captioned(bundle: &mut LoadedBundle, embedding: &Embedding, boxes: &[PixelBox]) -> Vec<Spoken> {
    let subject = |&bbox: &PixelBox| Subject { shape: Arc::new(Shape::Everything), bbox };
    let subjects: Vec<Subject> = boxes.iter().map(subject).collect();
    let search = Search { max_tokens: 2, beams: 1 };
    describe(bundle.model.caption.as_mut().unwrap(), embedding, &subjects, search, 4, &|| false).unwrap()
}

fn detect(bundle: &mut LoadedBundle, colour: [u8; 3]) -> Result<Embedding, String> {
    // Twice as wide as high: the encoder's square is half padding, the detector's stretched.
    let image = image::RgbImage::from_pixel(128, 64, image::Rgb(colour));
    let embedding = bundle.model.vision.encoder.encode(&image).unwrap();
    let detector = bundle.model.vision.detector.as_mut().unwrap();
    let detections = detector.detect(&image, &embedding).map_err(|error| error.to_string())?;
    assert!(embedding.detections.set(detections).is_ok());
    Ok(embedding)
}

#[test]
fn a_captioner_sees_the_box_of_the_mask_and_rates_names() {
    let mut bundle = BundleCopy::of("named").load().unwrap();
    assert!(bundle.model.caption.as_ref().unwrap().prefix.has_names() && !bundle.model.takes_names_from_detector());
    let image = image::RgbImage::from_pixel(64, 64, image::Rgb(GREY));
    let embedding = bundle.model.vision.encoder.encode(&image).unwrap();
    // Half as large in the encoder's square of 32: 8, 4, 16, 12, and 0, 0, 32, 32.
    let boxes = [PixelBox::new(16, 8, 16, 16), PixelBox::new(0, 0, 64, 64)];
    let spoken = captioned(&mut bundle, &embedding, &boxes);
    let expected = [("bowl", 0.5), ("vase", 0.375), ("pot", 0.3), ("cup", 0.25), ("jar", 0.2)];
    assert_eq!(listed(&spoken[0].names), expected);
    assert_eq!(listed(&spoken[1].names), [("bowl", 1.0), ("vase", 1.0), ("pot", 0.3), ("jar", 0.2), ("can", 0.1)]);
    assert_eq!(spoken.iter().map(|one| one.score).collect::<Vec<_>>(), [0.25, 1.0]);
    assert!(spoken.iter().all(|one| one.score_kind == ScoreKind::Probability));
}

#[test]
fn the_prefix_is_made_of_the_box() {
    let mut bundle = BundleCopy::of("named").load().unwrap();
    let embedding = embed(&mut bundle, GREY);
    let prefix = &mut bundle.model.caption.as_mut().unwrap().prefix;
    let rows = prefix.prefix(&embedding, &regions(array![[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 9.0]])).unwrap().prefix;
    assert_eq!(rows.dim(), (2, 2, 4));
    let difference = &rows.slice(ndarray::s![1, 1, ..]) - &rows.slice(ndarray::s![0, 0, ..]);
    assert!((difference - array![4.0, 4.0, 4.0, 5.0]).iter().all(|off: &f32| off.abs() < 1e-4));
}

#[test]
fn a_captioner_may_see_points_and_boxes_or_points_alone() {
    let mut bundle = BundleCopy::tiny().load().unwrap();
    let embedding = embed(&mut bundle, GREY);
    let prefix = &mut bundle.model.caption.as_mut().unwrap().prefix;
    let known = prefix.prefix(&embedding, &regions(array![[1.0, 2.0, 3.0, 4.0]])).unwrap();
    let elsewhere = prefix.prefix(&embedding, &regions(array![[9.0, 9.0, 31.0, 30.0]])).unwrap();
    assert_eq!(known.prefix, elsewhere.prefix, "without region_boxes nothing changes");
    assert!(known.names.is_none() && known.caption_scores.is_none() && !prefix.has_names());
}

#[test]
fn a_score_that_is_no_probability_is_an_error_of_the_run() {
    let mut bundle = BundleCopy::of("named").load().unwrap();
    let embedding = embed(&mut bundle, GREY);
    let prefix = &mut bundle.model.caption.as_mut().unwrap().prefix;
    for (wrong, tensor) in [
        (array![[1.0, 2.0, 33.0, 4.0]], "name_scores"),
        (array![[-1.0, 2.0, 3.0, 4.0]], "name_scores"),
        (array![[1.0, f32::NAN, 3.0, 4.0]], "name_scores"),
        (array![[1.0, f32::INFINITY, 3.0, 4.0]], "name_scores"),
        (array![[9.0, 2.0, 3.0, 4.0]], "caption_score"),
    ] {
        let error = prefix.prefix(&embedding, &regions(wrong)).unwrap_err().to_string();
        assert_names(&error, &["caption_prefix", tensor, "0 to 1"]);
    }
    // What rounding is off by is cut.
    let known = prefix.prefix(&embedding, &regions(array![[-0.01, 0.0, 32.01, 0.0]])).unwrap();
    assert_eq!(known.caption_scores, Some(vec![1.0]));
    assert_eq!(listed(&known.names.unwrap()[0])[0], ("bowl", 1.0));
}

#[test]
fn a_detector_on_features_names_things_in_the_image() {
    let mut bundle = BundleCopy::of("named").load().unwrap();
    let detector = bundle.model.vision.detector.as_ref().unwrap();
    assert!(detector.names().len() == 7 && bundle.model.vision.can_prompt_by_detector());
    let embedding = detect(&mut bundle, [255; 3]).unwrap();
    // The square's right upper quarter is the image's right half; all of the image is the square's upper half.
    let found = embedding.detections.get().unwrap();
    assert_eq!(found.proposals(), [PixelBox::new(0, 0, 64, 64), PixelBox::new(64, 0, 64, 64)]);
    assert_eq!(listed(&found.names_of(PixelBox::new(64, 0, 64, 32))), [("cup", 0.25)]);
}

#[test]
fn a_detector_on_pixels_of_its_own_brings_names_without_captions() {
    let mut bundle = BundleCopy::of("detected").load().unwrap();
    assert!(bundle.model.caption.is_none() && bundle.model.takes_names_from_detector());
    let embedding = detect(&mut bundle, [100; 3]).unwrap();
    // Stretched: a quarter of its square is half as wide and half as high as the image.
    let found = embedding.detections.get().unwrap();
    assert_eq!(found.proposals(), [PixelBox::new(0, 0, 64, 32), PixelBox::new(64, 0, 64, 32)]);
    assert_eq!(listed(&found.names_of(PixelBox::new(0, 0, 64, 32))), [("bowl", 0.5)]);
    assert_eq!(listed(&found.names_of(PixelBox::new(0, 0, 64, 16))), [("bowl", 0.25)]);
}

#[test]
fn detections_that_are_none_are_an_error_of_the_run() {
    let mut bundle = BundleCopy::of("detected").load().unwrap();
    assert_names(&detect(&mut bundle, [255; 3]).err().unwrap(), &["object_detector", "scores", "0 to 1, got 1.275"]);
    assert_names(&detect(&mut bundle, [0; 3]).err().unwrap(), &["object_detector", "boxes", "finite", "NaN"]);
    let names = "cup\nmug\n";
    let refusal = BundleCopy::of("detected").replace("names.txt", names.as_bytes()).refusal();
    assert_names(&refusal, &["first run", "object_detector", "class_ids", "0 to 1, got 2"]);
}

#[test]
fn a_detector_without_names_proposes_only() {
    let text = format!("    names: names.txt\n    names_sha256: \"{}\"\n", digest(&names_file()));
    let mut bundle = BundleCopy::of("detected").edit(&text, "").load().unwrap();
    assert!(!bundle.model.takes_names_from_detector());
    let embedding = detect(&mut bundle, [100; 3]).unwrap();
    assert_eq!(embedding.detections.get().unwrap().proposals().len(), 2);
    assert!(embedding.names_of(PixelBox::new(0, 0, 64, 32)).is_empty());
}

fn names_file() -> Vec<u8> {
    std::fs::read(crate::support::fixtures().join("named/names.txt")).unwrap()
}

#[test]
fn names_are_as_many_as_the_graph_rates() {
    let refusal = BundleCopy::of("named").replace("names.txt", b"cup\nmug\nbowl\nvase\npot\njar\n").refusal();
    assert_names(&refusal, &["caption_prefix", "name_scores", "6", "names", "[1, 7]"]);
    let refusal = BundleCopy::of("named").replace("names.txt", b"cup\nmug\ncup\n").refusal();
    assert_names(&refusal, &["names.txt, line 3", "each name once", "cup"]);
    let copy = BundleCopy::of("named");
    std::fs::write(copy.path("names.txt"), b"cup\n").unwrap();
    assert_names(&copy.refusal(), &["names.txt", "sha256"]);
    let refusal = BundleCopy::of("named").edit("names: names.txt", "names: ../names.txt").refusal();
    assert_names(&refusal, &["names", "inside the bundle's folder"]);
}

#[test]
fn what_a_manifest_says_of_names_and_detectors_is_checked() {
    let hash = format!("    names_sha256: \"{}\"\n", digest(&names_file()));
    let file = "    names: names.txt\n";
    let both = format!("{file}{hash}");
    let boxes = "      region_boxes: \"region_boxes\"\n";
    let cases: [(&str, &str, &str, &[&str]); 9] = [
        ("named", &both, "", &["graphs.caption_prefix.names", "name_scores", "nothing"]),
        ("named", file, "", &["graphs.caption_prefix.names", "beside `names_sha256`"]),
        ("named", &hash, "", &["graphs.caption_prefix.names_sha256", "64 hexadecimal digits"]),
        ("named", "      name_scores: \"name_scores\"\n", "", &["graphs.caption_prefix.names", "elsewhere"]),
        (
            "named",
            boxes,
            "",
            &["graphs.caption_prefix.inputs", "`point_coords` with `point_labels`, or `region_boxes`"],
        ),
        (
            "named",
            "      region_boxes: \"region_boxes\"\n",
            "      point_coords: \"region_boxes\"\n",
            &["`point_labels` too"],
        ),
        (
            "detected",
            "      pixels: \"pixels\"\n    outputs:\n      boxes",
            "      image_embeddings: \"pixels\"\n    outputs:\n      boxes",
            &["object_detector.preprocess", "input `pixels`"],
        ),
        (
            "detected",
            "      input_size: 64",
            "      input_size: 16",
            &["graphs.object_detector.preprocess.input_size", "32 to 4096"],
        ),
        ("detected", "format: 2", "format: 1", &["kind", "format 2"]),
    ];
    for (bundle, from, to, parts) in cases {
        assert_names(&BundleCopy::of(bundle).edit(from, to).refusal(), parts);
    }
    let refusal = BundleCopy::tiny()
        .edit(
            "      point_labels: \"point_labels\"\n    outputs:\n      lm_prefix",
            "      point_labels: \"point_labels\"\n      region_boxes: \"region_boxes\"\n    outputs:\n      lm_prefix",
        )
        .refusal();
    assert_names(&refusal, &["format", "2, for `region_boxes` of caption_prefix"]);
    let refusal = BundleCopy::tiny()
        .edit(
            "      point_coords: \"point_coords\"\n      point_labels: \"point_labels\"\n    outputs:\n      lm_prefix",
            "    outputs:\n      lm_prefix",
        )
        .refusal();
    assert_names(&refusal, &["caption_prefix.inputs", "`point_coords` too"]);
}

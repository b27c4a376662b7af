//! The program `segcap`, run as a user runs it: on the sample picture, with the built-in bundle.

#![cfg(feature = "onnx")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{GrayImage, Luma};
use segcap::core::geometry::Size;
use segcap::core::mask::rle::Rle;
use serde_json::Value;

const TEAPOT: (u32, u32) = (277, 193);
const MUG: (u32, u32) = (440, 229);

fn photo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/tabletop.jpg")
}

fn segcap(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segcap"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("SEGCAP_BUNDLE").args(args);
    command.output().expect("the program starts")
}

/// What it printed, when all went well.
fn good(args: &[&str]) -> String {
    let output = segcap(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What it complained of, and the exit code.
fn bad(args: &[&str]) -> (i32, String) {
    let output = segcap(args);
    let complaint = String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code().expect("no signal ended it"), complaint)
}

fn at((x, y): (u32, u32)) -> String {
    format!("{x},{y}")
}

#[test]
fn the_table_has_a_row_for_each_prompt_and_says_how_long_it_took() {
    let photo = photo();
    let rect = "380,170,130,120";
    let text = good(&["image", photo.to_str().unwrap(), "--point", &at(TEAPOT), "--box", rect]);
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[0].contains("tabletop.jpg, ") && rows[0].contains("segcap-builtin"), "{text}");
    let title = rows.iter().position(|row| row.trim_start().starts_with("id  prompt")).expect(&text);
    let caption_column = rows[title].find("caption").expect(&text);
    for (row, prompt) in [(title + 1, "point 277,193".to_owned()), (title + 2, format!("box {rect}"))] {
        assert!(rows[row].contains(&prompt), "{text}");
        assert!(rows[row].len() > caption_column && !rows[row][caption_column..].starts_with(' '), "{text}");
    }
    assert!(text.contains("encode ") && text.contains("decode ") && text.contains("caption "), "{text}");
}

#[test]
fn json_holds_masks_that_can_be_read_back() {
    let photo = photo();
    let args = ["image", photo.to_str().unwrap(), "--point", &at(TEAPOT), "--point", &at(MUG), "--json"];
    let report: Value = serde_json::from_str(&good(&args)).expect("JSON and nothing else");
    let size = Size::new(number(&report["image"]["width"]), number(&report["image"]["height"]));
    let regions = report["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 2, "{report}");
    for region in regions {
        let segmentation = &region["segmentation"];
        assert_eq!(segmentation["size"], serde_json::json!([size.height, size.width]));
        let mask =
            Rle::from_compressed(size, segmentation["counts"].as_str().unwrap()).unwrap().decode().unwrap().unwrap();
        let bbox = mask.bbox();
        assert_eq!(region["bbox"], serde_json::json!([bbox.x, bbox.y, bbox.width, bbox.height]));
        assert_eq!(number(&region["area"]), mask.area());
        assert!(bbox.right() <= size.width && bbox.bottom() <= size.height, "{region}");
        assert!((0.0..=1.0).contains(&region["predicted_iou"].as_f64().unwrap()), "{region}");
        assert!(!region["caption"].as_str().unwrap().is_empty() && region["caption_score"].as_f64().unwrap() <= 1.0);
        assert_eq!(region["names"].as_array().unwrap().len(), region["name_scores"].as_array().unwrap().len());
    }
    assert!(report["timings_ms"]["encode"].as_f64().unwrap() > 0.0);
}

#[test]
fn pictures_are_written_and_agree_with_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (overlay, labels, json) = (file("overlay.png"), file("labels.png"), file("report.json"));
    let photo = photo();
    let mut args = vec!["image", photo.to_str().unwrap(), "--everything", "--points-per-side", "4", "--no-captions"];
    args.extend(["--pred-iou-thresh", "0.3", "--stability-thresh", "0.3"]);
    args.extend(["--out", &overlay, "--label-map", &labels, "--json", &json]);
    let text = good(&args);
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let drawn = image::open(&overlay).unwrap().into_rgb8();
    let labels = image::open(&labels).unwrap().into_luma16();
    let original = image::open(&photo).unwrap().into_rgb8();
    assert_eq!(drawn.dimensions(), original.dimensions());
    assert_eq!(labels.dimensions(), original.dimensions());
    let regions = report["regions"].as_array().unwrap();
    assert!(!regions.is_empty(), "{text}");
    for region in regions {
        let label = number(&region["label"]) as u16;
        let visible = labels.pixels().filter(|pixel| pixel.0[0] == label).count() as u32;
        assert!(visible <= number(&region["area"]), "label {label}");
        assert_eq!(region["caption"], Value::Null);
    }
    let inside = labels.pixels().zip(drawn.pixels().zip(original.pixels())).filter(|(label, _)| label.0[0] != 0);
    assert!(inside.clone().filter(|(_, (drawn, original))| drawn != original).count() * 10 >= inside.count() * 9);
}

#[test]
fn a_mask_can_be_a_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let mask = folder.path().join("mask.png");
    let (width, height) = image::image_dimensions(photo()).unwrap();
    let near = |x: u32, y: u32| x.abs_diff(MUG.0) < 40 && y.abs_diff(MUG.1) < 40;
    GrayImage::from_fn(width, height, |x, y| Luma([if near(x, y) { 255 } else { 0 }])).save(&mask).unwrap();
    let photo = photo();
    let text = good(&["image", photo.to_str().unwrap(), "--mask", mask.to_str().unwrap(), "--point", "300,200,0"]);
    assert!(text.contains("mask.png -300,200"), "{text}");
}

#[test]
fn wrong_usage_is_explained_and_ends_in_2() {
    let photo = photo();
    let photo = photo.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["image", photo], "Give at least one prompt"),
        (&["image", photo, "--point", "12"], "expected X,Y or X,Y,LABEL"),
        (&["image", photo, "--box", "1,2,3,-4"], "expected X,Y,W,H in whole pixels"),
        (&["image", photo, "--everything", "--provider", "gpu"], "expected auto, tensorrt, cuda or cpu"),
        (&["bundle"], "check"),
    ];
    for (args, part) in cases {
        let (code, complaint) = bad(args);
        assert_eq!(code, 2, "{args:?}: {complaint}");
        assert!(complaint.contains(part), "{args:?}: {complaint:?} should hold {part:?}");
    }
    assert!(good(&["image", "--help"]).contains("refines the prompt before it"));
}

#[test]
fn what_cannot_be_done_is_said_once_and_ends_in_1() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.jpg");
    fs::write(&broken, &fs::read(photo()).unwrap()[..5000]).unwrap();
    let photo = photo();
    let (photo, broken, folder) = (photo.to_str().unwrap(), broken.to_str().unwrap(), folder.path().to_str().unwrap());
    let cases: [(&[&str], &str); 5] = [
        (&["image", "nowhere.jpg", "--everything"], "cannot read nowhere.jpg: No such file"),
        (&["image", broken, "--everything"], "broken JPEG file: its end marker is missing"),
        (&["image", photo, "--point", "9000,3"], "points[0]: expected 0 <= x < 640"),
        (&["image", photo, "--everything", "--bundle", folder], "has no bundle.yaml"),
        (&["bundle", "check", folder], "has no bundle.yaml"),
    ];
    for (args, part) in cases {
        let (code, complaint) = bad(args);
        assert_eq!(code, 1, "{args:?}: {complaint}");
        assert!(complaint.contains(part), "{args:?}: {complaint:?} should hold {part:?}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn a_bundle_is_checked_and_described() {
    let text = good(&["bundle", "check", "--provider", "cpu"]);
    for part in ["segcap-builtin", "image_encoder", "lm_decode", "tokenizer.json", "cpu", "All hashes match"] {
        assert!(text.contains(part), "{part:?} should stand in {text}");
    }
}

#[test]
fn names_stand_in_the_report() {
    let photo = photo();
    let json = |bundle: &str, more: &[&str]| -> Value {
        let args = ["image", photo.to_str().unwrap(), "--bundle", bundle, "--json", "-"];
        serde_json::from_str(&good(&[&args[..], more].concat())).unwrap()
    };
    let named = json("tests/fixtures/named", &["--box", "100,120,320,240"]);
    let region = &named["regions"][0];
    let (names, scores) = (region["names"].as_array().unwrap(), region["name_scores"].as_array().unwrap());
    assert!(names.len() == scores.len() && names.len() == 5, "{region}");
    assert!(scores.is_sorted_by(|a, b| a.as_f64() >= b.as_f64()), "{region}");
    assert!((0.0..=1.0).contains(&region["caption_score"].as_f64().unwrap()), "{region}");
    // Without a captioner the detector's names, in everything-mode by its boxes.
    let detected = json("tests/fixtures/detected", &["--everything", "--proposals", "detector"]);
    assert!(detected["regions"][0]["names"].as_array().unwrap().contains(&"bowl".into()), "{detected}");
    assert_eq!(detected["regions"][0]["caption"], Value::Null);
    let tiny = [
        "image",
        photo.to_str().unwrap(),
        "--bundle",
        "tests/fixtures/tiny",
        "--everything",
        "--proposals",
        "detector",
    ];
    let (code, complaint) = bad(&tiny);
    assert!(
        code == 1 && complaint.contains("everything.proposals") && complaint.contains("object_detector"),
        "{complaint}"
    );
}

#[test]
fn a_bundle_s_names_and_detector_are_told() {
    let text = good(&["bundle", "check", "tests/fixtures/named", "--provider", "cpu"]);
    for part in
        ["object_detector", "class_ids", "region_boxes", "names: caption_prefix 7 in names.txt, object_detector 7 in"]
    {
        assert!(text.contains(part), "{part:?} should stand in {text}");
    }
    let text = good(&["bundle", "check", "tests/fixtures/detected", "--provider", "cpu"]);
    assert!(text.contains("object_detector: 64x64 pixels of its own, Stretch"), "{text}");
}

#[test]
fn a_bundle_with_one_wrong_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/builtin")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let graph = folder.path().join("mask_decoder.onnx");
    let mut bytes = fs::read(&graph).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&graph, bytes).unwrap();
    let (code, complaint) = bad(&["bundle", "check", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(complaint.contains("mask_decoder.onnx") && complaint.contains("sha256"), "{complaint}");
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).expect("a number that fits u32")
}

#[test]
fn recall_measures_every_setting_against_the_label_maps() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, labels) = (folder.path().join("table.jpg"), folder.path().join("table.ids.png"));
    fs::copy(photo(), &picture).unwrap();
    let (picture, labels) = (picture.to_str().unwrap(), labels.to_str().unwrap());
    let sure = ["--proposals", "grid", "--points-per-side", "8", "--stability-thresh", "0.6"];
    // Its own masks as the truth: as a map they hide each other here and there, so not all are found again.
    let look = ["image", picture, "--everything", "--no-captions", "--pred-iou-thresh", "0.6", "--label-map", labels];
    good(&[&look[..], &sure].concat());
    let measure = ["recall", folder.path().to_str().unwrap(), "--pred-iou-thresh", "0.6,0.9999"];
    let text = good(&[&measure[..], &sure].concat());
    assert!(text.contains("pictures: 1") && text.contains("segcap-builtin"), "{text}");
    let recalls: Vec<f32> = text
        .lines()
        .filter_map(|row| row.trim_start().strip_prefix("8 x 8")?.split_whitespace().nth(3)?.parse().ok())
        .collect();
    assert!(recalls.len() == 2 && recalls[0] >= 50.0 && recalls[1] < recalls[0], "{recalls:?} in {text}");

    let empty = tempfile::tempdir().unwrap();
    let (code, complaint) = bad(&["recall", empty.path().to_str().unwrap()]);
    assert!(code == 1 && complaint.contains("mug.ids.png"), "{complaint}");
}

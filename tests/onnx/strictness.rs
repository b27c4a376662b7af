//! Every way in which a bundle can be wrong is refused, and the refusal says what is wrong.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{BundleCopy, assert_names, digest, fixtures};

#[test]
fn a_sound_bundle_loads() {
    let bundle = BundleCopy::tiny().load().unwrap();
    assert_eq!(&*bundle.model.name, "tiny 1.0");
    assert!(bundle.model.caption.is_some());
}

#[test]
fn an_absent_folder() {
    let copy = BundleCopy::tiny();
    fs::remove_dir_all(copy.folder()).unwrap();
    assert_names(&copy.refusal(), &["cannot read", "bundle"]);
}

#[test]
fn an_absent_manifest() {
    let copy = BundleCopy::tiny();
    fs::remove_file(copy.path("bundle.yaml")).unwrap();
    assert_names(&copy.refusal(), &["bundle.yaml"]);
}

#[test]
fn a_truncated_manifest() {
    let copy = BundleCopy::tiny();
    let text = fs::read(copy.path("bundle.yaml")).unwrap();
    for length in [0, 30, 100, 400, text.len() / 2, text.len() - 30] {
        fs::write(copy.path("bundle.yaml"), &text[..length]).unwrap();
        assert_names(&copy.refusal(), &["bundle.yaml"]);
    }
}

#[test]
fn an_endless_manifest() {
    let copy = BundleCopy::tiny();
    fs::write(copy.path("bundle.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_names(&copy.refusal(), &["bundle.yaml", "1048576 bytes"]);
}

#[test]
fn another_format() {
    let copy = BundleCopy::tiny().edit("format: 1", "format: 3\nnew_in_three: yes");
    assert_names(&copy.refusal(), &["format", "expected 1 or 2", "got 3"]);
}

#[test]
fn an_unknown_key() {
    assert_names(&BundleCopy::tiny().edit("format: 1", "format: 1\nauthor: me").refusal(), &["unknown field `author`"]);
    let copy = BundleCopy::tiny().edit("  input_size: 32", "  input_size: 32\n  padding: 1");
    assert_names(&copy.refusal(), &["preprocess", "unknown field `padding`"]);
    let copy = BundleCopy::tiny().edit("  lm_decode:", "  lm_encode:");
    assert_names(&copy.refusal(), &["graphs", "unknown field `lm_encode`"]);
}

#[test]
fn a_missing_key() {
    assert_names(&BundleCopy::tiny().edit("license: Apache-2.0\n", "").refusal(), &["missing field `license`"]);
    let copy = BundleCopy::tiny().edit("  dtype: float32\n", "");
    assert_names(&copy.refusal(), &["missing field `dtype`"]);
}

#[test]
fn values_out_of_range() {
    for (from, to, key) in [
        ("input_size: 32", "input_size: 0", "preprocess.input_size"),
        ("input_size: 32", "input_size: 100000", "preprocess.input_size"),
        ("mean: [0.5, ", "mean: [.nan, ", "preprocess.mean"),
        ("std: [0.5, ", "std: [0, ", "preprocess.std"),
        ("layers: 2", "layers: 0", "language_model.layers"),
        ("max_new_tokens: 8", "max_new_tokens: 0", "language_model.max_new_tokens"),
        ("name: tiny", "name: \"\"", "name"),
        ("name: tiny", "name: \"a\\0b\"", "name"),
    ] {
        assert_names(&BundleCopy::tiny().edit(from, to).refusal(), &[key, "expected"]);
    }
}

#[test]
fn an_unknown_value() {
    let copy = BundleCopy::tiny().edit("longest_edge", "crop");
    assert_names(&copy.refusal(), &["resize", "unknown variant `crop`", "longest_edge", "stretch"]);
}

#[test]
fn a_wrong_hash() {
    let copy = BundleCopy::tiny();
    for file in ["image_encoder.onnx", "lm_decode.onnx", "tokenizer.json"] {
        let content = fs::read(copy.path(file)).unwrap();
        let mut damaged = content.clone();
        damaged[20] ^= 1;
        fs::write(copy.path(file), &damaged).unwrap();
        assert_names(&copy.refusal(), &[file, &digest(&content), &digest(&damaged)]);
        fs::write(copy.path(file), &content).unwrap();
    }
}

#[test]
fn a_hash_that_is_none() {
    let encoder = digest(&fs::read(fixtures().join("tiny/image_encoder.onnx")).unwrap());
    let copy = BundleCopy::tiny().edit(&encoder, "abc");
    assert_names(&copy.refusal(), &["graphs.image_encoder", "64 hexadecimal digits", "abc"]);
}

#[test]
fn a_path_out_of_the_folder() {
    let copy = BundleCopy::tiny();
    fs::copy(copy.path("image_encoder.onnx"), copy.outer().join("image_encoder.onnx")).unwrap();
    let absolute = copy.path("image_encoder.onnx").display().to_string();
    for path in ["../image_encoder.onnx", "x/../image_encoder.onnx", &absolute, "''"] {
        let copy = BundleCopy::tiny().edit("file: image_encoder.onnx", &format!("file: {path}"));
        assert_names(&copy.refusal(), &["graphs.image_encoder.file", "inside the bundle's folder"]);
    }
    let copy = BundleCopy::tiny().edit("tokenizer: tokenizer.json", "tokenizer: ../tokenizer.json");
    assert_names(&copy.refusal(), &["language_model.tokenizer", "../tokenizer.json"]);
}

#[test]
fn a_link_out_of_the_folder() {
    let copy = BundleCopy::tiny();
    let outside = copy.outer().join("encoder.onnx");
    fs::rename(copy.path("image_encoder.onnx"), &outside).unwrap();
    symlink(&outside, copy.path("image_encoder.onnx")).unwrap();
    assert_names(&copy.refusal(), &["image_encoder.onnx", "link to", "encoder.onnx"]);
}

#[test]
fn a_link_inside_the_folder_is_fine() {
    let copy = BundleCopy::tiny();
    fs::rename(copy.path("image_encoder.onnx"), copy.path("encoder.onnx")).unwrap();
    symlink("encoder.onnx", copy.path("image_encoder.onnx")).unwrap();
    copy.load().unwrap();
}

#[test]
fn a_file_that_is_absent_or_none() {
    let copy = BundleCopy::tiny().edit("file: lm_decode.onnx", "file: absent.onnx");
    assert_names(&copy.refusal(), &["cannot read", "absent.onnx"]);
    let copy = BundleCopy::tiny();
    fs::remove_file(copy.path("lm_decode.onnx")).unwrap();
    fs::create_dir(copy.path("lm_decode.onnx")).unwrap();
    assert_names(&copy.refusal(), &["lm_decode.onnx", "not a regular file"]);
}

/// The tiny bundle with an encoder that keeps its weights in another file.
fn with_external_weights() -> BundleCopy {
    let copy = BundleCopy::tiny();
    fs::copy(fixtures().join("external/external_weights.bin"), copy.path("external_weights.bin")).unwrap();
    let encoder = fs::read(fixtures().join("external/external_encoder.onnx")).unwrap();
    copy.replace("image_encoder.onnx", &encoder)
}

fn list_weights(copy: BundleCopy, sha256: &str) -> BundleCopy {
    let listed = format!("file: image_encoder.onnx\n    data: {{external_weights.bin: \"{sha256}\"}}");
    copy.edit("file: image_encoder.onnx", &listed)
}

#[test]
fn external_data_must_be_listed() {
    let refusal = with_external_weights().refusal();
    assert_names(&refusal, &["graphs.image_encoder.data", "external_weights.bin", "not listed"]);
}

#[test]
fn external_data_is_hashed_and_used() {
    let weights = digest(&fs::read(fixtures().join("external/external_weights.bin")).unwrap());
    let copy = list_weights(with_external_weights(), &weights);
    let mut bundle = copy.load().unwrap();
    let mut plain = BundleCopy::tiny().load().unwrap();
    let (white, grey) = ([255; 3], [40, 90, 200]);
    for colour in [white, grey] {
        let external = crate::support::embed(&mut bundle, colour);
        let embedding = crate::support::embed(&mut plain, colour);
        let prompt = crate::support::points(&[(3.0, 4.0)]);
        let masks = bundle.model.vision.decoder.decode(&external, &prompt).unwrap();
        let expected = plain.model.vision.decoder.decode(&embedding, &prompt).unwrap();
        let difference = (&masks.logits - &expected.logits).mapv(f32::abs);
        assert!(difference.iter().all(|value| *value < 1e-5), "{difference}");
    }
    fs::write(copy.path("external_weights.bin"), [0; 2304]).unwrap();
    assert_names(&copy.refusal(), &["external_weights.bin", "expected sha256", &weights]);
}

#[test]
fn external_data_out_of_the_folder() {
    let copy = with_external_weights();
    let model = fs::read(copy.path("image_encoder.onnx")).unwrap();
    let at = model.windows(9).position(|window| window == b"external_").unwrap();
    let mut escaping = model.clone();
    escaping[at..at + 9].copy_from_slice(b"../ernal_");
    let copy = copy.replace("image_encoder.onnx", &escaping);
    fs::copy(copy.path("external_weights.bin"), copy.outer().join("ernal_weights.bin")).unwrap();
    assert_names(&copy.refusal(), &["../ernal_weights.bin", "not listed"]);
    let weights = digest(&fs::read(copy.path("external_weights.bin")).unwrap());
    let listed = format!("file: image_encoder.onnx\n    data: {{../ernal_weights.bin: \"{weights}\"}}");
    let copy = copy.edit("file: image_encoder.onnx", &listed);
    assert_names(&copy.refusal(), &["../ernal_weights.bin", "without `..`"]);
}

#[test]
fn data_that_no_graph_uses() {
    let weights = digest(&fs::read(fixtures().join("external/external_weights.bin")).unwrap());
    let refusal = list_weights(BundleCopy::tiny(), &weights).refusal();
    assert_names(&refusal, &["graphs.image_encoder.data", "external_weights.bin"]);
}

#[test]
fn a_model_that_is_none() {
    for garbage in [&b""[..], b"not a model", &[0xff; 4096], &[0x3a, 0x00]] {
        let copy = BundleCopy::tiny().replace("image_encoder.onnx", garbage);
        assert_names(&copy.refusal(), &["image_encoder"]);
    }
}

#[test]
fn a_model_cut_short() {
    let model = fs::read(fixtures().join("tiny/lm_decode.onnx")).unwrap();
    for length in [1, 10, 100, model.len() / 2, model.len() - 1] {
        let copy = BundleCopy::tiny().replace("lm_decode.onnx", &model[..length]);
        assert_names(&copy.refusal(), &["lm_decode"]);
    }
}

#[test]
fn a_tokenizer_that_is_none() {
    let copy = BundleCopy::tiny().replace("tokenizer.json", b"{\"version\": \"1.0\"}");
    assert_names(&copy.refusal(), &["tokenizer.json", "not a readable tokenizer"]);
}

#[test]
fn an_end_token_that_the_tokenizer_lacks() {
    let copy = BundleCopy::tiny().edit("eos_token_id: 0", "eos_token_id: 7");
    assert_names(&copy.refusal(), &["eos_token_id", "7 tokens"]);
}

#[test]
fn a_tensor_that_the_role_lacks() {
    let copy = BundleCopy::tiny().edit("      pixels: \"pixels\"", "      pixels: \"pixels\"\n      size: \"size\"");
    assert_names(&copy.refusal(), &["graphs.image_encoder.inputs", "`size`", "pixels"]);
}

#[test]
fn a_tensor_that_the_manifest_lacks() {
    let copy = BundleCopy::tiny().edit("      iou_predictions: \"iou_predictions\"\n", "");
    assert_names(&copy.refusal(), &["graphs.mask_decoder.outputs", "`iou_predictions`"]);
    let copy = BundleCopy::tiny().edit("      has_mask_input: \"has_mask_input\"\n", "");
    assert_names(&copy.refusal(), &["graphs.mask_decoder.inputs", "`has_mask_input` too", "mask_input"]);
}

#[test]
fn a_tensor_that_the_graph_lacks() {
    let copy = BundleCopy::tiny().edit("lm_prefix: \"lm_prefix\"", "lm_prefix: \"prefix\"");
    assert_names(&copy.refusal(), &["caption_prefix.onnx", "`prefix`", "none of that name", "lm_prefix"]);
}

#[test]
fn an_input_that_nothing_fills() {
    let copy = BundleCopy::tiny()
        .edit("      mask_input: \"mask_input\"\n", "")
        .edit("      has_mask_input: \"has_mask_input\"\n", "");
    assert_names(&copy.refusal(), &["mask_decoder.onnx", "mask_input", "nothing fills"]);
}

#[test]
fn another_type() {
    let copy = BundleCopy::tiny().edit("dtype: float32", "dtype: uint8");
    assert_names(&copy.refusal(), &["image_encoder.onnx", "`pixels`", "u8 of rank 4", "f32"]);
}

#[test]
fn another_rank() {
    let copy = BundleCopy::tiny()
        .edit("point_coords: \"point_coords\"", "point_coords: \"swap\"")
        .edit("point_labels: \"point_labels\"", "point_labels: \"point_coords\"")
        .edit("point_coords: \"swap\"", "point_coords: \"point_labels\"");
    assert_names(&copy.refusal(), &["mask_decoder", "`point_labels`", "rank 3", "`point_coords`"]);
}

#[test]
fn another_number_of_layers() {
    let copy = BundleCopy::tiny().edit("layers: 2", "layers: 3");
    assert_names(&copy.refusal(), &["lm_prefill", "present.2.key"]);
    let copy = BundleCopy::tiny().edit("layers: 2", "layers: 1");
    assert_names(&copy.refusal(), &["lm_decode", "past.1.key", "nothing fills"]);
    let copy = BundleCopy::tiny().edit("past.{layer}.key", "past.0.key");
    assert_names(&copy.refusal(), &["graphs.lm_decode.inputs.past_key", "{layer}"]);
}

#[test]
fn another_input_size_than_the_graphs() {
    let copy = BundleCopy::tiny().edit("input_size: 32", "input_size: 64");
    assert_names(&copy.refusal(), &["first run", "image_encoder", "pixels", "64", "32"]);
}

#[test]
fn half_a_captioner() {
    let copy = BundleCopy::tiny();
    let text = fs::read_to_string(copy.path("bundle.yaml")).unwrap();
    let without_language = &text[..text.find("language_model:").unwrap()];
    fs::write(copy.path("bundle.yaml"), without_language).unwrap();
    assert_names(&copy.refusal(), &["graphs.lm_decode", "without language_model"]);
}

#[test]
fn a_bundle_without_captioner_segments() {
    let copy = BundleCopy::tiny();
    let text = fs::read_to_string(copy.path("bundle.yaml")).unwrap();
    fs::write(copy.path("bundle.yaml"), &text[..text.find("  caption_prefix:").unwrap()]).unwrap();
    assert!(copy.load().unwrap().model.caption.is_none());
}

#[test]
fn two_decoders() {
    let copy = BundleCopy::of("sam");
    let sam = fs::read_to_string(copy.path("bundle.yaml")).unwrap();
    let entry = &sam[sam.find("  sam_decoder:").unwrap()..];
    let copy = BundleCopy::tiny().edit("  caption_prefix:", &format!("{entry}  caption_prefix:"));
    assert_names(&copy.refusal(), &["mask_decoder or sam_decoder", "both"]);
}

//! Texts that are no sound manifest are refused.

use proptest::prelude::*;

use super::*;

const SOUND: &str = include_str!("../../../../tests/fixtures/tiny/bundle.yaml");

fn parse(text: &[u8]) -> Result<Manifest, BundleError> {
    Manifest::parse(Path::new("bundle.yaml"), text)
}

#[test]
fn the_fixture_is_sound() {
    let manifest = parse(SOUND.as_bytes()).unwrap();
    assert_eq!(manifest.title(), "tiny 1.0");
    assert!(manifest.captioner().unwrap().is_some());
}

/// Numbers and texts are in the ranges of `models/README.md`, the roles complete. By rules of its own, not by `check`.
fn assert_sound(manifest: &Manifest) {
    let Manifest { format, name, version, license, preprocess, graphs, language_model, .. } = manifest;
    assert_eq!(*format, 1);
    for text in [name, version, license] {
        assert!(text.chars().any(|c| !c.is_whitespace()) && !text.contains(char::is_control), "{text:?}");
    }
    assert!(preprocess.input_size >= 32 && preprocess.input_size <= 4096, "{preprocess:?}");
    assert!(preprocess.mean.iter().all(|mean| mean.is_finite()), "{preprocess:?}");
    assert!(preprocess.std.iter().all(|std| std.is_finite() && *std > 0.0), "{preprocess:?}");
    assert!(graphs.mask_decoder.is_some() != graphs.sam_decoder.is_some());
    let caption_parts = [&graphs.caption_prefix, &graphs.lm_prefill, &graphs.lm_decode].map(Option::is_some);
    assert_eq!(caption_parts, [language_model.is_some(); 3]);
    if let Some(language) = language_model {
        assert!(language.layers >= 1 && language.layers <= 256, "{language:?}");
        assert!(language.max_new_tokens >= 1 && language.max_new_tokens <= 1024, "{language:?}");
    }
    assert_roles(graphs);
}

fn assert_roles(graphs: &Graphs) {
    let keys = |tensors: &BTreeMap<String, String>| tensors.keys().cloned().collect::<Vec<_>>().join(" ");
    let tensors = |graph: &Option<GraphEntry>| graph.as_ref().map(|graph| (keys(&graph.inputs), keys(&graph.outputs)));
    let expect = |inputs: &str, outputs: &str| Some((inputs.to_owned(), outputs.to_owned()));
    assert_eq!(tensors(&Some(graphs.image_encoder.clone())), expect("pixels", "image_embeddings"));
    let decoder = tensors(&graphs.mask_decoder);
    let masks = "iou_predictions low_res_masks";
    let allowed = [
        expect("has_mask_input image_embeddings mask_input point_coords point_labels", masks),
        expect("image_embeddings point_coords point_labels", masks),
    ];
    assert!(allowed.contains(&decoder), "{decoder:?}");
    if graphs.lm_decode.is_none() {
        return;
    }
    let present = "logits present_key present_value";
    assert_eq!(tensors(&graphs.caption_prefix), expect("image_embeddings point_coords point_labels", "lm_prefix"));
    assert_eq!(tensors(&graphs.lm_prefill), expect("inputs_embeds", present));
    assert_eq!(tensors(&graphs.lm_decode), expect("input_ids past_key past_value", present));
    let decode = graphs.lm_decode.as_ref().unwrap();
    let of_layers = ["past_key", "past_value"].map(|key| &decode.inputs[key]);
    assert!(of_layers.iter().all(|tensor| tensor.matches("{layer}").count() == 1), "{of_layers:?}");
}

#[test]
fn the_rules_of_these_tests_hold_for_the_fixture() {
    assert_sound(&parse(SOUND.as_bytes()).unwrap());
}

#[test]
fn a_line_left_out_is_refused() {
    let lines: Vec<&str> = SOUND.lines().collect();
    for left_out in 0..lines.len() {
        let text: Vec<&str> = (0..lines.len()).filter(|&at| at != left_out).map(|at| lines[at]).collect();
        assert!(parse(text.join("\n").as_bytes()).is_err(), "without {:?}", lines[left_out]);
    }
}

/// (key, value in the fixture, lowest, highest)
const RANGES: [(&str, u64, u64, u64); 3] =
    [("input_size", 32, 32, 4096), ("layers", 2, 1, 256), ("max_new_tokens", 8, 1, 1024)];

fn with_number(key: &str, from: u64, to: u64) -> String {
    let (from, to) = (format!("{key}: {from}\n"), format!("{key}: {to}\n"));
    assert_eq!(SOUND.matches(&from).count(), 1);
    SOUND.replace(&from, &to)
}

#[test]
fn the_ends_of_ranges_are_taken_and_their_neighbours_refused() {
    for (key, from, lowest, highest) in RANGES {
        for (number, is_taken) in [(lowest - 1, false), (lowest, true), (highest, true), (highest + 1, false)] {
            let parsed = parse(with_number(key, from, number).as_bytes());
            assert_eq!(parsed.is_ok(), is_taken, "{key}: {number}");
        }
    }
}

proptest! {
    #[test]
    fn numbers_are_taken_within_their_range_only(
        at: prop::sample::Index,
        number in prop_oneof![0..5000_u64, any::<u64>()],
    ) {
        let (key, from, lowest, highest) = RANGES[at.index(RANGES.len())];
        match parse(with_number(key, from, number).as_bytes()) {
            Ok(manifest) => assert_sound(&manifest),
            Err(error) => prop_assert!(!(lowest..=highest).contains(&number), "{key}: {number}: {error}"),
        }
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn any_text_is_an_answer(text in "[ -~\n]{0,200}") {
        prop_assert!(parse(text.as_bytes()).is_err());
    }

    /// A line that is said twice or cut is refused, or what is read is still sound.
    #[test]
    fn damaged_lines_are_an_answer(at: prop::sample::Index, is_twice: bool, cut: prop::sample::Index) {
        let mut lines: Vec<&str> = SOUND.lines().collect();
        let at = at.index(lines.len());
        if is_twice {
            lines.insert(at, lines[at]);
        } else {
            lines[at] = &lines[at][..cut.index(lines[at].len() + 1)];
        }
        if let Ok(manifest) = parse(lines.join("\n").as_bytes()) {
            assert_sound(&manifest);
        }
    }
}

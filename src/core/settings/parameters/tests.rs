use super::*;
use crate::core::settings::CaptionMode;
use crate::core::settings::configuration::ImageTransport;

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn names_are_unique_and_descriptions_are_sentences() {
    for (index, declaration) in DECLARATIONS.iter().enumerate() {
        assert!(DECLARATIONS[..index].iter().all(|earlier| earlier.name != declaration.name), "{}", declaration.name);
        assert!(declaration.description.ends_with('.'), "{}", declaration.name);
    }
}

#[test]
fn every_default_can_be_set_again_and_changes_nothing() {
    let mut parameters = Parameters::default();
    let defaults: Vec<_> = DECLARATIONS.iter().map(|d| (d.name, d.value(parameters.configuration()))).collect();
    parameters.set(defaults, State::Unconfigured).unwrap();
    assert_eq!(parameters.configuration(), &Configuration::default());
}

/// The ends of its range, or every choice.
fn values_of(declaration: &Declaration) -> Vec<Value> {
    match &declaration.slot {
        Slot::Bool { .. } => vec![Value::Bool(true), Value::Bool(false)],
        Slot::Integer { min, max, .. } => vec![Value::Integer(*min), Value::Integer(*max)],
        Slot::Double { min, max, .. } => vec![Value::Double(*min), Value::Double(*max)],
        Slot::Choice { choices, .. } => choices.iter().map(|choice| text(choice)).collect(),
        Slot::Text { .. } => vec![text("/a/folder")],
        Slot::Names { .. } => vec![Value::TextList(vec!["front".into(), "rear_2".into()])],
    }
}

#[test]
fn no_parameter_does_nothing() {
    for declaration in DECLARATIONS {
        let changes = values_of(declaration).into_iter().any(|value| {
            let parameters = Parameters::at_start([(declaration.name, value)]).unwrap();
            parameters.configuration() != &Configuration::default()
        });
        assert!(changes, "{}", declaration.name);
    }
}

#[test]
fn every_slot_reads_what_was_written() {
    for declaration in DECLARATIONS {
        for value in values_of(declaration) {
            let parameters = Parameters::at_start([(declaration.name, value.clone())]).unwrap();
            assert_eq!(declaration.value(parameters.configuration()), value, "{}", declaration.name);
        }
    }
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    let mut parameters = Parameters::default();
    for (name, value, expected) in [
        ("everything.points_per_side", Value::Integer(0), "everything.points_per_side: expected 1 to 64, got 0"),
        ("overlay.alpha", Value::Double(1.5), "overlay.alpha: expected 0 to 1, got 1.5"),
        ("overlay.alpha", Value::Double(f64::NAN), "overlay.alpha: expected 0 to 1, got NaN"),
        ("limits.max_image_px", Value::Integer(-1), "limits.max_image_px: expected 1 to 1000000000, got -1"),
        ("caption.mode", text("loud"), "caption.mode: expected one of off, on_request, background, got \"loud\""),
    ] {
        assert_eq!(parameters.set([(name, value)], State::Unconfigured).unwrap_err().to_string(), expected);
    }
    assert_eq!(parameters.configuration(), &Configuration::default());
}

#[test]
fn wrong_types_and_unknown_names_are_refused() {
    let mut parameters = Parameters::default();
    let error = parameters.set([("overlay.enabled", Value::Integer(1))], State::Unconfigured).unwrap_err();
    assert_eq!(error.to_string(), "overlay.enabled: expected boolean, got integer 1");
    let error = parameters.set([("caption.batch", Value::Double(4.0))], State::Unconfigured).unwrap_err();
    assert_eq!(error.to_string(), "caption.batch: expected integer, got double 4");
    for (name, value) in [("captoin.mode", "off"), ("frame_policy", "newest"), ("precision", "fp32")] {
        let error = parameters.set([(name, text(value))], State::Unconfigured).unwrap_err();
        assert!(matches!(error, ParameterError::Unknown { .. }), "{name}");
    }
}

#[test]
fn an_integer_is_taken_for_a_double() {
    let mut parameters = Parameters::default();
    parameters.set([("max_rate_hz", Value::Integer(5))], State::Unconfigured).unwrap();
    assert_eq!(parameters.configuration().settings.max_rate_hz, 5.0);
}

#[test]
fn an_unquoted_off_is_the_choice_off() {
    let mut parameters = Parameters::default();
    parameters.set([("caption.mode", Value::Bool(false))], State::Unconfigured).unwrap();
    assert_eq!(parameters.configuration().settings.caption.mode, CaptionMode::Off);
    assert!(parameters.set([("caption.mode", Value::Bool(true))], State::Unconfigured).is_err());
    assert!(parameters.set([("image_transport", Value::Bool(false))], State::Unconfigured).is_err());
}

#[test]
fn doubles_read_as_people_write_them() {
    let value = declaration("everything.nms_thresh").unwrap().value(&Configuration::default());
    assert_eq!(value.to_string(), "0.7");
}

#[test]
fn parameters_for_the_start_are_read_only_later_but_may_be_set_to_what_they_are() {
    let mut parameters = Parameters::at_start([("image_transport", text("compressed"))]).unwrap();
    parameters.set([("image_transport", text("compressed"))], State::Active).unwrap();
    let error = parameters.set([("image_transport", text("raw"))], State::Unconfigured).unwrap_err();
    assert!(matches!(error, ParameterError::ReadOnly { .. }), "{error}");
    assert_eq!(parameters.configuration().input.transport, ImageTransport::Compressed);
}

#[test]
fn the_model_is_chosen_while_unconfigured_only() {
    for state in State::ALL.into_iter().filter(|state| *state != State::Unconfigured) {
        let mut parameters = Parameters::default();
        parameters.set([("provider", text("auto"))], state).unwrap();
        let error =
            parameters.set([("caption.batch", Value::Integer(2)), ("provider", text("cpu"))], state).unwrap_err();
        assert!(error.to_string().contains(&format!("expected an unconfigured node, but it is {state}")), "{error}");
        assert_eq!(parameters.configuration(), &Configuration::default(), "all or nothing");
    }
    let mut parameters = Parameters::default();
    parameters.set([("provider", text("cpu"))], State::Unconfigured).unwrap();
    assert_eq!(parameters.configuration().model.provider, "cpu");
}

#[test]
fn a_set_with_one_bad_change_changes_nothing() {
    let mut parameters = Parameters::default();
    let changes = [("caption.mode", text("off")), ("overlay.alpha", Value::Double(7.0))];
    parameters.set(changes, State::Unconfigured).unwrap_err();
    assert_eq!(parameters.configuration().settings.caption.mode, CaptionMode::Background);
}

#[test]
fn cameras_are_names_of_topics() {
    let cameras = |names: &[&str]| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Parameters::at_start([("cameras", Value::TextList(names))]).map(|p| p.configuration().input.cameras.clone())
    };
    assert_eq!(cameras(&["front", "rear"]).unwrap(), ["front", "rear"]);
    assert_eq!(cameras(&[""]).unwrap(), [""; 0]);
    let one = Value::TextList(vec![String::new()]);
    assert_eq!(declaration("cameras").unwrap().value(&Configuration::default()), one, "what a file can say");
    for bad in [&["front", "front"][..], &["1st"], &["a/b"], &["a b"], &["a\0b"], &["a__b"]] {
        assert!(cameras(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_bundle_path_is_one_line() {
    assert!(Parameters::at_start([("bundle", text("/models/sca"))]).is_ok());
    assert!(Parameters::at_start([("bundle", text("a\nb"))]).is_err());
    assert!(Parameters::at_start([("bundle", text("a\0b"))]).is_err());
    assert!(Parameters::at_start([("bundle", text(&"a".repeat(5000)))]).is_err());
}

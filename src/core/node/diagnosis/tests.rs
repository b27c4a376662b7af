use super::*;
use crate::core::node::health::GraphReport;

const SECOND: Duration = Duration::from_secs(1);

fn value<'a>(status: &'a Status, key: &str) -> &'a str {
    let found = status.values.iter().find(|(known, _)| known == key);
    &found.unwrap_or_else(|| panic!("{key} in {:?}", status.values)).1
}

#[test]
fn a_failed_transition_is_an_error_with_its_reason() {
    assert_eq!(lifecycle(State::Active, true, None).level, Level::Ok);
    assert!(lifecycle(State::Active, false, None).message.contains("disabled"));
    assert_eq!(lifecycle(State::Unconfigured, false, None).level, Level::Ok, "a manager may want it so");
    let fault = Fault::now("configure", "expected a bundle, got /nowhere");
    let status = lifecycle(State::Unconfigured, false, Some(&fault));
    assert_eq!(status.level, Level::Error);
    assert!(status.message.contains("configure failed: expected a bundle"), "{}", status.message);
    assert_eq!(value(&status, "state"), "unconfigured");
}

#[test]
fn a_provider_that_could_not_is_a_warning_and_one_that_is_absent_is_told() {
    let mut graph = GraphReport {
        role: "image_encoder".into(),
        provider: "cpu".into(),
        nodes: "7 on CPUExecutionProvider".into(),
        refused: vec!["cuda: this ONNX Runtime was built without it".into()],
        fell_back: false,
    };
    let report =
        |graph: &GraphReport| ModelReport { name: "m 1".into(), graphs: vec![graph.clone()], ..Default::default() };
    let status = model(Some(&report(&graph)));
    assert_eq!((status.level, status.message.as_str()), (Level::Ok, "m 1 on cpu"));
    assert_eq!(value(&status, "image_encoder runs on"), "cpu (7 on CPUExecutionProvider)");
    assert!(value(&status, "image_encoder could not run on").contains("built without it"));
    graph.fell_back = true;
    let status = model(Some(&report(&graph)));
    assert_eq!(status.level, Level::Warn);
    assert!(status.message.starts_with("image_encoder fell back to cpu: cuda: "), "{}", status.message);
    assert_eq!(model(None).level, Level::Ok);
}

#[test]
fn a_camera_warns_of_what_is_wrong_with_it() {
    let before = CameraHealth { topic: "/eye/image".into(), arrived: 100, ..CameraHealth::default() };
    let fine = CameraHealth { arrived: 130, age: Some(Duration::from_millis(20)), ..before.clone() };
    let status = camera(&fine, &before, SECOND);
    assert_eq!((status.level, status.name.as_str()), (Level::Ok, "camera"));
    assert_eq!(value(&status, "input rate (Hz)"), "30.0");
    assert_eq!(value(&status, "age on arrival (ms)"), "20.0");
    for (sick, said) in [
        (CameraHealth { silence: Some("nobody publishes there".into()), ..fine.clone() }, "nobody publishes"),
        (CameraHealth { late: 20, age: Some(SECOND * 2), ..fine.clone() }, "2.0 s old"),
        (
            CameraHealth { uncalibrated: Some("no calibration on /eye/camera_info".into()), ..fine.clone() },
            "/eye/camera_info",
        ),
        (CameraHealth { unstamped: 1, ..fine.clone() }, "stamp 0"),
        (CameraHealth { unordered: 1, ..fine.clone() }, "bag"),
    ] {
        let status = camera(&sick, &before, SECOND);
        assert_eq!(status.level, Level::Warn, "{said}");
        assert!(status.message.contains(said), "{}", status.message);
        let lasts = sick.silence.is_some() || sick.uncalibrated.is_some();
        assert_eq!(camera(&sick, &sick, SECOND).level == Level::Warn, lasts, "over when it is over");
    }
    let named = CameraHealth { camera: "front".into(), ..CameraHealth::default() };
    assert_eq!(camera(&named, &named, Duration::ZERO).name, "camera front");
}

#[test]
fn work_is_as_bad_as_what_happened_lately() {
    let queues = Queues { most: 4, ..Queues::default() };
    let counted =
        |name, count| Work { counters: vec![("frames_processed", 50), (name, count)], queues, ..Work::default() };
    for (name, level) in [
        ("captions", Level::Ok),
        ("frames_refused", Level::Warn),
        ("outputs_displaced", Level::Warn),
        ("model_failures", Level::Error),
    ] {
        let (before, now) = (counted(name, 1), counted(name, 2));
        assert_eq!(work(&now, &before, SECOND).level, level, "{name}");
        assert_eq!(work(&now, &now, SECOND).level, Level::Ok, "{name} is long ago");
    }
    let full = Work { queues: Queues { requests: 4, ..queues }, ..Work::default() };
    assert!(work(&full, &full, SECOND).message.contains("max_pending"));
}

#[test]
fn work_tells_rates_stages_memory_and_the_last_error() {
    let stage = Stage { name: "encode", count: 9, p50: Duration::from_millis(12), p99: Duration::from_millis(34) };
    let now = Work {
        counters: vec![("frames_processed", 30), ("frames_displaced", 3)],
        stages: vec![stage, Stage { name: "answer_age", ..Stage::default() }],
        queues: Queues { captions: 2, most: 64, ..Queues::default() },
        memory_bytes: (100 << 20, 200 << 20),
        last_error: Some((UNIX_EPOCH + SECOND, "it broke".into())),
    };
    let status = work(&now, &Work::default(), SECOND * 2);
    for (key, expected) in [
        ("output rate (Hz)", "15.0"),
        ("frames displaced", "3"),
        ("captions waiting", "2"),
        ("encode p50 / p99 (ms)", "12.0 / 34.0"),
        ("answer age p50 / p99 (ms)", "not yet"),
        ("memory (MiB)", "100"),
        ("memory at most (MiB)", "200"),
        ("last error", "it broke"),
        ("last error at (s since 1970)", "1.000"),
    ] {
        assert_eq!(value(&status, key), expected);
    }
}

#[test]
fn a_clock_that_goes_back_or_never_starts_is_a_warning() {
    let (zero, one, two) = (Duration::ZERO, SECOND, SECOND * 2);
    for (simulated, times, level, said) in [
        (false, vec![one, two], Level::Ok, "system"),
        (true, vec![one, one], Level::Ok, "simulated"),
        (true, vec![zero, zero], Level::Warn, "/clock"),
        (true, vec![one, two * 10, one, two], Level::Warn, "went back by 19.0 s"),
        (true, vec![], Level::Warn, "/clock"),
    ] {
        let status = clock(simulated, &times);
        assert_eq!(status.level, level, "{said}");
        assert!(status.message.contains(said), "{}", status.message);
    }
}

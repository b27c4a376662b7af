use proptest::prelude::*;

use super::check::{MAX_ID_BYTES, MAX_POINTS};
use super::{Click, Prompt, PromptError, RawPrompt, Shape};
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::pixels::raw_image::RawImage;
use crate::core::result_code::ResultCode;
use crate::core::settings::Limits;

const IMAGE: Size = Size { width: 640, height: 480 };

fn points(points: &[(f32, f32)], labels: &[u8]) -> RawPrompt {
    RawPrompt { points: points.to_vec(), labels: labels.to_vec(), ..RawPrompt::default() }
}

fn boxed(x: u32, y: u32, width: u32, height: u32) -> RawPrompt {
    RawPrompt { kind: 1, rect: (x, y, width, height), ..RawPrompt::default() }
}

fn masked(width: u32, height: u32, encoding: &str, value: u8) -> RawPrompt {
    let data = vec![value; (width * height) as usize];
    let mask = RawImage { width, height, encoding: encoding.into(), big_endian: false, step: width, data };
    RawPrompt { kind: 2, mask, ..RawPrompt::default() }
}

fn shape(raw: RawPrompt) -> Shape {
    Prompt::check_all(&[raw], IMAGE, &Limits::default()).unwrap().remove(0).shape
}

fn error(raw: RawPrompt) -> String {
    let error = Prompt::check_all(&[raw], IMAGE, &Limits::default()).unwrap_err();
    assert_eq!(error.code(), ResultCode::InvalidPrompt);
    error.to_string()
}

#[test]
fn good_prompts_keep_what_they_say() {
    let click = |x, y, foreground| Click { at: Point::new(x, y), foreground };
    assert_eq!(shape(points(&[(0.0, 479.9)], &[])), Shape::Points(vec![click(0.0, 479.9, true)]));
    assert_eq!(
        shape(points(&[(1.0, 2.0), (3.0, 4.0)], &[0, 1])),
        Shape::Points(vec![click(1.0, 2.0, false), click(3.0, 4.0, true)])
    );
    let refined = RawPrompt { points: vec![(5.0, 6.0)], labels: vec![0], ..boxed(1, 2, 3, 4) };
    assert_eq!(shape(refined), Shape::Box { rect: PixelBox::new(1, 2, 3, 4), clicks: vec![click(5.0, 6.0, false)] });
    assert_eq!(shape(RawPrompt { kind: 3, ..RawPrompt::default() }), Shape::Everything);
}

#[test]
fn a_box_that_sticks_out_is_cut_to_the_image() {
    let cut = |raw| match shape(raw) {
        Shape::Box { rect, .. } => rect,
        other => panic!("{other:?}"),
    };
    assert_eq!(cut(boxed(600, 400, 100, 100)), PixelBox::new(600, 400, 40, 80));
    assert_eq!(cut(boxed(639, 479, u32::MAX, u32::MAX)), PixelBox::new(639, 479, 1, 1));
}

#[test]
fn a_mask_begins_at_128() {
    let mut raw = masked(640, 480, "mono8", 127);
    raw.mask.data[640 * 7 + 5] = 128;
    raw.points = vec![(5.0, 7.0)];
    let Shape::Mask { mask, clicks } = shape(raw) else { panic!("a mask prompt") };
    assert_eq!((mask.bbox(), mask.area(), clicks.len()), (PixelBox::new(5, 7, 1, 1), 1, 1));
}

#[test]
fn broken_prompts_say_what_is_wrong() {
    let cases = [
        (points(&[], &[]), "prompts[0]: no points"),
        (points(&[(f32::NAN, 1.0)], &[]), "points[0]: expected finite coordinates, got (NaN, 1)"),
        (points(&[(1.0, 1.0), (1.0, f32::INFINITY)], &[]), "points[1]: expected finite coordinates, got (1, inf)"),
        (points(&[(640.0, 1.0)], &[]), "expected 0 <= x < 640 and 0 <= y < 480, got (640, 1)"),
        (points(&[(-0.5, 1.0)], &[]), "got (-0.5, 1)"),
        (points(&[(1.0, 1.0)], &[1, 0]), "none or one for each of 1 points, got 2"),
        (points(&[(1.0, 1.0)], &[2]), "labels[0]: expected 0 (background) or 1 (foreground), got 2"),
        (points(&[(1.0, 1.0)], &[0]), "no foreground point"),
        (points(&[(1.0, 1.0); MAX_POINTS + 1], &[]), "too many points: expected at most 128, got 129"),
        (boxed(1, 1, 0, 5), "the box is empty: expected a width and height of at least 1, got 0x5"),
        (boxed(640, 1, 5, 5), "the box lies outside the image: it starts at (640, 1), the image is 640x480"),
        (RawPrompt { points: vec![(9e9, 0.0)], ..boxed(1, 1, 5, 5) }, "points[0]: expected 0 <= x"),
        (RawPrompt { kind: 4, ..RawPrompt::default() }, "unknown type: expected 0 (POINTS)"),
        (masked(64, 48, "mono8", 255), "expected 640x480, got 64x48"),
        (masked(640, 480, "rgb8", 255), "expected \"mono8\", got \"rgb8\""),
        (masked(640, 480, "mono8", 100), "the mask is empty"),
        (RawPrompt { id: "a mug".into(), ..points(&[], &[]) }, "prompts[0] (\"a mug\"): no points"),
        (RawPrompt { id: "a\nmug".into(), ..boxed(1, 1, 5, 5) }, "prompts[0] (\"a mug\"): the id: expected one line"),
        (RawPrompt { id: "a\0".into(), ..boxed(1, 1, 5, 5) }, "got one with '\\0'"),
        (RawPrompt { id: "gum\u{202e}der".into(), ..boxed(1, 1, 5, 5) }, "got one with '\\u{202e}'"),
        (
            RawPrompt { id: "\u{e4}".repeat(129), ..boxed(1, 1, 5, 5) },
            "the id is too long: expected at most 256 bytes, got 258",
        ),
    ];
    for (raw, part) in cases {
        let message = error(raw);
        assert!(message.contains(part), "{message:?} should hold {part:?}");
    }
    let mut short = masked(640, 480, "mono8", 255);
    short.mask.data.pop();
    assert!(error(short).contains("the mask cannot be read: too little data"));
}

#[test]
fn the_number_of_prompts_is_bounded() {
    let limits = Limits { max_prompts: 2, ..Limits::default() };
    let check = |count| Prompt::check_all(&vec![boxed(0, 0, 1, 1); count], IMAGE, &limits).map(|prompts| prompts.len());
    assert_eq!(check(0), Err(PromptError::Missing { max: 2 }));
    assert_eq!(check(2), Ok(2));
    assert_eq!(check(3), Err(PromptError::TooMany { max: 2, got: 3 }));
}

proptest! {
    #[test]
    fn whatever_passes_lies_inside_the_image(
        kind in 0u8..6,
        points in proptest::collection::vec((any::<f32>(), -10f32..700.0), 0..4),
        labels in proptest::collection::vec(0u8..3, 0..4),
        rect in (any::<u32>(), 0u32..600, any::<u32>(), 0u32..600),
        id in any::<String>(),
    ) {
        let raw = RawPrompt { id, kind, points, labels, rect, mask: RawImage::default() };
        let Ok(prompt) = Prompt::check(&raw, IMAGE, &Limits::default()) else { return Ok(()) };
        prop_assert!(!prompt.id.contains(char::is_control) && prompt.id.len() <= MAX_ID_BYTES);
        let clicks = match prompt.shape {
            Shape::Points(clicks) => clicks,
            Shape::Box { rect, clicks } => {
                prop_assert!(!rect.is_empty() && rect.right() <= IMAGE.width && rect.bottom() <= IMAGE.height);
                clicks
            }
            _ => vec![],
        };
        for Click { at, .. } in clicks {
            prop_assert!((0.0..640.0).contains(&at.x) && (0.0..480.0).contains(&at.y));
        }
    }
}

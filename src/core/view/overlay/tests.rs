use std::sync::Arc;

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::canvas::Rect;
use super::palette::{color, ink_on, luminance};
use super::text::Typesetter;
use super::{OverlayStyle, draw};
use crate::core::frame::{Header, Stamp};
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::Mask;
use crate::core::prompt::{Click, Shape};
use crate::core::region::{Caption, CaptionState, Region, RegionArray};

/// A region that fills its box.
pub(crate) fn region(label: u16, rect: PixelBox) -> Region {
    region_of(label, Mask::filled(rect).expect("a box with pixels"))
}

fn region_of(label: u16, mask: Mask) -> Region {
    let at = Point::new(mask.bbox().x as f32, mask.bbox().y as f32);
    Region {
        id: label.to_string(),
        label,
        prompt_id: String::new(),
        mask: Arc::new(mask),
        predicted_iou: 0.9,
        stability: 0.9,
        caption: Caption::default(),
        place: None,
        first_seen: Stamp::default(),
        last_seen: Stamp::default(),
        prompt: Arc::new(Shape::Points(vec![Click { at, foreground: true }])),
    }
}

pub(crate) fn array_of(size: Size, regions: Vec<Region>) -> RegionArray {
    let header = Header { origin: "".into(), stamp: Stamp::default(), frame_id: "camera".into() };
    RegionArray { header, size, model: "test 1".into(), regions }
}

fn captioned(mut region: Region, text: &str) -> Region {
    region.caption = Caption { state: CaptionState::Done, text: text.into(), ..Caption::default() };
    region
}

const GREY: Rgb<u8> = Rgb([100; 3]);
const ONLY_MASKS: OverlayStyle = OverlayStyle { alpha: 0.5, prompts: false, captions: false };
const EVERY_MARK: OverlayStyle = OverlayStyle { alpha: 0.5, prompts: true, captions: true };

#[test]
fn inside_is_tinted_the_edge_is_drawn_and_the_rest_is_left() {
    let image = RgbImage::from_pixel(100, 80, GREY);
    let drawn = draw(&image, &[region(1, PixelBox::new(20, 20, 40, 40))], &ONLY_MASKS);
    assert_eq!(*drawn.get_pixel(80, 40), GREY);
    let half_way = |channel: usize| (100 + u16::from(color(1).0[channel])).div_ceil(2) as u8;
    assert_eq!(*drawn.get_pixel(40, 40), Rgb([half_way(0), half_way(1), half_way(2)]));
    assert_eq!(*drawn.get_pixel(20, 40), color(1), "the innermost pixel of the edge has the full colour");
    assert!(drawn.get_pixel(17, 40).0[0] >= 90, "three pixels away nothing is left of the line");
}

#[test]
fn without_regions_nothing_changes() {
    let image = RgbImage::from_pixel(10, 10, GREY);
    assert_eq!(draw(&image, &[], &EVERY_MARK), image);
}

#[test]
fn neighbouring_labels_look_different_and_text_is_readable() {
    for label in 1..60u16 {
        let distance: u32 = color(label).0.iter().zip(color(label + 1).0).map(|(a, b)| u32::from(a.abs_diff(b))).sum();
        assert!(distance > 90, "labels {label} and {}: {distance}", label + 1);
        let (background, ink) = (luminance(color(label)), luminance(ink_on(color(label))));
        let contrast = (background.max(ink) + 0.05) / (background.min(ink) + 0.05);
        assert!(contrast > 4.2, "label {label}: {contrast}");
    }
}

#[test]
fn lines_break_between_words_and_long_text_ends_in_an_ellipsis() {
    let type_setter = Typesetter::new(20.0);
    let width = type_setter.width("a red mug on a table");
    assert_eq!(type_setter.wrap("a red mug on a table", width, 2), ["a red mug on a table"]);
    let line = type_setter.width("a red mug on a");
    assert_eq!(type_setter.wrap("a red mug on a table", line, 2), ["a red mug", "on a table"], "evenly");
    let cut = type_setter.wrap("a red mug on a table beside a window", line, 2);
    assert!(cut.len() == 2 && cut[1].ends_with('\u{2026}'), "{cut:?}");
    let word = type_setter.wrap(&"\u{e4}".repeat(300), width, 2).remove(0);
    assert!(type_setter.width(&word) <= width && word.ends_with('\u{2026}'), "{word}");
}

#[test]
fn distance_to_a_rounded_rectangle() {
    let rect = Rect::new(10.0, 10.0, 20.0, 10.0);
    assert_eq!(rect.distance(3.0, 20.0, 15.0), -5.0);
    assert_eq!(rect.distance(3.0, 34.0, 15.0), 4.0);
    assert!((rect.distance(3.0, 10.0, 10.0) - (18f32.sqrt() - 3.0)).abs() < 1e-5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_drawn_nothing_panics_and_the_size_stays(
        (width, height) in (1u32..90, 1u32..90),
        boxes in proptest::collection::vec((0u32..120, 0u32..120, 1u32..90, 1u32..90), 0..5),
        text in any::<String>(),
    ) {
        let image = RgbImage::from_pixel(width, height, GREY);
        let boxes = boxes.into_iter().map(|(x, y, w, h)| PixelBox::new(x, y, w, h));
        let regions: Vec<_> =
            boxes.enumerate().map(|(at, rect)| captioned(region(at as u16 * 7, rect), &text)).collect();
        prop_assert_eq!(draw(&image, &regions, &EVERY_MARK).dimensions(), (width, height));
    }
}

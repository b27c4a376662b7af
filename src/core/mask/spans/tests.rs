use proptest::prelude::*;

use super::*;

const IMAGE: Size = Size { width: 60, height: 60 };

/// Masks in the middle of [`IMAGE`].
fn masks() -> impl Strategy<Value = Mask> {
    let bits = prop::collection::vec(prop_oneof![2 => Just(0u8), 1 => Just(1u8)], 100);
    (20u32..30, 20u32..30, bits)
        .prop_filter_map("an empty mask", |(x, y, bits)| Mask::from_window(PixelBox::new(x, y, 10, 10), &bits))
}

fn spans(rows: &[(u32, u32, u32)]) -> Option<Spans> {
    Spans::collect(rows.iter().map(|&(y, start, end)| Span { y, start, end }))
}

#[test]
fn stretches_that_touch_become_one() {
    let together = spans(&[(3, 5, 7), (2, 0, 4), (3, 7, 9), (2, 2, 3), (4, 1, 1)]).unwrap();
    assert_eq!(together, spans(&[(2, 0, 4), (3, 5, 9)]).unwrap());
    assert_eq!((together.area(), together.bbox()), (8, PixelBox::new(0, 2, 9, 2)));
    assert_eq!(spans(&[(0, 3, 3)]), None);
}

#[test]
fn the_centroid_is_the_middle() {
    let square = spans(&[(4, 10, 12), (5, 10, 12)]).unwrap();
    assert_eq!(square.centroid(), Point::new(11.0, 5.0));
}

#[test]
fn another_size_keeps_the_place() {
    let square = Spans::from(&Mask::filled(PixelBox::new(20, 30, 10, 6)).unwrap());
    let double = square.resized(IMAGE, Size::new(120, 120)).unwrap();
    assert_eq!((double.bbox(), double.area()), (PixelBox::new(40, 60, 20, 12), 240));
    assert_eq!(double.resized(Size::new(120, 120), IMAGE), Some(square));
    assert_eq!(spans(&[(1, 1, 2)]).unwrap().resized(IMAGE, Size::new(6, 6)), None);
}

proptest! {
    #[test]
    fn a_mask_comes_back_with_its_area_and_box(mask in masks()) {
        let spans = Spans::from(&mask);
        prop_assert_eq!((spans.area(), spans.bbox()), (mask.area(), mask.bbox()));
        let gathered = Spans::collect(spans.as_slice().iter().rev().copied());
        prop_assert_eq!(gathered.as_ref(), Some(&spans));
        prop_assert_eq!(spans.to_mask(), mask);
    }

    #[test]
    fn pixels_are_where_the_mask_has_them(mask in masks()) {
        let spans = Spans::from(&mask);
        for (x, y) in (18..42).flat_map(|y| (18..42).map(move |x| (x, y))) {
            prop_assert_eq!(spans.contains(x, y), mask.contains(x, y));
        }
    }

    #[test]
    fn moved_overlap_is_that_of_the_moved_mask(a in masks(), b in masks(), dx in -15i32..15, dy in -15i32..15) {
        let moved = a.translated(dx, dy, IMAGE).unwrap();
        let (a, b_spans) = (Spans::from(&a), Spans::from(&b));
        prop_assert_eq!(a.iou_shifted(&b_spans, (dx, dy)), moved.iou(&b));
        prop_assert_eq!(a.iou(&b_spans), b_spans.iou(&a));
    }
}

//! Captions on small plates beside their regions, where they cover little.

use image::Rgb;

use super::canvas::{Canvas, Rect};
use super::palette::{color, ink_on};
use super::text::Typesetter;
use crate::core::region::Region;

pub(super) struct Label<'a> {
    pub text: String,
    pub region: &'a Region,
}

/// Most of the image's width that a plate takes.
const MAX_WIDTH_SHARE: f32 = 0.42;
const MAX_LINES: usize = 2;

/// A label with its lines broken, on its way to a place.
struct Plate<'a> {
    lines: Vec<String>,
    width: f32,
    height: f32,
    region: &'a Region,
}

pub(super) fn draw(canvas: &mut Canvas, labels: &[Label], text_px: f32) {
    let type_setter = Typesetter::new(text_px);
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let mut plates: Vec<_> = labels.iter().map(|label| plate(label, type_setter, text_px, width)).collect();
    // Small regions choose first: a label far from them would be taken for another's.
    plates.sort_by_key(|plate| plate.region.mask.area());
    let mut taken = Vec::with_capacity(plates.len());
    for plate in &plates {
        let place = place(plate, text_px, (width, height), &taken);
        taken.push(place);
    }
    for (plate, place) in plates.iter().zip(taken) {
        draw_plate(canvas, plate, place, type_setter, text_px);
    }
}

fn padding(text_px: f32) -> (f32, f32) {
    ((text_px * 0.42).round(), (text_px * 0.2).round())
}

fn plate<'a>(label: &Label<'a>, type_setter: Typesetter, text_px: f32, image_width: f32) -> Plate<'a> {
    let (across, down) = padding(text_px);
    let lines = type_setter.wrap(&label.text, image_width * MAX_WIDTH_SHARE - 2.0 * across, MAX_LINES);
    let width = lines.iter().map(|line| type_setter.width(line)).fold(0.0, f32::max).ceil() + 2.0 * across;
    let height = type_setter.line_height() * lines.len() as f32 + 2.0 * down;
    Plate { lines, width, height, region: label.region }
}

/// The best of a few places around the region's box and in it, moved into the image.
fn place(plate: &Plate, text_px: f32, (image_width, image_height): (f32, f32), taken: &[Rect]) -> Rect {
    let gap = (text_px * 0.25).round();
    let bbox = plate.region.bbox();
    let (left, top) = (bbox.x as f32, bbox.y as f32);
    let (right, bottom) = (bbox.right() as f32, bbox.bottom() as f32);
    let middle = ((left + right - plate.width) / 2.0, (top + bottom - plate.height) / 2.0);
    let wanted = [
        (left, top - plate.height - gap),
        (left, bottom + gap),
        (left + gap, top + gap),
        (right - plate.width, top - plate.height - gap),
        (right + gap, middle.1),
        (left - plate.width - gap, middle.1),
        middle,
        (left + gap, bottom - plate.height - gap),
        (left, top - 2.0 * (plate.height + gap)),
        (left, bottom + plate.height + 2.0 * gap),
    ];
    let inside = |(x, y): (f32, f32)| {
        let x = x.min(image_width - plate.width).max(0.0).round();
        let y = y.min(image_height - plate.height).max(0.0).round();
        Rect::new(x, y, plate.width, plate.height)
    };
    // A covered label is worst, a place that had to be moved is bad, earlier places are better.
    let cost = |(rank, (x, y)): (usize, (f32, f32))| {
        let rect = inside((x, y));
        let covered: f32 = taken.iter().map(|other| rect.grown(1.0).overlap(*other)).sum();
        let moved = (rect.left - x).abs().min(plate.width) / plate.width * 0.5 + (rect.top - y).abs() / plate.height;
        (covered / (plate.width * plate.height) * 20.0 + moved + rank as f32 * 0.1, rect)
    };
    let candidates = wanted.into_iter().enumerate().map(cost);
    candidates.min_by(|(a, _), (b, _)| a.total_cmp(b)).map_or_else(|| inside(middle), |(_, rect)| rect)
}

fn draw_plate(canvas: &mut Canvas, plate: &Plate, place: Rect, type_setter: Typesetter, text_px: f32) {
    let background = color(plate.region.label);
    let radius = (text_px * 0.28).round();
    canvas.rounded(place.grown((text_px / 14.0).clamp(1.0, 3.0)), radius + 1.0, Rgb([0; 3]), 0.45);
    canvas.rounded(place, radius, background, 0.94);
    let ink = ink_on(background);
    let (across, down) = padding(text_px);
    for (at, line) in plate.lines.iter().enumerate() {
        let left = (place.left + across) as u32;
        let top = (place.top + down + at as f32 * type_setter.line_height()) as u32;
        for (x, y, share) in type_setter.render(line).pixels() {
            canvas.blend(left + x as u32, top + y as u32, ink, share);
        }
    }
}

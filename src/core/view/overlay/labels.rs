//! Captions on small plates beside their regions, where they cover little.

use image::Rgb;

use super::canvas::{Canvas, Rect};
use super::palette::{color, ink_on};
use super::text::Typesetter;
use crate::core::geometry::PixelBox;
use crate::core::mask::Mask;
use crate::core::region::Region;

pub(super) struct Label<'a> {
    pub text: String,
    pub region: &'a Region,
}

/// Most of the image's width that a plate takes.
const MAX_WIDTH_SHARE: f32 = 0.36;
const MAX_LINES: usize = 2;
/// A mask as large as so many plates should bear its plate, or have it at its edge.
const ROOMY_PLATES: f32 = 12.0;

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
    let mut plates: Vec<_> = labels.iter().map(|label| plate(label, &type_setter, text_px, width)).collect();
    // Small regions choose first: a label far from them would be taken for another's.
    plates.sort_by_key(|plate| plate.region.mask.area());
    let boxes: Vec<Rect> = labels.iter().map(|label| rect_of(label.region.bbox())).collect();
    let mut surroundings = Surroundings { width, height, boxes, taken: Vec::new() };
    for plate in &plates {
        let place = surroundings.place(plate, text_px);
        surroundings.taken.push(place);
    }
    let taken = surroundings.taken;
    for (plate, place) in plates.iter().zip(taken) {
        draw_plate(canvas, plate, place, &type_setter, text_px);
    }
}

fn padding(text_px: f32) -> (f32, f32) {
    ((text_px * 0.42).round(), (text_px * 0.2).round())
}

fn plate<'a>(label: &Label<'a>, type_setter: &Typesetter, text_px: f32, image_width: f32) -> Plate<'a> {
    let (across, down) = padding(text_px);
    let lines = type_setter.wrap(&label.text, image_width * MAX_WIDTH_SHARE - 2.0 * across, MAX_LINES);
    let width = lines.iter().map(|line| type_setter.width(line)).fold(0.0, f32::max).ceil() + 2.0 * across;
    let height = type_setter.line_height() * lines.len() as f32 + 2.0 * down;
    Plate { lines, width, height, region: label.region }
}

/// A point inside: the middle of the longest run in the middle row, or of the box where that row is empty.
fn heart(mask: &Mask) -> (f32, f32) {
    let bbox = mask.bbox();
    let (mut longest, mut run) = (0..bbox.width as usize, 0..0);
    let mut found = 0;
    for (x, &inside) in mask.rows().nth(bbox.height as usize / 2).unwrap_or_default().iter().enumerate() {
        run = if inside == 0 { x + 1..x + 1 } else { run.start..x + 1 };
        if run.len() > found {
            (found, longest) = (run.len(), run.clone());
        }
    }
    let middle = (longest.start + longest.end) as f32 / 2.0;
    (bbox.x as f32 + middle, bbox.y as f32 + bbox.height as f32 / 2.0)
}

fn rect_of(bbox: PixelBox) -> Rect {
    Rect::new(bbox.x as f32, bbox.y as f32, bbox.width as f32, bbox.height as f32)
}

/// What a plate should not cover.
struct Surroundings {
    width: f32,
    height: f32,
    /// Of all regions.
    boxes: Vec<Rect>,
    /// Plates that have their place.
    taken: Vec<Rect>,
}

impl Surroundings {
    /// The best of a few places around the region's box and in it, moved into the image.
    fn place(&self, plate: &Plate, text_px: f32) -> Rect {
        let gap = (text_px * 0.25).round();
        let Rect { left, top, right, bottom } = rect_of(plate.region.bbox());
        let Plate { width, height, .. } = *plate;
        let heart = heart(&plate.region.mask);
        let down = heart.1 - height / 2.0;
        let roomy = plate.region.mask.area() as f32 > ROOMY_PLATES * width * height;
        let wanted = [
            (left, top - height - gap),
            (left, bottom + gap),
            (right - width, top - height - gap),
            (right - width, bottom + gap),
            (left + gap, top + gap),
            (right + gap, down),
            (left - width - gap, down),
            (heart.0 - width / 2.0, heart.1 - height / 2.0),
            (left + gap, bottom - height - gap),
            (left, top - 2.0 * (height + gap)),
            (left, bottom + height + 2.0 * gap),
        ];
        let candidates = wanted.into_iter().enumerate().map(|(rank, (x, y))| {
            let place = self.inside(Rect::new(x, y, width, height), gap);
            let moved = (place.left - x).abs().min(width) / width * 0.5 + (place.top - y).abs() / height;
            let astray = roomy && !plate.region.mask.contains(place.center().0 as u32, place.center().1 as u32);
            (self.cost(place) + moved + rank as f32 * 0.1 + f32::from(u8::from(astray)), place)
        });
        let best = candidates.min_by(|(a, _), (b, _)| a.total_cmp(b));
        best.map_or(Rect::new(left, top, width, height), |(_, place)| place)
    }

    /// Moved into the image, with a margin where there is room for one.
    fn inside(&self, rect: Rect, margin: f32) -> Rect {
        let shifted =
            |at: f32, length: f32, limit: f32| at.min(limit - length - margin).max(margin).min(limit - length);
        let left = shifted(rect.left, rect.width(), self.width).max(0.0).round();
        let top = shifted(rect.top, rect.height(), self.height).max(0.0).round();
        Rect::new(left, top, rect.width(), rect.height())
    }

    /// To cover another plate is worst; to hide much of a region or to lie wholly on one that is small is bad.
    fn cost(&self, place: Rect) -> f32 {
        let plates: f32 = self.taken.iter().map(|other| place.grown(1.0).overlap(*other)).sum();
        let hidden = |rect: &Rect| {
            let area = rect.area().max(1.0);
            place.overlap(*rect) / area.min(4.0 * place.area())
        };
        plates / place.area() * 20.0 + self.boxes.iter().map(hidden).sum::<f32>() * 1.5
    }
}

fn draw_plate(canvas: &mut Canvas, plate: &Plate, place: Rect, type_setter: &Typesetter, text_px: f32) {
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

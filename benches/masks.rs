//! What it costs to bring masks to a 720p image and to choose among them, beside the obvious way to do it.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array2, s};
use segcap::core::geometry::transform::{ModelFromImage, ResizeRule};
use segcap::core::geometry::{PixelBox, Size};
use segcap::core::mask::Mask;
use segcap::core::segment::nms;
use segcap::core::segment::resample::Resampler;
use segcap::core::segment::stability::stability;

const IMAGE: Size = Size { width: 1280, height: 720 };
/// SAM's: masks of 256 x 256 over a square of 1024.
const LOW: u32 = 256;
const SIDE: u32 = 1024;

fn transform() -> ModelFromImage {
    ModelFromImage::new(IMAGE, SIDE, ResizeRule::LongestEdge)
}

/// A star-like blob: radius as a part of the square's half side, centre in the middle of the content.
fn blob(radius: f32) -> Array2<f32> {
    let (cx, cy) = (0.5 * LOW as f32, 0.5 * LOW as f32 * 720.0 / 1280.0);
    Array2::from_shape_fn((LOW as usize, LOW as usize), |(y, x)| {
        let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
        let outline = radius * 0.5 * LOW as f32 * (1.0 + 0.2 * (7.0 * dy.atan2(dx)).sin());
        (0.5 * (outline - dx.hypot(dy))).clamp(-12.0, 12.0)
    })
}

/// Alternating signs everywhere: nothing can be skipped.
fn noise() -> Array2<f32> {
    Array2::from_shape_fn((LOW as usize, LOW as usize), |(y, x)| {
        let hash = (y as u32 * LOW + x as u32).wrapping_mul(2_654_435_761) >> 16;
        hash as f32 / 32768.0 - 1.0
    })
}

fn bilinear(from: &Array2<f32>, rows: usize, columns: usize) -> Array2<f32> {
    let source = |at: usize, old: usize, new: usize| {
        let position = ((at as f32 + 0.5) * old as f32 / new as f32 - 0.5).max(0.0);
        let lower = (position as usize).min(old - 1);
        (lower, (lower + 1).min(old - 1), position - lower as f32)
    };
    let across: Vec<_> = (0..columns).map(|x| source(x, from.ncols(), columns)).collect();
    let mut to = Array2::zeros((rows, columns));
    for (y, mut row) in to.outer_iter_mut().enumerate() {
        let (top, bottom, down) = source(y, from.nrows(), rows);
        let (top, bottom) = (from.row(top), from.row(bottom));
        for (to, &(left, right, along)) in row.iter_mut().zip(&across) {
            let upper = top[left] * (1.0 - along) + top[right] * along;
            let lower = bottom[left] * (1.0 - along) + bottom[right] * along;
            *to = upper * (1.0 - down) + lower * down;
        }
    }
    to
}

/// As it is written in Python: to the square, crop, to the image, compare.
fn two_passes(logits: &Array2<f32>, transform: &ModelFromImage) -> Option<Mask> {
    let ModelFromImage { image, content, side } = *transform;
    let square = bilinear(logits, side as usize, side as usize);
    let cropped = square.slice(s![..content.height as usize, ..content.width as usize]).to_owned();
    let full = bilinear(&cropped, image.height as usize, image.width as usize);
    let binary: Vec<u8> = full.iter().map(|&logit| u8::from(logit > 0.0)).collect();
    Mask::from_binary(image, &binary)
}

fn resample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask to 720p");
    let cases = [("object", blob(0.15)), ("half the frame", blob(0.6)), ("full frame", blob(3.0)), ("noise", noise())];
    for (name, logits) in cases {
        let mut resampler = Resampler::new(&transform(), Size::new(LOW, LOW));
        group.bench_function(name, |bencher| bencher.iter(|| resampler.mask(black_box(&logits).view())));
        if name == "object" {
            let transform = transform();
            group.bench_function("object, two passes", |bencher| {
                bencher.iter(|| two_passes(black_box(&logits), &transform));
            });
            group.bench_function("object, stability", |bencher| {
                bencher.iter(|| stability(black_box(&logits).view(), &transform));
            });
        }
    }
    group.bench_function("tables", |bencher| bencher.iter(|| Resampler::new(&transform(), Size::new(LOW, LOW))));
    group.finish();
}

/// Takes the best of the rest and removes what it covers, until nothing is left.
fn textbook_nms(boxes: &[PixelBox], scores: &[f32], max_iou: f32) -> Vec<usize> {
    let (mut rest, mut kept): (Vec<usize>, Vec<usize>) = ((0..boxes.len()).collect(), Vec::new());
    while let Some(best) = rest.iter().copied().max_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a))) {
        kept.push(best);
        rest.retain(|&index| index != best && boxes[best].iou(boxes[index]) <= max_iou);
    }
    kept
}

fn suppression(criterion: &mut Criterion) {
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let boxes: Vec<_> =
        (0..768).map(|_| PixelBox::new(random(1000), random(600), 20 + random(240), 20 + random(100))).collect();
    let scores: Vec<f32> = (0..768).map(|_| random(1000) as f32 / 1000.0).collect();
    let alike = |boxes: &[PixelBox], better: usize, index: usize| boxes[better].iou(boxes[index]) > 0.7;
    assert_eq!(nms::keep_best(&scores, usize::MAX, |a, b| alike(&boxes, a, b)), textbook_nms(&boxes, &scores, 0.7));
    let mut group = criterion.benchmark_group("768 boxes");
    group.bench_function("keep the best", |bencher| {
        bencher.iter(|| {
            let boxes = black_box(&boxes[..]);
            nms::keep_best(&scores, usize::MAX, |a, b| alike(boxes, a, b))
        });
    });
    group.bench_function("textbook", |bencher| bencher.iter(|| textbook_nms(black_box(&boxes), &scores, 0.7)));
    group.finish();
}

criterion_group!(benches, resample, suppression);
criterion_main!(benches);

//! What it costs to read a 720p picture, and to draw regions on one.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use image::RgbImage;
use segcap::core::frame::{Header, Stamp};
use segcap::core::geometry::{PixelBox, Size};
use segcap::core::mask::Mask;
use segcap::core::pixels::Encoding;
use segcap::core::pixels::raw_image::RawImage;
use segcap::core::prompt::Shape;
use segcap::core::region::{Caption, CaptionState, Region, RegionArray};
use segcap::core::settings::Limits;
use segcap::core::view::overlay::{self, OverlayStyle};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// Bytes for the largest encoding, all channels alive.
fn frame(encoding: &str, bytes_per_pixel: u32) -> RawImage {
    let data = (0..WIDTH * HEIGHT * 4).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    RawImage {
        width: WIDTH,
        height: HEIGHT,
        encoding: encoding.into(),
        big_endian: false,
        step: WIDTH * bytes_per_pixel,
        data,
    }
}

fn to_rgb(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("720p to rgb");
    for name in Encoding::names().filter(|name| !name.starts_with("8UC")) {
        let bytes_per_pixel = match name {
            "rgb8" | "bgr8" => 3,
            "rgba8" | "bgra8" => 4,
            "mono16" | "uyvy" | "yuv422" | "yuyv" | "yuv422_yuy2" => 2,
            _ => 1,
        };
        let image = frame(name, bytes_per_pixel);
        let limits = Limits::default();
        group.bench_function(name, |bencher| bencher.iter(|| black_box(&image).to_rgb(&limits).expect("a good image")));
    }
    group.finish();
}

/// An ellipse in a box that moves and grows with its label; the largest takes a quarter of the image.
fn region(label: u16) -> Region {
    let (width, height) = (60 + 30 * u32::from(label), 40 + 16 * u32::from(label));
    let (x, y) = (u32::from(label) * 197 % (WIDTH - width), u32::from(label) * 131 % (HEIGHT - height));
    let inside = |column: u32, row: u32| {
        let across = (f64::from(column) + 0.5) / f64::from(width) * 2.0 - 1.0;
        let down = (f64::from(row) + 0.5) / f64::from(height) * 2.0 - 1.0;
        u8::from(across * across + down * down < 1.0)
    };
    let pixels: Vec<u8> = (0..width * height).map(|at| inside(at % width, at / width)).collect();
    let rect = PixelBox::new(x, y, width, height);
    let mask = Mask::from_window(rect, &pixels).expect("an ellipse has pixels");
    let text = "a red mug beside a small green bottle".to_owned();
    Region {
        id: label.to_string(),
        label,
        prompt_id: String::new(),
        mask: Arc::new(mask),
        predicted_iou: 0.9,
        stability: 0.9,
        caption: Caption { state: CaptionState::Done, text, ..Caption::default() },
        place: None,
        first_seen: Stamp::default(),
        last_seen: Stamp::default(),
        prompt: Arc::new(Shape::Box { rect, clicks: vec![] }),
    }
}

fn draw(criterion: &mut Criterion) {
    let image = RgbImage::from_pixel(WIDTH, HEIGHT, image::Rgb([90, 110, 130]));
    let regions: Vec<Region> = (1..=20).map(region).collect();
    let mut group = criterion.benchmark_group("720p, 20 regions");
    group.bench_function("overlay", |bencher| {
        bencher.iter(|| overlay::draw(black_box(&image), &regions, &OverlayStyle::default()));
    });
    group.bench_function("overlay without words", |bencher| {
        let style = OverlayStyle { captions: false, ..OverlayStyle::default() };
        bencher.iter(|| overlay::draw(black_box(&image), &regions, &style));
    });
    let header = Header { origin: "".into(), stamp: Stamp::default(), frame_id: "camera".into() };
    let array = RegionArray { header, size: Size::new(WIDTH, HEIGHT), model: "bench 1".into(), regions };
    group.bench_function("label map", |bencher| bencher.iter(|| black_box(&array).label_map()));
    group.finish();
}

criterion_group!(benches, to_rgb, draw);
criterion_main!(benches);

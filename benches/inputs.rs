//! What it costs to read a 720p picture.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use segcap::core::pixels::Encoding;
use segcap::core::raw_image::RawImage;
use segcap::core::settings::Limits;

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

criterion_group!(benches, to_rgb);
criterion_main!(benches);

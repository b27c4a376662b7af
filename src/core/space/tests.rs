use std::path::Path;

use super::*;
use crate::core::geometry::{PixelBox, Size};
use crate::core::mask::Mask;
use crate::core::mask::spans::{Span, Spans};
use crate::core::pixels::raw_image::RawImage;
use crate::core::settings::Limits;
use crate::core::testing::dice::Dice;

const SIZE: Size = Size { width: 320, height: 240 };

fn camera() -> Intrinsics {
    Intrinsics { fx: 300.0, fy: 300.0, cx: 159.5, cy: 119.5, size: SIZE, lens: None }
}

/// What a perfect camera of this size sees: the depth, metres, at which each pixel's ray (x / z, y / z) meets
/// something.
fn seen(size: Size, scene: impl Fn(f64, f64) -> Option<f64>) -> Vec<f32> {
    let camera = camera().for_image(size);
    let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let depths = pixels.map(|(x, y)| {
        let [a, b, _] = camera.point(f64::from(x), f64::from(y), 1.0);
        scene(a, b).map_or(f32::NAN, |z| z as f32)
    });
    depths.collect()
}

fn depth_image(size: Size, metres: &[f32]) -> DepthImage {
    let data = metres.iter().flat_map(|value| value.to_le_bytes()).collect();
    let (width, height) = (size.width, size.height);
    let raw = RawImage { width, height, encoding: "32FC1".into(), big_endian: false, step: 4 * width, data };
    DepthImage::new(raw, &Limits::default()).unwrap()
}

/// The pixels at which the scene is.
fn mask_of(metres: &[f32]) -> Spans {
    let pixels: Vec<u8> = metres.iter().map(|value| u8::from(value.is_finite())).collect();
    Spans::from(&Mask::from_binary(SIZE, &pixels).unwrap())
}

fn locate_in(shape: &Spans, depth: &DepthImage) -> Result<Located, LocateError> {
    locate(shape, SIZE, depth, &camera(), &LocateSettings::default())
}

fn assert_near(got: [f64; 3], expected: [f64; 3], tolerance: f64) {
    let is_near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() <= tolerance);
    assert!(is_near, "{got:?}, expected {expected:?} to {tolerance}");
}

fn assert_long(got: [f32; 3], expected: [f32; 3], tolerance: f32) {
    assert_near(got.map(f64::from), expected.map(f64::from), f64::from(tolerance));
}

/// Where the ray (a, b, 1) meets the sphere, in front.
fn sphere(centre: [f64; 3], radius: f64) -> impl Fn(f64, f64) -> Option<f64> {
    move |a, b| {
        let ray = a * a + b * b + 1.0;
        let along = a * centre[0] + b * centre[1] + centre[2];
        let rest = centre.iter().map(|value| value * value).sum::<f64>() - radius * radius;
        let inside = along * along - ray * rest;
        (inside >= 0.0).then(|| (along - inside.sqrt()) / ray)
    }
}

/// Where the ray meets a box whose sides lie along the axes.
fn cuboid(low: [f64; 3], high: [f64; 3]) -> impl Fn(f64, f64) -> Option<f64> {
    move |a, b| {
        let (mut near, mut far) = (0.0f64, f64::INFINITY);
        for (axis, direction) in [a, b, 1.0].into_iter().enumerate() {
            let (x, y) = (low[axis] / direction, high[axis] / direction);
            (near, far) = (near.max(x.min(y)), far.min(x.max(y)));
        }
        (near <= far).then_some(near)
    }
}

#[test]
fn a_plane_that_leans_back() {
    // z = 1 + 0.5 y: the ray (a, b, 1) t has t = 1 / (1 - 0.5 b).
    let metres = seen(SIZE, |_, b| Some(1.0 / (1.0 - 0.5 * b)));
    let disc: Vec<Span> = (-40i32..=40)
        .map(|dy| {
            let half = f64::from(1600 - dy * dy).sqrt() as u32;
            Span { y: (120 + dy) as u32, start: 200 - half, end: 200 + half + 1 }
        })
        .collect();
    let found = locate_in(&Spans::collect(disc).unwrap(), &depth_image(SIZE, &metres)).unwrap();
    let [a, b] = [(200.0 - 159.5) / 300.0, 0.5 / 300.0];
    let z = 1.0 / (1.0 - 0.5 * b);
    assert_near(found.position, [a * z, b * z, z], 0.003);
    // 81 pixels at 1 m, and half of that in depth.
    assert_long(found.extent, [0.27, 0.27, 0.135], 0.02);
    assert!(found.valid_share == 1.0 && found.confidence > 0.95, "{found:?}");
}

#[test]
fn a_sphere_is_where_its_face_is() {
    let (centre, radius) = ([0.1, -0.05, 1.5], 0.2);
    let metres = seen(SIZE, sphere(centre, radius));
    let found = locate_in(&mask_of(&metres), &depth_image(SIZE, &metres)).unwrap();
    // Half of what is seen lies within 0.29 radii of the nearest point.
    assert_near(found.position, [0.1, -0.05, 1.5 - 0.75 * radius], 0.025);
    assert_long(found.extent, [0.4, 0.4, 0.17], 0.035);
    assert!((found.distance() - 1.36).abs() < 0.03, "{}", found.distance());
}

#[test]
fn a_box_with_noise_holes_and_strays() {
    // Its front, its right side and its top are seen.
    let (low, high) = ([-0.5, 0.1, 1.0], [-0.3, 0.3, 1.3]);
    let clean = seen(SIZE, cuboid(low, high));
    let shape = mask_of(&clean);
    let (truth, mut dice) = (locate_in(&shape, &depth_image(SIZE, &clean)).unwrap(), Dice::new(9));
    assert_near(truth.position, [-0.38, 0.2, 1.0], 0.03);
    // Most of what is seen is its front; its middle lies behind that, within what is cut off of the extent.
    assert_near(truth.centre, [-0.4, 0.2, 1.15], 0.03);
    // At the far end of its side two columns of samples lie 4 cm apart.
    assert_long(truth.extent, [0.2, 0.2, 0.3], 0.045);
    let noisy: Vec<f32> = clean
        .iter()
        .map(|z| match dice.unit() {
            chance if chance < 0.3 => 0.0,
            chance if chance < 0.35 => 0.3 + 5.0 * dice.unit(),
            _ => z + 0.005 * dice.normal(),
        })
        .collect();
    let found = locate_in(&shape, &depth_image(SIZE, &noisy)).unwrap();
    assert_near(found.position, truth.position, 0.015);
    assert_long(found.extent, truth.extent, 0.05);
    assert!((0.65..0.75).contains(&found.valid_share), "{found:?}");
    assert!(found.confidence < truth.confidence);
}

#[test]
fn a_mask_that_spills_onto_the_wall_is_still_at_its_object() {
    let front = cuboid([-0.1, -0.1, 1.0], [0.1, 0.1, 1.02]);
    let metres = seen(SIZE, |a, b| front(a, b).or(Some(3.0)));
    // A quarter of the mask is wall.
    let shape = Spans::from(&Mask::filled(PixelBox::new(125, 90, 80, 60)).unwrap());
    let found = locate_in(&shape, &depth_image(SIZE, &metres)).unwrap();
    assert!((found.position[2] - 1.0).abs() < 0.005 && found.extent[2] < 0.05, "{found:?}");
    assert!(found.confidence < 0.9, "{found:?}");
}

#[test]
fn depth_of_another_size_is_scaled() {
    let scene = || sphere([0.1, -0.05, 1.5], 0.2);
    let whole = locate_in(&mask_of(&seen(SIZE, scene())), &depth_image(SIZE, &seen(SIZE, scene()))).unwrap();
    for size in [Size::new(160, 120), Size::new(640, 480), Size::new(213, 160)] {
        let depth = depth_image(size, &seen(size, scene()));
        let found = locate_in(&mask_of(&seen(SIZE, scene())), &depth).unwrap();
        assert_near(found.position, whole.position, 0.01);
        assert_long(found.extent, whole.extent, 0.03);
    }
}

#[test]
fn a_cable_is_all_outline() {
    let metres = seen(SIZE, |_, _| Some(0.8));
    let shape = Spans::from(&Mask::filled(PixelBox::new(20, 100, 200, 2)).unwrap());
    let found = locate_in(&shape, &depth_image(SIZE, &metres)).unwrap();
    assert!((found.position[2] - 0.8).abs() < 1e-6);
    assert_long(found.extent, [200.0 * 0.8 / 300.0, 2.0 * 0.8 / 300.0, 0.0], 0.01);
}

#[test]
fn too_few_readings_are_no_place() {
    let metres: Vec<f32> = (0..SIZE.pixels()).map(|at| if at % 20 == 0 { 1.0 } else { f32::NAN }).collect();
    let depth = depth_image(SIZE, &metres);
    let large = Spans::from(&Mask::filled(PixelBox::new(0, 0, 100, 100)).unwrap());
    let error = locate_in(&large, &depth).unwrap_err();
    assert!(error.to_string().starts_with("too few depth readings: expected at least 8, of 0.1"), "{error}");
    let tiny = Spans::from(&Mask::filled(PixelBox::new(0, 0, 2, 2)).unwrap());
    assert!(locate_in(&tiny, &depth_image(SIZE, &seen(SIZE, |_, _| Some(1.0)))).is_err());
    let far = depth_image(SIZE, &seen(SIZE, |_, _| Some(31.0)));
    assert!(locate_in(&large, &far).is_err(), "beyond what depth cameras measure");
}

/// A real tabletop (YCB objects of known size), where ../shared/data has it.
#[test]
fn a_real_tabletop() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tabletop_rgbd");
    let Ok(picture) = image::open(folder.join("0000_depth_mm.png")) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let millimetres = picture.into_luma16();
    let (width, height) = millimetres.dimensions();
    let size = Size::new(width, height);
    let data = millimetres.as_raw().iter().flat_map(|value| value.to_le_bytes()).collect();
    let raw = RawImage { width, height, encoding: "16UC1".into(), big_endian: false, step: 2 * width, data };
    let depth = DepthImage::new(raw, &Limits::default()).unwrap();
    let camera = Intrinsics { fx: 612.937, fy: 613.173, cx: 322.549, cy: 248.158, size, lens: None };
    // Outlines by hand: a soup can (66 mm wide, 101 mm high) and a cracker box (160 x 60 x 210 mm) that leans away.
    let can =
        polygon(&[(519, 323), (545, 317), (575, 328), (581, 345), (562, 400), (535, 408), (505, 395), (502, 380)]);
    let crackers = polygon(&[(450, 153), (588, 188), (540, 320), (520, 326), (417, 292), (432, 190)]);
    let place = |shape: &Spans| locate(shape, size, &depth, &camera, &LocateSettings::default()).unwrap();
    let (can, crackers) = (place(&can), place(&crackers));
    println!("soup can {can:?}\ncracker box {crackers:?}");
    assert!((0.050..0.085).contains(&can.extent[0]) && (0.05..0.115).contains(&can.extent[1]), "{can:?}");
    assert!((0.64..0.76).contains(&can.position[2]), "{can:?}");
    assert!((0.15..0.23).contains(&crackers.extent[0]) && (0.14..0.24).contains(&crackers.extent[1]), "{crackers:?}");
    assert!(can.confidence > 0.5 && crackers.confidence > 0.7, "{can:?} {crackers:?}");
    let apart = crackers.position.iter().zip(can.position).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!((0.08..0.25).contains(&apart), "{apart}");
}

/// The pixels inside, corners in order.
fn polygon(corners: &[(i32, i32)]) -> Spans {
    let rows =
        corners.iter().map(|corner| corner.1).min().unwrap()..=corners.iter().map(|corner| corner.1).max().unwrap();
    let edges = || corners.iter().zip(corners.iter().cycle().skip(1));
    let spans = rows.flat_map(|y| {
        let level = f64::from(y) + 0.5;
        let crossing = |(a, b): (&(i32, i32), &(i32, i32))| {
            let (top, bottom) = (f64::from(a.1), f64::from(b.1));
            let crosses = (top <= level) != (bottom <= level);
            crosses.then(|| f64::from(a.0) + (level - top) / (bottom - top) * f64::from(b.0 - a.0))
        };
        let mut crossings: Vec<f64> = edges().filter_map(crossing).collect();
        crossings.sort_by(f64::total_cmp);
        let pairs: Vec<Span> = crossings
            .chunks_exact(2)
            .map(|pair| Span { y: y as u32, start: pair[0].round() as u32, end: pair[1].round() as u32 })
            .collect();
        pairs
    });
    Spans::collect(spans).unwrap()
}

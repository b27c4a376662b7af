//! Places against the true geometry of `samples/clip`. Masks come from that geometry too, so that nothing but the way from
//! mask and depth to metres is measured here; `tests/integration/test_space.py` goes the whole way.

use std::fs::File;
use std::path::PathBuf;

use segcap::core::geometry::Size;
use segcap::core::mask::spans::{Span, Spans};
use segcap::core::pixels::raw_image::RawImage;
use segcap::core::settings::Limits;
use segcap::core::space::{DepthImage, Intrinsics, LocateSettings, Located, locate};
use serde::Deserialize;

/// Smaller things have too few pixels to speak of an extent.
const LEAST_PIXELS: u32 = 300;
/// Lower points may be the table's, metres.
const ABOVE_TABLE: f64 = 0.004;
/// A thing's points lie in its box, up to the rounding of both, metres.
const ROUNDING: f64 = 0.006;

#[derive(Deserialize)]
struct Truth {
    camera: Camera,
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
struct Camera {
    width: u32,
    height: u32,
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
}

#[derive(Deserialize)]
struct Frame {
    depth: String,
    pose: Pose,
    objects: std::collections::BTreeMap<String, Object>,
}

#[derive(Deserialize)]
struct Pose {
    position: [f64; 3],
    rotation: [[f64; 3]; 3],
}

#[derive(Deserialize)]
struct Object {
    noun: String,
    pixels: u32,
    /// x, y, width, height; none where it is hidden.
    #[serde(rename = "box")]
    bbox: Option<[u32; 4]>,
    position: [f64; 3],
    extent: [f64; 3],
    surface_position: [f64; 3],
    surface_extent: [f64; 3],
}

fn clip() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/clip")
}

impl Frame {
    fn millimetres(&self) -> Vec<u16> {
        image::open(clip().join(&self.depth)).expect("a sample's depth").into_luma16().into_raw()
    }

    /// Metres over the table of a point in the camera's frame: p_camera = R (p_table - position).
    fn height(&self, point: [f64; 3]) -> f64 {
        let Pose { position, rotation } = &self.pose;
        position[2] + (0..3).map(|row| rotation[row][2] * point[row]).sum::<f64>()
    }
}

impl Object {
    /// Its pixels: what lies within its true box and above the table.
    fn shape(&self, frame: &Frame, depth: &DepthImage, camera: &Intrinsics) -> Option<Spans> {
        let [left, top, width, height] = self.bbox?;
        let is_of_it = |&(x, y): &(u32, u32)| {
            let Some(z) = depth.metres(x, y) else { return false };
            let point = camera.point(f64::from(x), f64::from(y), f64::from(z));
            let inside = |axis: usize| (point[axis] - self.position[axis]).abs() < self.extent[axis] / 2.0 + ROUNDING;
            frame.height(point) > ABOVE_TABLE && (0..3).all(inside)
        };
        let pixels = (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
        Spans::collect(pixels.filter(is_of_it).map(|(x, y)| Span { y, start: x, end: x + 1 }))
    }
}

fn depth_image(size: Size, millimetres: &[u16]) -> DepthImage {
    let Size { width, height } = size;
    let data = millimetres.iter().flat_map(|value| value.to_le_bytes()).collect();
    let raw = RawImage { width, height, encoding: "16UC1".into(), big_endian: false, step: 2 * width, data };
    DepthImage::new(raw, &Limits::default()).expect("a depth image")
}

/// 0 to 1, always the same ones (SplitMix64).
fn chance(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// What a sensor may make of a reading: the pixel's number and millimetres, to millimetres.
type Sensor = fn(usize, u16) -> u16;

const SENSORS: [(&str, Sensor); 3] = [
    ("as rendered", |_, reading| reading),
    ("40 % holes", |at, reading| if chance(at as u64) < 0.4 { 0 } else { reading }),
    ("noise of 1 %, 5 % strays, 20 % holes", |at, reading| match chance(at as u64) {
        hole if hole < 0.2 => 0,
        stray if stray < 0.25 => (8000.0 * chance(3 * at as u64)) as u16,
        // Of two uniform ones: triangular, sigma 1 %.
        _ => {
            let noise = chance(5 * at as u64) + chance(7 * at as u64) - 1.0;
            (f64::from(reading) * (1.0 + 0.0245 * noise)).round() as u16
        }
    }),
];

fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Metres by which the place, the width, the height and the depth of each thing are wrong.
#[derive(Default)]
struct Errors([Vec<f64>; 4]);

impl Errors {
    fn add(&mut self, place: &Located, object: &Object) {
        let [away, sides @ ..] = &mut self.0;
        away.push(apart(place.position, object.surface_position));
        for ((side, got), expected) in sides.iter_mut().zip(place.extent).zip(object.surface_extent) {
            side.push((f64::from(got) - expected).abs());
        }
    }

    /// Millimetres: of all things, and of 95 % of them, at most.
    fn quantiles(&mut self) -> [[f64; 2]; 4] {
        self.0.each_mut().map(|errors| {
            errors.sort_by(f64::total_cmp);
            [0.5, 0.95].map(|share| 1000.0 * errors[((errors.len() - 1) as f64 * share).round() as usize])
        })
    }
}

/// Run with `--nocapture` for the table.
#[test]
fn places_are_those_of_the_scene() {
    let truth: Truth =
        serde_json::from_reader(File::open(clip().join("truth.json")).expect("truth.json")).expect("truth");
    let Camera { width, height, fx, fy, cx, cy } = truth.camera;
    let size = Size::new(width, height);
    let camera = Intrinsics { fx, fy, cx, cy, size, lens: None };
    println!("millimetres, median and 95 %      position      width     height      depth");
    for (name, sensor) in SENSORS {
        let mut errors = Errors::default();
        for frame in truth.frames.iter().step_by(11) {
            let rendered = frame.millimetres();
            let clean = depth_image(size, &rendered);
            let sensed: Vec<u16> = rendered.iter().enumerate().map(|(at, &reading)| sensor(at, reading)).collect();
            let depth = depth_image(size, &sensed);
            for object in frame.objects.values().filter(|object| object.pixels >= LEAST_PIXELS) {
                let shape = object.shape(frame, &clean, &camera).expect("pixels of a thing that is seen");
                let coverage = f64::from(shape.area()) / f64::from(object.pixels);
                assert!((0.8..1.2).contains(&coverage), "{}: {coverage}", object.noun);
                let place = locate(&shape, size, &depth, &camera, &LocateSettings::default()).expect("readings enough");
                errors.add(&place, object);
            }
        }
        let count = errors.0[0].len();
        let [away, wide, high, deep] = errors.quantiles();
        let cells = [away, wide, high, deep].map(|[median, most]| format!("{median:5.1}{most:6.1}")).join("");
        println!("{name:<34}{cells}   {count} things");
        assert!(count > 30);
        assert!(away[0] < 6.0 && away[1] < 30.0, "{name}: positions {away:?} mm");
        assert!(wide[0] < 6.0 && wide[1] < 25.0 && high[0] < 6.0 && high[1] < 25.0, "{name}: {wide:?} {high:?} mm");
        assert!(deep[0] < 20.0 && deep[1] < 50.0, "{name}: depth {deep:?} mm");
    }
}

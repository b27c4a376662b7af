//! Places against the true geometry of `samples/clip`. Masks come from that geometry too, so that nothing but the way from
//! mask and depth to metres is measured here; `tests/integration/test_space.py` goes the whole way.

use std::fs::File;
use std::path::PathBuf;

use segcap::core::geometry::Size;
use segcap::core::raw_image::RawImage;
use segcap::core::settings::Limits;
use segcap::core::space::{DepthImage, Intrinsics, LocateSettings, Located, locate};
use segcap::core::spans::{Span, Spans};
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
    fn depth(&self) -> DepthImage {
        let picture = image::open(clip().join(&self.depth)).expect("a sample's depth").into_luma16();
        let (width, height) = picture.dimensions();
        let data = picture.as_raw().iter().flat_map(|value| value.to_le_bytes()).collect();
        let raw = RawImage { width, height, encoding: "16UC1".into(), big_endian: false, step: 2 * width, data };
        DepthImage::new(raw, &Limits::default()).expect("a depth image")
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

fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Of the side that is most wrong.
fn side_error(place: &Located, object: &Object) -> f64 {
    let sides = place.extent.iter().zip(object.surface_extent);
    sides.map(|(&got, expected)| (f64::from(got) - expected).abs()).fold(0.0, f64::max)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn places_are_those_of_the_scene() {
    let truth: Truth = serde_json::from_reader(File::open(clip().join("truth.json")).expect("truth.json")).expect("truth");
    let Camera { width, height, fx, fy, cx, cy } = truth.camera;
    let size = Size::new(width, height);
    let camera = Intrinsics { fx, fy, cx, cy, size, lens: None };
    let (mut off, mut sides) = (Vec::new(), Vec::new());
    for frame in truth.frames.iter().step_by(11) {
        let depth = frame.depth();
        for object in frame.objects.values().filter(|object| object.pixels >= LEAST_PIXELS) {
            let shape = object.shape(frame, &depth, &camera).expect("pixels of a thing that is seen");
            let coverage = f64::from(shape.area()) / f64::from(object.pixels);
            assert!((0.8..1.2).contains(&coverage), "{}: {coverage}", object.noun);
            let place = locate(&shape, size, &depth, &camera, &LocateSettings::default()).expect("readings enough");
            let (distance, side) = (apart(place.position, object.surface_position), side_error(&place, object));
            assert!(distance < 0.03, "{} in {}: {distance} m away, {place:?}", object.noun, frame.depth);
            assert!(side < 0.05, "{} in {}: {side} m, {place:?}", object.noun, frame.depth);
            off.push(distance);
            sides.push(side);
        }
    }
    let (count, off, side) = (off.len(), 1000.0 * median(&mut off), 1000.0 * median(&mut sides));
    println!("{count} things: positions off by {off:.1} mm, the worst side by {side:.1} mm (medians)");
    assert!(count > 30 && off < 6.0 && side < 12.0);
}

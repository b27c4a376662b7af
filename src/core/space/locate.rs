//! A mask and a depth image to a place in space.

use super::robust::{cluster, median, quantile, sigma};
use super::{DepthImage, Intrinsics, Located};
use crate::core::geometry::Size;
use crate::core::mask::spans::Spans;

#[derive(Clone, Debug, PartialEq)]
pub struct LocateSettings {
    /// Least share of a region's pixels that must have a reading, 0 to 1.
    pub min_valid_share: f32,
    /// Least number of readings.
    pub min_readings: usize,
    /// Readings beyond are none, metres.
    pub max_depth: f32,
    /// About so many pixels of a region are looked at.
    pub samples: u32,
}

impl Default for LocateSettings {
    fn default() -> Self {
        Self { min_valid_share: 0.1, min_readings: 8, max_depth: 30.0, samples: 2048 }
    }
}

/// Why a region has no place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LocateError {
    #[error("too few depth readings: expected at least {least}, of {least_share} of the pixels; got {got}, of {share}")]
    TooFewReadings { least: usize, least_share: f32, got: usize, share: f32 },
}

/// The outline of a mask is where depth cameras and segmenters disagree: so much of the square root of its area,
/// pixels, is left out on each side where the position is measured.
const OUTLINE: f32 = 0.06;
const MOST_OUTLINE: f32 = 12.0;
/// Surfaces hang together when there is no gap in depth of more than this, metres, and this share of the depth.
const GAP: f32 = 0.02;
const GAP_SHARE: f32 = 0.02;
/// Readings further than this many deviations from the median do not count for the position; a deviation is at least
/// this share of the depth.
const MOST_SIGMAS: f32 = 3.0;
const LEAST_SIGMA_SHARE: f32 = 0.005;
/// So much of the readings lies outside of the extent on each side.
const TAIL: f32 = 0.005;
/// A region of so few readings is half sure.
const HALF_SURE: f32 = 16.0;

/// A pixel of the region with a reading.
#[derive(Clone, Copy, Debug)]
struct Sample {
    point: [f32; 3],
    /// Not at the outline.
    is_core: bool,
}

/// Where the region is: `shape` lies in the image of size `image`, `depth` and `camera` are brought to it.
///
/// 1. Each reading is averaged with its neighbours on the same surface: noise would make everything look deep.
/// 2. Of the readings within the eroded mask, those count that hang together in depth with the median: neither the
///    background that the mask spilled onto, nor pixels that fly between an object and what is behind it.
/// 3. The position is the median of each coordinate, without outliers by the median absolute deviation.
/// 4. Extent and centre are those of the whole mask's readings in the same stretch of depth, from 0.5 % to 99.5 %.
///
/// # Errors
/// [`LocateError`]: too little of the mask has depth.
pub fn locate(
    shape: &Spans,
    image: Size,
    depth: &DepthImage,
    camera: &Intrinsics,
    settings: &LocateSettings,
) -> Result<Located, LocateError> {
    let camera = camera.for_image(image);
    let sampling = Sampling::new(shape, settings);
    let (samples, looked_at) = sampling.take(shape, image, depth, &camera, settings);
    let share = samples.len() as f32 / looked_at.max(1) as f32;
    if samples.len() < settings.min_readings || share < settings.min_valid_share {
        let (least, least_share) = (settings.min_readings, settings.min_valid_share);
        return Err(LocateError::TooFewReadings { least, least_share, got: samples.len(), share });
    }
    let core: Vec<Sample> = samples.iter().copied().filter(|sample| sample.is_core).collect();
    // What is all outline, such as a cable, is measured as it is.
    let core = if core.len() >= settings.min_readings { core } else { samples.clone() };
    let together = |&(low, high): &(f32, f32)| move |sample: &&Sample| (low..=high).contains(&sample.point[2]);
    let range = depth_range(&core);
    let surface: Vec<Sample> = core.iter().filter(together(&range)).copied().collect();
    let whole: Vec<Sample> = samples.iter().filter(together(&range)).copied().collect();
    let sure = surface.len() as f32 / core.len() as f32;
    let confidence = share * sure * surface.len() as f32 / (surface.len() as f32 + HALF_SURE);
    let (centre, extent) = bounding_box(&whole, &camera, sampling.stride);
    Ok(Located { position: position(&surface), centre, extent, valid_share: share, confidence })
}

/// Which of a region's pixels are looked at.
struct Sampling {
    /// Every so many-th pixel across and down.
    stride: u32,
    /// Pixels left out at the outline.
    outline: u32,
}

impl Sampling {
    fn new(shape: &Spans, settings: &LocateSettings) -> Self {
        let area = shape.area() as f32;
        let stride = (area / settings.samples.max(1) as f32).sqrt().ceil().max(1.0) as u32;
        Self { stride, outline: (OUTLINE * area.sqrt()).min(MOST_OUTLINE).round() as u32 }
    }

    /// The samples with a reading, and how many pixels were looked at.
    fn take(
        &self,
        shape: &Spans,
        image: Size,
        depth: &DepthImage,
        camera: &Intrinsics,
        settings: &LocateSettings,
    ) -> (Vec<Sample>, usize) {
        let (stride, bbox) = (self.stride, shape.bbox());
        let wide = f64::from(depth.size().width) / f64::from(image.width);
        let high = f64::from(depth.size().height) / f64::from(image.height);
        let (mut samples, mut looked_at) = (Vec::new(), 0);
        for span in shape.as_slice().iter().filter(|span| (span.y - bbox.y) % stride == 0) {
            let first = span.start + (stride - (span.start - bbox.x) % stride) % stride;
            for x in (first..span.end).step_by(stride as usize) {
                looked_at += 1;
                let (column, row) = ((f64::from(x) + 0.5) * wide, (f64::from(span.y) + 0.5) * high);
                let reading = smoothed(depth, column as u32, row as u32).filter(|&z| z <= settings.max_depth);
                let Some(z) = reading else { continue };
                let point = camera.point(f64::from(x), f64::from(span.y), f64::from(z)).map(|value| value as f32);
                let inside_row = x >= span.start + self.outline && x + self.outline < span.end;
                samples.push(Sample { point, is_core: inside_row && self.is_inside_column(shape, x, span.y) });
            }
        }
        (samples, looked_at)
    }

    fn is_inside_column(&self, shape: &Spans, x: u32, y: u32) -> bool {
        let above = y.checked_sub(self.outline);
        above.is_some_and(|above| shape.contains(x, above)) && shape.contains(x, y + self.outline)
    }
}

/// A pixel's reading, and what noise leaves of it: the mean with those neighbours that lie on the same surface.
fn smoothed(depth: &DepthImage, x: u32, y: u32) -> Option<f32> {
    let z = depth.metres(x, y)?;
    let rows = y.saturating_sub(1)..=y.saturating_add(1);
    let around = rows.flat_map(|y| (x.saturating_sub(1)..=x.saturating_add(1)).map(move |x| (x, y)));
    let same = around.filter_map(|(x, y)| depth.metres(x, y)).filter(|near| (near - z).abs() <= GAP + GAP_SHARE * z);
    let (sum, count) = same.fold((0.0f32, 0.0f32), |(sum, count), near| (sum + near, count + 1.0));
    Some(sum / count)
}

/// The stretch of depth, metres, around the median that hangs together.
fn depth_range(core: &[Sample]) -> (f32, f32) {
    let mut depths: Vec<f32> = core.iter().map(|sample| sample.point[2]).collect();
    depths.sort_by(f32::total_cmp);
    let middle = depths.get(depths.len() / 2).copied().unwrap_or_default();
    cluster(&depths, GAP + GAP_SHARE * middle).unwrap_or_default()
}

fn position(surface: &[Sample]) -> [f64; 3] {
    let depths: Vec<f32> = surface.iter().map(|sample| sample.point[2]).collect();
    let middle = median(&mut depths.clone()).unwrap_or_default();
    let reach = MOST_SIGMAS * sigma(&depths, middle).unwrap_or_default().max(LEAST_SIGMA_SHARE * middle);
    let good = |sample: &&Sample| (sample.point[2] - middle).abs() <= reach;
    let coordinate = |axis: usize| {
        let mut values: Vec<f32> = surface.iter().filter(good).map(|sample| sample.point[axis]).collect();
        f64::from(median(&mut values).unwrap_or_default())
    };
    [0, 1, 2].map(coordinate)
}

/// Centre and lengths. The pixels between the outermost samples and the outline count for half a stride on each side.
fn bounding_box(samples: &[Sample], camera: &Intrinsics, stride: u32) -> ([f64; 3], [f32; 3]) {
    let axis = |axis: usize| samples.iter().map(|sample| sample.point[axis]).collect::<Vec<f32>>();
    let z = median(&mut axis(2)).unwrap_or_default();
    let ends = [0, 1, 2].map(|at| {
        let mut values = axis(at);
        [TAIL, 1.0 - TAIL].map(|share| quantile(&mut values, share).unwrap_or_default())
    });
    let beside = |focal: f64| stride as f32 * z / focal as f32;
    let [width, height, depth] = ends.map(|[low, high]| high - low);
    let centre = ends.map(|[low, high]| (f64::from(low) + f64::from(high)) / 2.0);
    (centre, [width + beside(camera.fx), height + beside(camera.fy), depth])
}

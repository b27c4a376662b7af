//! The plain colours of a region, by its pixels.

use image::RgbImage;

use crate::core::mask::spans::Spans;

/// Basic colours with a point each in sRGB, as in the built-in model's training. A pixel has the colour whose point is
/// nearest in CIELAB, where lightness counts half: light and shadow change it.
const COLOURS: [(&str, [u8; 3]); 11] = [
    ("red", [190, 30, 35]),
    ("orange", [235, 125, 25]),
    ("yellow", [240, 205, 40]),
    ("green", [45, 140, 60]),
    ("blue", [35, 80, 180]),
    ("purple", [115, 55, 150]),
    ("pink", [235, 135, 170]),
    ("brown", [110, 70, 40]),
    ("black", [25, 25, 28]),
    ("white", [238, 238, 235]),
    ("gray", [128, 128, 130]),
];
/// A colour counts from this share of the pixels on.
const LEAST_SHARE: f32 = 0.3;
/// About so many pixels are looked at.
const SAMPLES: u32 = 600;
/// Fewer pixels say nothing.
const LEAST_PIXELS: usize = 30;

/// At most three, the most frequent first; empty when no colour is clear. `shape` lies in `image`, what does not is
/// left out.
pub fn clear_colours(image: &RgbImage, shape: &Spans) -> Vec<&'static str> {
    let centres = COLOURS.map(|(_, rgb)| lab(rgb));
    let mut votes = [0usize; COLOURS.len()];
    let step = (shape.area() / SAMPLES).max(1) as usize;
    let pixels = shape.as_slice().iter().flat_map(|span| (span.start..span.end).map(|x| (x, span.y)));
    for (x, y) in pixels.step_by(step) {
        if let Some(pixel) = image.get_pixel_checked(x, y) {
            votes[nearest(lab(pixel.0), &centres)] += 1;
        }
    }
    let total: usize = votes.iter().sum();
    if total < LEAST_PIXELS {
        return Vec::new();
    }
    let mut clear: Vec<usize> = (0..votes.len()).filter(|&at| votes[at] as f32 >= LEAST_SHARE * total as f32).collect();
    clear.sort_by_key(|&at| std::cmp::Reverse(votes[at]));
    clear.into_iter().map(|at| COLOURS[at].0).collect()
}

fn nearest(pixel: [f32; 3], centres: &[[f32; 3]]) -> usize {
    let gap = |centre: &[f32; 3]| {
        let [l, a, b] = [pixel[0] - centre[0], pixel[1] - centre[1], pixel[2] - centre[2]];
        0.25 * l * l + a * a + b * b
    };
    let best = centres.iter().enumerate().min_by(|(_, x), (_, y)| gap(x).total_cmp(&gap(y)));
    best.map_or(0, |(index, _)| index)
}

/// sRGB to CIELAB (D65).
fn lab(rgb: [u8; 3]) -> [f32; 3] {
    let linear = rgb.map(|value| {
        let value = f32::from(value) / 255.0;
        if value > 0.04045 { ((value + 0.055) / 1.055).powf(2.4) } else { value / 12.92 }
    });
    let [r, g, b] = linear;
    let xyz = [
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    ];
    let [x, y, z] = xyz.map(|value| if value > 0.008856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::core::geometry::PixelBox;
    use crate::core::mask::Mask;

    fn whole() -> Spans {
        Spans::from(&Mask::filled(PixelBox::new(0, 0, 40, 40)).unwrap())
    }

    #[test]
    fn plain_colours_have_their_names_in_light_and_shadow() {
        let of = |rgb| clear_colours(&RgbImage::from_pixel(40, 40, Rgb(rgb)), &whole());
        assert_eq!([of([200, 20, 30]), of([130, 15, 15])], [["red"], ["red"]]);
        assert_eq!([of([250, 250, 250]), of([10, 10, 10]), of([120, 122, 125])], [["white"], ["black"], ["gray"]]);
        assert_eq!([of([20, 60, 160]), of([250, 210, 60])], [["blue"], ["yellow"]]);
    }

    #[test]
    fn two_colours_are_two_and_a_medley_is_none() {
        let halves = RgbImage::from_fn(40, 40, |x, _| if x < 24 { Rgb([240, 240, 240]) } else { Rgb([20, 60, 170]) });
        assert_eq!(clear_colours(&halves, &whole()), ["white", "blue"]);
        let medley = RgbImage::from_fn(40, 40, |x, _| Rgb(COLOURS[x as usize % COLOURS.len()].1));
        assert_eq!(clear_colours(&medley, &whole()), [""; 0]);
        let few = Spans::from(&Mask::filled(PixelBox::new(0, 0, 5, 5)).unwrap());
        assert_eq!(clear_colours(&halves, &few), [""; 0]);
        assert_eq!(clear_colours(&RgbImage::new(1, 1), &whole()), [""; 0], "outside of the image");
    }
}

//! Preprocessing against Pillow's own output (tests/fixtures/preprocess).

use image::RgbImage;
use segcap::onnx::bundle::manifest::{Channels, Layout, PixelType, Preprocess, Resize};
use segcap::onnx::preprocess::{Pixels, Preprocessor};

use crate::support::fixtures;

fn picture(name: &str) -> RgbImage {
    image::open(fixtures().join("preprocess").join(name)).unwrap().to_rgb8()
}

fn rules(input_size: u32, resize: Resize) -> Preprocess {
    Preprocess {
        input_size,
        resize,
        channels: Channels::Rgb,
        layout: Layout::Nhwc,
        dtype: PixelType::Uint8,
        mean: [0.0; 3],
        std: [1.0; 3],
    }
}

fn bytes(preprocessor: &mut Preprocessor, image: &RgbImage) -> Vec<u8> {
    match preprocessor.run(image).unwrap() {
        Pixels::Uint8(pixels) => pixels.to_vec(),
        Pixels::Float32(_) => panic!("expected bytes"),
    }
}

fn floats(preprocessor: &mut Preprocessor, image: &RgbImage) -> Vec<f32> {
    match preprocessor.run(image).unwrap() {
        Pixels::Float32(pixels) => pixels.to_vec(),
        Pixels::Uint8(_) => panic!("expected floats"),
    }
}

fn check_against_pillow(rules: Preprocess, expected: &str) {
    let expected = picture(expected);
    let side = rules.input_size;
    let got = RgbImage::from_raw(side, side, bytes(&mut Preprocessor::new(rules), &picture("source.png"))).unwrap();
    let mut differ = 0;
    for (x, y, pixel) in got.enumerate_pixels() {
        let inside = x < expected.width() && y < expected.height();
        let wanted = if inside { expected.get_pixel(x, y).0 } else { [0; 3] };
        for channel in 0..3 {
            let difference = pixel[channel].abs_diff(wanted[channel]);
            assert!(difference <= u8::from(inside), "at {x}, {y}: expected {wanted:?}, got {:?}", pixel.0);
            differ += u32::from(difference);
        }
    }
    // Weights have 16 bits here and 22 in Pillow: a value that lies almost between two bytes may fall to either.
    let values = 3 * expected.width() * expected.height();
    assert!(differ * 100 <= values, "{differ} of {values} values differ");
}

#[test]
fn smaller_as_pillow() {
    check_against_pillow(rules(32, Resize::LongestEdge), "pillow_32x20.png");
}

#[test]
fn stretched_as_pillow() {
    check_against_pillow(rules(32, Resize::Stretch), "pillow_32x32.png");
}

#[test]
fn larger_as_pillow() {
    check_against_pillow(rules(128, Resize::LongestEdge), "pillow_128x80.png");
}

#[test]
fn layout_channels_and_normalisation() {
    let image = RgbImage::from_pixel(32, 16, image::Rgb([0, 51, 255]));
    let rules = Preprocess {
        channels: Channels::Bgr,
        layout: Layout::Nchw,
        dtype: PixelType::Float32,
        mean: [0.5, 0.1, 0.25],
        std: [0.5, 0.2, 0.25],
        ..rules(32, Resize::LongestEdge)
    };
    let mut preprocessor = Preprocessor::new(rules);
    assert_eq!(preprocessor.shape(), [1, 3, 32, 32]);
    let got = floats(&mut preprocessor, &image);
    let (content, plane) = (16 * 32, 32 * 32);
    for (channel, expected) in [1.0, 0.5, -1.0].into_iter().enumerate() {
        let plane = &got[channel * plane..(channel + 1) * plane];
        assert!(plane[..content].iter().all(|value| (value - expected).abs() < 1e-6), "{channel}: {}", plane[0]);
        assert!(plane[content..].iter().all(|value| *value == 0.0), "padding is 0 after normalising");
    }
}

#[test]
fn nothing_of_an_earlier_image_remains() {
    let mut preprocessor = Preprocessor::new(rules(32, Resize::LongestEdge));
    let (wide, high) = (picture("source.png"), image::imageops::rotate90(&picture("source.png")));
    let fresh = bytes(&mut Preprocessor::new(rules(32, Resize::LongestEdge)), &wide);
    bytes(&mut preprocessor, &high);
    assert_eq!(bytes(&mut preprocessor, &wide), fresh);
}

#[test]
fn any_size_fits() {
    let mut preprocessor = Preprocessor::new(rules(32, Resize::LongestEdge));
    for (width, height) in [(1, 1), (1, 2000), (3840, 1), (33, 32), (31, 7)] {
        bytes(&mut preprocessor, &RgbImage::new(width, height));
    }
}

//! Every encoding against a slow, obvious reference; every way to be broken against its error.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};
use proptest::prelude::*;

use super::raw_image::{CompressedImage, RawImage};
use super::{Encoding, ImageError};
use crate::core::result_code::ResultCode;
use crate::core::settings::Limits;

fn limits() -> Limits {
    Limits { max_image_px: 1 << 20, ..Limits::default() }
}

fn raw(encoding: &str, width: u32, height: u32, step: u32, data: Vec<u8>) -> RawImage {
    RawImage { width, height, encoding: encoding.into(), big_endian: false, step, data }
}

/// The pixel at (x, y), looked up byte by byte as the encoding's definition says.
fn reference(image: &RawImage, encoding: Encoding, x: u32, y: u32) -> [u8; 3] {
    let at = |column: u32, row: u32| image.data[(row * image.step + column) as usize];
    match encoding {
        Encoding::Rgb8 => [at(3 * x, y), at(3 * x + 1, y), at(3 * x + 2, y)],
        Encoding::Bgr8 => [at(3 * x + 2, y), at(3 * x + 1, y), at(3 * x, y)],
        Encoding::Rgba8 => [at(4 * x, y), at(4 * x + 1, y), at(4 * x + 2, y)],
        Encoding::Bgra8 => [at(4 * x + 2, y), at(4 * x + 1, y), at(4 * x, y)],
        Encoding::Mono8 => [at(x, y); 3],
        Encoding::Mono16 => {
            let (first, second) = (f64::from(at(2 * x, y)), f64::from(at(2 * x + 1, y)));
            let value = if image.big_endian { first * 256.0 + second } else { second * 256.0 + first };
            [(value / 65535.0 * 255.0).round() as u8; 3]
        }
        Encoding::Uyvy => yuv(at(2 * x + 1, y), at(x / 2 * 4, y), at(x / 2 * 4 + 2, y)),
        Encoding::Yuyv => yuv(at(2 * x, y), at(x / 2 * 4 + 1, y), at(x / 2 * 4 + 3, y)),
        Encoding::Nv12 => yuv(at(x, y), at(x / 2 * 2, image.height + y / 2), at(x / 2 * 2 + 1, image.height + y / 2)),
        Encoding::Nv21 => yuv(at(x, y), at(x / 2 * 2 + 1, image.height + y / 2), at(x / 2 * 2, image.height + y / 2)),
        Encoding::Nv24 => yuv(at(x, y), at(2 * x, image.height + 2 * y), at(2 * x + 1, image.height + 2 * y)),
        Encoding::Bayer(_) => bayer(image, x, y),
    }
}

/// BT.601, limited range, in floating point.
fn yuv(y: u8, u: u8, v: u8) -> [u8; 3] {
    let y = (f64::from(y) - 16.0).max(0.0) * 1.164;
    let (u, v) = (f64::from(u) - 128.0, f64::from(v) - 128.0);
    [y + 1.596 * v, y - 0.813 * v - 0.391 * u, y + 2.018 * u].map(|channel| channel.round().clamp(0.0, 255.0) as u8)
}

/// The mean, for each channel, of the nearest pixels in the 3 x 3 around that saw it.
fn bayer(image: &RawImage, x: u32, y: u32) -> [u8; 3] {
    let filters = &image.encoding.as_bytes()["bayer_".len()..];
    let filter = |x: i64, y: i64| filters[(y.rem_euclid(2) * 2 + x.rem_euclid(2)) as usize];
    let mirror = |at: i64, length: u32| if at < 0 { -at } else { at.min(2 * (i64::from(length) - 1) - at) } as u32;
    let (x, y) = (i64::from(x), i64::from(y));
    [b'r', b'g', b'b'].map(|channel| {
        for distance in 0..=2 {
            let around = (-1..=1i64).flat_map(|dy| (-1..=1i64).map(move |dx| (dx, dy)));
            let seen: Vec<f64> = around
                .filter(|(dx, dy)| dx.abs() + dy.abs() == distance && filter(x + dx, y + dy) == channel)
                .map(|(dx, dy)| (mirror(x + dx, image.width), mirror(y + dy, image.height)))
                .map(|(x, y)| f64::from(image.data[(y * image.step + x) as usize]))
                .collect();
            if !seen.is_empty() {
                return (seen.iter().sum::<f64>() / seen.len() as f64).round() as u8;
            }
        }
        unreachable!("every filter lies within one pixel")
    })
}

prop_compose! {
    /// An image that is as its encoding wants it, with random bytes and a random step.
    fn good_image()(
        name in proptest::sample::select(Encoding::names().collect::<Vec<_>>()),
        half_width in 1u32..12,
        half_height in 1u32..8,
        odd in any::<bool>(),
        padding in 0u32..9,
        big_endian in any::<bool>(),
        seed in any::<u64>(),
    ) -> RawImage {
        let encoding = Encoding::named(name).unwrap();
        let (width, height) = (2 * half_width + u32::from(odd), 2 * half_height + u32::from(odd));
        let even = encoding.broken_size_rule(width, height).is_some();
        let (width, height) = if even { (2 * half_width, 2 * half_height) } else { (width, height) };
        let step = width * encoding.bytes_per_pixel() as u32 + padding;
        let bytes = u64::from(step) * encoding.rows(height);
        let data = (0..bytes).map(|at| (seed.wrapping_add(at).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect();
        RawImage { width, height, encoding: name.into(), big_endian, step, data }
    }
}

proptest! {
    #[test]
    fn every_encoding_agrees_with_its_definition(image in good_image()) {
        let encoding = Encoding::named(&image.encoding).unwrap();
        let rgb = image.to_rgb(&limits()).unwrap();
        prop_assert_eq!(rgb.dimensions(), (image.width, image.height));
        // Fixed point and floating point may round a tie to different sides.
        let tolerance = u8::from(matches!(
            encoding,
            Encoding::Uyvy | Encoding::Yuyv | Encoding::Nv12 | Encoding::Nv21 | Encoding::Nv24
        ));
        for (x, y, Rgb(got)) in rgb.enumerate_pixels() {
            let expected = reference(&image, encoding, x, y);
            let close = got.iter().zip(expected).all(|(got, expected)| got.abs_diff(expected) <= tolerance);
            prop_assert!(close, "{} at ({}, {}): got {:?}, expected {:?}", image.encoding, x, y, got, expected);
        }
    }

    #[test]
    fn one_byte_less_is_an_error(mut image in good_image()) {
        image.data.pop();
        let error = image.to_rgb(&limits()).unwrap_err();
        let is_short = matches!(error, ImageError::DataTooShort { .. });
        prop_assert!(is_short, "{}", error);
    }

    #[test]
    fn one_byte_more_is_an_error(mut image in good_image()) {
        image.data.push(0);
        let error = image.to_rgb(&limits()).unwrap_err();
        let is_long = matches!(error, ImageError::DataTooLong { .. });
        prop_assert!(is_long, "{}", error);
    }

    #[test]
    fn garbage_never_panics(
        name in proptest::sample::select(Encoding::names().chain(["", "rgb9", "\0"]).collect::<Vec<_>>()),
        width in prop_oneof![0u32..20, any::<u32>()],
        height in prop_oneof![0u32..20, any::<u32>()],
        step in prop_oneof![0u32..80, any::<u32>()],
        data in proptest::collection::vec(any::<u8>(), 0..2000),
        max_image_px in prop_oneof![Just(1u64 << 20), Just(u64::MAX)],
    ) {
        let limits = Limits { max_image_px, ..Limits::default() };
        if let Err(error) = raw(name, width, height, step, data).to_rgb(&limits) {
            prop_assert_ne!(error.code(), ResultCode::Ok);
        }
    }

    #[test]
    fn garbage_files_never_panic(
        start in proptest::sample::select(vec![&b""[..], b"\xFF\xD8\xFF", b"\xFF\xD8\xFF\xC0\0\x0B\x08", b"\x89PNG\r\n\x1a\n"]),
        rest in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        let file = CompressedImage { format: "jpeg".into(), data: [start, &rest[..]].concat() };
        let _ = file.to_rgb(&limits());
    }

    #[test]
    fn damaged_files_never_panic(at in 0usize..10_000, byte in any::<u8>(), cut in 0usize..10_000, png in any::<bool>()) {
        let whole = encoded(&sample(), if png { ImageFormat::Png } else { ImageFormat::Jpeg });
        let mut damaged = whole.clone();
        damaged[at % whole.len()] = byte;
        let _ = decode(damaged);
        // Of a PNG file the end chunk and a checksum can be lost without losing a pixel, of a JPEG file the end marker.
        let kept = cut % (whole.len() - if png { 20 } else { 0 });
        let cut_off = decode(whole[..kept].to_vec());
        prop_assert!(cut_off.is_err() || (!png && cut_off == decode(whole)));
    }
}

#[test]
fn names_mean_what_ros_says() {
    for (name, same) in [("8UC1", "mono8"), ("8UC3", "bgr8"), ("yuv422", "uyvy"), ("yuv422_yuy2", "yuyv")] {
        assert_eq!(Encoding::named(name), Encoding::named(same));
        assert_eq!(Encoding::named(name).unwrap().name(), same);
    }
    // One red pixel in the top left corner is red in rggb only.
    let corner = |name: &str| raw(name, 2, 2, 2, vec![200, 0, 0, 0]).to_rgb(&limits()).unwrap().get_pixel(0, 0).0;
    assert_eq!(corner("bayer_rggb8"), [200, 0, 0]);
    assert_eq!(corner("bayer_bggr8"), [0, 0, 200]);
    assert_eq!(corner("bayer_gbrg8"), [0, 200, 0]);
    assert_eq!(corner("bayer_grbg8"), [0, 200, 0]);
}

#[test]
fn primary_colours_of_bt601() {
    let pixel = |y, u, v| raw("yuyv", 2, 1, 4, vec![y, u, y, v]).to_rgb(&limits()).unwrap().get_pixel(1, 0).0;
    assert_eq!(pixel(16, 128, 128), [0, 0, 0]);
    assert_eq!(pixel(235, 128, 128), [255, 255, 255]);
    assert_eq!(pixel(81, 90, 240), [254, 0, 0]);
}

fn error_of(image: &RawImage) -> (ResultCode, String) {
    let error = image.to_rgb(&limits()).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn broken_raw_images_say_what_is_wrong() {
    let cases = [
        (raw("rgb8", 0, 5, 0, vec![]), ResultCode::NoImage, "got 0x5"),
        (raw("rgb8", 4, 4, 11, vec![0; 44]), ResultCode::InvalidPrompt, "take 12 bytes a row, got step 11"),
        (raw("rgb8", 4, 4, 12, vec![0; 47]), ResultCode::InvalidPrompt, "takes 48 bytes, got 47"),
        (
            raw("bgr9", 4, 4, 12, vec![0; 48]),
            ResultCode::Unsupported,
            "unknown encoding \"bgr9\": expected one of rgb8,",
        ),
        (raw("a\0b", 4, 4, 12, vec![0; 48]), ResultCode::Unsupported, "\"a b\""),
        (raw("yuyv", 3, 4, 8, vec![0; 32]), ResultCode::InvalidPrompt, "yuyv needs an even width, got 3x4"),
        (raw("nv12", 4, 3, 4, vec![0; 32]), ResultCode::InvalidPrompt, "nv12 needs an even width and height, got 4x3"),
        (raw("bayer_rggb8", 1, 9, 1, vec![0; 9]), ResultCode::InvalidPrompt, "at least 2x2"),
        (raw("rgb8", 65536, 65536, 196_608, vec![]), ResultCode::InvalidPrompt, "at most 1048576 pixels"),
        (raw("mono8", 1, 1 << 20, u32::MAX, vec![0; 9]), ResultCode::InvalidPrompt, "too little data"),
    ];
    for (image, code, part) in cases {
        let (got, message) = error_of(&image);
        assert_eq!(got, code, "{message}");
        assert!(message.contains(part), "{message:?} should hold {part:?}");
    }
}

fn sample() -> DynamicImage {
    RgbImage::from_fn(64, 48, |x, y| Rgb([(x * 4) as u8, (y * 5) as u8, 90])).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decode(data: Vec<u8>) -> Result<RgbImage, ImageError> {
    CompressedImage { format: "rgb8; jpeg compressed bgr8".into(), data }.to_rgb(&limits())
}

#[test]
fn png_comes_back_exactly_and_jpeg_nearly() {
    let sample = sample();
    assert_eq!(decode(encoded(&sample, ImageFormat::Png)).unwrap(), sample.to_rgb8());
    let jpeg = decode(encoded(&sample, ImageFormat::Jpeg)).unwrap();
    let worst = jpeg.iter().zip(sample.to_rgb8().iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(worst < 40, "{worst}");
}

#[test]
fn grey_and_16_bit_files_become_8_bit_rgb() {
    let grey: DynamicImage = GrayImage::from_fn(9, 7, |x, _| Luma([x as u8 * 20])).into();
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let Rgb([red, green, blue]) = *decode(encoded(&grey, format)).unwrap().get_pixel(5, 3);
        assert!(red == green && green == blue && red.abs_diff(100) < 8, "{red} {green} {blue}");
    }
    let deep = ImageBuffer::from_pixel(3, 3, Rgb([65535u16, 257 * 100, 0]));
    let deep = decode(encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png)).unwrap();
    assert_eq!(deep.get_pixel(2, 2).0, [255, 100, 0]);
}

#[test]
fn a_jpeg_file_may_lack_its_end_marker_but_no_pixel() {
    // One whose last rows take a few bits, and one that is rich to its end.
    let plain: DynamicImage = RgbImage::from_pixel(200, 160, Rgb([90, 100, 110])).into();
    for image in [plain, sample()] {
        let whole = encoded(&image, ImageFormat::Jpeg);
        let expected = decode(whole.clone()).unwrap();
        let without_marker = &whole[..whole.len() - 2];
        for padding in [&[][..], &[0xFF], &[0; 100]] {
            assert_eq!(decode([without_marker, padding].concat()).unwrap(), expected, "{padding:?}");
        }
        let error = decode(whole[..whole.len() - 6].to_vec()).unwrap_err();
        assert!(error.to_string().contains("end marker is missing"), "{error}");
    }
}

#[test]
fn files_that_are_cut_off_or_something_else_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let whole = encoded(&sample(), format);
        for cut in [whole.len() / 4, whole.len() / 2, whole.len() - 20] {
            let error = decode(whole[..cut].to_vec()).map(|_| "an image").unwrap_err();
            assert!(matches!(error, ImageError::BrokenFile { .. }), "{format:?} cut at {cut}: {error}");
        }
    }
    for other in [&b"GIF89a rest of it"[..], b"", b"hello world"] {
        let error = decode(other.to_vec()).unwrap_err();
        assert_eq!(error.code(), ResultCode::Unsupported, "{error}");
    }
}

#[test]
fn huge_headers_are_refused_before_the_picture_is_read() {
    let frame_header =
        [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0x4E, 0x20, 0x4E, 0x20, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
    let mut png = encoded(&sample(), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20]);
    let crc = png_crc(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    for file in [frame_header.to_vec(), png] {
        // Whoever read on would find a file that ends too soon, or rows that are too short.
        let error = decode(file).unwrap_err();
        assert!(error.to_string().contains("20000x20000 = 400000000"), "{error}");
    }
}

/// CRC-32 of a PNG chunk (ISO 3309), bit by bit.
fn png_crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

//! Depth images as they come (REP-118).

use crate::core::geometry::Size;
use crate::core::pixels::ImageError;
use crate::core::pixels::raw_image::RawImage;
use crate::core::settings::Limits;
use crate::core::text::one_line;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// 16-bit millimetres; 0 and 65535 are no reading.
    Millimetres,
    /// 32-bit float metres; 0, negative, NaN and infinity are no reading.
    Metres,
}

/// "16UC1" in millimetres (also named "mono16" by some drivers), "32FC1" in metres.
const ENCODINGS: [(&str, Unit); 3] =
    [("16UC1", Unit::Millimetres), ("32FC1", Unit::Metres), ("mono16", Unit::Millimetres)];

/// A checked depth image. The bytes stay as they came; pixels are read where they are needed.
#[derive(Clone, Debug)]
pub struct DepthImage {
    size: Size,
    step: usize,
    unit: Unit,
    big_endian: bool,
    data: Vec<u8>,
}

impl DepthImage {
    /// From 16UC1 (mm) or 32FC1 (m); the pixels are not copied.
    ///
    /// # Errors
    /// [`ImageError`]: another encoding, more pixels than `limits.max_image_px`, or a size that does not fit the data.
    pub fn new(raw: RawImage, limits: &Limits) -> Result<Self, ImageError> {
        let excess = raw.view().check_excess();
        let RawImage { width, height, encoding, big_endian, step, data } = raw;
        let (name, unit) = *ENCODINGS.iter().find(|(name, _)| *name == encoding).ok_or_else(|| {
            let expected = ENCODINGS.map(|(name, _)| name).join(", ");
            ImageError::UnknownEncoding { encoding: one_line(&encoding, 40), expected }
        })?;
        let size = Size::new(width, height);
        let (px, max_px) = (size.pixels(), limits.max_image_px);
        if px == 0 {
            return Err(ImageError::Empty { width, height });
        }
        if px > max_px {
            return Err(ImageError::TooLarge { width, height, px, max_px });
        }
        let row_bytes = u64::from(width) * unit.bytes() as u64;
        if u64::from(step) < row_bytes {
            return Err(ImageError::StepTooSmall { encoding: name, width, row_bytes, step });
        }
        // The last row may end with its pixels.
        let (needed, got) = (u64::from(step) * u64::from(height - 1) + row_bytes, data.len() as u64);
        if got < needed {
            return Err(ImageError::DataTooShort { encoding: name, width, height, step, needed, got });
        }
        excess?;
        Ok(Self { size, step: step as usize, unit, big_endian, data })
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Memory held.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// The reading of a pixel, metres; `None` where there is none, or no such pixel.
    pub fn metres(&self, x: u32, y: u32) -> Option<f32> {
        if x >= self.size.width || y >= self.size.height {
            return None;
        }
        let at = y as usize * self.step + x as usize * self.unit.bytes();
        let bytes = &self.data[at..at + self.unit.bytes()];
        match (self.unit, bytes) {
            (Unit::Millimetres, &[a, b]) => {
                let millimetres = if self.big_endian { u16::from_be_bytes([a, b]) } else { u16::from_le_bytes([a, b]) };
                (millimetres != 0 && millimetres != u16::MAX).then(|| f32::from(millimetres) / 1000.0)
            }
            (Unit::Metres, &[a, b, c, d]) => {
                let bytes = [a, b, c, d];
                let metres = if self.big_endian { f32::from_be_bytes(bytes) } else { f32::from_le_bytes(bytes) };
                (metres.is_finite() && metres > 0.0).then_some(metres)
            }
            _ => None,
        }
    }
}

impl Unit {
    fn bytes(self) -> usize {
        match self {
            Self::Millimetres => 2,
            Self::Metres => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::result_code::ResultCode;

    fn raw(encoding: &str, width: u32, step: u32, data: Vec<u8>) -> RawImage {
        RawImage { width, height: 2, encoding: encoding.into(), big_endian: false, step, data }
    }

    fn open(raw: RawImage) -> Result<DepthImage, ImageError> {
        DepthImage::new(raw, &Limits::default())
    }

    #[test]
    fn both_units_and_byte_orders_are_read() {
        let data: Vec<u8> = [1500u16, 0, 9, 65535, 250, 9].iter().flat_map(|value| value.to_le_bytes()).collect();
        let depth = open(raw("16UC1", 2, 6, data.clone())).unwrap();
        let all =
            |depth: &DepthImage| [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)].map(|(x, y)| depth.metres(x, y));
        assert_eq!(all(&depth), [Some(1.5), None, None, Some(0.25), None, None]);
        let swapped = data.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        let depth = open(RawImage { big_endian: true, ..raw("mono16", 2, 6, swapped) }).unwrap();
        assert_eq!(depth.metres(0, 0), Some(1.5));
        let metres = [0.75f32, f32::NAN, f32::INFINITY, -1.0];
        let depth = open(raw("32FC1", 2, 8, metres.iter().flat_map(|value| value.to_le_bytes()).collect())).unwrap();
        assert_eq!(all(&depth), [Some(0.75), None, None, None, None, None]);
        let big =
            RawImage { big_endian: true, ..raw("32FC1", 2, 8, metres.iter().flat_map(|v| v.to_be_bytes()).collect()) };
        assert_eq!(open(big).unwrap().metres(0, 0), Some(0.75));
    }

    #[test]
    fn what_is_no_depth_image_is_refused() {
        let error = open(raw("rgb8", 2, 6, vec![0; 12])).unwrap_err();
        assert_eq!(error.to_string(), "unknown encoding \"rgb8\": expected one of 16UC1, 32FC1, mono16");
        assert_eq!(error.code(), ResultCode::Unsupported);
        assert!(matches!(open(raw("16UC1", 0, 0, vec![])), Err(ImageError::Empty { .. })));
        assert!(matches!(open(raw("16UC1", 2, 3, vec![0; 12])), Err(ImageError::StepTooSmall { row_bytes: 4, .. })));
        assert!(matches!(open(raw("32FC1", 2, 9, vec![0; 16])), Err(ImageError::DataTooShort { needed: 17, .. })));
        assert!(matches!(open(raw("16UC1", 2, 4, vec![0; 9])), Err(ImageError::DataTooLong { needed: 8, got: 9, .. })));
        let limits = Limits { max_image_px: 3, ..Limits::default() };
        let large = DepthImage::new(raw("16UC1", 2, 4, vec![0; 8]), &limits);
        assert!(matches!(large, Err(ImageError::TooLarge { px: 4, max_px: 3, .. })));
        let endless = RawImage { width: 1, height: u32::MAX, ..raw("16UC1", 1, u32::MAX, vec![]) };
        let limits = Limits { max_image_px: u64::MAX, ..Limits::default() };
        assert!(matches!(DepthImage::new(endless, &limits), Err(ImageError::DataTooShort { .. })));
    }
}

//! The pinhole of a camera (sensor_msgs/CameraInfo).

use crate::core::code::ResultCode;
use crate::core::geometry::{PixelBox, Size};

/// What segcap reads of a sensor_msgs/CameraInfo. Distortion is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraInfo {
    /// Of the calibrated picture, without binning and region of interest.
    pub width: u32,
    pub height: u32,
    /// Row-major 3 x 3, pixels. For rectified images the left part of P, where it differs from K.
    pub k: [f64; 9],
    /// Pixels of the sensor that are one pixel of the image, across and down; 0 is 1.
    pub binning: (u32, u32),
    /// The part of the calibrated picture that the image shows; empty: all of it.
    pub roi: PixelBox,
}

/// What was expected of a camera's calibration and what came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CameraError {
    #[error("the camera is not calibrated: expected focal lengths above 0 in camera_info's K, got fx {fx}, fy {fy}")]
    NotCalibrated { fx: f64, fy: f64 },
    #[error("camera_info's K: expected finite numbers, got cx {cx}, cy {cy}")]
    NotFinite { cx: f64, cy: f64 },
    #[error("camera_info's size: expected at least 1x1 pixels, got {width}x{height}")]
    Empty { width: u32, height: u32 },
    #[error("camera_info's roi: expected a part of its {}x{} pixels, got {roi:?}", size.width, size.height)]
    RoiOutside { roi: PixelBox, size: Size },
}

impl CameraError {
    /// Always `Unsupported`: without a calibration there is no third dimension.
    pub fn code(&self) -> ResultCode {
        ResultCode::Unsupported
    }
}

/// Focal lengths and principal point in pixels of an image of `size`; pixel centres have whole coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intrinsics {
    pub fx: f64,
    pub fy: f64,
    pub cx: f64,
    pub cy: f64,
    pub size: Size,
}

impl Intrinsics {
    pub fn new(info: &CameraInfo) -> Result<Self, CameraError> {
        let &CameraInfo { width, height, k: [fx, _, cx, _, fy, cy, ..], binning, roi } = info;
        let size = Size::new(width, height);
        if !(fx > 0.0 && fy > 0.0 && fx.is_finite() && fy.is_finite()) {
            return Err(CameraError::NotCalibrated { fx, fy });
        }
        if !(cx.is_finite() && cy.is_finite()) {
            return Err(CameraError::NotFinite { cx, cy });
        }
        if size.pixels() == 0 {
            return Err(CameraError::Empty { width, height });
        }
        let ends_within = |from: u32, length: u32, limit: u32| u64::from(from) + u64::from(length) <= u64::from(limit);
        let roi = if roi.is_empty() { PixelBox::of_size(size) } else { roi };
        if !(ends_within(roi.x, roi.width, width) && ends_within(roi.y, roi.height, height)) {
            return Err(CameraError::RoiOutside { roi, size });
        }
        // As image_geometry's PinholeCameraModel: first the part, then the binning.
        let (across, down) = (binning.0.max(1), binning.1.max(1));
        Ok(Self {
            fx: fx / f64::from(across),
            fy: fy / f64::from(down),
            cx: (cx - f64::from(roi.x)) / f64::from(across),
            cy: (cy - f64::from(roi.y)) / f64::from(down),
            size: Size::new((roi.width / across).max(1), (roi.height / down).max(1)),
        })
    }

    /// For an image that was scaled to another size after the camera.
    pub fn for_image(&self, image: Size) -> Self {
        if image == self.size {
            return *self;
        }
        let wide = f64::from(image.width) / f64::from(self.size.width);
        let high = f64::from(image.height) / f64::from(self.size.height);
        // Scaling keeps the picture's edges, which lie half a pixel beside the centres of its outer pixels.
        Self {
            fx: self.fx * wide,
            fy: self.fy * high,
            cx: (self.cx + 0.5) * wide - 0.5,
            cy: (self.cy + 0.5) * high - 0.5,
            size: image,
        }
    }

    /// The point, metres, that the pixel with this (fractional) column and row sees at depth z.
    pub fn point(&self, column: f64, row: f64, z: f64) -> [f64; 3] {
        [(column - self.cx) / self.fx * z, (row - self.cy) / self.fy * z, z]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> CameraInfo {
        let k = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0];
        CameraInfo { width: 640, height: 480, k, ..CameraInfo::default() }
    }

    #[test]
    fn points_lie_on_the_rays_of_their_pixels() {
        let camera = Intrinsics::new(&info()).unwrap();
        assert_eq!(camera.point(320.0, 240.0, 2.0), [0.0, 0.0, 2.0]);
        assert_eq!(camera.point(420.0, 189.0, 2.0), [0.4, -0.2, 2.0]);
    }

    #[test]
    fn part_binning_and_scale_move_the_principal_point() {
        let roi = PixelBox::new(100, 40, 400, 400);
        let camera = Intrinsics::new(&CameraInfo { roi, binning: (2, 4), ..info() }).unwrap();
        let expected = Intrinsics { fx: 250.0, fy: 127.5, cx: 110.0, cy: 50.0, size: Size::new(200, 100) };
        assert_eq!(camera, expected);
        let half = Intrinsics::new(&info()).unwrap().for_image(Size::new(320, 240));
        assert_eq!(half, Intrinsics { fx: 250.0, fy: 255.0, cx: 159.75, cy: 119.75, size: Size::new(320, 240) });
        // The left edge of the picture is the left edge still.
        let edge = |camera: &Intrinsics| camera.point(-0.5, 0.0, 1.0)[0];
        assert!((edge(&half) - edge(&Intrinsics::new(&info()).unwrap())).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_calibration_is_refused() {
        let fault = |info: CameraInfo| Intrinsics::new(&info).unwrap_err();
        let error = fault(CameraInfo { k: [0.0; 9], ..info() });
        assert_eq!((error.code(), error.to_string().contains("not calibrated")), (ResultCode::Unsupported, true));
        let mut k = info().k;
        k[2] = f64::NAN;
        assert!(matches!(fault(CameraInfo { k, ..info() }), CameraError::NotFinite { .. }));
        assert!(matches!(fault(CameraInfo { width: 0, ..info() }), CameraError::Empty { .. }));
        let outside = PixelBox::new(600, 0, 41, 10);
        assert!(matches!(fault(CameraInfo { roi: outside, ..info() }), CameraError::RoiOutside { .. }));
        let endless = PixelBox::new(u32::MAX, 0, u32::MAX, 1);
        assert!(matches!(fault(CameraInfo { roi: endless, ..info() }), CameraError::RoiOutside { .. }));
    }
}

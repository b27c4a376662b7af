//! The pinhole of a camera (sensor_msgs/CameraInfo).

use super::Lens;
use crate::core::geometry::{PixelBox, Size};
use crate::core::result_code::ResultCode;

/// What segcap reads of a sensor_msgs/CameraInfo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraInfo {
    /// Of the calibrated picture, without binning and region of interest.
    pub width: u32,
    pub height: u32,
    /// Of the raw picture: row-major 3 x 3, pixels.
    pub k: [f64; 9],
    /// Of the raw picture.
    pub distortion_model: String,
    pub distortion: Vec<f64>,
    /// Of the rectified picture: row-major 3 x 4, pixels; zeros where the driver does not know.
    pub p: [f64; 12],
    /// Pixels of the sensor that are one pixel of the image, across and down; 0 is 1.
    pub binning: (u32, u32),
    /// The part of the calibrated picture that the image shows; empty: all of it.
    pub roi: PixelBox,
}

/// What was expected of a camera's calibration and what came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CameraError {
    #[error("the camera is not calibrated: expected focal lengths above 0 in camera_info, got fx {fx}, fy {fy}")]
    NotCalibrated { fx: f64, fy: f64 },
    #[error("camera_info's principal point: expected finite numbers, got cx {cx}, cy {cy}")]
    NotFinite { cx: f64, cy: f64 },
    #[error("camera_info's size: expected at least 1x1 pixels, got {width}x{height}")]
    Empty { width: u32, height: u32 },
    #[error("camera_info's roi: expected a part of its {}x{} pixels, got {roi:?}", size.width, size.height)]
    RoiOutside { roi: PixelBox, size: Size },
    #[error(
        "camera_info's distortion: expected plumb_bob or rational_polynomial with at most 8 numbers, got {model:?} with \
         {count}; feed rectified images and set depth.rectified"
    )]
    UnknownDistortion { model: String, count: usize },
    #[error("camera_info's distortion: expected finite numbers, got {value}")]
    DistortionNotFinite { value: f64 },
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
    /// `None`: the picture is not distorted.
    pub lens: Option<Lens>,
}

impl Intrinsics {
    /// Of the rectified picture or of the raw one.
    ///
    /// # Errors
    /// When these numbers are no camera.
    pub fn new(info: &CameraInfo, is_rectified: bool) -> Result<Self, CameraError> {
        let &CameraInfo { width, height, binning, roi, .. } = info;
        let size = Size::new(width, height);
        let [fx, cx, fy, cy] = info.pinhole(is_rectified);
        let lens = if is_rectified { None } else { Lens::new(&info.distortion_model, &info.distortion)? };
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
            lens,
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
            lens: self.lens,
        }
    }

    /// The point, metres, that the pixel with this (fractional) column and row sees at depth z.
    pub fn point(&self, column: f64, row: f64, z: f64) -> [f64; 3] {
        let (x, y) = ((column - self.cx) / self.fx, (row - self.cy) / self.fy);
        let (x, y) = self.lens.map_or((x, y), |lens| lens.undistort(x, y));
        [x * z, y * z, z]
    }
}

impl CameraInfo {
    /// fx, cx, fy, cy.
    fn pinhole(&self, is_rectified: bool) -> [f64; 4] {
        let [fx, _, cx, _, _, fy, cy, ..] = self.p;
        let [raw_fx, _, raw_cx, _, raw_fy, raw_cy, ..] = self.k;
        let knows_rectified = fx != 0.0 && fy != 0.0;
        if is_rectified && knows_rectified { [fx, cx, fy, cy] } else { [raw_fx, raw_cx, raw_fy, raw_cy] }
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
        let camera = Intrinsics::new(&info(), false).unwrap();
        assert_eq!(camera.point(320.0, 240.0, 2.0), [0.0, 0.0, 2.0]);
        assert_eq!(camera.point(420.0, 189.0, 2.0), [0.4, -0.2, 2.0]);
    }

    #[test]
    fn part_binning_and_scale_move_the_principal_point() {
        let roi = PixelBox::new(100, 40, 400, 400);
        let camera = Intrinsics::new(&CameraInfo { roi, binning: (2, 4), ..info() }, false).unwrap();
        let expected = Intrinsics { fx: 250.0, fy: 127.5, cx: 110.0, cy: 50.0, size: Size::new(200, 100), lens: None };
        assert_eq!(camera, expected);
        let half = Intrinsics::new(&info(), false).unwrap().for_image(Size::new(320, 240));
        let expected =
            Intrinsics { fx: 250.0, fy: 255.0, cx: 159.75, cy: 119.75, size: Size::new(320, 240), lens: None };
        assert_eq!(half, expected);
        // The left edge of the picture is the left edge still.
        let edge = |camera: &Intrinsics| camera.point(-0.5, 0.0, 1.0)[0];
        assert!((edge(&half) - edge(&Intrinsics::new(&info(), false).unwrap())).abs() < 1e-12);
    }

    #[test]
    fn a_raw_picture_has_k_and_a_lens_and_a_rectified_one_has_p() {
        let p = [480.0, 0.0, 310.0, 0.0, 0.0, 490.0, 235.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let info = CameraInfo {
            p,
            distortion_model: "plumb_bob".into(),
            distortion: vec![-0.2, 0.0, 0.0, 0.0, 0.0],
            ..info()
        };
        let (raw, rectified) = (Intrinsics::new(&info, false).unwrap(), Intrinsics::new(&info, true).unwrap());
        assert_eq!((rectified.fx, rectified.fy, rectified.cx, rectified.cy), (480.0, 490.0, 310.0, 235.0));
        assert_eq!((raw.fx, rectified.lens), (500.0, None));
        // The lens has pulled the corner in; the point is further out than its pixel says.
        let pinhole = Intrinsics { lens: None, ..raw };
        assert!(raw.point(600.0, 240.0, 1.0)[0] > pinhole.point(600.0, 240.0, 1.0)[0]);
        let unknown = CameraInfo { p: [0.0; 12], ..info };
        assert_eq!(Intrinsics::new(&unknown, true).unwrap(), pinhole);
    }

    #[test]
    fn what_is_no_calibration_is_refused() {
        let fault = |info: CameraInfo| Intrinsics::new(&info, false).unwrap_err();
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

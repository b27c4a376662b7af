//! Lens distortion (sensor_msgs/CameraInfo), and back.

use super::CameraError;

/// Brown's model with a rational radial part, as OpenCV and image_geometry have it: k1, k2, p1, p2, k3, k4, k5, k6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens([f64; 8]);

/// With so many steps lenses of 120 degrees are undone to a hundredth of a pixel.
const MOST_STEPS: usize = 20;
/// Good enough, in units of the focal length.
const CLOSE: f64 = 1e-9;

/// Models of fisheye lenses (sensor_msgs, OpenCV, librealsense): the angle of a ray, not its tangent, grows with the distance
/// from the middle of the picture. Without coefficients they are still no pinholes.
const FISHEYE_MODELS: [&str; 4] = ["equidistant", "fisheye", "kannala_brandt", "kannala_brandt4"];

impl Lens {
    /// The model's name and coefficients as in sensor_msgs/distortion_models.hpp; `None` where nothing is distorted.
    ///
    /// # Errors
    /// Another model than plumb_bob and rational_polynomial, unless all coefficients of a lens that is no fisheye are 0; a
    /// number that is not finite.
    pub fn new(model: &str, coefficients: &[f64]) -> Result<Option<Self>, CameraError> {
        if coefficients.iter().all(|&value| value == 0.0) && !FISHEYE_MODELS.contains(&model) {
            return Ok(None);
        }
        // An empty name is what drivers write that never thought of it; OpenCV takes 4, 5 and 8 coefficients so.
        if !["plumb_bob", "rational_polynomial", ""].contains(&model) || coefficients.len() > 8 {
            let (model, count) = (model.chars().take(40).collect(), coefficients.len());
            return Err(CameraError::UnknownDistortion { model, count });
        }
        if let Some(&value) = coefficients.iter().find(|value| !value.is_finite()) {
            return Err(CameraError::DistortionNotFinite { value });
        }
        let mut all = [0.0; 8];
        all[..coefficients.len()].copy_from_slice(coefficients);
        Ok(Some(Self(all)))
    }

    /// Where the lens puts the ray (x, y, 1).
    #[cfg(test)]
    fn distort(&self, x: f64, y: f64) -> (f64, f64) {
        let (radial, shift_x, shift_y) = self.parts(x, y);
        (x * radial + shift_x, y * radial + shift_y)
    }

    /// The ray that the lens puts at (x, y), by fixed-point iteration from there.
    pub fn undistort(&self, x: f64, y: f64) -> (f64, f64) {
        let (mut ray_x, mut ray_y) = (x, y);
        for _ in 0..MOST_STEPS {
            let (radial, shift_x, shift_y) = self.parts(ray_x, ray_y);
            let (next_x, next_y) = ((x - shift_x) / radial, (y - shift_y) / radial);
            // A calibration says nothing beyond the pictures it was made of: there its polynomial may lead anywhere.
            if !(next_x.is_finite() && next_y.is_finite() && radial > 0.0) {
                return (x, y);
            }
            let moved = (next_x - ray_x).abs() + (next_y - ray_y).abs();
            (ray_x, ray_y) = (next_x, next_y);
            if moved < CLOSE {
                break;
            }
        }
        (ray_x, ray_y)
    }

    fn parts(&self, x: f64, y: f64) -> (f64, f64, f64) {
        let [k1, k2, p1, p2, k3, k4, k5, k6] = self.0;
        let r2 = x * x + y * y;
        let radial = (1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1.0 + r2 * (k4 + r2 * (k5 + r2 * k6)));
        let shift_x = 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x);
        let shift_y = p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y;
        (radial, shift_x, shift_y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of real cameras: a webcam, and a Kinect with all eight numbers.
    const WEBCAM: [f64; 5] = [0.0936, -0.2417, 0.0012, -0.0018, 0.1123];
    const KINECT: [f64; 8] = [0.51, -2.67, 0.0009, -0.0004, 1.52, 0.39, -2.49, 1.45];

    #[test]
    fn undistorting_is_the_way_back() {
        for coefficients in [&WEBCAM[..], &WEBCAM[..4], &KINECT] {
            let lens = Lens::new("rational_polynomial", coefficients).unwrap().unwrap();
            for (x, y) in [(0.0, 0.0), (0.3, -0.2), (-0.55, 0.4), (0.1, 0.45)] {
                let (seen_x, seen_y) = lens.distort(x, y);
                let (back_x, back_y) = lens.undistort(seen_x, seen_y);
                let away = (back_x - x).hypot(back_y - y);
                assert!(away < 1e-5, "{coefficients:?} at {x} {y}: {away}");
            }
        }
    }

    #[test]
    fn barrel_distortion_pulls_inwards() {
        let lens = Lens::new("plumb_bob", &[-0.2, 0.0, 0.0, 0.0, 0.0]).unwrap().unwrap();
        let (x, y) = lens.distort(0.5, 0.0);
        assert!((x - 0.475).abs() < 1e-12 && y == 0.0, "{x} {y}");
    }

    #[test]
    fn no_distortion_is_no_lens_whatever_it_is_called() {
        for model in ["", "plumb_bob", "inverse_brown_conrady"] {
            assert_eq!(Lens::new(model, &[0.0; 5]), Ok(None));
            assert_eq!(Lens::new(model, &[]), Ok(None));
        }
    }

    #[test]
    fn a_fisheye_without_coefficients_is_no_pinhole() {
        for model in FISHEYE_MODELS {
            for coefficients in [&[0.0; 4][..], &[]] {
                let error = Lens::new(model, coefficients).unwrap_err();
                assert!(matches!(error, CameraError::UnknownDistortion { .. }), "{error}");
            }
        }
    }

    #[test]
    fn what_cannot_be_undone_is_refused() {
        let error = Lens::new("equidistant", &[0.1, 0.0, 0.0, 0.0]).unwrap_err();
        assert!(error.to_string().contains("plumb_bob or rational_polynomial"), "{error}");
        assert!(Lens::new("plumb_bob", &[0.1; 14]).is_err());
        assert!(matches!(Lens::new("plumb_bob", &[f64::NAN]), Err(CameraError::DistortionNotFinite { .. })));
    }

    #[test]
    fn a_polynomial_that_leads_astray_is_left_alone() {
        let lens = Lens::new("plumb_bob", &[-0.9, 0.0, 0.0, 0.0, 0.0]).unwrap().unwrap();
        let (x, y) = lens.undistort(3.0, 0.0);
        assert!(x.is_finite() && y.is_finite(), "{x} {y}");
    }
}

//! Which depth image and which calibration belong to a camera's picture.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::{
    CameraError, CameraInfo, DepthImage, Intrinsics, LocateSettings, Located, Match, Moment, StampRing, locate,
};
use crate::core::frame::Header;
use crate::core::geometry::{PixelBox, Size};
use crate::core::mask::Mask;
use crate::core::mask::spans::Spans;
use crate::core::result_code::ResultCode;
use crate::core::settings::SpaceSettings;

/// Depth images kept of a camera; beside these as many of pictures that wait, and as many of pictures in work.
const MOST_DEPTHS: usize = 8;
/// And the bytes of all of them; one of each kind always stays.
const MOST_BYTES: usize = 72 << 20;
const MOST_INFOS: usize = 8;
/// Sides of pictures of the same shape may differ by so much, as a share: cameras round when they bin.
const SHAPE_TOLERANCE: f64 = 0.02;

/// Why a picture's regions have no place, though depth comes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PairingError {
    #[error("depth comes, but no camera_info: expected the calibration of the same camera")]
    NoCameraInfo,
    #[error(
        "expected depth within {tolerance_secs} s of the image (depth.tolerance_s), the nearest is {secs:.3} s away"
    )]
    NoneNear { tolerance_secs: f32, secs: f64 },
    #[error(
        "depth without stamps: expected it to come when the image comes, the nearest came {secs:.3} s away from it"
    )]
    NoneArrived { secs: f64 },
    #[error("{what}: expected the image's frame_id {expected:?} (depth must be registered to it), got {got:?}")]
    OtherFrame { what: &'static str, expected: Arc<str>, got: Arc<str> },
    #[error("{what}: expected the shape of the image, {}x{}, got {}x{}", expected.width, expected.height, got.width, got.height)]
    OtherShape { what: &'static str, expected: Size, got: Size },
    #[error(transparent)]
    Camera(#[from] CameraError),
}

impl PairingError {
    pub fn code(&self) -> ResultCode {
        match self {
            Self::NoCameraInfo | Self::NoneNear { .. } | Self::NoneArrived { .. } => ResultCode::NoImage,
            Self::OtherFrame { .. } | Self::OtherShape { .. } => ResultCode::Unsupported,
            Self::Camera(error) => error.code(),
        }
    }

    /// Messages that are still on their way may end it.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NoCameraInfo | Self::NoneNear { .. } | Self::NoneArrived { .. })
    }
}

/// The last depth images and calibrations of one camera.
#[derive(Debug)]
pub struct Pairing {
    depths: StampRing<Arc<(Header, DepthImage)>>,
    infos: StampRing<Arc<(Header, CameraInfo)>>,
}

impl Default for Pairing {
    fn default() -> Self {
        Self { depths: StampRing::new(MOST_DEPTHS), infos: StampRing::new(MOST_INFOS) }
    }
}

impl Pairing {
    pub fn put_depth(&mut self, header: Header, image: DepthImage, arrived: Instant) {
        self.depths.set_capacity((MOST_BYTES / 3 / image.bytes().max(1)).min(MOST_DEPTHS));
        self.depths.push(header.stamp, arrived, Arc::new((header, image)));
    }

    pub fn put_info(&mut self, header: Header, info: CameraInfo, arrived: Instant) {
        self.infos.push(header.stamp, arrived, Arc::new((header, info)));
    }

    /// A picture has come: what belongs to it is kept, until a few further ones have come.
    pub fn expect(&mut self, picture: Moment) {
        self.depths.expect(picture);
        self.infos.expect(picture);
    }

    /// Somebody works on this picture: what belongs to it is not thrown away.
    pub fn hold(&mut self, picture: Moment) {
        self.depths.hold(picture);
        self.infos.hold(picture);
    }

    /// Depth goes; calibrations, which some drivers send once, stay.
    pub fn forget_depth(&mut self) {
        self.depths.clear();
    }

    /// What says where the things in a picture are: the depth of its stamp, or the nearest one within the tolerance (where
    /// there are no stamps that which came with the picture), and the nearest calibration. `None` where no depth has come at
    /// all, and where neither stamps nor arrivals tell what belongs together.
    ///
    /// # Errors
    /// When they do not come together, or do not fit the picture.
    pub fn find(
        &self,
        picture: &Header,
        arrived: Option<Instant>,
        size: Size,
        settings: &SpaceSettings,
    ) -> Result<Option<DepthView>, PairingError> {
        let moment = Moment { stamp: picture.stamp, arrived };
        let Some((how, depth)) = self.depths.of(moment) else { return Ok(None) };
        let tolerance_secs = settings.tolerance_secs;
        if !how.is_within(f64::from(tolerance_secs)) {
            let secs = how.secs();
            return Err(match how {
                Match::Arrival { .. } => PairingError::NoneArrived { secs },
                Match::Exact | Match::Nearest { .. } => PairingError::NoneNear { tolerance_secs, secs },
            });
        }
        // Calibrations seldom change, and some drivers send them once: whatever its stamp is.
        let nearest = self.infos.of(moment).map(|(_, info)| info);
        let info = nearest.or_else(|| self.infos.latest()).ok_or(PairingError::NoCameraInfo)?;
        check_frame("depth", picture, &depth.0)?;
        check_frame("camera_info", picture, &info.0)?;
        let camera = Intrinsics::new(&with_size(&info.1, size), settings.is_rectified)?;
        check_shape("depth", size, depth.1.size())?;
        check_shape("camera_info", size, camera.size)?;
        Ok(Some(DepthView { depth: Arc::clone(depth), camera, size }))
    }
}

/// A calibration that does not say of which size it is, is taken for the picture's.
fn with_size(info: &CameraInfo, picture: Size) -> Cow<'_, CameraInfo> {
    if (info.width, info.height) != (0, 0) {
        return Cow::Borrowed(info);
    }
    let Size { width, height } = picture;
    Cow::Owned(CameraInfo { width, height, binning: (1, 1), roi: PixelBox::default(), ..info.clone() })
}

/// A frame that is not named is taken for the picture's.
fn check_frame(what: &'static str, picture: &Header, other: &Header) -> Result<(), PairingError> {
    let [expected, got] = [picture, other].map(|header| header.frame_id.trim_start_matches('/'));
    if expected == got || expected.is_empty() || got.is_empty() {
        return Ok(());
    }
    Err(PairingError::OtherFrame { what, expected: picture.frame_id.clone(), got: other.frame_id.clone() })
}

fn check_shape(what: &'static str, expected: Size, got: Size) -> Result<(), PairingError> {
    let [wide, high] =
        [(expected.width, got.width), (expected.height, got.height)].map(|(a, b)| f64::from(b) / f64::from(a));
    if (wide / high - 1.0).abs() <= SHAPE_TOLERANCE {
        return Ok(());
    }
    Err(PairingError::OtherShape { what, expected, got })
}

/// A picture's depth.
#[derive(Clone, Debug)]
pub struct DepthView {
    depth: Arc<(Header, DepthImage)>,
    camera: Intrinsics,
    /// Of the picture.
    size: Size,
}

impl DepthView {
    /// Where a thing is; `None` with too few readings.
    pub fn place(&self, mask: &Mask) -> Option<Located> {
        locate(&Spans::from(mask), self.size, &self.depth.1, &self.camera, &LocateSettings::default()).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::frame::Stamp;
    use crate::core::pixels::raw_image::RawImage;
    use crate::core::settings::Limits;

    const SIZE: Size = Size { width: 64, height: 48 };

    fn header(millis: u32, frame_id: &str) -> Header {
        let stamp = Stamp { secs: if millis == 0 { 0 } else { 100 }, nanos: millis * 1_000_000 };
        Header { origin: "".into(), stamp, frame_id: frame_id.into() }
    }

    /// The same reading everywhere.
    fn depth(width: u32, height: u32, millimetres: u16) -> DepthImage {
        let data = millimetres.to_le_bytes().repeat((width * height) as usize);
        let raw = RawImage { width, height, encoding: "16UC1".into(), big_endian: false, step: 2 * width, data };
        DepthImage::new(raw, &Limits::default()).unwrap()
    }

    fn info(width: u32, height: u32) -> CameraInfo {
        let k = [50.0, 0.0, f64::from(width) / 2.0 - 0.5, 0.0, 50.0, f64::from(height) / 2.0 - 0.5, 0.0, 0.0, 1.0];
        CameraInfo { width, height, k, ..CameraInfo::default() }
    }

    fn put_depth(pairing: &mut Pairing, header: Header, image: DepthImage) {
        pairing.put_depth(header, image, Instant::now());
    }

    fn put_info(pairing: &mut Pairing, header: Header, info: CameraInfo) {
        pairing.put_info(header, info, Instant::now());
    }

    fn pairing() -> Pairing {
        let mut pairing = Pairing::default();
        put_info(&mut pairing, header(1, "optical"), info(64, 48));
        (1..=4).for_each(|at| put_depth(&mut pairing, header(at * 100, "optical"), depth(64, 48, 1000 * at as u16)));
        pairing
    }

    /// How far the middle of the picture is, metres.
    fn middle(pairing: &Pairing, picture: &Header) -> Result<Option<f64>, PairingError> {
        let view = pairing.find(picture, Some(Instant::now()), SIZE, &SpaceSettings::default())?;
        Ok(view
            .and_then(|view| view.place(&Mask::filled(PixelBox::new(22, 14, 20, 20)).unwrap()))
            .map(|at| at.position[2]))
    }

    #[test]
    fn the_depth_of_the_stamp_or_the_nearest() {
        let pairing = pairing();
        assert_eq!(middle(&pairing, &header(200, "optical")), Ok(Some(2.0)));
        assert_eq!(middle(&pairing, &header(260, "optical")), Ok(Some(3.0)));
        assert_eq!(middle(&pairing, &header(0, "optical")), Ok(Some(4.0)), "without a stamp what came with it");
        let error = middle(&pairing, &header(600, "optical")).unwrap_err();
        assert_eq!((error.code(), error.may_pass()), (ResultCode::NoImage, true));
        assert!(error.to_string().contains("within 0.1 s") && error.to_string().contains("0.200 s away"), "{error}");
    }

    #[test]
    fn without_depth_there_is_nothing_to_say() {
        let mut pairing = Pairing::default();
        put_info(&mut pairing, header(100, "optical"), info(64, 48));
        assert_eq!(middle(&pairing, &header(100, "optical")), Ok(None));
        let mut pairing = Pairing::default();
        put_depth(&mut pairing, header(100, "optical"), depth(64, 48, 1000));
        assert_eq!(middle(&pairing, &header(100, "optical")), Err(PairingError::NoCameraInfo));
    }

    #[test]
    fn depth_of_another_frame_is_no_depth() {
        let mut pairing = pairing();
        let error = middle(&pairing, &header(200, "left_optical")).unwrap_err();
        let expected =
            "depth: expected the image's frame_id \"left_optical\" (depth must be registered to it), got \"optical\"";
        assert_eq!((error.code(), error.to_string().as_str()), (ResultCode::Unsupported, expected));
        assert_eq!(middle(&pairing, &header(200, "/optical")), Ok(Some(2.0)));
        assert_eq!(middle(&pairing, &header(200, "")), Ok(Some(2.0)), "nobody said which");
        put_info(&mut pairing, header(200, "right_optical"), info(64, 48));
        assert!(matches!(
            middle(&pairing, &header(200, "optical")),
            Err(PairingError::OtherFrame { what: "camera_info", .. })
        ));
    }

    #[test]
    fn half_the_size_fits_and_another_shape_does_not() {
        let mut pairing = pairing();
        put_depth(&mut pairing, header(500, "optical"), depth(32, 24, 5000));
        assert_eq!(middle(&pairing, &header(500, "optical")), Ok(Some(5.0)));
        put_depth(&mut pairing, header(600, "optical"), depth(64, 36, 5000));
        assert!(matches!(
            middle(&pairing, &header(600, "optical")),
            Err(PairingError::OtherShape { what: "depth", expected: SIZE, got: Size { width: 64, height: 36 } })
        ));
        put_info(&mut pairing, header(500, "optical"), info(1280, 720));
        assert!(matches!(
            middle(&pairing, &header(500, "optical")),
            Err(PairingError::OtherShape { what: "camera_info", .. })
        ));
    }

    #[test]
    fn a_calibration_without_a_size_is_that_of_the_picture() {
        let mut pairing = pairing();
        put_info(&mut pairing, header(200, "optical"), CameraInfo { width: 0, height: 0, ..info(64, 48) });
        assert_eq!(middle(&pairing, &header(200, "optical")), Ok(Some(2.0)));
        put_info(&mut pairing, header(200, "optical"), CameraInfo::default());
        assert!(matches!(middle(&pairing, &header(200, "optical")), Err(PairingError::Camera(_))), "all zeros");
    }

    #[test]
    fn without_stamps_depth_that_has_died_says_nothing() {
        let pairing = pairing();
        let find = |arrived| pairing.find(&header(0, "optical"), arrived, SIZE, &SpaceSettings::default());
        let error = find(Some(Instant::now() + Duration::from_secs(2))).unwrap_err();
        assert!(matches!(error, PairingError::NoneArrived { secs } if secs > 1.9) && error.may_pass(), "{error}");
        assert!(find(None).is_ok_and(|view| view.is_none()), "nobody knows when that was");
    }

    #[test]
    fn calibrations_outlive_the_depth() {
        let mut pairing = pairing();
        pairing.forget_depth();
        assert_eq!(middle(&pairing, &header(200, "optical")), Ok(None));
        put_depth(&mut pairing, header(500, "optical"), depth(64, 48, 5000));
        assert_eq!(middle(&pairing, &header(500, "optical")), Ok(Some(5.0)));
    }

    #[test]
    fn large_depth_images_are_fewer() {
        let mut pairing = Pairing::default();
        (1..=20).for_each(|at| put_depth(&mut pairing, header(at, "optical"), depth(2048, 2048, 1000)));
        assert_eq!(pairing.depths.len(), 3, "of 8 MiB each; beside them as many that are expected, and that are held");
    }
}

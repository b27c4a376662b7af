//! Depth and calibrations of every camera, and what they say of its regions. Nothing here waits for a message.

pub(super) mod answers;
pub(super) mod thread;

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::api::Refusal;
use crate::core::frame::{Header, Origin};
use crate::core::geometry::Size;
use crate::core::pixels::ImageError;
use crate::core::pixels::raw_image::RawImage;
use crate::core::region::RegionArray;
use crate::core::settings::{Limits, SpaceSettings};
use crate::core::space::{CameraInfo, DepthImage, DepthView, Moment, Pairing, PairingError};

/// What may be on its way still is told when so many pictures in a row lacked it.
const PATIENCE: u32 = 5;
/// After so many pictures in a row without a fault everything may be told again.
const WELL_AGAIN: u32 = 100;
/// A camera whose depth has not begun to come so long after its first picture has none, until some comes.
const FIRST_DEPTH: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Places {
    cameras: Mutex<BTreeMap<Arc<str>, CameraSpace>>,
}

#[derive(Default)]
struct CameraSpace {
    pairing: Pairing,
    faults: Faults,
    /// When its first picture came.
    began: Option<Instant>,
    /// Depth has come at some time.
    has_depth: bool,
}

impl CameraSpace {
    /// Whether a picture that has no depth may get some: of a camera without depth nobody waits for any.
    fn may_come(&self, arrived: Option<Instant>) -> bool {
        let is_young = |began: Instant| arrived.is_some_and(|at| at.saturating_duration_since(began) < FIRST_DEPTH);
        self.has_depth || self.began.is_some_and(is_young)
    }
}

impl Places {
    /// Takes a depth image; cheap, it is read where regions are.
    ///
    /// # Errors
    /// When it is none, but only where that has not been told yet.
    pub(super) fn put_depth(
        &self,
        header: Header,
        raw: RawImage,
        now: Instant,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let image = DepthImage::new(raw, limits);
        let Some(name) = header.origin.camera() else { return Ok(()) };
        let mut cameras = self.lock();
        let camera = cameras.entry(Arc::clone(name)).or_default();
        camera.has_depth = true;
        match image {
            Ok(image) => camera.pairing.put_depth(header, image, now),
            Err(error) if camera.faults.is_news(Kind::Image(discriminant(&error))) => return Err(error.into()),
            Err(_) => {}
        }
        Ok(())
    }

    pub(super) fn put_info(&self, header: Header, info: CameraInfo, now: Instant) {
        let Some(name) = header.origin.camera() else { return };
        self.lock().entry(Arc::clone(name)).or_default().pairing.put_info(header, info, now);
    }

    /// A picture comes in; perhaps it waits for long.
    pub(super) fn expect(&self, picture: &Header, now: Instant) {
        let Some(name) = picture.origin.camera() else { return };
        let moment = Moment { stamp: picture.stamp, arrived: Some(now) };
        let mut cameras = self.lock();
        let camera = cameras.entry(Arc::clone(name)).or_default();
        camera.began.get_or_insert(now);
        camera.pairing.expect(moment);
    }

    /// Somebody begins to work on a picture, or still does.
    pub(super) fn hold(&self, picture: &Header, arrived: Instant) {
        let Some(name) = picture.origin.camera() else { return };
        let moment = Moment { stamp: picture.stamp, arrived: Some(arrived) };
        self.lock().entry(Arc::clone(name)).or_default().pairing.hold(moment);
    }

    /// Depth of a time before the node rested is none of what comes after.
    pub(super) fn forget_depth(&self) {
        for camera in self.lock().values_mut() {
            camera.pairing.forget_depth();
        }
    }

    /// Gives those of a picture's regions that have no place theirs, where there is depth for it by now. `arrived`: when
    /// the picture came in; `None` where that says nothing.
    pub(super) fn fill(&self, array: &mut RegionArray, arrived: Option<Instant>, settings: &SpaceSettings) -> Filled {
        let is_of_client = array.header.origin == Origin::Client;
        if is_of_client || array.regions.iter().all(|region| region.place.is_some()) {
            return Filled::default();
        }
        let mut filled = Filled::default();
        match self.view(&array.header, arrived, array.size, settings) {
            Ok(Some(view)) => place_all(array, &view),
            Ok(None) => filled.may_come = self.may_come(&array.header, arrived),
            Err((error, is_news)) => {
                filled.may_come = error.may_pass();
                filled.refusal = is_news.then(|| Refusal::new(error.code(), error.to_string()));
            }
        }
        filled
    }

    /// As [`Places::fill`], for regions that went out without depth; says whether there is some now. What is wrong has been
    /// told then.
    pub(super) fn fill_late(
        &self,
        array: &mut RegionArray,
        arrived: Option<Instant>,
        settings: &SpaceSettings,
    ) -> bool {
        let view = {
            let mut cameras = self.lock();
            let camera = array.header.origin.camera().and_then(|name| cameras.get_mut(name));
            let Some(CameraSpace { pairing, faults, .. }) = camera else { return false };
            let Ok(Some(view)) = pairing.find(&array.header, arrived, array.size, settings) else { return false };
            faults.went_well();
            view
        };
        place_all(array, &view);
        true
    }

    /// An error comes with whether it is to be told.
    fn view(
        &self,
        picture: &Header,
        arrived: Option<Instant>,
        size: Size,
        settings: &SpaceSettings,
    ) -> Result<Option<DepthView>, (PairingError, bool)> {
        let mut cameras = self.lock();
        // A client's own picture is no camera's: no depth is that of its time and place.
        let camera = picture.origin.camera().and_then(|name| cameras.get_mut(name));
        let Some(CameraSpace { pairing, faults, .. }) = camera else { return Ok(None) };
        let found = pairing.find(picture, arrived, size, settings);
        if let Ok(Some(_)) = found {
            faults.went_well();
        }
        found.map_err(|error| {
            let is_news = faults.is_worth_telling(&error);
            (error, is_news)
        })
    }

    fn may_come(&self, picture: &Header, arrived: Option<Instant>) -> bool {
        let cameras = self.lock();
        let camera = picture.origin.camera().and_then(|name| cameras.get(name));
        camera.is_some_and(|camera| camera.may_come(arrived))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, CameraSpace>> {
        // A panic under this lock leaves whole rings: each change is one push.
        self.cameras.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How it went with a picture's places.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// There is no depth for it, but what may be on its way still would end that.
    pub may_come: bool,
    /// Why there is none although depth comes, but only where that has not been told yet. The regions are as they were.
    pub refusal: Option<Refusal>,
}

/// Outside the lock: it takes time.
fn place_all(array: &mut RegionArray, view: &DepthView) {
    for region in array.regions.iter_mut().filter(|region| region.place.is_none()) {
        region.place = view.place(&region.mask);
    }
}

/// Faults repeat with every picture: each kind is told once, until all has been well for a while.
#[derive(Debug, Default)]
struct Faults {
    told: Vec<Kind>,
    /// Pictures in a row.
    well: u32,
    ill: u32,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Image(Discriminant<ImageError>),
    Pairing(Discriminant<PairingError>),
}

impl Faults {
    fn went_well(&mut self) {
        self.ill = 0;
        self.well = self.well.saturating_add(1);
        if self.well == WELL_AGAIN {
            self.told.clear();
        }
    }

    fn is_worth_telling(&mut self, error: &PairingError) -> bool {
        self.well = 0;
        self.ill = self.ill.saturating_add(1);
        (!error.may_pass() || self.ill >= PATIENCE) && self.is_news(Kind::Pairing(discriminant(error)))
    }

    fn is_news(&mut self, kind: Kind) -> bool {
        self.well = 0;
        let is_news = !self.told.contains(&kind);
        if is_news {
            self.told.push(kind);
        }
        is_news
    }
}

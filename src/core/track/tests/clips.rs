//! Films of discs and rectangles whose identities are known.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::metrics::{Identities, Score};
use crate::core::camera_clock::Shot;
use crate::core::frame::Stamp;
use crate::core::geometry::Size;
use crate::core::mask::Mask;
use crate::core::mask::spans::Spans;
use crate::core::testing::dice::Dice;
use crate::core::track::{Appearance, Detection, Observation, Searched, TrackIds, TrackSettings, Tracker};

pub(super) const SIZE: Size = Size { width: 200, height: 120 };
/// Less of an object is not detected.
const LEAST_AREA: u32 = 12;

pub(super) enum Form {
    Disc(f32),
    Rect(f32, f32),
}

/// An object of a film; later ones hide earlier ones.
pub(super) struct Thing {
    pub form: Form,
    /// Where its middle is in the world after so many seconds, pixels.
    pub path: Box<dyn Fn(f32) -> (f32, f32)>,
    /// Things with the same number look the same.
    pub look: u64,
}

impl Thing {
    pub fn new(form: Form, look: u64, path: impl Fn(f32) -> (f32, f32) + 'static) -> Self {
        Self { form, path: Box::new(path), look }
    }

    fn covers(&self, secs: f32, x: f32, y: f32) -> bool {
        let (middle_x, middle_y) = (self.path)(secs);
        let (dx, dy) = (x - middle_x, y - middle_y);
        match self.form {
            Form::Disc(radius) => dx * dx + dy * dy <= radius * radius,
            Form::Rect(width, height) => dx.abs() <= width / 2.0 && dy.abs() <= height / 2.0,
        }
    }
}

pub(super) struct Clip {
    pub things: Vec<Thing>,
    /// Where the camera looks, pixels of the world.
    pub camera: Box<dyn Fn(f32) -> (f32, f32)>,
    pub frames: u32,
    pub period_secs: f32,
    /// Share of the detections that are left out.
    pub dropped: f32,
    /// Masks lie up to so many pixels beside the truth.
    pub jitter: i32,
    /// Of the appearances, relative to their length; `None`: no appearances.
    pub look_noise: Option<f32>,
}

impl Clip {
    pub fn of(things: Vec<Thing>) -> Self {
        let camera = Box::new(|_: f32| (0.0, 0.0));
        Self { things, camera, frames: 80, period_secs: 0.1, dropped: 0.0, jitter: 1, look_noise: None }
    }

    pub fn with_looks(self) -> Self {
        Self { look_noise: Some(0.5), ..self }
    }

    pub fn stamp(&self, frame: u32) -> Stamp {
        let millis = 100_000 + (frame as f32 * self.period_secs * 1000.0) as i32;
        Stamp { secs: millis / 1000, nanos: (millis % 1000) as u32 * 1_000_000 }
    }

    /// What is seen in a frame, each with the index of its thing.
    pub fn frame(&self, frame: u32, dice: &mut Dice) -> Vec<(usize, Detection)> {
        let secs = frame as f32 * self.period_secs;
        let (left, top) = (self.camera)(secs);
        let mut nearest = vec![usize::MAX; SIZE.pixels() as usize];
        for (index, thing) in self.things.iter().enumerate() {
            for (at, pixel) in nearest.iter_mut().enumerate() {
                let (x, y) = ((at as u32 % SIZE.width) as f32 + 0.5, (at as u32 / SIZE.width) as f32 + 0.5);
                if thing.covers(secs, x + left, y + top) {
                    *pixel = index;
                }
            }
        }
        let mut seen = Vec::new();
        for index in 0..self.things.len() {
            let pixels: Vec<u8> = nearest.iter().map(|&thing| u8::from(thing == index)).collect();
            let Some(mask) = Mask::from_binary(SIZE, &pixels).filter(|mask| mask.area() >= LEAST_AREA) else {
                continue;
            };
            let mut shake = || dice.below(2 * self.jitter as usize + 1) as i32 - self.jitter;
            let (dx, dy) = (shake(), shake());
            if dice.unit() < self.dropped {
                continue;
            }
            let Some(mask) = mask.translated(dx, dy, SIZE) else { continue };
            let appearance = self.look_noise.and_then(|noise| look(self.things[index].look, noise, dice));
            let shape = Arc::new(Spans::from(&mask));
            seen.push((index, Detection { shape, score: 0.9, appearance, prompt: None }));
        }
        seen
    }

    /// The clip through a tracker.
    pub fn run(&self, settings: &TrackSettings) -> Score {
        let (mut tracker, ids, mut identities) = (Tracker::default(), TrackIds::default(), Identities::default());
        let (mut dice, begin) = (Dice::new(1), Instant::now());
        for frame in 0..self.frames {
            let (things, detections): (Vec<usize>, Vec<Detection>) = self.frame(frame, &mut dice).into_iter().unzip();
            let (shot, searched) = (shot(self.stamp(frame), begin, frame), Searched::Everywhere);
            let seen = Observation { shot, size: SIZE, detections: &detections, searched };
            let update = tracker.update(&seen, settings, &ids);
            let assigned = update.assigned.iter().map(|assigned| assigned.track);
            things.iter().zip(assigned).for_each(|(&thing, id)| identities.add(thing, id));
        }
        identities.score()
    }
}

/// The picture with this number, one every millisecond, whatever its stamp says.
pub(super) fn shot(stamp: Stamp, begin: Instant, number: u32) -> Shot {
    let at = begin + Duration::from_millis(u64::from(number));
    Shot { stamp, arrived: Some(at), looked_at: at }
}

/// A direction of 32 channels for each number, and noise.
pub(super) fn look(number: u64, noise: f32, dice: &mut Dice) -> Option<Appearance> {
    let mut own = Dice::new(number + 1000);
    Appearance::new((0..32).map(|_| own.normal() + noise * dice.normal()).collect())
}

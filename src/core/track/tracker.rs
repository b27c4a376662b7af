//! One camera's tracks: what goes on, what begins, what ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::{Expectation, affinity};
use super::assignment::best_pairs;
use super::camera_motion::{Landmark, common_motion, jolt};
use super::detection::{Group, grouped};
use super::life::Taken;
use super::motion::{Motion, Vector};
use super::{Observation, PromptKey, Track, TrackId, TrackIds, TrackSettings};
use crate::core::camera_clock::{CameraClock, Shot, Step};
use crate::core::geometry::{Point, Size};
use crate::core::mask::spans::Spans;

/// Which track a detection belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// `None`: there was no room for another track, or a sticky prompt found something else than the object it follows.
    pub track: Option<TrackId>,
    /// A surer detection of the same object in this frame has the same track.
    pub is_duplicate: bool,
}

/// What a frame changed. Ids in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// One for each detection, in their order.
    pub assigned: Vec<Assigned>,
    pub born: Vec<TrackId>,
    /// Were lost, and are there again.
    pub refound: Vec<TrackId>,
    /// Were there in the frame before, were looked for, and are not there now.
    pub lost: Vec<TrackId>,
    /// Will never be heard of again.
    pub died: Vec<TrackId>,
}

#[derive(Clone, Debug, Default)]
pub struct Tracker {
    /// By rising id.
    pub(super) tracks: Vec<Track>,
    /// `None` before the first picture.
    pub(super) clock: Option<CameraClock>,
    size: Option<Size>,
    /// How the camera moves the picture, pixels a second.
    picture_velocity: Vector,
}

impl Tracker {
    /// By rising id, lost ones included.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    pub fn get(&self, id: TrackId) -> Option<&Track> {
        self.tracks.binary_search_by_key(&id, |track| track.id).ok().map(|index| &self.tracks[index])
    }

    /// The track that this sticky prompt follows.
    pub fn of_prompt(&self, key: PromptKey) -> Option<&Track> {
        self.tracks.iter().find(|track| track.prompt == Some(key))
    }

    /// Of the newest picture.
    pub fn size(&self) -> Option<Size> {
        self.size
    }

    /// Whether a newer picture has been taken in: then [`Tracker::look_back`] is for this one.
    pub fn is_past(&self, shot: &Shot) -> bool {
        self.clock.is_some_and(|clock| clock.is_past(shot))
    }

    /// The camera's own time at its newest picture, seconds.
    pub(super) fn secs(&self) -> f64 {
        self.clock.map_or(0.0, |clock| clock.secs())
    }

    /// The client has pointed the prompt at something else: it follows its track no longer. The track lives on.
    pub fn release(&mut self, key: PromptKey) {
        self.tracks.iter_mut().filter(|track| track.prompt == Some(key)).for_each(|track| track.prompt = None);
    }

    /// Forgets all objects, and says which. New ones get new ids.
    pub fn clear(&mut self) -> Vec<TrackId> {
        std::mem::take(&mut self.tracks).into_iter().map(|track| track.id).collect()
    }

    /// Pixels by which a track has probably moved in the picture `shot` since its sticky prompt found it.
    pub(super) fn way(&self, track: &Track, shot: &Shot) -> Vector {
        let dt_secs = self.clock.map_or(0.0, |clock| in_motion_secs(clock.step_to(shot)));
        let expected = track.motion.expected(dt_secs, self.picture_velocity.times(dt_secs as f32));
        Vector::between(track.pointed.at, track.motion.centroid) + expected
    }

    /// Takes in a frame.
    pub fn update(&mut self, seen: &Observation, settings: &TrackSettings, ids: &TrackIds) -> Update {
        self.fit_to(seen.size);
        let step = self.advance(&seen.shot);
        if step.jumped_back {
            self.picture_velocity = Vector::default();
            for track in &mut self.tracks {
                track.motion.stop();
                // Where its object was by the old time says nothing of where it is now: the prompt points at its place.
                track.prompt = None;
            }
        }
        let mut update = Update { assigned: vec![Assigned::default(); seen.detections.len()], ..Update::default() };
        self.expire(settings, &mut update);
        let groups = grouped(seen.detections, settings.duplicate_iou);
        let centroids: Vec<Point> = groups.iter().map(|group| group.leader.shape.centroid()).collect();
        let dt_secs = in_motion_secs(step);
        let guess = self.guess(&groups, &centroids, dt_secs);
        let pairs = self.pairs(&groups, &centroids, dt_secs, guess, settings);
        let picture = self.picture_motion(&pairs, &centroids);
        if dt_secs > 0.0 {
            self.picture_velocity = picture.times((1.0 / dt_secs) as f32);
        }
        let frame = Taken { seen, dt_secs, picture, is_new: step.is_newest };
        self.go_on(&frame, &groups, &pairs, settings, &mut update);
        self.miss(&frame, &pairs, &mut update);
        self.bear(&frame, &groups, &pairs, settings, ids, &mut update);
        for ids in [&mut update.refound, &mut update.lost, &mut update.died] {
            ids.sort_unstable();
        }
        update
    }

    /// Looks at a frame older than the newest: says who is who, and takes in what is new, as far as there is room. What has
    /// been seen since stays as it is.
    pub fn look_back(&mut self, seen: &Observation, settings: &TrackSettings, ids: &TrackIds) -> Update {
        let mut past = self.clone();
        let shot = self.clock.map_or(seen.shot, |clock| clock.newest());
        let mut update = past.update(&Observation { shot, ..*seen }, settings, ids);
        let fits = self.size == Some(seen.size);
        update.born.truncate(if fits { settings.max_tracks.saturating_sub(self.tracks.len()) } else { 0 });
        let stamp = seen.shot.stamp;
        let born = past.tracks.into_iter().filter(|track| update.born.contains(&track.id));
        self.tracks.extend(born.map(|track| Track { first_seen: stamp, last_seen: stamp, ..track }));
        for assigned in &mut update.assigned {
            assigned.track = assigned.track.filter(|id| self.get(*id).is_some());
        }
        Update { assigned: update.assigned, born: update.born, ..Update::default() }
    }

    fn advance(&mut self, shot: &Shot) -> Step {
        match &mut self.clock {
            Some(clock) => clock.take(shot),
            None => {
                self.clock = Some(CameraClock::start(shot, 0.0));
                Step { secs: 0.0, is_newest: true, jumped_back: false }
            }
        }
    }

    /// Brings the tracks into a picture of another size.
    fn fit_to(&mut self, size: Size) {
        let before = self.size.replace(size);
        let Some(before) = before.filter(|before| *before != size && before.pixels() > 0) else { return };
        self.picture_velocity = Vector::default();
        for track in &mut self.tracks {
            // Clients point at pixels, whatever size the picture has.
            track.prompt = None;
            if let Some(shape) = track.shape.resized(before, size) {
                let in_sight = track.motion.in_sight;
                track.usual_area *= size.pixels() as f32 / before.pixels() as f32;
                track.motion = Motion::at_rest(&shape);
                track.motion.in_sight = in_sight;
                track.shape = Arc::new(shape);
            }
        }
    }

    /// Tracks that were in sight until now get their chance however long the camera slept.
    fn expire(&mut self, settings: &TrackSettings, update: &mut Update) {
        let now = self.secs();
        let is_over = |track: &Track| !track.motion.in_sight && now - track.seen_at_secs > settings.ttl_secs;
        update.died.extend(self.tracks.iter().filter(|track| is_over(track)).map(|track| track.id));
        self.tracks.retain(|track| !is_over(track));
        for track in self.tracks.iter_mut().filter(|track| track.missed_frames > 0) {
            track.prompt = track.prompt.filter(|_| now - track.seen_at_secs <= settings.prompt_patience_secs);
        }
    }

    /// How the picture has probably moved: as before, and by the jolt that the objects in sight agree on.
    fn guess(&self, groups: &[Group], centroids: &[Point], dt_secs: f64) -> Vector {
        let steady = self.picture_velocity.times(dt_secs as f32);
        let landmark = |shape: &Spans, at: Point| {
            let bbox = shape.bbox();
            Landmark { at, width: bbox.width as f32, height: bbox.height as f32 }
        };
        let in_sight = self.tracks.iter().filter(|track| track.motion.in_sight);
        let expected: Vec<Landmark> = in_sight
            .map(|track| {
                let (from, by) = (track.motion.centroid, track.motion.expected(dt_secs, steady));
                landmark(&track.shape, Point::new(from.x + by.x, from.y + by.y))
            })
            .collect();
        let seen: Vec<Landmark> =
            groups.iter().zip(centroids).map(|(group, &at)| landmark(&group.leader.shape, at)).collect();
        steady + jolt(&expected, &seen)
    }

    /// Which track (by index) goes on as which group.
    fn pairs<'a>(
        &'a self,
        groups: &[Group],
        centroids: &[Point],
        dt_secs: f64,
        picture: Vector,
        settings: &TrackSettings,
    ) -> Vec<(usize, usize)> {
        let (now, image) = (self.secs(), self.size.unwrap_or(Size::new(0, 0)));
        let expect = |track: &'a Track| {
            let unseen_secs = now - track.seen_at_secs;
            Expectation { track, shift: track.motion.expected(dt_secs, picture), unseen_secs, image }
        };
        let expected: Vec<Expectation> = self.tracks.iter().map(expect).collect();
        let followed = self.followed();
        best_pairs(expected.len(), groups.len(), |row, column| {
            let leader = groups[column].leader;
            let follows_another = leader.prompt.and_then(|key| followed.get(&key)).is_some_and(|index| *index != row);
            if follows_another {
                return None;
            }
            affinity(&expected[row], leader, centroids[column], &settings.gates)
        })
    }

    /// Indices of the tracks that sticky prompts follow.
    fn followed(&self) -> BTreeMap<PromptKey, usize> {
        let keys = self.tracks.iter().enumerate();
        keys.filter_map(|(index, track)| Some((track.prompt?, index))).collect()
    }

    /// What the objects that stayed in sight have in common, pixels.
    fn picture_motion(&self, pairs: &[(usize, usize)], centroids: &[Point]) -> Vector {
        let motions = pairs.iter().map(|&(track, group)| (&self.tracks[track].motion, centroids[group]));
        let displacements: Vec<Vector> = motions
            .filter(|(motion, _)| motion.in_sight)
            .map(|(motion, centroid)| Vector::between(motion.centroid, centroid))
            .collect();
        common_motion(&displacements)
    }
}

/// For which things have moved as they did before: across a jump of the stamps nobody knows.
fn in_motion_secs(step: Step) -> f64 {
    if step.jumped_back { 0.0 } else { step.secs.max(0.0) }
}

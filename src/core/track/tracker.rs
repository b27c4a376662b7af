//! One camera's tracks, frame by frame.
//!
//! A frame may be looked at several times: by the camera's sticky prompts, by a request, by everything-mode. What happens to
//! a track once a frame happens once a frame, however many looks there are: [`Tracker::begin`] moves the time on,
//! [`Tracker::add`] takes in what one look has found, and [`Tracker::end`] settles what no look has found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::{Expectation, affinity};
use super::assignment::best_pairs;
use super::camera_motion::{Landmark, jolt};
use super::detection::{Group, grouped};
use super::frame::OpenFrame;
use super::motion::{Motion, Vector};
use super::{DetectionSet, FrameTime, Observation, PromptKey, Track, TrackId, TrackIds, TrackSettings};
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

/// What a call changed. Ids in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// One for each detection, in their order.
    pub assigned: Vec<Assigned>,
    pub born: Vec<TrackId>,
    /// Were lost, and are there again.
    pub refound: Vec<TrackId>,
    /// Were there in the frame before, and no look that looked for them has found them.
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
    /// The newest frame, until it is ended.
    pub(super) frame: Option<OpenFrame>,
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

    /// Whether a newer frame has begun: then [`Tracker::look_back`] is for this one.
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
        let step = self.clock.map(|clock| clock.step_to(shot));
        let open = self.frame.as_ref().filter(|_| step.is_some_and(|step| !step.is_newest));
        let expected = match open {
            Some(frame) => frame.expected(track, frame.picture(self.picture_velocity)),
            None => {
                let dt_secs = step.map_or(0.0, in_motion_secs);
                track.motion.expected(dt_secs, self.picture_velocity.times(dt_secs as f32))
            }
        };
        Vector::between(track.pointed.at, track.motion.centroid) + expected
    }

    /// A frame begins, unless it is the newest one again: then there are further looks at it. Ends the frame before.
    pub fn begin(&mut self, at: &FrameTime, settings: &TrackSettings) -> Update {
        let step = self.step_to(&at.shot);
        if !step.is_newest {
            self.fit_to(at.size);
            self.frame.get_or_insert_with(|| OpenFrame::again(at.shot.stamp));
            return Update::default();
        }
        let mut update = self.end();
        self.fit_to(at.size);
        self.advance(&at.shot);
        if step.jumped_back {
            self.picture_velocity = Vector::default();
            for track in &mut self.tracks {
                track.motion.stop();
                // Where its object was by the old time says nothing of where it is now: the prompt points at its place.
                track.prompt = None;
            }
        }
        self.frame = Some(OpenFrame::new(at.shot.stamp, in_motion_secs(step)));
        self.expire(settings, &mut update);
        update.sort();
        update
    }

    /// Takes in what a look at the frame has found. Only within a frame: between [`Tracker::begin`] and [`Tracker::end`].
    pub fn add(&mut self, look: &DetectionSet, settings: &TrackSettings, ids: &TrackIds) -> Update {
        let mut update = Update { assigned: vec![Assigned::default(); look.detections.len()], ..Update::default() };
        let Some(mut frame) = self.frame.take() else { return update };
        frame.search(look.searched);
        let groups = grouped(look.detections, settings.duplicate_iou);
        let centroids: Vec<Point> = groups.iter().map(|group| group.leader.shape.centroid()).collect();
        let guess = self.guess(&frame, &groups, &centroids);
        let pairs = self.pairs(&frame, &groups, &centroids, guess, settings);
        frame.displacements.extend(self.displacements(&frame, &pairs, &centroids));
        self.go_on(&mut frame, &groups, &pairs, settings, &mut update);
        self.bear(&mut frame, &groups, &pairs, settings, ids, &mut update);
        self.frame = Some(frame);
        update.sort();
        update
    }

    /// No further look is at the frame: what was looked for and not found has been missed, once. Does nothing between frames.
    pub fn end(&mut self) -> Update {
        let mut update = Update::default();
        let Some(frame) = self.frame.take() else { return update };
        if frame.dt_secs > 0.0 {
            self.picture_velocity = frame.motion().times((1.0 / frame.dt_secs) as f32);
        }
        if frame.is_new {
            self.miss(&frame, &mut update);
        }
        update.sort();
        update
    }

    /// A frame that is looked at once.
    pub fn update(&mut self, seen: &Observation, settings: &TrackSettings, ids: &TrackIds) -> Update {
        let begun = self.begin(&seen.frame(), settings);
        let added = self.add(&seen.detections(), settings, ids);
        begun.and(added).and(self.end())
    }

    /// Looks at a frame older than the newest: says who is who, and takes in what is new, as far as there is room. What has
    /// been seen since stays as it is.
    pub fn look_back(
        &mut self,
        at: &FrameTime,
        look: &DetectionSet,
        settings: &TrackSettings,
        ids: &TrackIds,
    ) -> Update {
        let mut past = self.clone();
        let shot = self.clock.map_or(at.shot, |clock| clock.newest());
        past.begin(&FrameTime { shot, size: at.size }, settings);
        let mut update = past.add(look, settings, ids);
        let fits = self.size == Some(at.size);
        update.born.truncate(if fits { settings.max_tracks.saturating_sub(self.tracks.len()) } else { 0 });
        let stamp = at.shot.stamp;
        let born = past.tracks.into_iter().filter(|track| update.born.contains(&track.id));
        self.tracks.extend(born.map(|track| Track { first_seen: stamp, last_seen: stamp, ..track }));
        if let Some(frame) = &mut self.frame {
            // No look at the newest frame has looked for them: they are not missed there.
            frame.spared.extend(update.born.iter().copied());
        }
        for assigned in &mut update.assigned {
            assigned.track = assigned.track.filter(|id| self.get(*id).is_some());
        }
        Update { assigned: update.assigned, born: update.born, ..Update::default() }
    }

    fn step_to(&self, shot: &Shot) -> Step {
        let first = Step { secs: 0.0, is_newest: true, jumped_back: false };
        self.clock.map_or(first, |clock| clock.step_to(shot))
    }

    fn advance(&mut self, shot: &Shot) {
        match &mut self.clock {
            Some(clock) => drop(clock.take(shot)),
            None => self.clock = Some(CameraClock::start(shot, 0.0)),
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

    /// How the picture has probably moved: as earlier looks at the frame say, or else as before, and by the jolt that the
    /// objects agree on that no look has found yet.
    fn guess(&self, frame: &OpenFrame, groups: &[Group], centroids: &[Point]) -> Vector {
        let steady = frame.picture(self.picture_velocity);
        let landmark = |shape: &Spans, at: Point| {
            let bbox = shape.bbox();
            Landmark { at, width: bbox.width as f32, height: bbox.height as f32 }
        };
        let in_sight = self.tracks.iter().filter(|track| track.motion.in_sight && !frame.has_seen(track.id));
        let expected: Vec<Landmark> = in_sight
            .map(|track| {
                let (from, by) = (track.motion.centroid, frame.expected(track, steady));
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
        frame: &OpenFrame,
        groups: &[Group],
        centroids: &[Point],
        picture: Vector,
        settings: &TrackSettings,
    ) -> Vec<(usize, usize)> {
        let (now, image) = (self.secs(), self.size.unwrap_or(Size::new(0, 0)));
        let expect = |track: &'a Track| {
            let unseen_secs = now - track.seen_at_secs;
            Expectation { track, shift: frame.expected(track, picture), unseen_secs, image }
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

    /// Of the objects that stayed in sight and that no earlier look at the frame has found, pixels.
    fn displacements(&self, frame: &OpenFrame, pairs: &[(usize, usize)], centroids: &[Point]) -> Vec<Vector> {
        let tracks = pairs.iter().map(|&(track, group)| (&self.tracks[track], centroids[group]));
        tracks
            .filter(|(track, _)| track.motion.in_sight && !frame.has_seen(track.id))
            .map(|(track, centroid)| Vector::between(track.motion.centroid, centroid))
            .collect()
    }
}

impl Update {
    /// Of two calls, one after the other; the detections are those of one of them.
    fn and(mut self, later: Self) -> Self {
        self.assigned.extend(later.assigned);
        for (all, of_later) in [
            (&mut self.born, later.born),
            (&mut self.refound, later.refound),
            (&mut self.lost, later.lost),
            (&mut self.died, later.died),
        ] {
            all.extend(of_later);
        }
        self.sort();
        self
    }

    fn sort(&mut self) {
        for ids in [&mut self.refound, &mut self.lost, &mut self.died] {
            ids.sort_unstable();
        }
    }
}

/// For which things have moved as they did before: across a jump of the stamps nobody knows.
fn in_motion_secs(step: Step) -> f64 {
    if step.jumped_back { 0.0 } else { step.secs.max(0.0) }
}

//! What a frame does to the tracks: they go on, are missed, are born, and make room.

use std::sync::Arc;

use super::detection::Group;
use super::follow::Pointed;
use super::frame::OpenFrame;
use super::motion::Motion;
use super::tracker::{Assigned, Tracker, Update};
use super::{Track, TrackId, TrackIds, TrackSettings, TrackState};

/// Share of the newest look in a track's appearance.
const NEWEST_LOOK: f32 = 0.2;
/// From one frame to the next the usual area is believed to shrink to this share at most.
const USUAL_AREA_KEPT: f32 = 0.97;
/// With a smaller share of its usual area an object is partly hidden, and its centre says nothing of its speed.
const WHOLE: f32 = 0.8;
/// A tentative track may be missed once: segmenters flicker.
const TENTATIVE_MISSES: u32 = 2;

impl Tracker {
    /// Pairs of a track and a group.
    pub(super) fn go_on(
        &mut self,
        frame: &mut OpenFrame,
        groups: &[Group],
        pairs: &[(usize, usize)],
        settings: &TrackSettings,
        update: &mut Update,
    ) {
        let now_secs = self.secs();
        for &(index, group) in pairs {
            let group = &groups[group];
            // No two tracks follow the same prompt.
            let prompt = group
                .leader
                .prompt
                .filter(|key| self.of_prompt(*key).is_none_or(|follower| follower.id == self.tracks[index].id));
            let track = &mut self.tracks[index];
            if prompt.is_some() && prompt != track.prompt {
                (track.prompt, track.pointed) = (prompt, Pointed::at(&group.leader.shape));
            }
            if track.state == TrackState::Lost {
                update.refound.push(track.id);
            }
            track.see(frame, group, now_secs, settings.confirm_frames);
            frame.note(track.id, prompt.is_some());
            assign(update, group, Some(track.id));
        }
    }

    /// Tracks that no look at the frame has found.
    pub(super) fn miss(&mut self, frame: &OpenFrame, update: &mut Update) {
        let picture = frame.motion();
        self.tracks.retain_mut(|track| {
            if frame.has_seen(track.id) || frame.spared.contains(&track.id) {
                return true;
            }
            track.motion.unseen(frame.dt_secs, picture);
            if !frame.misses(track) {
                return true;
            }
            track.missed_frames += 1;
            match track.state {
                TrackState::Tentative if track.missed_frames >= TENTATIVE_MISSES => {
                    update.died.push(track.id);
                    return false;
                }
                TrackState::Confirmed => {
                    update.lost.push(track.id);
                    track.state = TrackState::Lost;
                }
                TrackState::Tentative | TrackState::Lost => {}
            }
            true
        });
    }

    /// Gives the groups that are no track's a track of their own.
    pub(super) fn bear(
        &mut self,
        frame: &mut OpenFrame,
        groups: &[Group],
        pairs: &[(usize, usize)],
        settings: &TrackSettings,
        ids: &TrackIds,
        update: &mut Update,
    ) {
        let mut is_taken = vec![false; groups.len()];
        pairs.iter().for_each(|&(_, group)| is_taken[group] = true);
        while self.tracks.len() > settings.max_tracks && self.evict(frame, update) {}
        for (group, _) in groups.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken) {
            let is_other_object = group.leader.prompt.is_some_and(|key| self.of_prompt(key).is_some());
            let has_room = || self.tracks.len() < settings.max_tracks;
            if is_other_object || !(has_room() || self.evict(frame, update)) {
                assign(update, group, None);
                continue;
            }
            let track = Track::new(ids.issue(), frame, group, self.secs(), settings.confirm_frames);
            frame.note(track.id, track.prompt.is_some());
            update.born.push(track.id);
            assign(update, group, Some(track.id));
            self.tracks.push(track);
        }
    }

    /// Lets go of the track that was unseen longest; `false` when all are in sight, as far as the looks at the frame say.
    fn evict(&mut self, frame: &OpenFrame, update: &mut Update) -> bool {
        let is_out_of_sight = |track: &Track| !track.motion.in_sight || frame.misses(track);
        let unseen = self.tracks.iter().enumerate().filter(|(_, track)| is_out_of_sight(track));
        let stalest = unseen.min_by(|(_, a), (_, b)| a.seen_at_secs.total_cmp(&b.seen_at_secs)).map(|(index, _)| index);
        let Some(index) = stalest else { return false };
        update.died.push(self.tracks.remove(index).id);
        true
    }
}

fn assign(update: &mut Update, group: &Group, track: Option<TrackId>) {
    for (place, &index) in group.members.iter().enumerate() {
        update.assigned[index] = Assigned { track, is_duplicate: place > 0 };
    }
}

impl Track {
    fn new(id: TrackId, frame: &OpenFrame, group: &Group, now_secs: f64, confirm_frames: u32) -> Self {
        let (leader, stamp) = (group.leader, frame.stamp);
        Self {
            id,
            state: state_after(1, confirm_frames),
            shape: Arc::clone(&leader.shape),
            first_seen: stamp,
            last_seen: stamp,
            seen_frames: 1,
            prompt: leader.prompt,
            pointed: Pointed::at(&leader.shape),
            appearance: leader.appearance.clone(),
            seen_at_secs: now_secs,
            usual_area: leader.shape.area() as f32,
            missed_frames: 0,
            motion: Motion::at_rest(&leader.shape),
        }
    }

    /// Of several looks at one frame the first counts, and that of the sticky prompt that follows it.
    fn see(&mut self, frame: &OpenFrame, group: &Group, now_secs: f64, confirm_frames: u32) {
        let (leader, stamp) = (group.leader, frame.stamp);
        let is_first = !frame.has_seen(self.id);
        let by_prompt = leader.prompt.is_some() && leader.prompt == self.prompt;
        self.first_seen = self.first_seen.min(stamp);
        (self.last_seen, self.seen_at_secs) = (stamp, now_secs);
        if !is_first && (!by_prompt || frame.has_seen_by_prompt(self.id)) {
            return;
        }
        let area = leader.shape.area() as f32;
        self.usual_area = area.max(USUAL_AREA_KEPT * self.usual_area);
        let is_whole = area >= WHOLE * self.usual_area;
        let dt_secs = if is_first { frame.dt_secs } else { 0.0 };
        self.motion.seen(&leader.shape, dt_secs, frame.motion(), is_whole);
        if frame.is_new && by_prompt {
            self.pointed.see(area);
        }
        self.missed_frames = 0;
        self.seen_frames += u32::from(frame.is_new && is_first);
        self.state = state_after(self.seen_frames, confirm_frames);
        self.shape = Arc::clone(&leader.shape);
        if let Some(newest) = group.appearance() {
            let known = self.appearance.take();
            self.appearance = Some(known.map_or_else(|| newest.clone(), |known| known.blended(newest, NEWEST_LOOK)));
        }
    }
}

fn state_after(seen_frames: u32, confirm_frames: u32) -> TrackState {
    if seen_frames >= confirm_frames { TrackState::Confirmed } else { TrackState::Tentative }
}

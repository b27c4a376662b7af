//! Who is who: the tracks of every camera, and what the masks of a turn are called.
//!
//! Whatever is found in a camera's picture is associated with the camera's tracks, whoever asked for it: who asks twice
//! about one object hears of one id. Pictures that requests bring along show nobody knows what, nobody knows when: their
//! regions get ids of their own and stay out of the tracks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asks::{Asker, Share};
use crate::core::camera_clock::Shot;
use crate::core::caption::reuse::Look;
use crate::core::frame::{Frame, Stamp};
use crate::core::mask::spans::Spans;
use crate::core::ports::Embedding;
use crate::core::prompt::{Prompt, Shape};
use crate::core::segment::pipeline::Found;
use crate::core::settings::Settings;
use crate::core::track::{
    Detection, DetectionSet, FrameTime, Pooling, PromptKey, Searched, TrackId, TrackIds, Tracker, Update,
    following_shape,
};

/// The picture of a turn.
pub(in crate::runtime) struct Picture<'a> {
    pub frame: &'a Frame,
    pub embedding: &'a Embedding,
    /// `None`: a request has brought it along.
    pub shot: Option<Shot>,
}

/// What a found mask is called.
#[derive(Clone, Copy, Debug)]
pub(in crate::runtime) struct Name {
    pub id: TrackId,
    /// The tracked object of which it is a mask; that of the prompt's best mask where it is another candidate.
    pub object: Option<TrackId>,
    /// A surer mask of the same object has the same id.
    pub is_again: bool,
    pub first_seen: Stamp,
    pub last_seen: Stamp,
}

/// The names of a turn's masks.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Names {
    /// For each share, for each of its masks; `None`: the sticky prompt's object is hidden, and this is something else.
    pub of_shares: Vec<Vec<Option<Name>>>,
    /// The objects in the picture, each once.
    pub looks: Vec<(TrackId, Look)>,
    pub died: Vec<TrackId>,
}

pub(super) struct Tracking {
    cameras: BTreeMap<Arc<str>, Tracker>,
    ids: TrackIds,
}

/// A mask that takes part in the association.
struct Candidate {
    share: usize,
    found: usize,
    detection: Detection,
}

impl Tracking {
    pub(super) fn new(ids: TrackIds) -> Self {
        Self { cameras: BTreeMap::new(), ids }
    }

    /// Whatever is seen from now on is new.
    pub(super) fn forget(&mut self) {
        self.cameras.clear();
    }

    /// The clients' sticky prompts as the model is to be asked now: where their objects are expected. `released`: prompts
    /// that are no more, or point at something else.
    pub(super) fn follow(
        &mut self,
        frame: &Frame,
        shot: &Shot,
        prompts: &mut [Prompt],
        keys: &[PromptKey],
        released: Vec<PromptKey>,
    ) {
        let Some(camera) = frame.header.origin.camera() else { return };
        let tracker = self.cameras.entry(Arc::clone(camera)).or_default();
        released.into_iter().for_each(|key| tracker.release(key));
        for (prompt, &key) in prompts.iter_mut().zip(keys) {
            prompt.shape = following_shape(&prompt.shape, tracker, key, shot, frame.size());
        }
    }

    /// Names what was found. `keys`: of the sticky prompts, in their order.
    pub(super) fn name(
        &mut self,
        picture: &Picture,
        shares: &[(Asker, Share)],
        keys: &[PromptKey],
        settings: &Settings,
    ) -> Names {
        let (Some(camera), Some(shot)) = (picture.frame.header.origin.camera(), picture.shot) else {
            return self.strangers(shares, picture.frame.header.stamp);
        };
        let candidates = candidates(picture, shares, keys);
        let detections: Vec<Detection> = candidates.iter().map(|candidate| candidate.detection.clone()).collect();
        let look = DetectionSet { detections: &detections, searched: searched(shares, keys) };
        let at = FrameTime { shot, size: picture.frame.size() };
        let update = self.update(camera, &at, &look, settings);
        let tracker = &self.cameras[camera];
        let mut names = Names { of_shares: blanks(shares), looks: Vec::new(), died: update.died };
        for (Candidate { share, found, detection }, assigned) in candidates.into_iter().zip(update.assigned) {
            names.of_shares[share][found] = match assigned.track.and_then(|id| tracker.get(id)) {
                Some(track) => {
                    if !assigned.is_duplicate {
                        let look = Look { area: detection.shape.area(), appearance: detection.appearance };
                        names.looks.push((track.id, look));
                    }
                    let (first_seen, last_seen) = (track.first_seen, track.last_seen);
                    let is_again = assigned.is_duplicate;
                    Some(Name { id: track.id, object: Some(track.id), is_again, first_seen, last_seen })
                }
                // Its prompt follows an object that is not there.
                None if detection.prompt.is_some_and(|key| tracker.of_prompt(key).is_some()) => None,
                None => Some(stranger(&self.ids, shot.stamp)),
            };
        }
        self.name_alternatives(shares, &mut names.of_shares, shot.stamp);
        names
    }

    fn update(&mut self, camera: &Arc<str>, at: &FrameTime, look: &DetectionSet, settings: &Settings) -> Update {
        let tracker = self.cameras.entry(Arc::clone(camera)).or_default();
        let settings = settings.tracking();
        if tracker.is_past(&at.shot) {
            return tracker.look_back(at, look, &settings, &self.ids);
        }
        // Other looks at the same frame may follow: it ends when the next one begins.
        let begun = tracker.begin(at, &settings);
        let mut update = tracker.add(look, &settings, &self.ids);
        update.died.extend(begun.died);
        update
    }

    /// The other candidates of a prompt are of its object, but none of them is the object.
    fn name_alternatives(&mut self, shares: &[(Asker, Share)], names: &mut [Vec<Option<Name>>], stamp: Stamp) {
        for ((_, share), names) in shares.iter().zip(names) {
            for index in 1..names.len() {
                let is_alternative = !is_best(share, index);
                if is_alternative {
                    let object = names[index - 1].and_then(|best| best.object);
                    names[index] = Some(Name { object, ..stranger(&self.ids, stamp) });
                }
            }
        }
    }

    fn strangers(&mut self, shares: &[(Asker, Share)], stamp: Stamp) -> Names {
        let mut of_shares = blanks(shares);
        of_shares.iter_mut().flatten().for_each(|name| *name = Some(stranger(&self.ids, stamp)));
        Names { of_shares, ..Names::default() }
    }
}

/// What a look could have seen: a track that it was not for is not missed.
fn searched<'a>(shares: &[(Asker, Share)], keys: &'a [PromptKey]) -> Searched<'a> {
    if shares.iter().flat_map(|(_, share)| &share.prompts).any(is_everything) {
        return Searched::Everywhere;
    }
    let is_sticky = shares.iter().any(|(asker, _)| matches!(asker, Asker::Sticky));
    Searched::For(if is_sticky { keys } else { &[] })
}

fn stranger(ids: &TrackIds, stamp: Stamp) -> Name {
    Name { id: ids.issue(), object: None, is_again: false, first_seen: stamp, last_seen: stamp }
}

fn blanks(shares: &[(Asker, Share)]) -> Vec<Vec<Option<Name>>> {
    shares.iter().map(|(_, share)| vec![None; share.found.len()]).collect()
}

fn is_everything(prompt: &Prompt) -> bool {
    prompt.shape == Shape::Everything
}

/// The first of a prompt's candidates; whatever was found for one that asks for everything.
fn is_best(share: &Share, index: usize) -> bool {
    let prompt_of = |found: &Found| found.prompt_index;
    let prompt = prompt_of(&share.found[index]);
    index == 0 || prompt_of(&share.found[index - 1]) != prompt || is_everything(&share.prompts[prompt - share.first])
}

fn candidates(picture: &Picture, shares: &[(Asker, Share)], keys: &[PromptKey]) -> Vec<Candidate> {
    let features = picture.embedding.data.features();
    let pooling = features.map(|features| Pooling::new(features, &picture.embedding.transform));
    let mut candidates = Vec::new();
    for (share_index, (asker, share)) in shares.iter().enumerate() {
        for (found_index, found) in share.found.iter().enumerate().filter(|(index, _)| is_best(share, *index)) {
            let prompt = found.prompt_index - share.first;
            let follows = matches!(asker, Asker::Sticky) && !is_everything(&share.prompts[prompt]);
            let shape = Arc::new(Spans::from(&*found.mask));
            let appearance = pooling.as_ref().and_then(|pooling| pooling.appearance(&shape));
            let key = keys.get(prompt).copied().filter(|_| follows);
            let detection = Detection { shape, score: found.predicted_iou, appearance, prompt: key };
            candidates.push(Candidate { share: share_index, found: found_index, detection });
        }
    }
    candidates
}

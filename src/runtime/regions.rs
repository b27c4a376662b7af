//! From masks to regions: ids, labels, and the captions that are known already.

use std::sync::PoisonError;

use super::asks::Share;
use super::sticky::{StickySet, Words};
use crate::core::frame::Stamp;
use crate::core::pipeline::Found;
use crate::core::prompt::Shape;
use crate::core::region::{Caption, CaptionState, Region};

/// Regions, and where each of them remembers its words, if it does.
#[derive(Default)]
pub(super) struct Labelled {
    pub regions: Vec<Region>,
    pub words: Vec<Option<Words>>,
}

/// Gives out region ids: "r1", "r2" ..., none of them twice.
#[derive(Default)]
pub(super) struct Ids(u64);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("r{}", self.0)
    }
}

impl Labelled {
    /// Appends a share's regions. `captions`: words are on their way; otherwise none were asked for. `sticky`: the set
    /// that the share's prompts are.
    pub(super) fn add(
        &mut self,
        share: &Share,
        stamp: Stamp,
        captions: bool,
        ids: &mut Ids,
        mut sticky: Option<&mut StickySet>,
    ) {
        for found in &share.found {
            let index = found.prompt_index - share.first;
            // Everything-mode finds many regions with one prompt: which is which, only a tracker could tell.
            let follows = share.prompts[index].shape != Shape::Everything;
            let followed = sticky.as_mut().and_then(|set| set.followed(index)).filter(|_| follows);
            let (id, first_seen, words) = match followed {
                Some(followed) => {
                    let (id, first_seen) = followed.region.get_or_insert_with(|| (ids.next(), stamp)).clone();
                    (id, first_seen, Some(followed.words.clone()))
                }
                None => (ids.next(), stamp, None),
            };
            let caption = if captions { pending(words.as_ref()) } else { Caption::default() };
            let prompt_id = share.prompts[index].id.clone();
            self.regions.push(Region { first_seen, ..self.region(id, prompt_id, found, stamp, caption) });
            self.words.push(words);
        }
    }

    fn region(&self, id: String, prompt_id: String, found: &Found, stamp: Stamp, caption: Caption) -> Region {
        Region {
            id,
            // A label map has 16 bits; whatever the limits are set to, further regions share the last one.
            label: u16::try_from(self.regions.len() + 1).unwrap_or(u16::MAX),
            prompt_id,
            mask: found.mask.clone(),
            predicted_iou: found.predicted_iou,
            stability: found.stability,
            caption,
            place: None,
            first_seen: stamp,
            last_seen: stamp,
            prompt: found.shape.clone(),
        }
    }
}

/// New words are on their way; until then the region keeps those of its last frame.
fn pending(words: Option<&Words>) -> Caption {
    let known = words.and_then(|words| words.lock().unwrap_or_else(PoisonError::into_inner).clone());
    Caption { state: CaptionState::Pending, ..known.unwrap_or_default() }
}

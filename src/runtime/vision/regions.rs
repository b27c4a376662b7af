//! From masks to regions: ids, labels, and the captions that are known already.

use std::collections::BTreeSet;

use super::asks::Share;
use super::tracking::Name;
use crate::core::prompt::Shape;
use crate::core::region::{Caption, Region};
use crate::core::segment::pipeline::Found;
use crate::core::track::{TrackId, TrackIds};

/// The regions of one answer, in the making.
#[derive(Default)]
pub(in crate::runtime) struct Labelling(Vec<Entry>);

struct Entry {
    region: Region,
    name: Name,
    of_everything: bool,
}

/// Regions, and the tracked object that each of them shows.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Labelled {
    pub regions: Vec<Region>,
    pub objects: Vec<Option<TrackId>>,
}

impl Labelling {
    /// Appends a share's regions. `caption`: an object's words, for `None` those of a region that is not tracked.
    pub(in crate::runtime) fn add(
        &mut self,
        share: &Share,
        names: &[Option<Name>],
        caption: &mut dyn FnMut(Option<TrackId>) -> Caption,
    ) {
        for (found, name) in share.found.iter().zip(names) {
            let Some(name) = *name else { continue };
            let prompt = &share.prompts[found.prompt_index - share.first];
            let region = region(&prompt.id, found, &name, caption(name.object));
            self.0.push(Entry { region, name, of_everything: prompt.shape == Shape::Everything });
        }
    }

    /// An id names one region of an answer. Where several show the same object, the surest has the object's id. What
    /// everything-mode found again is left out; what prompts found again has an id of its own from `ids`.
    pub(in crate::runtime) fn finish(self, ids: &TrackIds) -> Labelled {
        let surest = self.0.iter().filter(|entry| !entry.name.is_again).map(|entry| entry.name.id);
        let mut taken: BTreeSet<TrackId> = surest.collect();
        let mut labelled = Labelled::default();
        for Entry { mut region, name, of_everything } in self.0 {
            let is_taken = name.is_again && !taken.insert(name.id);
            if is_taken && of_everything {
                continue;
            }
            region.id = if is_taken { ids.issue() } else { name.id }.to_string();
            // A label map has 16 bits; whatever the limits are set to, further regions share the last one.
            region.label = u16::try_from(labelled.regions.len() + 1).unwrap_or(u16::MAX);
            labelled.regions.push(region);
            labelled.objects.push(name.object);
        }
        labelled
    }
}

/// Without its id and label.
fn region(prompt_id: &str, found: &Found, name: &Name, caption: Caption) -> Region {
    Region {
        id: String::new(),
        label: 0,
        prompt_id: prompt_id.to_owned(),
        mask: found.mask.clone(),
        predicted_iou: found.predicted_iou,
        stability: found.stability,
        caption,
        place: None,
        first_seen: name.first_seen,
        last_seen: name.last_seen,
        prompt: found.shape.clone(),
    }
}

//! Prompts that apply to every frame of a camera until they are replaced.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::core::frame::Stamp;
use crate::core::geometry::Size;
use crate::core::prompt::{Prompt, PromptError, RawPrompt};
use crate::core::region::Caption;
use crate::core::settings::Limits;

/// The last caption of a sticky prompt's region: written by the caption thread, read for the next frame.
pub(super) type Words = Arc<Mutex<Option<Caption>>>;

/// What a sticky prompt remembers of the region that it makes, from frame to frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    /// `None` until the first mask.
    pub region: Option<(String, Stamp)>,
    pub words: Words,
}

/// The sticky prompts of one camera.
#[derive(Debug, Default)]
pub(super) struct StickySet {
    raw: Vec<RawPrompt>,
    followed: Vec<Followed>,
    /// For images of this size the set has been checked: `None` when it does not fit them, which has been said.
    checked: Option<(Size, Option<Vec<Prompt>>)>,
    /// When the set was replaced, until a frame has been processed with it.
    pub changed: Option<Instant>,
}

impl StickySet {
    /// A prompt that was there before, or that has the same id (not ""), keeps its region: clients repeat their prompts,
    /// and trackers move their boxes.
    pub(super) fn replace(&mut self, raw: Vec<RawPrompt>, now: Instant) {
        let mut old: Vec<_> = self.raw.drain(..).zip(self.followed.drain(..)).collect();
        let mut take = |is_same: &dyn Fn(&RawPrompt) -> bool| {
            let index = old.iter().position(|(before, _)| is_same(before))?;
            Some(old.swap_remove(index).1)
        };
        // Equal prompts first, so that one with a shared id does not take the region of its equal twin.
        let equal: Vec<Option<Followed>> = raw.iter().map(|prompt| take(&|before| before == prompt)).collect();
        let follow = |(prompt, equal): (&RawPrompt, Option<Followed>)| {
            let same_id = |before: &RawPrompt| !prompt.id.is_empty() && before.id == prompt.id;
            equal.or_else(|| take(&same_id)).unwrap_or_default()
        };
        self.followed = raw.iter().zip(equal).map(follow).collect();
        self.changed = (!raw.is_empty()).then_some(now);
        self.raw = raw;
        self.checked = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The prompts for an image of this size, none where they do not fit. The error comes only the first time.
    pub(super) fn for_size(&mut self, size: Size, limits: &Limits) -> Result<Vec<Prompt>, PromptError> {
        if self.raw.is_empty() {
            return Ok(Vec::new());
        }
        if let Some((_, prompts)) = self.checked.as_ref().filter(|(checked, _)| *checked == size) {
            return Ok(prompts.clone().unwrap_or_default());
        }
        let result = Prompt::check_all(&self.raw, size, limits);
        self.checked = Some((size, result.as_ref().ok().cloned()));
        result
    }

    /// Of the prompt with this index in [`StickySet::for_size`].
    pub(super) fn followed(&mut self, index: usize) -> Option<&mut Followed> {
        self.followed.get_mut(index)
    }
}

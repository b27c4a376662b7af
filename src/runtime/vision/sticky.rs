//! Prompts that apply to every frame of a camera until they are replaced.

use std::time::Instant;

use crate::core::geometry::Size;
use crate::core::prompt::{Prompt, PromptError, RawPrompt};
use crate::core::settings::Limits;
use crate::core::track::PromptKey;

/// The sticky prompts of one camera.
#[derive(Debug, Default)]
pub(super) struct StickySet {
    raw: Vec<RawPrompt>,
    /// For each prompt its name in the camera's tracker; `None` before its first frame.
    keys: Vec<Option<PromptKey>>,
    last_key: u64,
    released: Vec<PromptKey>,
    /// For images of this size the set has been checked: `None` when it does not fit them, which has been said.
    checked: Option<(Size, Option<Vec<Prompt>>)>,
    /// When the set was replaced, until a frame has been processed with it.
    pub changed: Option<Instant>,
}

impl StickySet {
    /// A prompt that was there before goes on following its object: clients repeat their prompts. One that has another
    /// place now points anew, and finds the same object again where that is there.
    pub(super) fn replace(&mut self, raw: Vec<RawPrompt>, now: Instant) {
        let mut old: Vec<_> = self.raw.drain(..).zip(self.keys.drain(..)).collect();
        let mut take = |prompt: &RawPrompt| {
            let index = old.iter().position(|(before, _)| before == prompt)?;
            old.swap_remove(index).1
        };
        self.keys = raw.iter().map(&mut take).collect();
        // Only keys that were in use: their number is bounded however often the set is replaced.
        self.released.extend(old.into_iter().filter_map(|(_, key)| key));
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

    /// Of the prompts, in their order.
    pub(super) fn keys(&mut self) -> Vec<PromptKey> {
        let mut name = |key: &mut Option<PromptKey>| {
            *key.get_or_insert_with(|| {
                self.last_key += 1;
                PromptKey(self.last_key)
            })
        };
        self.keys.iter_mut().map(&mut name).collect()
    }

    /// Those of prompts that are no more, each told once.
    pub(super) fn take_released(&mut self) -> Vec<PromptKey> {
        std::mem::take(&mut self.released)
    }
}

//! A list of prompts, segmented slice by slice, so that others may have the decoder in between.

use super::{Found, SegmentOptions, for_each_asker, segment};
use crate::core::ports::{Embedding, MaskDecoder, ModelError};
use crate::core::progress::OnProgress;
use crate::core::prompt::{Prompt, Shape};
use crate::core::segment::everything::Search;

/// What [`segment`] finds, in several steps: first what the prompts point at, then the grid of everything-mode in parts.
pub struct Slices {
    options: SegmentOptions,
    /// Indices of the prompts that point at something; `None` when they have been decoded.
    targeted: Option<Vec<usize>>,
    everywhere: Vec<usize>,
    search: Search,
    found: Vec<Found>,
}

impl Slices {
    pub fn new(decoder: &dyn MaskDecoder, embedding: &Embedding, prompts: &[Prompt], options: SegmentOptions) -> Self {
        let (everywhere, targeted): (Vec<usize>, Vec<usize>) =
            (0..prompts.len()).partition(|&index| prompts[index].shape == Shape::Everything);
        let detections = embedding.detections.get().filter(|_| decoder.takes_boxes());
        let search = Search::new(options.everything.clone(), embedding.transform.image, detections);
        let targeted = Some(targeted).filter(|targeted| !targeted.is_empty());
        Self { options, targeted, everywhere, search, found: Vec::new() }
    }

    pub fn is_complete(&self) -> bool {
        let is_searched = self.everywhere.is_empty() || self.search.done() == self.search.total();
        self.targeted.is_none() && is_searched
    }

    /// The next slice: the prompts that point at something, or so many boxes or clicks of everything-mode. `prompts`: those of
    /// [`Slices::new`].
    ///
    /// # Errors
    /// As [`segment`].
    pub fn step(
        &mut self,
        decoder: &mut dyn MaskDecoder,
        embedding: &Embedding,
        prompts: &[Prompt],
        clicks: usize,
        on_progress: &mut OnProgress,
    ) -> Result<(), ModelError> {
        let Some(targeted) = self.targeted.take() else {
            return self.search.step(decoder, embedding, clicks);
        };
        let pointing: Vec<Prompt> = targeted.iter().map(|&index| prompts[index].clone()).collect();
        let found = segment(decoder, embedding, &pointing, &self.options, on_progress)?;
        let with_index = |found: Found| Found { prompt_index: targeted[found.prompt_index], ..found };
        self.found.extend(found.into_iter().map(with_index));
        Ok(())
    }

    /// What the slices so far have found, in the order of [`segment`].
    pub fn finish(self) -> Vec<Found> {
        let mut found = self.found;
        if !self.everywhere.is_empty() {
            found.extend(for_each_asker(self.search.into_regions(), &self.everywhere));
        }
        found.sort_by_key(|found| found.prompt_index);
        found
    }
}

//! One caption's beams: its most likely beginnings, and the ends that have been found.
//!
//! The rules are those of Hugging Face's `generate` with `num_beams` and length penalty 1: of a step's 2 x W likeliest
//! continuations (W beams) the W best that do not end go on; an end counts only among the W best. It is over when there
//! are W ends and no beam that goes on has a better mean. With one beam that is greedy decoding.

use super::search::Utterance;
use crate::core::ports::LanguageStep;

/// Of one caption.
#[derive(Debug)]
pub struct Beams {
    width: usize,
    going: Vec<Beginning>,
    /// The best first, at most `width`.
    ended: Vec<Utterance>,
}

/// Tokens without an end, and the sum of their natural log-probabilities.
#[derive(Clone, Debug, Default)]
struct Beginning {
    tokens: Vec<u32>,
    log_prob: f32,
}

/// How one of a step's rows goes on: `row` of this caption's rows, with `token`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuation {
    pub row: usize,
    pub token: u32,
}

/// When a caption ends.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The token that ends it.
    pub token: u32,
    /// So many tokens at most, the one that ends it counts.
    pub limit: usize,
}

/// How many of a row's likeliest tokens a search with so many beams looks at: enough for `width` that do not end.
pub fn candidates(width: usize) -> usize {
    if width == 1 { 1 } else { 2 * width }
}

impl Beams {
    /// One empty beginning, hence one row in the first step. `width`: beams, at least 1.
    pub fn new(width: usize) -> Self {
        Self { width, going: vec![Beginning::default()], ended: Vec::new() }
    }

    /// Its rows in the next step, one for each beginning that goes on.
    pub fn rows(&self) -> usize {
        self.going.len()
    }

    /// Takes the step's rows from `first_row` on, as many as [`Beams::rows`]; the rows that are to go on, likeliest first.
    pub fn advance(&mut self, step: &LanguageStep, first_row: usize, end: End) -> Vec<Continuation> {
        let (mut next, mut beginnings) = (Vec::new(), Vec::new());
        for (rank, (log_prob, go_on)) in self.likeliest(step, first_row).into_iter().enumerate() {
            let mut tokens = self.going[go_on.row].tokens.clone();
            if go_on.token == end.token {
                if rank < self.width {
                    self.end(Beginning { tokens, log_prob }, 1);
                }
            } else if next.len() < self.width {
                tokens.push(go_on.token);
                beginnings.push(Beginning { tokens, log_prob });
                next.push(go_on);
            }
        }
        self.going = beginnings;
        if self.going.first().is_some_and(|longest| longest.tokens.len() >= end.limit) {
            for cut in std::mem::take(&mut self.going) {
                self.end(cut, 0);
            }
        }
        if self.going.is_empty() || self.is_over() {
            self.going.clear();
            next.clear();
        }
        next
    }

    /// Sums of log-probabilities with the tokens that lead there, the largest first; equal ones in the order of their rows.
    fn likeliest(&self, step: &LanguageStep, first_row: usize) -> Vec<(f32, Continuation)> {
        let mut all = Vec::with_capacity(self.going.len() * step.tokens.ncols());
        for (row, beginning) in self.going.iter().enumerate() {
            let tokens = step.tokens.row(first_row + row);
            for (&token, &log_prob) in tokens.iter().zip(step.log_probs.row(first_row + row)) {
                all.push((beginning.log_prob + log_prob, Continuation { row, token }));
            }
        }
        all.sort_by(|left, right| right.0.total_cmp(&left.0));
        all.truncate(candidates(self.width));
        all
    }

    /// `ending`: tokens that were emitted besides those of the beginning, the one that ends it.
    fn end(&mut self, beginning: Beginning, ending: usize) {
        let score = beginning.log_prob / (beginning.tokens.len() + ending) as f32;
        let place = self.ended.partition_point(|better| better.score >= score);
        self.ended.insert(place, Utterance { tokens: beginning.tokens, score });
        self.ended.truncate(self.width);
    }

    /// Whether there are enough ends, and none of the beginnings is better so far than the worst of them.
    fn is_over(&self) -> bool {
        let mean = |beginning: &Beginning| beginning.log_prob / beginning.tokens.len() as f32;
        let hope = self.going.iter().map(mean).fold(f32::NEG_INFINITY, f32::max);
        self.ended.len() == self.width && self.ended.last().is_some_and(|worst| worst.score >= hope)
    }

    /// The best end; nothing with score 0 where there is none.
    pub fn best(mut self) -> Utterance {
        if self.ended.is_empty() { Utterance::default() } else { self.ended.swap_remove(0) }
    }
}

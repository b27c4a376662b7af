//! Beam search on a small language whose probabilities are drawn by chance from everything said before.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use ndarray::{Array2, Array3};
use proptest::prelude::*;

use super::search::{Search, Utterance, speak};
use crate::core::ports::{LanguageModel, LanguageStep, ModelError};

const EOS: u32 = 0;
const VOCABULARY: u32 = 3;
const LONGEST: usize = 4;
/// So many beams hold every beginning that there is.
const ALL: usize = 32;

/// What follows depends on the seed and on all tokens of the row.
struct Language {
    seed: u64,
    rows: Vec<Vec<u32>>,
}

impl Language {
    /// Natural log-probabilities of all tokens after `said`.
    fn log_probs(&self, said: &[u32]) -> Vec<f32> {
        let logit = |token: u32| {
            let mut hasher = DefaultHasher::new();
            (self.seed, said, token).hash(&mut hasher);
            3.0 * (hasher.finish() >> 40) as f32 / (1u64 << 24) as f32
        };
        let logits: Vec<f32> = (0..VOCABULARY).map(logit).collect();
        let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit - sum.ln()).collect()
    }

    fn step(&self, best: usize) -> LanguageStep {
        let shape = (self.rows.len(), best.min(VOCABULARY as usize));
        let (mut tokens, mut log_probs) = (Array2::zeros(shape), Array2::zeros(shape));
        for (row, said) in self.rows.iter().enumerate() {
            let all = self.log_probs(said);
            let mut order: Vec<u32> = (0..VOCABULARY).collect();
            order.sort_by(|left, right| all[*right as usize].total_cmp(&all[*left as usize]));
            for (rank, token) in order.into_iter().take(shape.1).enumerate() {
                tokens[[row, rank]] = token;
                log_probs[[row, rank]] = all[token as usize];
            }
        }
        LanguageStep { tokens, log_probs }
    }

    /// Of all that can be said, what has the best mean.
    fn best_of_all(&self, said: &[u32], sum: f32) -> (f32, Vec<u32>) {
        let log_probs = self.log_probs(said);
        let ways = (0..VOCABULARY).map(|token| {
            let (sum, length) = (sum + log_probs[token as usize], said.len() + 1);
            let mut longer = said.to_vec();
            if token != EOS {
                longer.push(token);
            }
            if token == EOS || length == LONGEST {
                (sum / length as f32, longer)
            } else {
                self.best_of_all(&longer, sum)
            }
        });
        ways.max_by(|left, right| left.0.total_cmp(&right.0)).expect("there are tokens")
    }

    fn greedy(&self) -> Vec<u32> {
        let mut said = Vec::new();
        while said.len() < LONGEST {
            let all = self.log_probs(&said);
            let likeliest = (0..VOCABULARY).max_by(|l, r| all[*l as usize].total_cmp(&all[*r as usize]));
            match likeliest.expect("there are tokens") {
                EOS => break,
                token => said.push(token),
            }
        }
        said
    }

    /// `seeds`: one caption each.
    fn says(seed: u64, captions: usize, beams: usize) -> Vec<Utterance> {
        let mut language = Self { seed, rows: Vec::new() };
        let prefix = Array3::from_shape_fn((captions, 1, 1), |(caption, ..)| caption as f32);
        speak(&mut language, &prefix, Search { max_tokens: 0, beams }, &|| false).expect("it never fails")
    }
}

impl LanguageModel for Language {
    /// The caption's number is its first word, so that each goes its own way.
    fn prefill(&mut self, prefix: &Array3<f32>, best: usize) -> Result<LanguageStep, ModelError> {
        self.rows =
            prefix.iter().map(|&caption| if caption == 0.0 { vec![] } else { vec![100 + caption as u32] }).collect();
        Ok(self.step(best))
    }

    fn decode(&mut self, tokens: &[u32], best: usize) -> Result<LanguageStep, ModelError> {
        self.rows.iter_mut().zip(tokens).for_each(|(row, token)| row.push(*token));
        Ok(self.step(best))
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), ModelError> {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
        Ok(())
    }

    fn eos_token(&self) -> u32 {
        EOS
    }

    fn max_new_tokens(&self) -> usize {
        LONGEST
    }
}

proptest! {
    #[test]
    fn enough_beams_find_the_best_of_all(seed: u64) {
        let (score, tokens) = Language { seed, rows: vec![] }.best_of_all(&[], 0.0);
        let said = Language::says(seed, 1, ALL).remove(0);
        prop_assert!((said.score - score).abs() < 1e-5, "{said:?}, best {tokens:?} {score}");
        prop_assert_eq!(said.tokens, tokens);
    }

    #[test]
    fn one_beam_is_greedy(seed: u64) {
        prop_assert_eq!(&Language::says(seed, 1, 1)[0].tokens, &Language { seed, rows: vec![] }.greedy());
    }

    #[test]
    fn captions_do_not_touch_each_other(seed: u64, beams in 1usize..5) {
        let together = Language::says(seed, 5, beams);
        for captions in 1..5 {
            prop_assert_eq!(&Language::says(seed, captions, beams)[..], &together[..captions]);
        }
    }
}

#[test]
fn more_beams_find_likelier_words() {
    let mean = |beams| (0..500).map(|seed| Language::says(seed, 1, beams)[0].score).sum::<f32>() / 500.0;
    let means = [1, 2, 4, ALL].map(mean);
    assert!(means.is_sorted() && means[0] < means[3] - 0.01, "{means:?}");
}

//! Greedy decoding of a batch: every row says its most likely token, rows that have finished leave the batch.

use ndarray::Array3;

use crate::core::ports::{LanguageModel, LanguageStep, ModelError};

/// What one row said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// Without the token that ends it.
    pub tokens: Vec<u32>,
    /// Mean natural log-probability of the emitted tokens, the one that ends it included; 0 when nothing was emitted.
    pub score: f32,
}

/// Lets the model speak from each row of `prefix` (B, P, D), until it ends or has emitted `max_tokens` (the ending token
/// counts; 0 means as many as the model allows, which is the bound in any case). `cancel` is asked before every step.
///
/// # Errors
/// What the model's run gives; [`ModelError::Shape`] for a step of another number of rows; [`ModelError::Canceled`].
pub fn speak(
    model: &mut dyn LanguageModel,
    prefix: &Array3<f32>,
    max_tokens: usize,
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Utterance>, ModelError> {
    let limit = if max_tokens == 0 { model.max_new_tokens() } else { max_tokens.min(model.max_new_tokens()) };
    let mut rows: Vec<Row> = (0..prefix.shape()[0]).map(|_| Row::default()).collect();
    if limit == 0 {
        return Ok(rows.iter().map(Row::utterance).collect());
    }
    let mut speaking: Vec<usize> = (0..rows.len()).collect();
    let mut last_tokens: Option<Vec<u32>> = None;
    while !speaking.is_empty() {
        if cancel() {
            return Err(ModelError::Canceled);
        }
        let step = match &last_tokens {
            None => model.prefill(prefix)?,
            Some(tokens) => model.decode(tokens)?,
        };
        check(&step, speaking.len(), if last_tokens.is_none() { "lm_prefill" } else { "lm_decode" })?;
        let eos = model.eos_token();
        let emitted = speaking.iter().zip(step.tokens.iter().zip(&step.log_probs));
        let keep: Vec<bool> =
            emitted.map(|(&row, (&token, &log_prob))| rows[row].emit(token, log_prob, eos, limit)).collect();
        speaking = kept(&speaking, &keep);
        if !speaking.is_empty() && keep.contains(&false) {
            model.retain(&keep)?;
        }
        last_tokens = Some(kept(&step.tokens, &keep));
    }
    Ok(rows.iter().map(Row::utterance).collect())
}

#[derive(Default)]
struct Row {
    tokens: Vec<u32>,
    log_prob_sum: f32,
    emitted: usize,
}

impl Row {
    /// Takes a token; whether the row goes on.
    fn emit(&mut self, token: u32, log_prob: f32, eos: u32, limit: usize) -> bool {
        self.emitted += 1;
        self.log_prob_sum += log_prob;
        if token == eos {
            return false;
        }
        self.tokens.push(token);
        self.emitted < limit
    }

    fn utterance(&self) -> Utterance {
        let score = if self.emitted == 0 { 0.0 } else { self.log_prob_sum / self.emitted as f32 };
        Utterance { tokens: self.tokens.clone(), score }
    }
}

fn kept<T: Copy>(all: &[T], keep: &[bool]) -> Vec<T> {
    all.iter().zip(keep).filter(|&(_, &keep)| keep).map(|(&one, _)| one).collect()
}

fn check(step: &LanguageStep, rows: usize, graph: &'static str) -> Result<(), ModelError> {
    let (tokens, log_probs) = (step.tokens.len(), step.log_probs.len());
    if (tokens, log_probs) == (rows, rows) {
        return Ok(());
    }
    let got = format!("{tokens} tokens, {log_probs} log-probabilities");
    Err(ModelError::Shape { graph, expected: format!("{rows} of each, one a row"), got })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    const EOS: u32 = 99;

    /// Says for each row what the script says, then [`EOS`]; the script is chosen by the first value of the row's prefix.
    /// The log-probability of token t is -t/8.
    #[derive(Default)]
    struct Scripted {
        scripts: Vec<Vec<u32>>,
        rows: Vec<(usize, usize)>,
        last: Vec<u32>,
        retained: Vec<Vec<bool>>,
        steps: usize,
        fail_at: Option<usize>,
    }

    impl Scripted {
        fn new(scripts: &[&[u32]]) -> Self {
            Self { scripts: scripts.iter().map(|script| script.to_vec()).collect(), ..Self::default() }
        }

        fn prefix(&self) -> Array3<f32> {
            Array3::from_shape_fn((self.scripts.len(), 2, 3), |(row, ..)| row as f32)
        }

        fn run(&mut self, max_tokens: usize) -> Result<Vec<Utterance>, ModelError> {
            let prefix = self.prefix();
            speak(self, &prefix, max_tokens, &|| false)
        }

        fn step(&mut self) -> Result<LanguageStep, ModelError> {
            self.steps += 1;
            if self.fail_at == Some(self.steps) {
                return Err(ModelError::Run { graph: "lm_decode", reason: "scripted".into() });
            }
            let scripts = &self.scripts;
            let tokens: Vec<u32> =
                self.rows.iter().map(|&(script, said)| scripts[script].get(said).copied().unwrap_or(EOS)).collect();
            self.rows.iter_mut().for_each(|(_, said)| *said += 1);
            self.last = tokens.clone();
            Ok(LanguageStep { log_probs: tokens.iter().map(|&token| token as f32 / -8.0).collect(), tokens })
        }
    }

    impl LanguageModel for Scripted {
        fn prefill(&mut self, prefix: &Array3<f32>) -> Result<LanguageStep, ModelError> {
            self.rows = prefix.outer_iter().map(|row| (row[[0, 0]] as usize, 0)).collect();
            self.step()
        }

        fn decode(&mut self, tokens: &[u32]) -> Result<LanguageStep, ModelError> {
            assert_eq!(tokens, self.last, "the kept rows' last tokens come back");
            self.step()
        }

        fn retain(&mut self, keep: &[bool]) -> Result<(), ModelError> {
            assert_eq!(keep.len(), self.rows.len());
            self.rows = kept(&self.rows, keep);
            self.last = kept(&self.last, keep);
            self.retained.push(keep.to_vec());
            Ok(())
        }

        fn eos_token(&self) -> u32 {
            EOS
        }

        fn max_new_tokens(&self) -> usize {
            6
        }
    }

    fn texts(said: &[Utterance]) -> Vec<&[u32]> {
        said.iter().map(|utterance| &utterance.tokens[..]).collect()
    }

    #[test]
    fn rows_leave_when_they_finish_and_come_back_in_order() {
        let mut model = Scripted::new(&[&[1, 2, 3], &[4], &[5, 6, 7]]);
        let said = model.run(0).unwrap();
        assert_eq!(texts(&said), [&[1, 2, 3][..], &[4], &[5, 6, 7]]);
        assert_eq!(model.retained, [[true, false, true]], "when nobody is left there is nothing to retain");
        assert_eq!(model.steps, 4);
    }

    #[test]
    fn the_score_is_the_mean_with_the_end() {
        let said = Scripted::new(&[&[8, 16]]).run(0).unwrap();
        assert_eq!(said[0].score, -(1.0 + 2.0 + 99.0 / 8.0) / 3.0);
    }

    #[test]
    fn a_row_that_never_ends_is_cut_at_the_bound() {
        let endless: &[u32] = &[1; 50];
        assert_eq!(texts(&Scripted::new(&[endless, endless]).run(0).unwrap()), [[1; 6], [1; 6]]);
        assert_eq!(texts(&Scripted::new(&[endless]).run(4).unwrap()), [[1; 4]]);
        assert_eq!(texts(&Scripted::new(&[endless]).run(50).unwrap()), [[1; 6]], "the model's own bound holds");
        let mut model = Scripted::new(&[endless]);
        model.run(4).unwrap();
        assert_eq!((model.steps, model.retained.len()), (4, 0));
    }

    #[test]
    fn an_end_at_once_is_an_empty_text() {
        let mut model = Scripted::new(&[&[], &[1]]);
        let said = model.run(0).unwrap();
        assert_eq!(texts(&said), [&[][..], &[1]]);
        assert_eq!(said[0].score, -99.0 / 8.0);
        assert_eq!(model.retained, [[false, true]]);
    }

    #[test]
    fn an_empty_batch_asks_nothing() {
        let mut model = Scripted::new(&[]);
        assert_eq!(model.run(0).unwrap(), []);
        assert_eq!(model.steps, 0);
    }

    #[test]
    fn it_stops_between_steps_when_canceled() {
        let mut model = Scripted::new(&[&[1, 2, 3, 4]]);
        let (prefix, asked) = (model.prefix(), Cell::new(0));
        let cancel = || {
            asked.set(asked.get() + 1);
            asked.get() > 2
        };
        assert!(matches!(speak(&mut model, &prefix, 0, &cancel), Err(ModelError::Canceled)));
        assert_eq!(model.steps, 2);
    }

    #[test]
    fn a_failure_is_handed_on() {
        let mut model = Scripted { fail_at: Some(2), ..Scripted::new(&[&[1, 2, 3]]) };
        assert!(matches!(model.run(0), Err(ModelError::Run { .. })));
    }

    #[test]
    fn a_wrong_number_of_rows_is_an_error() {
        struct Short;
        impl LanguageModel for Short {
            fn prefill(&mut self, _: &Array3<f32>) -> Result<LanguageStep, ModelError> {
                Ok(LanguageStep { tokens: vec![1], log_probs: vec![-1.0] })
            }
            fn decode(&mut self, _: &[u32]) -> Result<LanguageStep, ModelError> {
                unreachable!("the first step was wrong")
            }
            fn retain(&mut self, _: &[bool]) -> Result<(), ModelError> {
                unreachable!("the first step was wrong")
            }
            fn eos_token(&self) -> u32 {
                EOS
            }
            fn max_new_tokens(&self) -> usize {
                6
            }
        }
        let error = speak(&mut Short, &Array3::zeros((2, 1, 1)), 0, &|| false).unwrap_err();
        assert_eq!(error.to_string(), "lm_prefill: expected 2 of each, one a row, got 1 tokens, 1 log-probabilities");
    }

    proptest! {
        #[test]
        fn a_batch_says_what_its_rows_say_alone(
            scripts in prop::collection::vec(prop::collection::vec(0u32..9, 0..9), 0..8), max_tokens in 0usize..9,
        ) {
            let scripts: Vec<&[u32]> = scripts.iter().map(Vec::as_slice).collect();
            let together = Scripted::new(&scripts).run(max_tokens).unwrap();
            for (script, said) in scripts.iter().zip(&together) {
                prop_assert_eq!(&Scripted::new(&[script]).run(max_tokens).unwrap()[0], said);
            }
            prop_assert_eq!(together.len(), scripts.len());
        }
    }
}

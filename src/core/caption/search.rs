//! The search for the most likely words of a batch: greedy with one beam, beam search with more. Captions that are done
//! leave the batch.

use ndarray::{Array3, Axis};

use super::beams::{Beams, End, candidates};
use crate::core::ports::{LanguageModel, LanguageStep, ModelError};

/// What one row said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// Without the token that ends it.
    pub tokens: Vec<u32>,
    /// Mean natural log-probability of the emitted tokens, the one that ends it included; 0 when nothing was emitted.
    pub score: f32,
}

/// How captions are searched for.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Most tokens of a caption, the ending one counts; 0: as many as the model allows, which is the bound in any case.
    pub max_tokens: usize,
    /// Beginnings that are followed at the same time, at least 1, which is greedy. Time and memory grow with it.
    pub beams: usize,
}

/// Lets the model speak from each row of `prefix` (B, P, D). `cancel` is asked before every step.
///
/// # Errors
/// What the model's run gives; [`ModelError::Shape`] for a step of another number of rows; [`ModelError::Canceled`].
pub fn speak(
    model: &mut dyn LanguageModel,
    prefix: &Array3<f32>,
    search: Search,
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Utterance>, ModelError> {
    let Search { max_tokens, beams } = search;
    let limit = if max_tokens == 0 { model.max_new_tokens() } else { max_tokens.min(model.max_new_tokens()) };
    let count = prefix.len_of(Axis(0));
    if limit == 0 || count == 0 {
        return Ok(vec![Utterance::default(); count]);
    }
    let (end, best) = (End { token: model.eos_token(), limit }, candidates(beams));
    let mut captions: Vec<Beams> = (0..count).map(|_| Beams::new(beams)).collect();
    let mut last_tokens: Option<Vec<u32>> = None;
    loop {
        if cancel() {
            return Err(ModelError::Canceled);
        }
        let step = match &last_tokens {
            None => model.prefill(prefix, best)?,
            Some(tokens) => model.decode(tokens, best)?,
        };
        let rows = captions.iter().map(Beams::rows).sum();
        check(&step, rows, if last_tokens.is_none() { "lm_prefill" } else { "lm_decode" })?;
        let (parents, tokens) = advance(&mut captions, &step, end);
        if parents.is_empty() {
            return Ok(captions.into_iter().map(Beams::best).collect());
        }
        if !parents.iter().copied().eq(0..rows) {
            model.select(&parents)?;
        }
        last_tokens = Some(tokens);
    }
}

/// The rows of `step` that go on, a row once for each of its continuations, and their new tokens.
fn advance(captions: &mut [Beams], step: &LanguageStep, end: End) -> (Vec<usize>, Vec<u32>) {
    let (mut parents, mut tokens, mut first_row) = (Vec::new(), Vec::new(), 0);
    for beams in captions {
        let rows = beams.rows();
        for go_on in beams.advance(step, first_row, end) {
            parents.push(first_row + go_on.row);
            tokens.push(go_on.token);
        }
        first_row += rows;
    }
    (parents, tokens)
}

fn check(step: &LanguageStep, rows: usize, graph: &'static str) -> Result<(), ModelError> {
    let (tokens, log_probs) = (step.tokens.dim(), step.log_probs.dim());
    if tokens == log_probs && tokens.0 == rows && tokens.1 > 0 {
        return Ok(());
    }
    let got = format!("tokens {tokens:?}, log-probabilities {log_probs:?}");
    Err(ModelError::Shape { graph, expected: format!("({rows}, K) of each, one row for each that speaks"), got })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use ndarray::{Array1, array};
    use proptest::prelude::*;

    use super::*;

    const EOS: u32 = 99;
    const GREEDY: Search = Search { max_tokens: 0, beams: 1 };

    /// Says for each row what the script says, then [`EOS`]; the script is chosen by the first value of the row's prefix.
    /// The log-probability of token t is -t/8.
    #[derive(Default)]
    struct Scripted {
        scripts: Vec<Vec<u32>>,
        rows: Vec<(usize, usize)>,
        last: Vec<u32>,
        selected: Vec<Vec<usize>>,
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
            speak(self, &prefix, Search { max_tokens, beams: 1 }, &|| false)
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
            let tokens = Array1::from(tokens).insert_axis(Axis(1));
            Ok(LanguageStep { log_probs: tokens.mapv(|token| token as f32 / -8.0), tokens })
        }
    }

    impl LanguageModel for Scripted {
        fn prefill(&mut self, prefix: &Array3<f32>, _: usize) -> Result<LanguageStep, ModelError> {
            self.rows = prefix.outer_iter().map(|row| (row[[0, 0]] as usize, 0)).collect();
            self.step()
        }

        fn decode(&mut self, tokens: &[u32], _: usize) -> Result<LanguageStep, ModelError> {
            assert_eq!(tokens, self.last, "the kept rows' last tokens come back");
            self.step()
        }

        fn select(&mut self, rows: &[usize]) -> Result<(), ModelError> {
            self.rows = rows.iter().map(|&row| self.rows[row]).collect();
            self.last = rows.iter().map(|&row| self.last[row]).collect();
            self.selected.push(rows.to_vec());
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
        assert_eq!(model.selected, [[0, 2]], "when nobody is left there is nothing to select");
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
        assert_eq!((model.steps, model.selected.len()), (4, 0));
    }

    #[test]
    fn an_end_at_once_is_an_empty_text() {
        let mut model = Scripted::new(&[&[], &[1]]);
        let said = model.run(0).unwrap();
        assert_eq!(texts(&said), [&[][..], &[1]]);
        assert_eq!(said[0].score, -99.0 / 8.0);
        assert_eq!(model.selected, [[1]]);
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
        assert!(matches!(speak(&mut model, &prefix, GREEDY, &cancel), Err(ModelError::Canceled)));
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
            fn prefill(&mut self, _: &Array3<f32>, _: usize) -> Result<LanguageStep, ModelError> {
                Ok(LanguageStep { tokens: array![[1]], log_probs: array![[-1.0]] })
            }
            fn decode(&mut self, _: &[u32], _: usize) -> Result<LanguageStep, ModelError> {
                unreachable!("the first step was wrong")
            }
            fn select(&mut self, _: &[usize]) -> Result<(), ModelError> {
                unreachable!("the first step was wrong")
            }
            fn eos_token(&self) -> u32 {
                EOS
            }
            fn max_new_tokens(&self) -> usize {
                6
            }
        }
        let error = speak(&mut Short, &Array3::zeros((2, 1, 1)), GREEDY, &|| false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "lm_prefill: expected (2, K) of each, one row for each that speaks, got tokens (1, 1), log-probabilities (1, 1)"
        );
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

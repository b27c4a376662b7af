//! The language model's cache: a row's words do not depend on its neighbours, nor on rows that leave.

use ndarray::{Array3, Axis, stack};
use segcap::core::ports::{CaptionModel, ModelError};

use crate::support::BundleCopy;

/// Makes a (P, D) prefix whose mean, and so the first token, is `mean`.
fn prefix(mean: f32) -> ndarray::Array2<f32> {
    ndarray::Array2::from_shape_fn((2, 4), |(row, column)| mean + row as f32 - 0.5 + 0.1 * (column as f32 - 1.5))
}

fn batch(means: &[f32]) -> Array3<f32> {
    let rows: Vec<_> = means.iter().map(|mean| prefix(*mean)).collect();
    stack(Axis(0), &rows.iter().map(|row| row.view()).collect::<Vec<_>>()).unwrap()
}

fn model() -> CaptionModel {
    BundleCopy::tiny().load().unwrap().model.caption.unwrap()
}

/// The first `steps` tokens of one row alone.
fn alone(model: &mut CaptionModel, mean: f32, steps: usize) -> Vec<u32> {
    let mut tokens = model.language.prefill(&batch(&[mean]), 1).unwrap().likeliest();
    while tokens.len() < steps {
        tokens.extend(model.language.decode(&tokens[tokens.len() - 1..], 1).unwrap().likeliest());
    }
    tokens
}

#[test]
fn the_past_decides() {
    let mut model = model();
    // The first token is the mean; then last + 1 + mean of the keys + mean of the values' absolutes, modulo 7.
    let first = model.language.prefill(&batch(&[2.0]), 1).unwrap();
    assert_eq!(first.likeliest(), [2]);
    assert!(first.log_probs[[0, 0]] <= 0.0 && first.log_probs[[0, 0]] > -1.0);
    assert_eq!(model.language.decode(&[2], 1).unwrap().likeliest(), [0], "2 + 1 + 2 + 2 = 7");
    // The cache now holds rows of 1.5, 2.5 and the token 2: their mean is 2 again.
    assert_eq!(model.language.decode(&[0], 1).unwrap().likeliest(), [5], "0 + 1 + 2 + 2");
}

#[test]
fn rows_do_not_touch_each_other() {
    let mut model = model();
    let means = [1.0, 3.0, 0.7, 2.2];
    let expected: Vec<_> = means.iter().map(|mean| alone(&mut model, *mean, 6)).collect();
    let mut step = model.language.prefill(&batch(&means), 1).unwrap();
    for at in 0..6 {
        let column: Vec<_> = expected.iter().map(|tokens| tokens[at]).collect();
        assert_eq!(step.likeliest(), column, "token {at}");
        if at < 5 {
            step = model.language.decode(&step.likeliest(), 1).unwrap();
        }
    }
}

#[test]
fn rows_that_leave_leave_the_others_alone() {
    let mut model = model();
    let means = [1.0, 3.0, 0.7, 2.2];
    let expected: Vec<_> = means.iter().map(|mean| alone(&mut model, *mean, 6)).collect();
    let mut alive = vec![0, 1, 2, 3];
    let leaves = [None, Some(1), None, Some(3), Some(0)];
    let mut tokens = model.language.prefill(&batch(&means), 1).unwrap().likeliest();
    for (at, leaving) in leaves.into_iter().enumerate() {
        let kept: Vec<_> = (0..alive.len()).filter(|place| Some(alive[*place]) != leaving).collect();
        model.language.select(&kept).unwrap();
        alive = kept.iter().map(|place| alive[*place]).collect();
        tokens = kept.iter().map(|place| tokens[*place]).collect();
        tokens = model.language.decode(&tokens, 1).unwrap().likeliest();
        let column: Vec<_> = alive.iter().map(|row| expected[*row][at + 1]).collect();
        assert_eq!(tokens, column, "token {}", at + 1);
    }
    assert_eq!(alive, [2]);
}

#[test]
fn a_row_that_comes_twice_goes_on_in_two_ways() {
    let mut model = model();
    let means = [1.0, 3.0];
    let expected: Vec<_> = means.iter().map(|mean| alone(&mut model, *mean, 3)).collect();
    model.language.prefill(&batch(&means), 1).unwrap();
    model.language.select(&[1, 0, 1]).unwrap();
    let other = (expected[1][0] + 1) % 7;
    let second = model.language.decode(&[expected[1][0], expected[0][0], other], 1).unwrap().likeliest();
    assert_eq!(second[..2], [expected[1][1], expected[0][1]]);
    assert_eq!(second[2], (second[0] + 1) % 7, "the same past, a token larger by one");
}

#[test]
fn wrong_numbers_of_rows_are_errors() {
    let mut model = model();
    model.language.prefill(&batch(&[1.0, 2.0]), 1).unwrap();
    for (error, told) in [
        (model.language.decode(&[1], 1).unwrap_err(), "2 rows"),
        (model.language.select(&[0, 2]).unwrap_err(), "rows below 2, got 2"),
    ] {
        assert!(matches!(error, ModelError::Shape { .. }), "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    model.language.select(&[]).unwrap();
    assert!(model.language.decode(&[], 1).is_err());
    assert!(model.language.decode(&[1], 1).is_err());
    model.language.prefill(&batch(&[1.0]), 1).unwrap();
    model.language.decode(&[1], 1).unwrap();
}

#[test]
fn numbers_that_are_none_are_errors() {
    let mut model = model();
    let error = model.language.prefill(&batch(&[f32::NAN]), 1).unwrap_err().to_string();
    assert!(error.contains("lm_prefill") && error.contains("NaN"), "{error}");
    assert!(model.language.decode(&[1], 1).is_err(), "a failed prefill leaves no batch behind");
}

#[test]
fn words() {
    let model = model();
    assert_eq!(model.detokenizer.text(&[1, 2, 3, 0]).unwrap(), "a red mug");
    assert_eq!(model.detokenizer.text(&[]).unwrap(), "");
    assert_eq!(model.language.eos_token(), 0);
    assert_eq!(model.language.max_new_tokens(), 8);
}

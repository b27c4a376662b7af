//! Words for regions: SCA's way from an embedding and prompts to captions (SCA paper, section 3).

pub mod beams;
#[cfg(test)]
mod beams_tests;
pub mod reuse;
pub mod search;

use std::sync::Arc;

use ndarray::{Array3, ArrayView2, Axis, stack};

use super::ports::{CaptionModel, CaptionPrefix, Embedding, ModelError};
use super::prompt::Shape;
use super::prompt::batch::{PromptGroup, group};
use super::text::one_line;
use search::{Search, Utterance};

/// A caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// One line, trimmed, without control characters (a message with a NUL could not be sent). May be empty.
    pub text: String,
    /// Without the token that ends it.
    pub tokens: Vec<u32>,
    /// Mean natural log-probability of the emitted tokens, the one that ends the caption included; <= 0.
    pub score: f32,
}

/// Captions `shapes` of one image, in their order.
///
/// `batch`: captions spoken together, at least 1.
/// A mask is captioned by its box and clicks, [`Shape::Everything`] by the box of the whole image. `cancel` is asked before
/// every run of the model; `true` ends in [`ModelError::Canceled`].
///
/// # Errors
/// What the model's run gives; [`ModelError::Shape`] for prefixes of another number or of unequal shapes;
/// [`ModelError::Canceled`].
pub fn describe(
    model: &mut CaptionModel,
    embedding: &Embedding,
    shapes: &[Arc<Shape>],
    search: Search,
    batch: usize,
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Spoken>, ModelError> {
    // Prefixes have the same P whatever the number of points, so captions of all kinds of prompts share batches.
    let prefixes = prefixes(model.prefix.as_mut(), embedding, shapes, cancel)?;
    let mut spoken = Vec::with_capacity(shapes.len());
    for rows in prefixes.chunks(batch.max(1)) {
        let rows: Vec<ArrayView2<f32>> = rows.iter().map(|prefix| prefix.view()).collect();
        let rows = stack(Axis(0), &rows).map_err(|_| unequal(&rows))?;
        for utterance in search::speak(model.language.as_mut(), &rows, search, cancel)? {
            spoken.push(write_down(utterance, |tokens| model.detokenizer.text(tokens))?);
        }
    }
    Ok(spoken)
}

/// One (P, D) for each shape, in their order.
fn prefixes(
    model: &mut dyn CaptionPrefix,
    embedding: &Embedding,
    shapes: &[Arc<Shape>],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<ndarray::Array2<f32>>, ModelError> {
    let mut prefixes = vec![ndarray::Array2::zeros((0, 0)); shapes.len()];
    for PromptGroup { indices, batch } in group(shapes.iter().map(Arc::as_ref), &embedding.transform, None) {
        if cancel() {
            return Err(ModelError::Canceled);
        }
        let rows: Array3<f32> = model.prefix(embedding, &batch)?;
        if rows.shape()[0] != indices.len() {
            let expected = format!("{} prompts", indices.len());
            return Err(ModelError::Shape { graph: "caption_prefix", expected, got: format!("{:?}", rows.shape()) });
        }
        for (index, row) in indices.into_iter().zip(rows.outer_iter()) {
            prefixes[index] = row.to_owned();
        }
    }
    Ok(prefixes)
}

fn unequal(rows: &[ArrayView2<f32>]) -> ModelError {
    let shapes: Vec<&[usize]> = rows.iter().map(|row| row.shape()).collect();
    let expected = "prefixes of equal shape whatever the number of points".into();
    ModelError::Shape { graph: "caption_prefix", expected, got: format!("{shapes:?}") }
}

fn write_down(
    utterance: Utterance,
    detokenize: impl Fn(&[u32]) -> Result<String, ModelError>,
) -> Result<Spoken, ModelError> {
    let Utterance { tokens, score } = utterance;
    let text = if tokens.is_empty() { String::new() } else { one_line(&detokenize(&tokens)?, usize::MAX) };
    Ok(Spoken { text, tokens, score })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::geometry::{PixelBox, Point, Size};
    use crate::core::mask::Mask;
    use crate::core::prompt::Click;
    use crate::core::testing::fake_model::{Call, FakeControl, fake_embedding, fake_model};

    const IMAGE: Size = Size { width: 640, height: 480 };
    const GREEDY: Search = Search { max_tokens: 0, beams: 1 };

    fn shapes() -> Vec<Arc<Shape>> {
        let click = |x, y, foreground| Click { at: Point::new(x, y), foreground };
        let rect = PixelBox::new(100, 50, 20, 40);
        [
            Shape::Points(vec![click(5.0, 7.0, true)]),
            Shape::Box { rect, clicks: vec![] },
            Shape::Box { rect, clicks: vec![click(1.0, 1.0, false)] },
            Shape::Points(vec![click(320.0, 7.0, true), click(322.0, 9.0, true)]),
            Shape::Mask { mask: Arc::new(Mask::filled(rect).unwrap()), clicks: vec![] },
            Shape::Everything,
        ]
        .map(Arc::new)
        .to_vec()
    }

    const TEXTS: [&str; 6] =
        ["thing at 5 7", "thing at 110 70", "thing at 110 70", "thing at 321 8", "thing at 110 70", "thing at 320 240"];

    fn run(shapes: &[Arc<Shape>], batch: usize) -> (Result<Vec<Spoken>, ModelError>, Arc<FakeControl>) {
        let (model, control) = fake_model();
        let mut caption = model.caption.unwrap();
        (describe(&mut caption, &fake_embedding(IMAGE), shapes, GREEDY, batch, &|| false), control)
    }

    #[test]
    fn prompts_of_all_kinds_are_described_in_their_order_in_one_language_batch() {
        let (spoken, control) = run(&shapes(), 16);
        let texts: Vec<String> = spoken.unwrap().into_iter().map(|spoken| spoken.text).collect();
        assert_eq!(texts, TEXTS);
        assert_eq!(control.calls(Call::Prefix), 2, "K is 2 for boxes and one click, 3 for the rest");
        assert_eq!((control.calls(Call::Prefill), control.rows(Call::Prefill)), (1, 6));
        let longest = "thing at 320 240".len() - "thing at".len() + 2;
        assert_eq!(control.calls(Call::Step), longest, "as many steps as the longest caption");
        assert!(control.rows(Call::Step) < 6 * longest, "finished rows leave");
    }

    #[test]
    fn the_batch_size_does_not_change_the_words() {
        for batch in [0, 1, 2, 5] {
            let (spoken, control) = run(&shapes(), batch);
            let texts: Vec<String> = spoken.unwrap().into_iter().map(|spoken| spoken.text).collect();
            assert_eq!(texts, TEXTS);
            assert_eq!(control.calls(Call::Prefill), 6usize.div_ceil(batch.max(1)));
        }
    }

    #[test]
    fn no_shapes_no_runs() {
        let (spoken, control) = run(&[], 4);
        assert_eq!(spoken.unwrap(), []);
        assert_eq!((control.calls(Call::Prefix), control.calls(Call::Prefill)), (0, 0));
    }

    #[test]
    fn a_short_limit_cuts_the_text() {
        let (model, _) = fake_model();
        let embedding = fake_embedding(IMAGE);
        let spoken = describe(
            &mut model.caption.unwrap(),
            &embedding,
            &shapes()[..1],
            Search { max_tokens: 2, beams: 1 },
            4,
            &|| false,
        )
        .unwrap();
        assert_eq!((spoken[0].text.as_str(), spoken[0].tokens.len()), ("thing at", 2));
    }

    #[test]
    fn it_can_be_canceled_and_it_can_fail() {
        let (model, control) = fake_model();
        let (mut caption, embedding) = (model.caption.unwrap(), fake_embedding(IMAGE));
        let canceled = describe(&mut caption, &embedding, &shapes(), GREEDY, 4, &|| true);
        assert!(matches!(canceled, Err(ModelError::Canceled)));
        assert_eq!(control.calls(Call::Prefix), 0);
        for call in [Call::Prefix, Call::Prefill, Call::Step] {
            control.fail_next(call, 1);
            let failed = describe(&mut caption, &embedding, &shapes(), GREEDY, 4, &|| false);
            assert!(matches!(failed, Err(ModelError::Run { .. })), "{call:?}");
        }
        assert!(describe(&mut caption, &embedding, &shapes(), GREEDY, 4, &|| false).is_ok(), "and goes on afterwards");
    }

    #[test]
    fn text_is_cleaned() {
        let utterance = Utterance { tokens: vec![7], score: -0.5 };
        let spoken = write_down(utterance, |_| Ok("  a\0 red\tmug\r\n\u{7f}on it \u{85}".into())).unwrap();
        assert_eq!(spoken.text, "a red mug on it");
    }
}

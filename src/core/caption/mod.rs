//! Words for regions: SCA's way from an embedding and prompts to captions (SCA paper, section 3).

pub mod beams;
#[cfg(test)]
mod beams_tests;
pub mod reuse;
pub mod search;

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, stack};

use super::geometry::transform::ModelFromImage;
use super::geometry::{PixelBox, Point};
use super::ports::{CaptionModel, CaptionPrefix, Embedding, ModelError, RegionBatch};
use super::prompt::Shape;
use super::prompt::batch::{PromptGroup, group};
use super::region::names::NameScores;
use super::region::{Region, ScoreKind};
use super::text::one_line;
use search::{Search, Utterance};

/// A region to be captioned.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The prompt that made it.
    pub shape: Arc<Shape>,
    /// Of its mask, pixels of the image.
    pub bbox: PixelBox,
}

impl Subject {
    pub fn of(region: &Region) -> Self {
        Self { shape: Arc::clone(&region.prompt), bbox: region.bbox() }
    }
}

/// A caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// One line, trimmed, without control characters (a message with a NUL could not be sent). May be empty.
    pub text: String,
    /// Without the token that ends it.
    pub tokens: Vec<u32>,
    /// The model's own rating of the caption, or else the mean natural log-probability of the emitted tokens, the one that
    /// ends the caption included.
    pub score: f32,
    pub score_kind: ScoreKind,
    /// From the captioner, or else from the image's detections.
    pub names: NameScores,
}

/// Captions `subjects` of one image, in their order.
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
    subjects: &[Subject],
    search: Search,
    batch: usize,
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Spoken>, ModelError> {
    // Prefixes have the same P whatever the number of points, so captions of all kinds of prompts share batches.
    let known = know(model.prefix.as_mut(), embedding, subjects, cancel)?;
    let mut spoken = Vec::with_capacity(subjects.len());
    for known in known.chunks(batch.max(1)) {
        let rows: Vec<ArrayView2<f32>> = known.iter().map(|known| known.prefix.view()).collect();
        let rows = stack(Axis(0), &rows).map_err(|_| unequal(&rows))?;
        let utterances = search::speak(model.language.as_mut(), &rows, search, cancel)?;
        for (utterance, known) in utterances.into_iter().zip(known) {
            spoken.push(write_down(utterance, known, |tokens| model.detokenizer.text(tokens))?);
        }
    }
    Ok(spoken)
}

/// What is known of a region before the language model speaks of it.
#[derive(Clone, Debug, Default)]
struct Known {
    /// (P, D).
    prefix: Array2<f32>,
    names: NameScores,
    caption_score: Option<f32>,
}

/// One for each subject, in their order.
fn know(
    model: &mut dyn CaptionPrefix,
    embedding: &Embedding,
    subjects: &[Subject],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Known>, ModelError> {
    let mut known = vec![Known::default(); subjects.len()];
    let shapes = subjects.iter().map(|subject| &*subject.shape);
    for PromptGroup { indices, batch } in group(shapes, &embedding.transform, None) {
        if cancel() {
            return Err(ModelError::Canceled);
        }
        let boxes = boxes(indices.iter().map(|&index| subjects[index].bbox), &embedding.transform);
        let got = model.prefix(embedding, &RegionBatch { prompts: batch, boxes })?;
        if got.prefix.shape()[0] != indices.len() {
            let expected = format!("{} prompts", indices.len());
            let got = format!("{:?}", got.prefix.shape());
            return Err(ModelError::Shape { graph: "caption_prefix", expected, got });
        }
        for (row, (index, prefix)) in indices.into_iter().zip(got.prefix.outer_iter()).enumerate() {
            let names = match &got.names {
                Some(names) => names.get(row).cloned().unwrap_or_default(),
                None => embedding.names_of(subjects[index].bbox),
            };
            let caption_score = got.caption_scores.as_ref().and_then(|scores| scores.get(row).copied());
            known[index] = Known { prefix: prefix.to_owned(), names, caption_score };
        }
    }
    Ok(known)
}

/// (N, 4): x0, y0, x1, y1 in the encoder's square.
fn boxes(rects: impl ExactSizeIterator<Item = PixelBox>, transform: &ModelFromImage) -> Array2<f32> {
    let mut boxes = Array2::zeros((rects.len(), 4));
    for (mut row, rect) in boxes.rows_mut().into_iter().zip(rects) {
        let top_left = transform.point(Point::new(rect.x as f32, rect.y as f32));
        let bottom_right = transform.point(Point::new(rect.right() as f32, rect.bottom() as f32));
        row.assign(&ndarray::arr1(&[top_left.x, top_left.y, bottom_right.x, bottom_right.y]));
    }
    boxes
}

fn unequal(rows: &[ArrayView2<f32>]) -> ModelError {
    let shapes: Vec<&[usize]> = rows.iter().map(|row| row.shape()).collect();
    let expected = "prefixes of equal shape whatever the number of points".into();
    ModelError::Shape { graph: "caption_prefix", expected, got: format!("{shapes:?}") }
}

fn write_down(
    utterance: Utterance,
    known: &Known,
    detokenize: impl Fn(&[u32]) -> Result<String, ModelError>,
) -> Result<Spoken, ModelError> {
    let Utterance { tokens, score: mean_log_prob } = utterance;
    let text = if tokens.is_empty() { String::new() } else { one_line(&detokenize(&tokens)?, usize::MAX) };
    let (score, score_kind) = match known.caption_score {
        Some(probability) => (probability, ScoreKind::Probability),
        None => (mean_log_prob, ScoreKind::MeanLogProb),
    };
    Ok(Spoken { text, tokens, score, score_kind, names: known.names.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::detections::{DetectedBox, Detections};
    use crate::core::geometry::{FloatBox, PixelBox, Point, Size};
    use crate::core::mask::Mask;
    use crate::core::prompt::Click;
    use crate::core::testing::fake_model::{Call, FakeControl, fake_embedding, fake_model, fake_model_with_names};

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

    fn subjects() -> Vec<Subject> {
        shapes().into_iter().map(|shape| Subject { shape, bbox: PixelBox::new(96, 48, 32, 64) }).collect()
    }

    const TEXTS: [&str; 6] =
        ["thing at 5 7", "thing at 110 70", "thing at 110 70", "thing at 321 8", "thing at 110 70", "thing at 320 240"];

    fn run(subjects: &[Subject], batch: usize) -> (Result<Vec<Spoken>, ModelError>, Arc<FakeControl>) {
        let (model, control) = fake_model();
        let mut caption = model.caption.unwrap();
        (describe(&mut caption, &fake_embedding(IMAGE), subjects, GREEDY, batch, &|| false), control)
    }

    #[test]
    fn prompts_of_all_kinds_are_described_in_their_order_in_one_language_batch() {
        let (spoken, control) = run(&subjects(), 16);
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
            let (spoken, control) = run(&subjects(), batch);
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
            &subjects()[..1],
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
        let canceled = describe(&mut caption, &embedding, &subjects(), GREEDY, 4, &|| true);
        assert!(matches!(canceled, Err(ModelError::Canceled)));
        assert_eq!(control.calls(Call::Prefix), 0);
        for call in [Call::Prefix, Call::Prefill, Call::Step] {
            control.fail_next(call, 1);
            let failed = describe(&mut caption, &embedding, &subjects(), GREEDY, 4, &|| false);
            assert!(matches!(failed, Err(ModelError::Run { .. })), "{call:?}");
        }
        assert!(
            describe(&mut caption, &embedding, &subjects(), GREEDY, 4, &|| false).is_ok(),
            "and goes on afterwards"
        );
    }

    #[test]
    fn names_and_scores_come_from_the_captioner() {
        let (model, _) = fake_model_with_names();
        let spoken = describe(&mut model.caption.unwrap(), &detected(), &subjects(), GREEDY, 4, &|| false).unwrap();
        for one in spoken {
            let names: Vec<(&str, f32)> = one.names.iter().map(|one| (&*one.name, one.score)).collect();
            assert_eq!(names, [("mug", 0.75), ("cup", 0.5)], "and not from the detector");
            // The mask is 32 pixels wide in an image of 640.
            assert!((one.score - 0.05).abs() < 1e-6 && one.score_kind == ScoreKind::Probability, "{one:?}");
        }
    }

    #[test]
    fn without_names_of_the_captioner_they_come_from_the_detector() {
        let (model, _) = fake_model();
        let mut caption = model.caption.unwrap();
        let spoken = describe(&mut caption, &detected(), &subjects()[..1], GREEDY, 4, &|| false).unwrap();
        let names: Vec<(&str, f32)> = spoken[0].names.iter().map(|one| (&*one.name, one.score)).collect();
        assert_eq!(names, [("bowl", 0.4)]);
        assert_eq!(spoken[0].score_kind, ScoreKind::MeanLogProb);
        let bare = describe(&mut caption, &fake_embedding(IMAGE), &subjects()[..1], GREEDY, 4, &|| false).unwrap();
        assert!(bare[0].names.is_empty());
    }

    /// Half of the subjects' box is a bowl.
    fn detected() -> Embedding {
        let rect = FloatBox { left: 96.0, top: 48.0, right: 128.0, bottom: 80.0 };
        let detections =
            Detections::new([DetectedBox { rect, score: 0.8, class: 0 }], ["bowl"].into_iter().collect(), IMAGE);
        let embedding = fake_embedding(IMAGE);
        embedding.detections.set(detections).unwrap();
        embedding
    }

    #[test]
    fn text_is_cleaned() {
        let utterance = Utterance { tokens: vec![7], score: -0.5 };
        let spoken =
            write_down(utterance, &Known::default(), |_| Ok("  a\0 red\tmug\r\n\u{7f}on it \u{85}".into())).unwrap();
        assert_eq!(spoken.text, "a red mug on it");
    }
}

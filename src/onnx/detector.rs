//! The role `object_detector`.

use image::RgbImage;
use ndarray::{Ix2, Ix3};

use super::encoder::feed_pixels;
use super::preprocess::Preprocessor;
use super::session::{Graph, Outputs};
use crate::core::detections::{DetectedBox, Detections};
use crate::core::geometry::transform::ModelFromImage;
use crate::core::geometry::{FloatBox, Point, Size};
use crate::core::ports::{Embedding, ModelError, ObjectDetector};
use crate::core::region::names::NameList;

/// A detector on the encoder's features, or on pixels of its own.
pub struct OnnxDetector {
    graph: Graph,
    names: NameList,
    /// Of its own `pixels`; `None`: it works on the encoder's features.
    preprocessor: Option<Preprocessor>,
}

impl OnnxDetector {
    pub fn new(graph: Graph, names: NameList, preprocessor: Option<Preprocessor>) -> Self {
        Self { graph, names, preprocessor }
    }
}

impl ObjectDetector for OnnxDetector {
    fn names(&self) -> &NameList {
        &self.names
    }

    fn detect(&mut self, image: &RgbImage, embedding: &Embedding) -> Result<Detections, ModelError> {
        let Self { graph, names, preprocessor } = self;
        let (outputs, transform) = match preprocessor {
            Some(preprocessor) => {
                let transform = preprocessor.transform(Size::new(image.width(), image.height()));
                let pixels = feed_pixels(graph.role(), preprocessor, image)?;
                (graph.run(vec![pixels])?, transform)
            }
            None => (graph.run_on(embedding, Vec::new())?, embedding.transform),
        };
        detections(&outputs, names, &transform)
    }
}

fn detections(outputs: &Outputs<'_>, names: &NameList, transform: &ModelFromImage) -> Result<Detections, ModelError> {
    let boxes = outputs.array::<Ix3>("boxes")?;
    let scores = outputs.probabilities::<Ix2>("scores")?;
    let classes = outputs.integers::<Ix2>("class_ids")?;
    let count = scores.ncols();
    if boxes.dim() != (1, count, 4) || scores.nrows() != 1 || classes.dim() != (1, count) {
        let expected = "boxes (1, D, 4), scores (1, D) and class_ids (1, D) with the same D".to_owned();
        let got = [boxes.shape(), scores.shape(), classes.shape()].concat();
        return Err(outputs.shape_error(expected, &got));
    }
    if let Some(wrong) = boxes.iter().find(|value| !value.is_finite()) {
        return Err(outputs.run_error(&format!("output `boxes`: expected finite numbers, got {wrong}")));
    }
    let classes: Vec<usize> =
        classes.iter().map(|&class| class_index(outputs, names, class)).collect::<Result<_, _>>()?;
    let found = (0..count).map(|at| {
        let [x0, y0, x1, y1] = [0, 1, 2, 3].map(|side| boxes[[0, at, side]]);
        let top_left = transform.image_point(Point::new(x0, y0));
        let bottom_right = transform.image_point(Point::new(x1, y1));
        let rect = FloatBox { left: top_left.x, top: top_left.y, right: bottom_right.x, bottom: bottom_right.y };
        DetectedBox { rect, score: scores[[0, at]], class: classes[at] }
    });
    Ok(Detections::new(found, names.clone(), transform.image))
}

/// Without names any class will do: boxes are of use without.
fn class_index(outputs: &Outputs<'_>, names: &NameList, class: i64) -> Result<usize, ModelError> {
    let index = usize::try_from(class).ok().filter(|index| names.is_empty() || *index < names.len());
    index.ok_or_else(|| {
        let most = if names.is_empty() { "above".to_owned() } else { (names.len() - 1).to_string() };
        outputs.run_error(&format!("output `class_ids`: expected 0 to {most}, got {class}"))
    })
}

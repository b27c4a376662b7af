//! What an object detector has found in an image: boxes with classes. They propose prompts and give regions their names.

use std::collections::BTreeMap;

use super::geometry::{FloatBox, PixelBox, Size};
use super::ports::Embedding;
use super::region::names::{NameList, NameScores};
use super::segment::nms;

/// A detection below this score proposes nothing. Detectors are shown with thresholds of 0.25 to 0.4, below which most of their
/// names are wrong; a box may be right where its name is not, and the mask decoder rates what is in it.
const MIN_PROPOSAL_SCORE: f32 = 0.15;
/// Boxes that overlap more than this (IoU), of whatever classes, are one object: the threshold of SAM's own box NMS.
const PROPOSAL_NMS_IOU: f32 = 0.7;
/// COCO's limit on detections an image; so many boxes are two runs of the decoder.
const MAX_PROPOSALS: usize = 100;
/// Below this a detection is not kept: detectors without a threshold of their own give thousands of boxes.
const MIN_KEPT_SCORE: f32 = 0.01;

/// One detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedBox {
    /// Pixels of the image.
    pub rect: FloatBox,
    /// 0 to 1.
    pub score: f32,
    /// Index in the detector's names.
    pub class: usize,
}

/// All detections of an image.
#[derive(Clone, Debug)]
pub struct Detections {
    boxes: Vec<DetectedBox>,
    names: NameList,
    image: Size,
}

impl Detections {
    /// Boxes are cut at the edges of the `image`; what lies outside of it is left out. `names` may be empty, or have one name
    /// for each class.
    pub fn new(boxes: impl IntoIterator<Item = DetectedBox>, names: NameList, image: Size) -> Self {
        let inside = boxes.into_iter().filter(|one| one.score >= MIN_KEPT_SCORE).filter_map(|one| {
            let rect = one.rect.within(image)?;
            Some(DetectedBox { rect, ..one })
        });
        Self { boxes: inside.collect(), names, image }
    }

    /// Boxes with which the mask decoder is worth prompting, best first.
    pub fn proposals(&self) -> Vec<PixelBox> {
        let good: Vec<&DetectedBox> = self.boxes.iter().filter(|one| one.score >= MIN_PROPOSAL_SCORE).collect();
        let scores: Vec<f32> = good.iter().map(|one| one.score).collect();
        let kept = nms::keep_best(&scores, MAX_PROPOSALS, |better, index| {
            good[better].rect.iou(good[index].rect) > PROPOSAL_NMS_IOU
        });
        kept.into_iter().map(|index| good[index].rect.to_pixels(self.image)).collect()
    }

    /// The names of the region with this box: for each class the largest product of score and IoU.
    pub fn names_of(&self, bbox: PixelBox) -> NameScores {
        let mut best: BTreeMap<usize, f32> = BTreeMap::new();
        for one in &self.boxes {
            let score = one.score * one.rect.iou(bbox.into());
            let known = best.entry(one.class).or_default();
            *known = known.max(score);
        }
        NameScores::best(&self.names, (0..self.names.len()).map(|class| best.get(&class).copied().unwrap_or_default()))
    }
}

impl Embedding {
    /// The names that the image's detections give the region with this box; none before the detector has run.
    pub fn names_of(&self, bbox: PixelBox) -> NameScores {
        self.detections.get().map(|detections| detections.names_of(bbox)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Size = Size { width: 100, height: 80 };

    fn one(left: f32, top: f32, right: f32, bottom: f32, score: f32, class: usize) -> DetectedBox {
        DetectedBox { rect: FloatBox { left, top, right, bottom }, score, class }
    }

    fn detections(boxes: &[DetectedBox]) -> Detections {
        Detections::new(boxes.iter().copied(), ["cup", "mug", "bowl"].into_iter().collect(), IMAGE)
    }

    #[test]
    fn proposals_are_sure_apart_and_best_first() {
        let found = detections(&[
            one(0.0, 0.0, 20.0, 20.0, 0.14, 0),
            one(10.0, 10.0, 30.0, 30.0, 0.5, 0),
            one(11.0, 10.0, 30.0, 30.0, 0.9, 1),
            one(50.0, 10.0, 90.0, 30.0, 0.7, 1),
        ]);
        assert_eq!(found.proposals(), [PixelBox::new(11, 10, 19, 20), PixelBox::new(50, 10, 40, 20)]);
        let many: Vec<_> = (0..300)
            .map(|i| {
                one((i % 100) as f32, (i / 100 * 20) as f32, (i % 100 + 1) as f32, (i / 100 * 20 + 2) as f32, 0.5, 0)
            })
            .collect();
        assert_eq!(detections(&many).proposals().len(), MAX_PROPOSALS);
    }

    #[test]
    fn boxes_are_cut_at_the_edges_and_have_a_pixel_at_least() {
        let found = detections(&[
            one(-5.0, -5.0, 10.2, 200.0, 0.9, 0),
            one(99.8, 79.9, 120.0, 90.0, 0.8, 0),
            one(40.0, 40.0, 40.0, 50.0, 0.8, 0),
            one(60.0, 50.0, 50.0, 60.0, 0.8, 0),
            one(100.0, 10.0, 120.0, 20.0, 0.8, 0),
        ]);
        assert_eq!(found.proposals(), [PixelBox::new(0, 0, 10, 80), PixelBox::new(99, 79, 1, 1)]);
    }

    #[test]
    fn a_region_is_called_by_what_overlaps_it() {
        let found = detections(&[
            one(10.0, 10.0, 30.0, 30.0, 0.8, 0),
            one(10.0, 10.0, 30.0, 20.0, 0.9, 0),
            one(10.0, 10.0, 30.0, 30.0, 0.2, 1),
            one(70.0, 10.0, 90.0, 30.0, 0.9, 2),
        ]);
        let names = found.names_of(PixelBox::new(10, 10, 20, 20));
        let names: Vec<(&str, f32)> = names.iter().map(|one| (&*one.name, one.score)).collect();
        assert_eq!(names, [("cup", 0.8), ("mug", 0.2)]);
        assert!(found.names_of(PixelBox::new(0, 60, 5, 5)).is_empty());
        let nameless = Detections::new([one(10.0, 10.0, 30.0, 30.0, 0.8, 7)], NameList::default(), IMAGE);
        assert!(nameless.names_of(PixelBox::new(10, 10, 20, 20)).is_empty());
    }
}

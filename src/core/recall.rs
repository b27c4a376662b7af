//! How many true objects everything-mode finds: recall at an IoU, and what it costs in masks.

use super::spans::Spans;

/// Counts over many images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recall {
    pub images: usize,
    /// Masks that were proposed.
    pub masks: usize,
    /// True objects.
    pub truths: usize,
    /// True objects with a mask of their own that overlaps them enough.
    pub found: usize,
    /// Of each true object the best IoU with any mask, summed.
    best_iou_sum: f64,
}

impl Recall {
    /// One image's masks against its true objects. Each mask finds at most one object; pairs are taken by falling IoU
    /// and count from `min_iou` on (0 to 1).
    pub fn add_image(&mut self, masks: &[Spans], truths: &[Spans], min_iou: f32) {
        let mut pairs = Vec::new();
        for (truth_index, truth) in truths.iter().enumerate() {
            let ious: Vec<f32> = masks.iter().map(|mask| mask.iou(truth)).collect();
            self.best_iou_sum += f64::from(ious.iter().copied().fold(0.0, f32::max));
            let good = ious.into_iter().enumerate().filter(|(_, iou)| *iou >= min_iou && *iou > 0.0);
            pairs.extend(good.map(|(mask_index, iou)| (iou, truth_index, mask_index)));
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut truth_taken, mut mask_taken) = (vec![false; truths.len()], vec![false; masks.len()]);
        for (_, truth, mask) in pairs {
            if !truth_taken[truth] && !mask_taken[mask] {
                (truth_taken[truth], mask_taken[mask]) = (true, true);
                self.found += 1;
            }
        }
        self.images += 1;
        self.masks += masks.len();
        self.truths += truths.len();
    }

    /// Share of the true objects that were found, 0 to 1; 0 without any.
    pub fn recall(&self) -> f64 {
        share(self.found as f64, self.truths)
    }

    /// Mean over the true objects of the best IoU with any mask, 0 to 1.
    pub fn mean_best_iou(&self) -> f64 {
        share(self.best_iou_sum, self.truths)
    }

    pub fn masks_per_image(&self) -> f64 {
        share(self.masks as f64, self.images)
    }
}

fn share(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::geometry::PixelBox;
    use crate::core::mask::Mask;

    fn rect(x: u32, width: u32) -> Spans {
        Spans::from(&Mask::filled(PixelBox::new(x, 0, width, 10)).unwrap())
    }

    #[test]
    fn each_mask_finds_one_object() {
        let mut recall = Recall::default();
        // The wide mask covers both objects half; the exact one belongs to the second.
        recall.add_image(&[rect(0, 20), rect(10, 10), rect(50, 3)], &[rect(0, 10), rect(10, 10)], 0.5);
        assert_eq!((recall.found, recall.truths, recall.masks), (2, 2, 3));
        recall.add_image(&[rect(0, 20)], &[rect(0, 10), rect(10, 10)], 0.5);
        assert_eq!((recall.found, recall.truths), (3, 4));
        assert_eq!((recall.recall(), recall.masks_per_image()), (0.75, 2.0));
        assert_eq!(recall.mean_best_iou(), (0.5 + 1.0 + 0.5 + 0.5) / 4.0);
    }

    #[test]
    fn nothing_is_no_division_by_zero() {
        let mut recall = Recall::default();
        assert_eq!((recall.recall(), recall.masks_per_image()), (0.0, 0.0));
        recall.add_image(&[], &[rect(0, 5)], 0.0);
        assert_eq!((recall.recall(), recall.mean_best_iou()), (0.0, 0.0));
    }
}

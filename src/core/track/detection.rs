//! A frame's detections in an order that does not depend on how they came, duplicates put together.

use super::Detection;
use super::appearance::Appearance;
use crate::core::geometry::PixelBox;

/// One object in the frame.
pub(super) struct Group<'a> {
    /// Of the members the first: with a sticky prompt before without, then the surest.
    pub leader: &'a Detection,
    /// Indices in the observation.
    pub members: Vec<usize>,
}

impl Group<'_> {
    pub fn appearance(&self) -> Option<&Appearance> {
        self.leader.appearance.as_ref()
    }
}

/// In a fixed order. Detections of different sticky prompts are never duplicates: each prompt has its own region.
pub(super) fn grouped(detections: &[Detection], duplicate_iou: f32) -> Vec<Group<'_>> {
    let mut order: Vec<usize> = (0..detections.len()).collect();
    order.sort_by(|&a, &b| compare(&detections[a], &detections[b]));
    let mut groups: Vec<Group> = Vec::new();
    for index in order {
        let detection = &detections[index];
        let twin = groups.iter_mut().find(|group| is_duplicate(group.leader, detection, duplicate_iou));
        match twin {
            Some(group) => group.members.push(index),
            None => groups.push(Group { leader: detection, members: vec![index] }),
        }
    }
    groups
}

fn is_duplicate(leader: &Detection, other: &Detection, duplicate_iou: f32) -> bool {
    let same_prompt = other.prompt.is_none() || other.prompt == leader.prompt;
    let boxes_meet = leader.shape.bbox().intersection(other.shape.bbox()).is_some();
    same_prompt && boxes_meet && leader.shape.iou(&other.shape) > duplicate_iou
}

fn compare(a: &Detection, b: &Detection) -> std::cmp::Ordering {
    let place = |detection: &Detection| {
        let PixelBox { x, y, width, height } = detection.shape.bbox();
        (y, x, height, width)
    };
    let prompt = |detection: &Detection| detection.prompt.map_or(u64::MAX, |key| key.0);
    prompt(a)
        .cmp(&prompt(b))
        .then(b.score.total_cmp(&a.score))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.shape.cmp(&b.shape))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::mask::Mask;
    use crate::core::mask::spans::Spans;
    use crate::core::track::PromptKey;

    fn detection(x: u32, score: f32, prompt: Option<u64>) -> Detection {
        let shape = Arc::new(Spans::from(&Mask::filled(PixelBox::new(x, 0, 20, 20)).unwrap()));
        Detection { shape, score, appearance: None, prompt: prompt.map(PromptKey) }
    }

    #[test]
    fn the_surest_leads_and_prompted_ones_before_others() {
        let seen =
            [detection(0, 0.5, None), detection(1, 0.9, None), detection(50, 0.9, None), detection(51, 0.1, Some(4))];
        let groups = grouped(&seen, 0.8);
        let members: Vec<&[usize]> = groups.iter().map(|group| &group.members[..]).collect();
        assert_eq!(members, [&[3, 2][..], &[1, 0]]);
    }

    #[test]
    fn each_sticky_prompt_has_its_own_region() {
        let seen = [detection(0, 0.5, Some(1)), detection(0, 0.9, Some(2)), detection(0, 0.4, None)];
        let members: Vec<Vec<usize>> = grouped(&seen, 0.8).into_iter().map(|group| group.members).collect();
        assert_eq!(members, [vec![0, 2], vec![1]]);
    }
}

//! What a region may be called: the names that a bundle knows, and the best of them for one region.

use std::sync::Arc;

/// The names of a bundle, in the order of its model's classes. A copy shares the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameList(Arc<[Arc<str>]>);

impl NameList {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<Arc<str>>> FromIterator<T> for NameList {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// A candidate name.
#[derive(Clone, Debug, PartialEq)]
pub struct NameScore {
    pub name: Arc<str>,
    /// How probable it is that the region is rightly called so, 0 to 1.
    pub score: f32,
}

/// The candidate names of one region, the highest score first. A copy shares the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameScores(Arc<[NameScore]>);

impl NameScores {
    /// A client reads a few candidates; a vocabulary has hundreds.
    pub const MOST: usize = 5;

    /// The best of `names`, whose scores (0 to 1) are given in the order of the list. Of equal scores the earlier name goes
    /// first. What rounds to a score of 0 is no candidate.
    pub fn best(names: &NameList, scores: impl IntoIterator<Item = f32>) -> Self {
        let rounded = scores.into_iter().map(to_4_places).zip(names.0.iter());
        let mut candidates: Vec<(f32, &Arc<str>)> = rounded.filter(|(score, _)| *score > 0.0).collect();
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
        candidates.truncate(Self::MOST);
        Self(candidates.into_iter().map(|(score, name)| NameScore { name: Arc::clone(name), score }).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &NameScore> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Further places of a score change with what else was in the batch.
pub fn to_4_places(score: f32) -> f32 {
    (score * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(scores: &[f32]) -> Vec<(String, f32)> {
        let names: NameList = ["mug", "cup", "bowl", "vase", "pot", "jar", "can"].into_iter().collect();
        let best = NameScores::best(&names, scores.iter().copied());
        best.iter().map(|one| (one.name.to_string(), one.score)).collect()
    }

    #[test]
    fn the_best_five_come_highest_first() {
        let names: Vec<String> = best(&[0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["cup", "vase", "jar", "can", "pot"]);
    }

    #[test]
    fn of_equal_scores_the_earlier_goes_first_and_zeros_are_no_candidates() {
        let expected = [("cup".to_owned(), 0.5), ("vase".to_owned(), 0.5), ("mug".to_owned(), 0.25)];
        assert_eq!(best(&[0.25, 0.5, 0.0, 0.5, 0.00004, 0.0, -0.0005]), expected);
        assert_eq!(best(&[0.0; 7]), []);
    }

    #[test]
    fn a_score_has_four_places() {
        assert_eq!(best(&[0.349_612_4])[0].1, 0.3496);
    }
}

//! How well ids keep to their objects (Ristani et al. 2016, "Performance Measures and a Data Set for Multi-Target,
//! Multi-Camera Tracking").

use std::collections::BTreeMap;
use std::fmt;

use crate::core::track::TrackId;
use crate::core::track::assignment::best_pairs;

/// What each true object was called in each frame.
#[derive(Default)]
pub(super) struct Identities {
    /// How often an object had an id.
    together: BTreeMap<(usize, TrackId), usize>,
    last: BTreeMap<usize, TrackId>,
    detections: usize,
    assigned: usize,
    switches: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    /// Harmonic mean of identification precision and recall over the detections, 0 to 1.
    pub idf1: f64,
    /// How often an object's id changed.
    pub switches: usize,
    /// Different ids.
    pub ids: usize,
}

impl Identities {
    pub fn add(&mut self, object: usize, id: Option<TrackId>) {
        self.detections += 1;
        let Some(id) = id else { return };
        self.assigned += 1;
        *self.together.entry((object, id)).or_default() += 1;
        let before = self.last.insert(object, id);
        self.switches += usize::from(before.is_some_and(|before| before != id));
    }

    pub fn score(&self) -> Score {
        let mut objects: Vec<usize> = self.together.keys().map(|(object, _)| *object).collect();
        let mut ids: Vec<TrackId> = self.together.keys().map(|(_, id)| *id).collect();
        objects.dedup();
        ids.sort_unstable();
        ids.dedup();
        let count = |row: usize, column: usize| self.together.get(&(objects[row], ids[column])).copied();
        let pairs = best_pairs(objects.len(), ids.len(), |row, column| count(row, column).map(|count| count as f32));
        let right: usize = pairs.into_iter().filter_map(|(row, column)| count(row, column)).sum();
        let idf1 = 2.0 * right as f64 / (self.detections + self.assigned).max(1) as f64;
        Score { idf1, switches: self.switches, ids: ids.len() }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IDF1 {:.3}, {} id switches, {} ids", self.idf1, self.switches, self.ids)
    }
}

#[test]
fn a_switch_costs_what_it_should() {
    let mut identities = Identities::default();
    for frame in 0..10 {
        identities.add(1, Some(TrackId(if frame < 6 { 1 } else { 3 })));
        identities.add(2, Some(TrackId(2)));
    }
    let score = identities.score();
    assert_eq!((score.idf1, score.switches, score.ids), (0.8, 1, 3));
}

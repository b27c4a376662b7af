//! "Left of the bowl": which objects the question may mean by the bowl, and what lies left of one of them in the picture.

use std::sync::Arc;

use super::meaning::Wanted;
use super::relevance::own_worth;
use crate::core::geometry::PixelBox;
use crate::core::memory::{RegionMemory, Remembered};
use crate::core::words::{Relation, Role};

/// What answers a name at least so well may be what is meant by it.
const MAY_BE_MEANT: f32 = 0.8;
/// More would only cost time.
const MOST: usize = 32;
/// Pictures of one camera that are no further apart than this show things at comparable places.
const COMPARABLE_SECS: f64 = 2.0;
/// So much of a thing's box lies in the box of what it is in.
const INSIDE: f64 = 0.7;

/// What an aside of the question may mean, with how well each answers the aside's word, 0 to 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Landmarks(Vec<(Arc<Remembered>, f32)>);

impl Landmarks {
    /// For each word of the question its landmarks; none for words that say not where.
    pub fn of(wanted: &[Wanted], memory: &RegionMemory) -> Vec<Self> {
        let mut found = vec![Self::default(); wanted.len()];
        let mut at = 0;
        while at < wanted.len() {
            // "Next to the bowl and next to the plate" means two things, of which each has landmarks of its own.
            let (part, relation) = (wanted[at].term.part, wanted[at].term.relation);
            let length = wanted[at..].iter().take_while(|word| word.term.part == part).count();
            if relation.is_some() {
                let meant = meant_by(&wanted[at..at + length], memory);
                for (word, landmarks) in wanted[at..].iter().zip(&mut found[at..at + length]) {
                    let worth = |object: &Arc<Remembered>| (Arc::clone(object), own_worth(word, object));
                    *landmarks = Self(meant.iter().map(worth).collect());
                }
            }
            at += length;
        }
        found
    }

    /// The landmark from which `object` is where the relation says, and how well it answers the word: of several the best.
    pub fn near(&self, relation: Relation, object: &Remembered) -> Option<(&Remembered, f32)> {
        let fits = self.0.iter().filter(|(landmark, _)| landmark.id != object.id && holds(relation, object, landmark));
        fits.map(|(landmark, worth)| (&**landmark, *worth)).max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.id.cmp(&a.0.id)))
    }
}

/// Those that answer the words best, if they answer the noun: of a red and a blue bowl the red one for "the red bowl".
fn meant_by(words: &[Wanted], memory: &RegionMemory) -> Vec<Arc<Remembered>> {
    let Some(noun) = words.iter().find(|word| word.term.role == Role::Head) else { return Vec::new() };
    let candidates = memory.iter().filter(|object| own_worth(noun, object) >= MAY_BE_MEANT);
    let sum = |object: &Arc<Remembered>| words.iter().map(|word| own_worth(word, object)).sum::<f32>();
    let rated: Vec<(f32, &Arc<Remembered>)> = candidates.map(|object| (sum(object), object)).collect();
    let best = rated.iter().map(|(sum, _)| *sum).fold(0.0, f32::max);
    let best_ones = rated.into_iter().filter(|(sum, _)| *sum >= best);
    best_ones.map(|(_, object)| Arc::clone(object)).take(MOST).collect()
}

/// Whether `object` is left of `landmark`, and so on, in the picture.
fn holds(relation: Relation, object: &Remembered, landmark: &Remembered) -> bool {
    let apart_secs = object.last_seen().secs_since(landmark.last_seen()).abs();
    if object.header.origin != landmark.header.origin || object.size != landmark.size || apart_secs > COMPARABLE_SECS {
        return false;
    }
    let (own, other) = (object.shape.bbox(), landmark.shape.bbox());
    let (own_middle, other_middle) = (middle(own), middle(other));
    let (across, down) = (own_middle.0 - other_middle.0, own_middle.1 - other_middle.1);
    let is_sideways = across.abs() >= down.abs();
    match relation {
        Relation::LeftOf => is_sideways && own_middle.0 < f64::from(other.x),
        Relation::RightOf => is_sideways && own_middle.0 > f64::from(other.right()),
        Relation::Above => !is_sideways && own_middle.1 < f64::from(other.y),
        Relation::Below => !is_sideways && own_middle.1 > f64::from(other.bottom()),
        Relation::NextTo => {
            let reach = f64::from(own.width.max(own.height).min(other.width.max(other.height)));
            !is_in(own, other) && !is_in(other, own) && gap(own, other) <= reach
        }
        // It stands with its foot inside the other's box: things are seen from above, more or less.
        Relation::On => {
            let foot = (own_middle.0, f64::from(own.bottom()));
            own.area() < other.area()
                && is_within(foot.0, other.x, other.width)
                && is_within(foot.1, other.y, other.height)
        }
        Relation::In => own.area() < other.area() && is_in(own, other),
    }
}

fn middle(rect: PixelBox) -> (f64, f64) {
    (f64::from(rect.x) + f64::from(rect.width) / 2.0, f64::from(rect.y) + f64::from(rect.height) / 2.0)
}

fn is_within(position: f64, start: u32, length: u32) -> bool {
    (f64::from(start)..=f64::from(start) + f64::from(length)).contains(&position)
}

fn is_in(inner: PixelBox, outer: PixelBox) -> bool {
    inner.intersection(outer).is_some_and(|common| common.area() as f64 >= INSIDE * inner.area() as f64)
}

/// Pixels between two boxes, along the axis on which they are further apart; 0 where they meet.
fn gap(a: PixelBox, b: PixelBox) -> f64 {
    let between = |a: u32, a_end: u32, b: u32, b_end: u32| b.saturating_sub(a_end).max(a.saturating_sub(b_end));
    f64::from(between(a.x, a.right(), b.x, b.right()).max(between(a.y, a.bottom(), b.y, b.bottom())))
}

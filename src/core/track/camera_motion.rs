//! How the whole picture moves, told from its objects.

use super::motion::Vector;
use crate::core::geometry::Point;

/// So many objects must agree before their motion is the camera's.
const LEAST_AGREEING: usize = 3;
/// And this share of those that could.
const SHARE_AGREEING: f32 = 0.6;
/// At most so many of each are compared, the largest first: the cost grows with the fourth power.
const MOST_COMPARED: usize = 24;
/// Sizes that differ by more than this factor are not of the same object.
const LEAST_SIZE_RATIO: f32 = 0.7;

/// Something seen, or expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landmark {
    pub at: Point,
    /// Of its box, pixels.
    pub width: f32,
    pub height: f32,
}

impl Landmark {
    /// How far it may be off and still agree, pixels.
    fn tolerance(&self) -> f32 {
        (0.15 * (self.width * self.height).sqrt()).max(3.0)
    }

    fn resembles(&self, other: &Self) -> bool {
        let alike = |a: f32, b: f32| a.min(b) >= LEAST_SIZE_RATIO * a.max(b);
        alike(self.width, other.width) && alike(self.height, other.height)
    }
}

/// A jolt: by how much what is seen is displaced against what was expected, all together. None unless most of the
/// expected objects say the same, and clearly more say so than say that nothing moved.
pub(super) fn jolt(expected: &[Landmark], seen: &[Landmark]) -> Vector {
    let (expected, seen) = (largest(expected), largest(seen));
    let pairs: Vec<Vec<Vector>> = expected
        .iter()
        .map(|one| {
            seen.iter().filter(|other| one.resembles(other)).map(|other| Vector::between(one.at, other.at)).collect()
        })
        .collect();
    let support = |shift: Vector| -> Vec<Vector> {
        let agreeing = |(one, shifts): (&Landmark, &Vec<Vector>)| {
            let near = |other: &Vector| (*other - shift).length();
            shifts
                .iter()
                .copied()
                .min_by(|a, b| near(a).total_cmp(&near(b)))
                .filter(|best| near(best) <= one.tolerance())
        };
        expected.iter().zip(&pairs).filter_map(agreeing).collect()
    };
    let still = support(Vector::default()).len();
    // In a row of like things most of them also agree on a step by one.
    let needed =
        LEAST_AGREEING.max((SHARE_AGREEING * expected.len() as f32).ceil() as usize).max(still + still / 3 + 1);
    let supported = pairs.iter().flatten().map(|&shift| (support(shift), shift));
    let good = supported.filter(|(agreeing, _)| agreeing.len() >= needed);
    let best = good.max_by(|(a, x), (b, y)| a.len().cmp(&b.len()).then(y.length().total_cmp(&x.length())));
    best.map_or_else(Vector::default, |(agreeing, _)| median(&agreeing))
}

/// What most of the objects' displacements have in common; none when too few agree.
pub(super) fn common_motion(displacements: &[Vector]) -> Vector {
    let middle = median(displacements);
    let tolerance = 1.5 + 0.15 * middle.length();
    let agreeing = displacements.iter().filter(|one| (**one - middle).length() <= tolerance).count();
    let needed = LEAST_AGREEING.max((SHARE_AGREEING * displacements.len() as f32).ceil() as usize);
    if agreeing >= needed { middle } else { Vector::default() }
}

/// Of each coordinate by itself; 0 of none.
fn median(vectors: &[Vector]) -> Vector {
    let middle = |mut values: Vec<f32>| {
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    };
    Vector {
        x: middle(vectors.iter().map(|one| one.x).collect()),
        y: middle(vectors.iter().map(|one| one.y).collect()),
    }
}

fn largest(landmarks: &[Landmark]) -> Vec<Landmark> {
    let mut sorted = landmarks.to_vec();
    sorted.sort_by(|a, b| (b.width * b.height).total_cmp(&(a.width * a.height)));
    sorted.truncate(MOST_COMPARED);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landmark(x: f32, y: f32, side: f32) -> Landmark {
        Landmark { at: Point::new(x, y), width: side, height: side }
    }

    fn scene(dx: f32) -> Vec<Landmark> {
        [(20.0, 10.0), (60.0, 14.0), (110.0, 20.0), (150.0, 12.0)]
            .map(|(x, side)| landmark(x + dx, 50.0, side))
            .to_vec()
    }

    #[test]
    fn what_moves_together_is_the_camera() {
        let shift = jolt(&scene(0.0), &scene(37.0));
        assert_eq!(shift, Vector { x: 37.0, y: 0.0 });
        assert_eq!(jolt(&scene(0.0), &scene(0.0)), Vector::default());
        assert_eq!(jolt(&scene(0.0), &[]), Vector::default());
    }

    #[test]
    fn one_object_in_motion_is_not_the_camera() {
        let mut seen = scene(0.0);
        seen[1].at.x += 30.0;
        assert_eq!(jolt(&scene(0.0), &seen), Vector::default());
        seen[0].at.x += 30.0;
        assert_eq!(jolt(&scene(0.0), &seen), Vector::default(), "two against two");
    }

    #[test]
    fn a_row_of_like_things_does_not_slip_by_one() {
        let row: Vec<Landmark> = (0..8).map(|place| landmark(20.0 * place as f32, 10.0, 12.0)).collect();
        assert_eq!(jolt(&row, &row), Vector::default());
        // The first has gone and another has come at the end: most still stand where they stood.
        let next: Vec<Landmark> = (1..9).map(|place| landmark(20.0 * place as f32, 10.0, 12.0)).collect();
        assert_eq!(jolt(&row, &next), Vector::default());
    }

    #[test]
    fn common_motion_needs_agreement() {
        let vector = |x| Vector { x, y: 1.0 };
        assert_eq!(common_motion(&[vector(5.0), vector(5.2), vector(4.9), vector(30.0)]), vector(5.2));
        assert_eq!(common_motion(&[vector(5.0), vector(-5.0), vector(20.0)]), Vector::default());
        assert_eq!(common_motion(&[vector(5.0), vector(5.0)]), Vector::default(), "two are too few");
        assert_eq!(common_motion(&[]), Vector::default());
    }
}

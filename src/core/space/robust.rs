//! Statistics that a few wrong readings do not move.

/// MAD times this is the standard deviation, for normal noise.
const SIGMA_PER_MAD: f32 = 1.4826;

/// The value at `share` (0 to 1) of the sorted ones; `None` of none. NaN must not be among them.
pub(super) fn quantile(values: &mut [f32], share: f32) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let at = (share * last as f32).round() as usize;
    Some(*values.select_nth_unstable_by(at.min(last), f32::total_cmp).1)
}

pub(super) fn median(values: &mut [f32]) -> Option<f32> {
    quantile(values, 0.5)
}

/// The standard deviation as the median absolute deviation from `middle` has it; `None` of none.
pub(super) fn sigma(values: &[f32], middle: f32) -> Option<f32> {
    let mut deviations: Vec<f32> = values.iter().map(|value| (value - middle).abs()).collect();
    Some(SIGMA_PER_MAD * median(&mut deviations)?)
}

/// The stretch of `sorted` values around their middle in which none of the neighbours lie further apart than `gap`, and
/// one gap on both sides; `None` of none.
///
/// One value in a hundred may lie in between without closing a gap: depth cameras see pixels between an object and what
/// is behind it.
pub(super) fn cluster(sorted: &[f32], gap: f32) -> Option<(f32, f32)> {
    let step = (sorted.len() / 100).max(1);
    let middle = sorted.len() / 2;
    let mut high = middle;
    while high + step < sorted.len() && sorted[high + step] - sorted[high] <= gap {
        high += 1;
    }
    let mut low = middle;
    while low >= step && sorted[low] - sorted[low - step] <= gap {
        low -= 1;
    }
    Some((sorted.get(low)? - gap, sorted.get(high)? + gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::dice::Dice;

    #[test]
    fn quantiles() {
        let mut values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|share| quantile(&mut values, share)), [1.0, 2.0, 3.0, 5.0].map(Some));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn sigma_is_that_of_the_noise_and_not_of_the_outliers() {
        let mut dice = Dice::new(4);
        let values: Vec<f32> = (0..1000).map(|at| if at % 5 == 0 { 99.0 } else { 1.0 + 0.1 * dice.normal() }).collect();
        let middle = median(&mut values.clone()).unwrap();
        assert!((middle - 1.0).abs() < 0.05);
        let sigma = sigma(&values, middle).unwrap();
        assert!((0.08..0.17).contains(&sigma), "{sigma}");
    }

    #[test]
    fn a_cluster_ends_where_there_is_nothing() {
        let near = (0..50).map(|at| at as f32 * 0.01);
        let sorted: Vec<f32> = near.chain((0..20).map(|at| 3.0 + at as f32 * 0.01)).collect();
        let (low, high) = cluster(&sorted, 0.05).unwrap();
        assert!((low + 0.05).abs() < 1e-5 && (high - 0.54).abs() < 1e-5, "{low} {high}");
        assert_eq!(cluster(&[], 1.0), None);
        assert_eq!(cluster(&[2.0], 1.0), Some((1.0, 3.0)));
    }

    #[test]
    fn flying_pixels_build_no_bridge() {
        let mut values: Vec<f32> = (0..1000).map(|at| at as f32 * 1e-4).collect();
        values.extend((0..300).map(|at| 2.0 + at as f32 * 1e-4));
        values.extend((1..20).map(|at| 0.1 * at as f32));
        values.sort_by(f32::total_cmp);
        let (_, high) = cluster(&values, 0.05).unwrap();
        assert!(high < 0.3, "{high}");
    }
}

//! Which track gets which detection, when several could.

use pathfinding::matrix::Matrix;
use pathfinding::prelude::kuhn_munkres;

/// Affinities become whole numbers, in which sums are exact.
const UNIT: f32 = 1e6;

/// The pairs (row, column) with the largest sum of affinities, in the order of the rows; no row and no column twice.
///
/// Optimal and not greedy: where objects pass each other, the best single pair can leave the rest with the wrong ones;
/// on random tables of 6 x 6 a greedy choice has the smaller sum more often than not (see the tests). `affinity` is
/// above 0, or `None` for pairs that do not go together.
pub(super) fn best_pairs(
    rows: usize,
    columns: usize,
    affinity: impl Fn(usize, usize) -> Option<f32>,
) -> Vec<(usize, usize)> {
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let weights = Matrix::from_fn(rows, columns, |(row, column)| {
        affinity(row, column).map_or(0i64, |value| (value * UNIT).round().max(1.0) as i64)
    });
    let pairs: Vec<(usize, usize)> = if rows <= columns {
        kuhn_munkres(&weights).1.into_iter().enumerate().collect()
    } else {
        let mut pairs: Vec<_> =
            kuhn_munkres(&weights.transposed()).1.into_iter().enumerate().map(|(c, r)| (r, c)).collect();
        pairs.sort_unstable();
        pairs
    };
    pairs.into_iter().filter(|&pair| weights[pair] > 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::testing::dice::Dice;

    fn pairs(table: &[&[f32]]) -> Vec<(usize, usize)> {
        best_pairs(table.len(), table.first().map_or(0, |row| row.len()), |row, column| {
            Some(table[row][column]).filter(|value| *value > 0.0)
        })
    }

    #[test]
    fn the_sum_counts_and_not_the_best_pair() {
        assert_eq!(pairs(&[&[0.9, 0.8], &[0.8, 0.0]]), [(0, 1), (1, 0)]);
        assert_eq!(pairs(&[&[0.9, 0.3], &[0.3, 0.0]]), [(0, 0)]);
    }

    #[test]
    fn tables_need_not_be_square() {
        assert_eq!(pairs(&[&[0.1, 0.0, 0.7]]), [(0, 2)]);
        assert_eq!(pairs(&[&[0.1], &[0.0], &[0.7]]), [(2, 0)]);
        assert_eq!(pairs(&[&[0.0, 0.0]]), []);
        assert_eq!(pairs(&[]), []);
    }

    /// The largest sum, by trying everything.
    fn best_sum(table: &[Vec<f32>], row: usize, taken: u32) -> f32 {
        let Some(values) = table.get(row) else { return 0.0 };
        let skipped = best_sum(table, row + 1, taken);
        let free = values.iter().enumerate().filter(|&(column, &value)| taken & (1 << column) == 0 && value > 0.0);
        free.map(|(column, value)| value + best_sum(table, row + 1, taken | (1 << column))).fold(skipped, f32::max)
    }

    /// Always the best pair that is left.
    fn greedy_sum(table: &[Vec<f32>]) -> f32 {
        let cells = table
            .iter()
            .enumerate()
            .flat_map(|(row, values)| values.iter().enumerate().map(move |(c, &v)| (v, row, c)));
        let mut cells: Vec<(f32, usize, usize)> = cells.collect();
        cells.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut rows, mut columns) = (0u32, 0u32);
        let free = cells.into_iter().filter(|&(_, row, column)| {
            let is_free = rows & (1 << row) == 0 && columns & (1 << column) == 0;
            if is_free {
                (rows, columns) = (rows | (1 << row), columns | (1 << column));
            }
            is_free
        });
        free.map(|(value, _, _)| value).sum()
    }

    #[test]
    fn greedy_would_be_worse() {
        let mut dice = Dice::new(7);
        let tables =
            (0..200).map(|_| -> Vec<Vec<f32>> { (0..6).map(|_| (0..6).map(|_| dice.unit()).collect()).collect() });
        let worse = tables.filter(|table| greedy_sum(table) < best_sum(table, 0, 0) - 1e-3).count();
        println!("greedy has a smaller sum on {worse} of 200 tables");
        assert!(worse > 100, "{worse}");
    }

    proptest! {
        #[test]
        fn no_other_choice_is_better(
            (rows, columns) in (1usize..5, 1usize..5),
            values in prop::collection::vec(prop_oneof![Just(0f32), 0.01f32..1.6], 16),
        ) {
            let table: Vec<Vec<f32>> = (0..rows).map(|row| values[row * 4..row * 4 + columns].to_vec()).collect();
            let slices: Vec<&[f32]> = table.iter().map(Vec::as_slice).collect();
            let sum: f32 = pairs(&slices).iter().map(|&(row, column)| table[row][column]).sum();
            prop_assert!((sum - best_sum(&table, 0, 0)).abs() < 1e-4);
        }
    }
}

//! "Describe everything": what a goal asks for, checked against what there is.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::core::result_code::ResultCode;
use crate::core::settings::EverythingSettings;

/// Points along each side of the image; the range of the parameter `everything.points_per_side`.
pub const POINTS_PER_SIDE: RangeInclusive<u32> = 1..=64;
/// Pixels; the range of the parameter `everything.min_area`.
pub const MIN_AREA: RangeInclusive<u32> = 0..=1_000_000_000;
/// The range of the parameter `everything.max_regions`.
pub const MAX_REGIONS: RangeInclusive<u32> = 1..=1024;
/// Seconds; as long as any request may take.
pub const TIME_LIMIT_SECS: RangeInclusive<f32> = 0.0..=3600.0;

/// A goal as it came, unchecked (`action/DescribeEverything.action`). A zero stands for the node's parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goal {
    /// "": the only camera.
    pub camera: String,
    pub points_per_side: u32,
    /// Pixels.
    pub min_area: u32,
    pub max_regions: u32,
    pub caption: bool,
    /// 0: no limit.
    pub time_limit_secs: f32,
}

/// What is to be done for a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub everything: EverythingSettings,
    pub caption: bool,
    pub time_limit: Option<Duration>,
}

/// What was expected of a goal and what came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GoalError {
    #[error("{field}: expected {} to {}, or 0 for the node's parameter, got {got}", range.start(), range.end())]
    OutOfRange { field: &'static str, range: RangeInclusive<u32>, got: u32 },
    #[error("time_limit: expected {} to {} seconds, 0 for no limit, got {got}", TIME_LIMIT_SECS.start(), TIME_LIMIT_SECS.end())]
    TimeLimit { got: f32 },
}

impl GoalError {
    /// Always `InvalidPrompt`: the goal is at fault.
    pub fn code(&self) -> ResultCode {
        ResultCode::InvalidPrompt
    }
}

impl Goal {
    /// The goal's numbers, and the node's where it names none.
    ///
    /// # Errors
    /// [`GoalError`], for the first number out of its range.
    pub fn check(&self, node: &EverythingSettings) -> Result<Plan, GoalError> {
        let points_per_side = named("points_per_side", self.points_per_side, POINTS_PER_SIDE)?;
        let min_area = named("min_area", self.min_area, MIN_AREA)?;
        let max_regions = named("max_regions", self.max_regions, MAX_REGIONS)?;
        let everything = EverythingSettings {
            points_per_side: points_per_side.unwrap_or(node.points_per_side),
            sparse_points_per_side: points_per_side.unwrap_or(node.sparse_points_per_side),
            min_area: min_area.unwrap_or(node.min_area),
            max_regions: max_regions.map_or(node.max_regions, |most| most as usize),
            ..node.clone()
        };
        Ok(Plan { everything, caption: self.caption, time_limit: self.time_limit()? })
    }

    fn time_limit(&self) -> Result<Option<Duration>, GoalError> {
        let secs = self.time_limit_secs;
        if !TIME_LIMIT_SECS.contains(&secs) {
            return Err(GoalError::TimeLimit { got: secs });
        }
        Ok((secs > 0.0).then(|| Duration::from_secs_f32(secs)))
    }
}

/// `None` for zero.
fn named(field: &'static str, got: u32, range: RangeInclusive<u32>) -> Result<Option<u32>, GoalError> {
    match got {
        0 => Ok(None),
        _ if range.contains(&got) => Ok(Some(got)),
        _ => Err(GoalError::OutOfRange { field, range, got }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::settings::parameters::{Slot, declaration};

    fn node() -> EverythingSettings {
        EverythingSettings { points_per_side: 9, min_area: 7, max_regions: 5, ..EverythingSettings::default() }
    }

    #[test]
    fn zeros_are_the_node_s_parameters() {
        let plan = Goal::default().check(&node()).unwrap();
        assert_eq!(plan, Plan { everything: node(), caption: false, time_limit: None });
    }

    #[test]
    fn a_goal_s_own_numbers_count() {
        let goal = Goal { points_per_side: 3, min_area: 4, max_regions: 6, time_limit_secs: 0.5, ..Goal::default() };
        let plan = Goal { caption: true, ..goal }.check(&node()).unwrap();
        let everything =
            EverythingSettings { points_per_side: 3, sparse_points_per_side: 3, min_area: 4, max_regions: 6, ..node() };
        assert_eq!(plan, Plan { everything, caption: true, time_limit: Some(Duration::from_millis(500)) });
    }

    #[test]
    fn what_lies_outside_a_range_is_named_with_the_range() {
        let most = u32::MAX;
        for (goal, message) in [
            (
                Goal { points_per_side: 65, ..Goal::default() },
                "points_per_side: expected 1 to 64, or 0 for the node's parameter, got 65",
            ),
            (
                Goal { min_area: most, ..Goal::default() },
                "min_area: expected 0 to 1000000000, or 0 for the node's parameter, got 4294967295",
            ),
            (
                Goal { max_regions: 1025, ..Goal::default() },
                "max_regions: expected 1 to 1024, or 0 for the node's parameter, got 1025",
            ),
            (
                Goal { time_limit_secs: -1.0, ..Goal::default() },
                "time_limit: expected 0 to 3600 seconds, 0 for no limit, got -1",
            ),
        ] {
            assert_eq!(goal.check(&node()).unwrap_err().to_string(), message);
        }
        for secs in [f32::NAN, f32::INFINITY, 3601.0] {
            let error = Goal { time_limit_secs: secs, ..Goal::default() }.check(&node()).unwrap_err();
            assert_eq!(error.code(), ResultCode::InvalidPrompt);
        }
    }

    #[test]
    fn the_ranges_are_those_of_the_parameters() {
        let ranges = [("points_per_side", POINTS_PER_SIDE), ("min_area", MIN_AREA), ("max_regions", MAX_REGIONS)];
        for (name, range) in ranges {
            let Slot::Integer { min, max, .. } = declaration(&format!("everything.{name}")).unwrap().slot else {
                panic!("{name} is a number");
            };
            assert_eq!((i64::from(*range.start()), i64::from(*range.end())), (min, max), "{name}");
        }
    }
}

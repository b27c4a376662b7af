//! Goals of `~/describe_everything`, and what ROS 2 tells about goals.

use r2r::action_msgs::msg::{GoalInfo, GoalStatus as GoalStatusMessage, GoalStatusArray};
use r2r::action_msgs::srv::CancelGoal;
use r2r::segcap::action::DescribeEverything;
use r2r::unique_identifier_msgs::msg::UUID;

use super::{stamp, text, time};
use crate::core::frame::Stamp;
use crate::core::node::describe::Goal;
use crate::core::node::goals::{CancelCode, GoalId, GoalStatus};
use crate::core::result_code::ResultCode;
use crate::runtime::Described;
use crate::runtime::api::DescribeProgress;

pub fn goal_id(message: &UUID) -> GoalId {
    // The message's array has a fixed length.
    message.uuid.as_slice().try_into().unwrap_or_default()
}

/// r2r panics where the array has another length.
fn uuid(id: GoalId) -> UUID {
    UUID { uuid: id.to_vec() }
}

pub fn describe_goal(message: DescribeEverything::Goal) -> Goal {
    Goal {
        camera: text(&message.camera),
        points_per_side: message.points_per_side,
        min_area: message.min_area,
        max_regions: message.max_regions,
        caption: message.caption,
        time_limit_secs: message.time_limit,
    }
}

pub fn feedback(id: GoalId, progress: &DescribeProgress) -> DescribeEverything::FeedbackMessage {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    DescribeEverything::FeedbackMessage {
        goal_id: uuid(id),
        feedback: DescribeEverything::Feedback {
            stage: progress.stage.name().to_owned(),
            done: count(progress.done),
            total: count(progress.total),
            id: text(&progress.id),
            caption: text(&progress.caption),
        },
    }
}

pub fn describe_result(described: &Described) -> DescribeEverything::Result {
    let Described { stamp, regions, ending } = described;
    let (code, message) = match ending {
        Ok(()) => (ResultCode::Ok, String::new()),
        Err(refusal) => (refusal.code, text(&refusal.message)),
    };
    DescribeEverything::Result {
        success: code == ResultCode::Ok,
        code: code as u8,
        message,
        stamp: time(*stamp),
        count: u32::try_from(regions.len()).unwrap_or(u32::MAX),
        ids: regions.iter().map(|(id, _)| text(id)).collect(),
        captions: regions.iter().map(|(_, caption)| text(caption)).collect(),
    }
}

pub fn goal_response(accepted: bool, at: Stamp) -> DescribeEverything::SendGoal::Response {
    DescribeEverything::SendGoal::Response { accepted, stamp: time(at) }
}

pub fn result_response(
    status: GoalStatus,
    result: DescribeEverything::Result,
) -> DescribeEverything::GetResult::Response {
    DescribeEverything::GetResult::Response { status: status as i8, result }
}

/// Which goal is meant, and until which time of acceptance.
pub fn cancel_request(request: &CancelGoal::Request) -> (GoalId, Stamp) {
    (goal_id(&request.goal_info.goal_id), stamp(&request.goal_info.stamp))
}

pub fn cancel_response(code: CancelCode, canceling: &[(GoalId, Stamp)]) -> CancelGoal::Response {
    let goals_canceling = canceling.iter().map(|&(id, accepted)| goal_info(id, accepted)).collect();
    CancelGoal::Response { return_code: code as i8, goals_canceling }
}

pub fn goal_statuses(goals: impl Iterator<Item = (GoalId, Stamp, GoalStatus)>) -> GoalStatusArray {
    let status =
        |(id, accepted, status)| GoalStatusMessage { goal_info: goal_info(id, accepted), status: status as i8 };
    GoalStatusArray { status_list: goals.map(status).collect() }
}

fn goal_info(id: GoalId, accepted: Stamp) -> GoalInfo {
    GoalInfo { goal_id: uuid(id), stamp: time(accepted) }
}

#[cfg(test)]
mod tests {
    use r2r::NativeMsg;

    use super::*;
    use crate::core::progress::Stage;
    use crate::runtime::api::Refusal;

    const AT: Stamp = Stamp { secs: 10, nanos: 20 };

    fn described(ending: Result<(), Refusal>) -> Described {
        Described { stamp: AT, regions: vec![("r1".into(), "a red\0 mug".into()), ("r2".into(), "".into())], ending }
    }

    #[test]
    fn a_goal_comes_over_whole() {
        let message = DescribeEverything::Goal {
            camera: "front".into(),
            points_per_side: 1,
            min_area: 2,
            max_regions: 3,
            caption: true,
            time_limit: 0.5,
        };
        let goal = Goal {
            camera: "front".into(),
            points_per_side: 1,
            min_area: 2,
            max_regions: 3,
            caption: true,
            time_limit_secs: 0.5,
        };
        assert_eq!(describe_goal(message), goal);
    }

    #[test]
    fn a_result_says_how_it_ended_and_can_be_sent() {
        let done = describe_result(&described(Ok(())));
        assert_eq!((done.success, done.code, done.message.as_str(), done.count), (true, 0, "", 2));
        assert_eq!(
            (done.ids, done.captions),
            (vec!["r1".into(), "r2".into()], vec!["a red mug".into(), String::new()])
        );
        let refusal = Refusal::new(ResultCode::Timeout, "too\0 late");
        let late = describe_result(&described(Err(refusal)));
        assert_eq!((late.success, late.code, late.message.as_str(), late.stamp.sec), (false, 5, "too late", 10));
        // This is where r2r would panic.
        let _sendable = NativeMsg::from(&result_response(GoalStatus::Aborted, late));
    }

    #[test]
    fn feedback_bears_the_goal_s_id() {
        let progress =
            DescribeProgress { stage: Stage::Caption, done: 1, total: 2, id: "r1".into(), caption: "a\0 mug".into() };
        let message = feedback([7; 16], &progress);
        assert_eq!(goal_id(&message.goal_id), [7; 16]);
        let DescribeEverything::Feedback { stage, done, total, id, caption } = &message.feedback;
        assert_eq!((stage.as_str(), *done, *total, id.as_str(), caption.as_str()), ("caption", 1, 2, "r1", "a mug"));
        let _sendable = NativeMsg::from(&message);
    }

    #[test]
    fn the_numbers_are_those_of_action_msgs() {
        let statuses = [
            (GoalStatus::Unknown, GoalStatusMessage::STATUS_UNKNOWN as i8),
            (GoalStatus::Executing, GoalStatusMessage::STATUS_EXECUTING as i8),
            (GoalStatus::Canceling, GoalStatusMessage::STATUS_CANCELING as i8),
            (GoalStatus::Succeeded, GoalStatusMessage::STATUS_SUCCEEDED as i8),
            (GoalStatus::Canceled, GoalStatusMessage::STATUS_CANCELED as i8),
            (GoalStatus::Aborted, GoalStatusMessage::STATUS_ABORTED as i8),
        ];
        for (status, number) in statuses {
            assert_eq!(status as i8, number, "{status:?}");
        }
        let codes = [
            (CancelCode::None, CancelGoal::Response::ERROR_NONE as i8),
            (CancelCode::Rejected, CancelGoal::Response::ERROR_REJECTED as i8),
            (CancelCode::UnknownGoal, CancelGoal::Response::ERROR_UNKNOWN_GOAL_ID as i8),
            (CancelCode::GoalTerminated, CancelGoal::Response::ERROR_GOAL_TERMINATED as i8),
        ];
        for (code, number) in codes {
            assert_eq!(code as i8, number, "{code:?}");
        }
    }

    #[test]
    fn cancel_requests_and_statuses_name_their_goals() {
        let goal_info = goal_info([3; 16], AT);
        assert_eq!(cancel_request(&CancelGoal::Request { goal_info }), ([3; 16], AT));
        let response = cancel_response(CancelCode::None, &[([3; 16], AT)]);
        assert_eq!((response.return_code, goal_id(&response.goals_canceling[0].goal_id)), (0, [3; 16]));
        let statuses = goal_statuses([([3; 16], AT, GoalStatus::Canceling)].into_iter());
        assert_eq!((statuses.status_list[0].status, statuses.status_list[0].goal_info.stamp.sec), (3, 10));
        let _sendable = (NativeMsg::from(&response), NativeMsg::from(&statuses));
    }
}

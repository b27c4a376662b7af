//! The bookkeeping of a ROS 2 action server: which goals there are, how far each has come, which of them a cancel request
//! means, and who still waits for a result. Meanings and numbers are those of the package action_msgs.

use std::time::{Duration, Instant};

use crate::core::frame::Stamp;

/// Results are kept so long for clients that ask late.
pub const RESULTS_KEPT: Duration = Duration::from_secs(60);
/// And so many of them, and as many of goals that were refused; the oldest go first.
pub const MOST_RESULTS: usize = 16;
/// Clients that may wait for one goal's result; one does, usually.
pub const MOST_WAITING: usize = 32;

/// A client's name for its goal.
pub type GoalId = [u8; 16];

/// In a cancel request: any goal.
pub const ANY: GoalId = [0; 16];

/// The numbers are those of `action_msgs/GoalStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum GoalStatus {
    Unknown = 0,
    Executing = 2,
    Canceling = 3,
    Succeeded = 4,
    Canceled = 5,
    Aborted = 6,
}

impl GoalStatus {
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Canceled | Self::Aborted)
    }
}

/// Of a cancel request. The numbers are those of `action_msgs/CancelGoal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum CancelCode {
    None = 0,
    Rejected = 1,
    UnknownGoal = 2,
    GoalTerminated = 3,
}

/// Who asks for a result hears it at once, or later, or that there is no such goal.
#[derive(Debug, PartialEq)]
pub enum Asked<R, W> {
    Now(GoalStatus, R, W),
    Later,
    /// No such goal, or no longer, or too many wait for it.
    Unknown(W),
}

/// `R`: a result; `W`: someone who waits for one.
#[derive(Debug)]
pub struct Goals<R, W> {
    /// In the order in which they were accepted.
    goals: Vec<Entry<R, W>>,
}

#[derive(Debug)]
struct Entry<R, W> {
    id: GoalId,
    accepted: Stamp,
    status: GoalStatus,
    result: Option<(R, Instant)>,
    waiting: Vec<W>,
    /// It never ran. Its result takes no room from those of goals that did.
    was_refused: bool,
}

impl<R, W> Default for Goals<R, W> {
    fn default() -> Self {
        Self { goals: Vec::new() }
    }
}

impl<R: Clone, W> Goals<R, W> {
    /// Whether a goal with this id runs, or its result is still kept: a new one may not have its id.
    pub fn is_known(&self, id: GoalId) -> bool {
        self.goals.iter().any(|goal| goal.id == id)
    }

    /// A goal has been accepted and runs. Its id must not be known.
    pub fn begin(&mut self, id: GoalId, accepted: Stamp, now: Instant) {
        self.forget_old(now);
        let (status, result, waiting) = (GoalStatus::Executing, None, Vec::new());
        self.goals.push(Entry { id, accepted, status, result, waiting, was_refused: false });
    }

    /// A goal has been accepted only to hear why it is not run. Its id must not be known.
    pub fn refuse(&mut self, id: GoalId, accepted: Stamp, result: R, now: Instant) {
        let (status, result, waiting) = (GoalStatus::Aborted, Some((result, now)), Vec::new());
        self.goals.push(Entry { id, accepted, status, result, waiting, was_refused: true });
        self.forget_old(now);
    }

    /// The goals that a cancel request means and that will be canceled, as action_msgs/CancelGoal says: one goal by its id,
    /// or all that were accepted at or before a time (zero: whenever), or both. To cancel twice is no fault.
    pub fn cancel(&mut self, id: GoalId, before: Stamp) -> (CancelCode, Vec<(GoalId, Stamp)>) {
        let named = id != ANY;
        if named && !self.is_known(id) {
            return (CancelCode::UnknownGoal, Vec::new());
        }
        let by_time = |accepted: Stamp| accepted <= before || (before.is_zero() && !named);
        let mut canceling = Vec::new();
        for goal in &mut self.goals {
            if (goal.id == id || by_time(goal.accepted)) && !goal.status.has_ended() {
                goal.status = GoalStatus::Canceling;
                canceling.push((goal.id, goal.accepted));
            }
        }
        let code = if named && canceling.is_empty() { CancelCode::GoalTerminated } else { CancelCode::None };
        (code, canceling)
    }

    /// The goal is over; returns who waits for its result, and the status that it has ended with: a goal can end as
    /// [`GoalStatus::Canceled`] only where someone has asked for that, otherwise it is [`GoalStatus::Aborted`].
    pub fn end(&mut self, id: GoalId, wanted: GoalStatus, result: R, now: Instant) -> (GoalStatus, Vec<W>) {
        self.forget_old(now);
        let Some(goal) = self.goals.iter_mut().find(|goal| goal.id == id && !goal.status.has_ended()) else {
            return (GoalStatus::Unknown, Vec::new());
        };
        goal.status = match wanted {
            GoalStatus::Succeeded => wanted,
            GoalStatus::Canceled if goal.status == GoalStatus::Canceling => wanted,
            _ => GoalStatus::Aborted,
        };
        goal.result = Some((result, now));
        (goal.status, std::mem::take(&mut goal.waiting))
    }

    /// Someone asks for a goal's result.
    pub fn ask(&mut self, id: GoalId, who: W, now: Instant) -> Asked<R, W> {
        self.forget_old(now);
        match self.goals.iter_mut().find(|goal| goal.id == id) {
            Some(Entry { status, result: Some((result, _)), .. }) => Asked::Now(*status, result.clone(), who),
            Some(goal) if goal.waiting.len() < MOST_WAITING => {
                goal.waiting.push(who);
                Asked::Later
            }
            _ => Asked::Unknown(who),
        }
    }

    /// Every goal that is known, for the status topic.
    pub fn statuses(&self) -> impl Iterator<Item = (GoalId, Stamp, GoalStatus)> {
        self.goals.iter().map(|goal| (goal.id, goal.accepted, goal.status))
    }

    fn forget_old(&mut self, now: Instant) {
        let is_old = |ended: Instant| now.saturating_duration_since(ended) >= RESULTS_KEPT;
        self.goals.retain(|goal| !goal.result.as_ref().is_some_and(|&(_, ended)| is_old(ended)));
        for refused in [false, true] {
            let counts = |goal: &Entry<R, W>| goal.status.has_ended() && goal.was_refused == refused;
            while self.goals.iter().filter(|goal| counts(goal)).count() > MOST_RESULTS {
                let oldest = self.goals.iter().position(counts).unwrap_or_default();
                self.goals.remove(oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GoalStatus::*;
    use super::*;

    type TestGoals = Goals<&'static str, u32>;

    fn id(number: u8) -> GoalId {
        [number; 16]
    }

    fn at(secs: i32) -> Stamp {
        Stamp { secs, nanos: 0 }
    }

    /// Goals 1, 2 ... accepted at these seconds.
    fn running(accepted: &[i32]) -> TestGoals {
        let mut goals = TestGoals::default();
        for (number, &secs) in (1..).zip(accepted) {
            goals.begin(id(number), at(secs), Instant::now());
        }
        goals
    }

    fn statuses(goals: &TestGoals) -> Vec<GoalStatus> {
        goals.statuses().map(|(_, _, status)| status).collect()
    }

    #[test]
    fn goals_that_were_refused_keep_no_result_from_its_client() {
        let (mut goals, now) = (running(&[10; MOST_RESULTS]), Instant::now());
        for number in 1..=MOST_RESULTS as u8 {
            goals.end(id(number), Succeeded, "two mugs", now);
        }
        for number in 100..=200 {
            goals.refuse(id(number), at(11), "another one runs", now);
            assert_eq!(goals.ask(id(number), 7, now), Asked::Now(Aborted, "another one runs", 7));
        }
        assert_eq!(goals.ask(id(1), 7, now), Asked::Now(Succeeded, "two mugs", 7));
        assert_eq!(statuses(&goals).len(), 2 * MOST_RESULTS);
    }

    #[test]
    fn a_result_comes_to_those_who_wait_and_to_those_who_ask_later() {
        let (mut goals, now) = (running(&[10]), Instant::now());
        assert_eq!(goals.ask(id(1), 7, now), Asked::Later);
        assert_eq!(goals.ask(id(2), 8, now), Asked::Unknown(8));
        assert_eq!(goals.end(id(1), Succeeded, "two mugs", now), (Succeeded, vec![7]));
        assert_eq!(goals.ask(id(1), 9, now), Asked::Now(Succeeded, "two mugs", 9));
        assert_eq!(goals.end(id(1), Aborted, "again", now), (Unknown, vec![]), "a goal ends once");
        assert_eq!(statuses(&goals), [Succeeded]);
    }

    #[test]
    fn results_are_forgotten_in_time_and_when_there_are_many() {
        let (mut goals, now) = (running(&[1, 2]), Instant::now());
        goals.end(id(1), Succeeded, "", now);
        let later = now + RESULTS_KEPT;
        assert!(matches!(goals.ask(id(1), 0, later), Asked::Unknown(0)));
        assert!(!goals.is_known(id(1)) && goals.is_known(id(2)), "a goal that runs is never forgotten");
        for number in 3..100 {
            goals.begin(id(number), at(3), later);
            goals.end(id(number), Succeeded, "", later);
        }
        assert!(goals.goals.len() <= MOST_RESULTS + 2, "{}", goals.goals.len());
        assert!(goals.is_known(id(99)) && goals.is_known(id(2)) && !goals.is_known(id(3)));
    }

    #[test]
    fn not_everybody_may_wait() {
        let (mut goals, now) = (running(&[1]), Instant::now());
        let waiting = (0..1000).filter(|&who| goals.ask(id(1), who, now) == Asked::Later).count();
        assert_eq!(waiting, MOST_WAITING);
        assert_eq!(goals.end(id(1), Succeeded, "", now).1.len(), MOST_WAITING);
    }

    #[test]
    fn one_goal_is_canceled_by_its_id_as_often_as_asked() {
        let mut goals = running(&[1, 2]);
        for _ in 0..2 {
            assert_eq!(goals.cancel(id(2), at(0)), (CancelCode::None, vec![(id(2), at(2))]));
        }
        assert_eq!(statuses(&goals), [Executing, Canceling]);
        assert_eq!(goals.end(id(2), Canceled, "", Instant::now()).0, Canceled);
        assert_eq!(goals.cancel(id(2), at(0)), (CancelCode::GoalTerminated, vec![]));
        assert_eq!(goals.cancel(id(3), at(0)), (CancelCode::UnknownGoal, vec![]));
    }

    #[test]
    fn a_time_means_all_goals_until_then_and_a_goal_beside_it() {
        assert_eq!(running(&[1, 2, 3]).cancel(ANY, at(0)).1.len(), 3, "neither id nor time: all");
        let canceled = |goals: &mut TestGoals, id, before| -> Vec<u8> {
            goals.cancel(id, before).1.iter().map(|(id, _)| id[0]).collect()
        };
        assert_eq!(canceled(&mut running(&[1, 2, 3]), ANY, at(2)), [1, 2]);
        assert_eq!(canceled(&mut running(&[1, 2, 3]), id(3), at(1)), [1, 3]);
        assert_eq!(running(&[]).cancel(ANY, at(0)), (CancelCode::None, vec![]));
    }

    #[test]
    fn nothing_is_canceled_that_nobody_canceled_and_what_was_done_in_time_is_done() {
        let (mut goals, now) = (running(&[1, 2]), Instant::now());
        assert_eq!(goals.end(id(1), Canceled, "", now).0, Aborted);
        goals.cancel(id(2), at(0));
        assert_eq!(goals.end(id(2), Succeeded, "", now).0, Succeeded);
    }
}

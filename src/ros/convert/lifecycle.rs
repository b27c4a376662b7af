//! States and transitions (lifecycle_msgs).

use r2r::lifecycle_msgs::msg;

use super::now;
use crate::core::node::lifecycle::{State, Transition};

pub fn state(state: State) -> msg::State {
    msg::State { id: state.id(), label: state.label().into() }
}

pub fn transition_description(way: &Transition) -> msg::TransitionDescription {
    msg::TransitionDescription { transition: transition(way), start_state: state(way.from), goal_state: state(way.to) }
}

/// Of a step that is taken now.
pub fn transition_event(way: &Transition) -> msg::TransitionEvent {
    let now = now();
    // Before 1970 there were no robots.
    let nanos = u64::try_from(now.sec).unwrap_or(0) * 1_000_000_000 + u64::from(now.nanosec);
    msg::TransitionEvent {
        timestamp: nanos,
        transition: transition(way),
        start_state: state(way.from),
        goal_state: state(way.to),
    }
}

fn transition(way: &Transition) -> msg::Transition {
    msg::Transition { id: way.id, label: way.label.into() }
}

#[cfg(test)]
mod tests {
    use r2r::lifecycle_msgs::msg::{State as StateNumber, Transition as TransitionNumber};

    use super::*;
    use crate::core::node::lifecycle::TRANSITIONS;

    #[test]
    fn numbers_are_those_of_the_messages() {
        for (own, theirs) in [
            (State::Unknown, StateNumber::PRIMARY_STATE_UNKNOWN as u8),
            (State::Unconfigured, StateNumber::PRIMARY_STATE_UNCONFIGURED as u8),
            (State::Inactive, StateNumber::PRIMARY_STATE_INACTIVE as u8),
            (State::Active, StateNumber::PRIMARY_STATE_ACTIVE as u8),
            (State::Finalized, StateNumber::PRIMARY_STATE_FINALIZED as u8),
            (State::Configuring, StateNumber::TRANSITION_STATE_CONFIGURING as u8),
            (State::CleaningUp, StateNumber::TRANSITION_STATE_CLEANINGUP as u8),
            (State::ShuttingDown, StateNumber::TRANSITION_STATE_SHUTTINGDOWN as u8),
            (State::Activating, StateNumber::TRANSITION_STATE_ACTIVATING as u8),
            (State::Deactivating, StateNumber::TRANSITION_STATE_DEACTIVATING as u8),
            (State::ErrorProcessing, StateNumber::TRANSITION_STATE_ERRORPROCESSING as u8),
        ] {
            assert_eq!(state(own).id, theirs, "{own}");
        }
        let id = |from, label| TRANSITIONS.iter().find(|way| way.from == from && way.label == label).unwrap().id;
        for (from, label, number) in [
            (State::Unconfigured, "configure", TransitionNumber::TRANSITION_CONFIGURE as u8),
            (State::Inactive, "cleanup", TransitionNumber::TRANSITION_CLEANUP as u8),
            (State::Inactive, "activate", TransitionNumber::TRANSITION_ACTIVATE as u8),
            (State::Active, "deactivate", TransitionNumber::TRANSITION_DEACTIVATE as u8),
            (State::Unconfigured, "shutdown", TransitionNumber::TRANSITION_UNCONFIGURED_SHUTDOWN as u8),
            (State::Inactive, "shutdown", TransitionNumber::TRANSITION_INACTIVE_SHUTDOWN as u8),
            (State::Active, "shutdown", TransitionNumber::TRANSITION_ACTIVE_SHUTDOWN as u8),
            (State::Configuring, "transition_error", TransitionNumber::TRANSITION_ON_CONFIGURE_ERROR as u8),
            (State::ErrorProcessing, "transition_success", TransitionNumber::TRANSITION_ON_ERROR_SUCCESS as u8),
        ] {
            assert_eq!(id(from, label), number, "{label} from {from}");
        }
    }
}

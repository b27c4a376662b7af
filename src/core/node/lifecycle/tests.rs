use std::collections::HashSet;

use super::*;

fn by_id(id: u8) -> Wanted<'static> {
    Wanted { id, label: "" }
}

/// A machine that was led to a primary state.
fn machine_in(state: State) -> Machine {
    let mut machine = Machine::default();
    let ways: &[u8] = match state {
        State::Unconfigured => &[],
        State::Inactive => &[1],
        State::Active => &[1, 3],
        State::Finalized => &[5],
        other => panic!("{other} is not a primary state"),
    };
    for &id in ways {
        machine.begin(by_id(id)).unwrap();
        machine.finish(Outcome::Success);
    }
    assert_eq!(machine.state(), state);
    machine
}

const PRIMARY: [State; 4] = [State::Unconfigured, State::Inactive, State::Active, State::Finalized];

#[test]
fn from_each_state_exactly_the_known_ways_lead() {
    let expected: [&[(u8, State)]; 4] = [
        &[(1, State::Inactive), (5, State::Finalized)],
        &[(2, State::Unconfigured), (3, State::Active), (6, State::Finalized)],
        &[(4, State::Inactive), (7, State::Finalized)],
        &[],
    ];
    for (state, expected) in PRIMARY.into_iter().zip(expected) {
        for id in 0..=255 {
            let mut machine = machine_in(state);
            let begun = machine.begin(by_id(id));
            match expected.iter().find(|(known, _)| *known == id) {
                Some((_, goal)) => {
                    assert_eq!(begun.unwrap().from, state);
                    assert!(machine.state().is_transition());
                    assert_eq!(machine.finish(Outcome::Success).to, *goal);
                    assert_eq!(machine.state(), *goal);
                }
                None => {
                    assert_eq!(begun.unwrap_err().state, state);
                    assert_eq!(machine.state(), state, "{id} is refused and changes nothing");
                }
            }
        }
    }
}

#[test]
fn a_label_counts_before_a_number() {
    let mut machine = Machine::default();
    let error = machine.begin(Wanted { id: 1, label: "activate" }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected one of configure [1], shutdown [5] (the node is unconfigured), got \"activate\""
    );
    assert_eq!(machine.begin(Wanted { id: 200, label: "configure" }).unwrap().id, 1);
    machine.finish(Outcome::Success);
    assert_eq!(machine.begin(Wanted { id: 0, label: "shutdown" }).unwrap().id, 6, "that of this state");
}

#[test]
fn while_one_is_under_way_nothing_can_be_asked_for() {
    for state in PRIMARY {
        for way in machine_in(state).available() {
            let mut machine = machine_in(state);
            machine.begin(by_id(way.id)).unwrap();
            assert_eq!(machine.available().count(), 0);
            for id in 0..=255 {
                assert!(machine.begin(by_id(id)).is_err(), "{id} in {}", machine.state());
            }
            assert!(machine.begin(Wanted { id: 0, label: "transition_success" }).is_err());
        }
    }
}

#[test]
fn a_failure_leads_back_and_an_error_to_its_processing() {
    for state in PRIMARY {
        for way in machine_in(state).available() {
            let mut machine = machine_in(state);
            machine.begin(by_id(way.id)).unwrap();
            let back = if way.label == "shutdown" { State::Finalized } else { state };
            assert_eq!(machine.finish(Outcome::Failure).to, back);

            for (processed, goal) in [
                (Outcome::Success, State::Unconfigured),
                (Outcome::Failure, State::Finalized),
                (Outcome::Error, State::Finalized),
            ] {
                let mut machine = machine_in(state);
                machine.begin(by_id(way.id)).unwrap();
                assert_eq!(machine.finish(Outcome::Error).to, State::ErrorProcessing);
                assert_eq!(machine.finish(processed).to, goal);
            }
        }
    }
}

#[test]
fn the_table_is_whole() {
    let ids: HashSet<u8> = TRANSITIONS.iter().map(|way| way.id).collect();
    assert_eq!(ids.len(), TRANSITIONS.len(), "no number twice");
    for state in State::ALL.into_iter().filter(|state| state.is_transition()) {
        let ends = TRANSITIONS.iter().filter(|way| way.from == state).count();
        assert_eq!(ends, 3, "{state} ends with success, failure or error");
    }
    let labels: HashSet<&str> = State::ALL.into_iter().map(State::label).collect();
    assert_eq!(labels.len(), State::ALL.len());
}

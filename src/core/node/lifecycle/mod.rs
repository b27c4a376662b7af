//! The states of a managed node and the ways between them. Numbers, labels and the table are those of lifecycle_msgs and
//! of rcl_lifecycle's default machine, so that every tool that drives an rclcpp node drives this one.

use std::fmt;

/// A state, by its number in lifecycle_msgs/State.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// No node is ever in it; lifecycle_msgs lists it.
    Unknown = 0,
    #[default]
    Unconfigured = 1,
    /// The model is loaded, nothing runs.
    Inactive = 2,
    Active = 3,
    /// For good.
    Finalized = 4,
    Configuring = 10,
    CleaningUp = 11,
    ShuttingDown = 12,
    Activating = 13,
    Deactivating = 14,
    ErrorProcessing = 15,
}

impl State {
    /// In the order in which rclcpp lists them.
    pub const ALL: [Self; 11] = [
        Self::Unknown,
        Self::Unconfigured,
        Self::Inactive,
        Self::Active,
        Self::Finalized,
        Self::Configuring,
        Self::CleaningUp,
        Self::ShuttingDown,
        Self::Activating,
        Self::Deactivating,
        Self::ErrorProcessing,
    ];

    pub fn id(self) -> u8 {
        self as u8
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unconfigured => "unconfigured",
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Finalized => "finalized",
            Self::Configuring => "configuring",
            Self::CleaningUp => "cleaningup",
            Self::ShuttingDown => "shuttingdown",
            Self::Activating => "activating",
            Self::Deactivating => "deactivating",
            Self::ErrorProcessing => "errorprocessing",
        }
    }

    /// On the way between two others.
    pub fn is_transition(self) -> bool {
        self.id() >= Self::Configuring.id()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A way from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// As in lifecycle_msgs/Transition.
    pub id: u8,
    pub label: &'static str,
    pub from: State,
    pub to: State,
}

/// How a transition's work has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// It could not be done; the node is as it was before.
    Failure,
    /// Nobody knows how the node is: it must be put in order first.
    Error,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Success => "transition_success",
            Self::Failure => "transition_failure",
            Self::Error => "transition_error",
        }
    }
}

const fn way(id: u8, label: &'static str, from: State, to: State) -> Transition {
    Transition { id, label, from, to }
}

const SUCCESS: &str = "transition_success";
const FAILURE: &str = "transition_failure";
const ERROR: &str = "transition_error";

/// Every transition there is.
pub static TRANSITIONS: [Transition; 25] = {
    use State::*;
    [
        way(1, "configure", Unconfigured, Configuring),
        way(10, SUCCESS, Configuring, Inactive),
        way(11, FAILURE, Configuring, Unconfigured),
        way(12, ERROR, Configuring, ErrorProcessing),
        way(2, "cleanup", Inactive, CleaningUp),
        way(20, SUCCESS, CleaningUp, Unconfigured),
        way(21, FAILURE, CleaningUp, Inactive),
        way(22, ERROR, CleaningUp, ErrorProcessing),
        way(3, "activate", Inactive, Activating),
        way(30, SUCCESS, Activating, Active),
        way(31, FAILURE, Activating, Inactive),
        way(32, ERROR, Activating, ErrorProcessing),
        way(4, "deactivate", Active, Deactivating),
        way(40, SUCCESS, Deactivating, Inactive),
        way(41, FAILURE, Deactivating, Active),
        way(42, ERROR, Deactivating, ErrorProcessing),
        way(5, "shutdown", Unconfigured, ShuttingDown),
        way(6, "shutdown", Inactive, ShuttingDown),
        way(7, "shutdown", Active, ShuttingDown),
        way(50, SUCCESS, ShuttingDown, Finalized),
        way(51, FAILURE, ShuttingDown, Finalized),
        way(52, ERROR, ShuttingDown, ErrorProcessing),
        way(60, SUCCESS, ErrorProcessing, Unconfigured),
        way(61, FAILURE, ErrorProcessing, Finalized),
        way(62, ERROR, ErrorProcessing, Finalized),
    ]
};

/// What somebody asks for: a label, or, where that is empty, a number, as rclcpp reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub id: u8,
    pub label: &'a str,
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label.is_empty() { write!(f, "{}", self.id) } else { write!(f, "{:?}", self.label) }
    }
}

/// There is no such way from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} (the node is {state}), got {got}")]
pub struct NotAvailable {
    pub state: State,
    pub expected: String,
    pub got: String,
}

/// The state of one node. `begin` and `finish` alternate: the work lies between them.
#[derive(Debug, Default)]
pub struct Machine {
    state: State,
}

impl Machine {
    pub fn state(&self) -> State {
        self.state
    }

    /// What may be asked for now. Nothing while a transition is under way: how it ends is not for others to say.
    pub fn available(&self) -> impl Iterator<Item = &'static Transition> + use<> {
        let state = self.state;
        TRANSITIONS.iter().filter(move |way| way.from == state && !state.is_transition())
    }

    /// Sets out; the node is in a transition state until [`Machine::finish`].
    ///
    /// # Errors
    /// When there is no such way from here; then nothing has changed.
    pub fn begin(&mut self, wanted: Wanted<'_>) -> Result<&'static Transition, NotAvailable> {
        let is_wanted = |way: &&'static Transition| {
            if wanted.label.is_empty() { way.id == wanted.id } else { way.label == wanted.label }
        };
        let way = self.available().find(is_wanted).ok_or_else(|| self.not_available(wanted))?;
        self.state = way.to;
        Ok(way)
    }

    /// The work is done. After [`Outcome::Error`] there is more to do, and a further `finish`: the state is
    /// `ErrorProcessing`.
    ///
    /// # Panics
    /// When no transition is under way.
    pub fn finish(&mut self, outcome: Outcome) -> &'static Transition {
        let way = TRANSITIONS.iter().find(|way| way.from == self.state && way.label == outcome.label());
        let way = way.unwrap_or_else(|| panic!("finish without begin: the node is {}", self.state));
        self.state = way.to;
        way
    }

    fn not_available(&self, wanted: Wanted<'_>) -> NotAvailable {
        let ways: Vec<String> = self.available().map(|way| format!("{} [{}]", way.label, way.id)).collect();
        let expected = match ways.as_slice() {
            [] => "no transition".into(),
            ways => format!("one of {}", ways.join(", ")),
        };
        NotAvailable { state: self.state, expected, got: wanted.to_string() }
    }
}

#[cfg(test)]
mod tests;

//! ROS parameters without ROS: which there are, what values they take, and a set of them that is changed as a whole or
//! not at all.

mod table;

use std::fmt;

use super::configuration::Configuration;
use crate::core::node::lifecycle::State;
use crate::core::text::one_line;

pub use table::DECLARATIONS;

/// A parameter's value, as far as segcap's parameters have types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    Double(f64),
    Text(String),
    TextList(Vec<String>),
}

impl Value {
    /// The type's name as `ros2 param describe` prints it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::TextList(_) => "string array",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "\"{value}\""),
            Self::TextList(values) => write!(f, "{values:?}"),
        }
    }
}

/// When a new value can take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At once.
    Live,
    /// With the next transition "configure": settable while the node is unconfigured.
    AtConfigure,
    /// Only when the node starts: read-only afterwards.
    AtStart,
}

/// A parameter's type, the values that it takes, and its place in the configuration.
pub enum Slot {
    Bool {
        get: fn(&Configuration) -> bool,
        set: fn(&mut Configuration, bool),
    },
    /// `min` and `max` are allowed values.
    Integer {
        min: i64,
        max: i64,
        get: fn(&Configuration) -> i64,
        set: fn(&mut Configuration, i64),
    },
    /// `min` and `max` are allowed values.
    Double {
        min: f64,
        max: f64,
        get: fn(&Configuration) -> f64,
        set: fn(&mut Configuration, f64),
    },
    /// One of a few words.
    Choice {
        choices: &'static [&'static str],
        get: fn(&Configuration) -> &'static str,
        set: fn(&mut Configuration, usize),
    },
    /// Any text of one line.
    Text {
        get: fn(&Configuration) -> String,
        set: fn(&mut Configuration, String),
    },
    /// Names, each of which can be a part of a topic's name, no two alike.
    Names {
        get: fn(&Configuration) -> Vec<String>,
        set: fn(&mut Configuration, Vec<String>),
    },
}

/// One parameter.
pub struct Declaration {
    pub name: &'static str,
    pub description: &'static str,
    pub change: Change,
    pub slot: Slot,
}

/// Why a parameter was not set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    #[error("{name}: no such parameter; `ros2 param list` shows those there are")]
    Unknown { name: String },
    #[error("{name}: expected {expected}, got {got}")]
    Type { name: String, expected: &'static str, got: String },
    #[error("{name}: expected {expected}, got {got}")]
    Value { name: String, expected: String, got: String },
    #[error(
        "{name}: takes effect at configure: expected an unconfigured node, but it is {state}; \
             `ros2 lifecycle set` deactivate and cleanup come first"
    )]
    Configured { name: String, state: State },
    #[error("{name}: read-only while the node runs; set it at start: --ros-args -p {name}:={got}")]
    ReadOnly { name: String, got: String },
}

/// Longest text that is taken, bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// Longest name of a camera, bytes.
const MAX_NAME_BYTES: usize = 64;
/// So much of a value or name is repeated in an error, characters.
const MAX_QUOTED_CHARS: usize = 120;

fn quoted(text: &impl fmt::Display) -> String {
    one_line(&text.to_string(), MAX_QUOTED_CHARS)
}

impl Declaration {
    /// The value in `configuration`.
    pub fn value(&self, configuration: &Configuration) -> Value {
        match self.slot {
            Slot::Bool { get, .. } => Value::Bool(get(configuration)),
            Slot::Integer { get, .. } => Value::Integer(get(configuration)),
            Slot::Double { get, .. } => Value::Double(get(configuration)),
            Slot::Choice { get, .. } => Value::Text(get(configuration).to_owned()),
            Slot::Text { get, .. } => Value::Text(get(configuration)),
            Slot::Names { get, .. } => {
                let names = get(configuration);
                // As YAML can write it: an empty list has no type there.
                Value::TextList(if names.is_empty() { vec![String::new()] } else { names })
            }
        }
    }

    /// What is allowed beside the type, for people; empty where ranges say it.
    pub fn constraint(&self) -> String {
        match self.slot {
            Slot::Choice { choices, .. } => format!("one of {}", choices.join(", ")),
            Slot::Names { .. } => {
                format!(
                    "names of letters, digits and underscores, starting with a letter, at most {MAX_NAME_BYTES}, no two alike"
                )
            }
            _ => String::new(),
        }
    }

    /// When it can be set, for people.
    pub fn settable(&self) -> &'static str {
        match self.change {
            Change::Live => "any time",
            Change::AtConfigure => "while unconfigured",
            Change::AtStart => "at start",
        }
    }

    /// Writes `value` into `configuration` where it has the right type and lies in range. An integer is taken for a
    /// double: `5` is what people write.
    fn write(&self, configuration: &mut Configuration, value: &Value) -> Result<(), ParameterError> {
        match (&self.slot, value) {
            (Slot::Bool { set, .. }, Value::Bool(value)) => set(configuration, *value),
            (Slot::Integer { min, max, set, .. }, Value::Integer(value)) => {
                self.check((min..=max).contains(&value), || format!("{min} to {max}"), value)?;
                set(configuration, *value);
            }
            (Slot::Double { .. }, Value::Integer(value)) => {
                return self.write(configuration, &Value::Double(*value as f64));
            }
            (Slot::Double { min, max, set, .. }, Value::Double(value)) => {
                self.check((min..=max).contains(&value), || format!("{min} to {max}"), value)?;
                set(configuration, *value);
            }
            // An unquoted `off` is a boolean in YAML.
            (Slot::Choice { choices, .. }, Value::Bool(false)) if choices.contains(&"off") => {
                return self.write(configuration, &Value::Text("off".into()));
            }
            (Slot::Choice { choices, set, .. }, Value::Text(text)) => {
                let index = choices.iter().position(|choice| choice == text);
                set(configuration, index.ok_or_else(|| self.refused(self.constraint(), value))?);
            }
            (Slot::Text { set, .. }, Value::Text(text)) => {
                let good = text.len() <= MAX_TEXT_BYTES && !text.contains(char::is_control);
                self.check(good, || format!("one line of at most {MAX_TEXT_BYTES} bytes"), value)?;
                set(configuration, text.clone());
            }
            (Slot::Names { set, .. }, Value::TextList(names)) => {
                // An empty list means the same as [""].
                let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
                let distinct = names.iter().enumerate().all(|(index, name)| !names[..index].contains(name));
                self.check(distinct && names.iter().all(|name| is_name(name)), || self.constraint(), value)?;
                set(configuration, names);
            }
            _ => return Err(self.wrong_type(configuration, &format!("{} {value}", value.type_name()))),
        }
        Ok(())
    }

    fn check(&self, good: bool, expected: impl Fn() -> String, got: &impl fmt::Display) -> Result<(), ParameterError> {
        if good { Ok(()) } else { Err(self.refused(expected(), got)) }
    }

    fn refused(&self, expected: String, got: &impl fmt::Display) -> ParameterError {
        ParameterError::Value { name: self.name.to_owned(), expected, got: quoted(got) }
    }

    /// The error for a value that is not even of the right type; `got` names it.
    pub fn wrong_type(&self, configuration: &Configuration, got: &str) -> ParameterError {
        let expected = self.value(configuration).type_name();
        ParameterError::Type { name: self.name.to_owned(), expected, got: quoted(&got) }
    }
}

/// A part of a topic's name, as ROS allows it.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.contains("__")
}

/// The declaration with this name.
///
/// # Errors
/// [`ParameterError::Unknown`].
pub fn declaration(name: &str) -> Result<&'static Declaration, ParameterError> {
    let found = DECLARATIONS.iter().find(|declaration| declaration.name == name);
    found.ok_or_else(|| ParameterError::Unknown { name: quoted(&name) })
}

/// The parameters of one node.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    configuration: Configuration,
}

impl Parameters {
    /// The defaults, changed by what the user gave at start.
    ///
    /// # Errors
    /// The first value that cannot be taken.
    pub fn at_start<'a>(given: impl IntoIterator<Item = (&'a str, Value)>) -> Result<Self, ParameterError> {
        let mut configuration = Configuration::default();
        for (name, value) in given {
            declaration(name)?.write(&mut configuration, &value)?;
        }
        Ok(Self { configuration })
    }

    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Sets all of `changes` or, on an error, none, while the node is in `state`.
    ///
    /// # Errors
    /// The first change that cannot be made.
    pub fn set<'a>(
        &mut self,
        changes: impl IntoIterator<Item = (&'a str, Value)>,
        state: State,
    ) -> Result<(), ParameterError> {
        let mut configuration = self.configuration.clone();
        for (name, value) in changes {
            let declaration = declaration(name)?;
            let before = declaration.value(&configuration);
            declaration.write(&mut configuration, &value)?;
            if declaration.value(&configuration) == before {
                continue;
            }
            match declaration.change {
                Change::AtStart => {
                    return Err(ParameterError::ReadOnly { name: name.to_owned(), got: quoted(&value) });
                }
                Change::AtConfigure if state != State::Unconfigured => {
                    return Err(ParameterError::Configured { name: name.to_owned(), state });
                }
                Change::AtConfigure | Change::Live => {}
            }
        }
        self.configuration = configuration;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

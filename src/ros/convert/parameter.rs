//! Parameters (rcl_interfaces).

use r2r::ParameterValue as Override;
use r2r::rcl_interfaces::msg::{
    FloatingPointRange, IntegerRange, Parameter, ParameterDescriptor, ParameterEvent, ParameterType, ParameterValue,
};

use super::{now, text};
use crate::core::settings::configuration::Configuration;
use crate::core::settings::parameters::{Change, Declaration, ParameterError, Slot, Value, declaration};

/// The value of a parameter that somebody sets.
///
/// # Errors
/// An unknown name, or a type that none of segcap's parameters has.
pub fn declared(parameter: &Parameter) -> Result<(&'static str, Value), ParameterError> {
    let declaration = declaration(&text(&parameter.name))?;
    let value = parameter_value(&parameter.value);
    let value = value.map_err(|got| declaration.wrong_type(&Configuration::default(), got))?;
    Ok((declaration.name, value))
}

/// An empty array of any type is an empty list of texts: in YAML, and so in `ros2 param load`, an empty list has no type.
///
/// # Errors
/// The name of a type that none of segcap's parameters has.
pub fn parameter_value(message: &ParameterValue) -> Result<Value, &'static str> {
    if is_empty_array(message) {
        return Ok(Value::TextList(Vec::new()));
    }
    Ok(match u32::from(message.type_) {
        kind if kind == ParameterType::PARAMETER_BOOL as u32 => Value::Bool(message.bool_value),
        kind if kind == ParameterType::PARAMETER_INTEGER as u32 => Value::Integer(message.integer_value),
        kind if kind == ParameterType::PARAMETER_DOUBLE as u32 => Value::Double(message.double_value),
        kind if kind == ParameterType::PARAMETER_STRING as u32 => Value::Text(message.string_value.clone()),
        kind if kind == ParameterType::PARAMETER_STRING_ARRAY as u32 => {
            Value::TextList(message.string_array_value.clone())
        }
        kind if kind == ParameterType::PARAMETER_NOT_SET as u32 => return Err("no value (parameters cannot be unset)"),
        kind if kind == ParameterType::PARAMETER_BYTE_ARRAY as u32 => return Err("byte array"),
        kind if kind == ParameterType::PARAMETER_BOOL_ARRAY as u32 => return Err("boolean array"),
        kind if kind == ParameterType::PARAMETER_INTEGER_ARRAY as u32 => return Err("integer array"),
        kind if kind == ParameterType::PARAMETER_DOUBLE_ARRAY as u32 => return Err("double array"),
        _ => return Err("a value of unknown type"),
    })
}

fn is_empty_array(message: &ParameterValue) -> bool {
    match u32::from(message.type_) {
        kind if kind == ParameterType::PARAMETER_BYTE_ARRAY as u32 => message.byte_array_value.is_empty(),
        kind if kind == ParameterType::PARAMETER_BOOL_ARRAY as u32 => message.bool_array_value.is_empty(),
        kind if kind == ParameterType::PARAMETER_INTEGER_ARRAY as u32 => message.integer_array_value.is_empty(),
        kind if kind == ParameterType::PARAMETER_DOUBLE_ARRAY as u32 => message.double_array_value.is_empty(),
        _ => false,
    }
}

/// A value from the command line or a parameter file. An empty list, as `ros2 param dump` writes it, comes as "not set".
///
/// # Errors
/// The name of a type that none of segcap's parameters has.
pub fn from_override(value: &Override) -> Result<Value, &'static str> {
    Ok(match value {
        Override::Bool(value) => Value::Bool(*value),
        Override::Integer(value) => Value::Integer(*value),
        Override::Double(value) => Value::Double(*value),
        Override::String(value) => Value::Text(value.clone()),
        Override::StringArray(values) => Value::TextList(values.clone()),
        Override::NotSet => Value::TextList(Vec::new()),
        other => return Err(other.type_name()),
    })
}

pub fn parameter_message(value: Value) -> ParameterValue {
    let empty = ParameterValue { type_: value_type(&value), ..ParameterValue::default() };
    match value {
        Value::Bool(value) => ParameterValue { bool_value: value, ..empty },
        Value::Integer(value) => ParameterValue { integer_value: value, ..empty },
        Value::Double(value) => ParameterValue { double_value: value, ..empty },
        Value::Text(value) => ParameterValue { string_value: text(&value), ..empty },
        Value::TextList(values) => {
            ParameterValue { string_array_value: values.iter().map(|value| text(value)).collect(), ..empty }
        }
    }
}

fn value_type(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => ParameterType::PARAMETER_BOOL as u8,
        Value::Integer(_) => ParameterType::PARAMETER_INTEGER as u8,
        Value::Double(_) => ParameterType::PARAMETER_DOUBLE as u8,
        Value::Text(_) => ParameterType::PARAMETER_STRING as u8,
        Value::TextList(_) => ParameterType::PARAMETER_STRING_ARRAY as u8,
    }
}

pub fn parameter_descriptor(declaration: &Declaration) -> ParameterDescriptor {
    let (mut integer_range, mut floating_point_range) = (Vec::new(), Vec::new());
    match declaration.slot {
        Slot::Integer { min, max, .. } => {
            integer_range.push(IntegerRange { from_value: min, to_value: max, step: 1 });
        }
        Slot::Double { min, max, .. } => {
            floating_point_range.push(FloatingPointRange { from_value: min, to_value: max, step: 0.0 });
        }
        _ => {}
    }
    ParameterDescriptor {
        name: declaration.name.into(),
        type_: value_type(&declaration.value(&Configuration::default())),
        description: declaration.description.into(),
        additional_constraints: constraints(declaration),
        read_only: declaration.change == Change::AtStart,
        dynamic_typing: false,
        floating_point_range,
        integer_range,
    }
}

/// What is allowed, and when, where the descriptor's other fields do not say it.
fn constraints(declaration: &Declaration) -> String {
    let allowed = declaration.constraint();
    match declaration.change {
        Change::AtConfigure if allowed.is_empty() => format!("settable {}", declaration.settable()),
        Change::AtConfigure => format!("{allowed}; settable {}", declaration.settable()),
        Change::Live | Change::AtStart => allowed,
    }
}

/// What is told on /parameter_events; `node` is the full name.
pub fn parameter_event(node: &str, new: Vec<Parameter>, changed: Vec<Parameter>) -> ParameterEvent {
    ParameterEvent {
        stamp: now(),
        node: text(node),
        new_parameters: new,
        changed_parameters: changed,
        deleted_parameters: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use r2r::NativeMsg;

    use super::*;
    use crate::core::settings::parameters::DECLARATIONS;

    #[test]
    fn every_default_survives_both_ways() {
        for declaration in DECLARATIONS {
            let value = declaration.value(&Configuration::default());
            let message = parameter_message(value.clone());
            assert_eq!(parameter_value(&message).unwrap(), value, "{}", declaration.name);
        }
    }

    #[test]
    fn descriptors_can_be_sent_and_agree_with_the_values() {
        for declaration in DECLARATIONS {
            let descriptor = parameter_descriptor(declaration);
            // A sequence over its bound would be a panic here.
            let _sendable = NativeMsg::from(&descriptor);
            let default = parameter_message(declaration.value(&Configuration::default()));
            assert_eq!(descriptor.type_, default.type_, "{}", declaration.name);
        }
    }

    #[test]
    fn types_that_nothing_has_are_named() {
        for (number, name) in [(0, "no value"), (5, "byte array"), (8, "double array"), (77, "unknown type")] {
            let value = ParameterValue {
                type_: number,
                byte_array_value: vec![7],
                double_array_value: vec![0.5],
                ..ParameterValue::default()
            };
            assert!(parameter_value(&value).unwrap_err().contains(name));
            let error = declared(&Parameter { name: "threads".into(), value }).unwrap_err();
            assert!(error.to_string().starts_with("threads: expected integer, got "), "{error}");
        }
    }

    #[test]
    fn an_empty_list_has_no_type() {
        let empty = Ok(Value::TextList(Vec::new()));
        for number in 5..=9 {
            assert_eq!(parameter_value(&ParameterValue { type_: number, ..ParameterValue::default() }), empty);
        }
        assert_eq!(from_override(&Override::NotSet), empty);
    }

    #[test]
    fn overrides_of_every_known_type_are_read() {
        assert_eq!(from_override(&Override::Integer(3)), Ok(Value::Integer(3)));
        assert_eq!(from_override(&Override::StringArray(vec!["a".into()])), Ok(Value::TextList(vec!["a".into()])));
        assert_eq!(from_override(&Override::DoubleArray(vec![0.5])), Err("double array"));
    }
}

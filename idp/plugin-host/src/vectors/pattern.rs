//! Patterns of outcomes.

use serde_json::Value;

/// Where and how a value does not match a pattern; `None`: it does.
pub fn mismatch(pattern: &Value, value: &Value) -> Option<String> {
    below("", pattern, value)
}

fn below(at: &str, pattern: &Value, value: &Value) -> Option<String> {
    let shown = if at.is_empty() { "/" } else { at };
    let differs = |expected: &str| Some(format!("{shown}: expected {expected}, found {}", short(value)));
    match pattern {
        Value::Object(members) => {
            if let Some((operator, operand)) = members.iter().next().filter(|(name, _)| name.starts_with('$')) {
                return if holds(operator, operand, value)? { None } else { differs(&short(pattern)) };
            }
            let Some(found) = value.as_object() else { return differs("an object") };
            members.iter().find_map(|(name, pattern)| {
                below(&format!("{at}/{name}"), pattern, found.get(name).unwrap_or(&Value::Null))
            })
        }
        Value::Array(items) => match value.as_array() {
            Some(found) if found.len() == items.len() => items
                .iter()
                .zip(found)
                .enumerate()
                .find_map(|(place, (pattern, value))| below(&format!("{at}/{place}"), pattern, value)),
            Some(found) => Some(format!("{shown}: expected {} items, found {}", items.len(), found.len())),
            None => differs("a list"),
        },
        same => {
            if same == value {
                None
            } else {
                differs(&short(same))
            }
        }
    }
}

/// Whether an operator holds; an unknown one holds for nothing.
#[allow(clippy::unnecessary_wraps, reason = "so that the caller's `?` ends the comparison")]
fn holds(operator: &str, operand: &Value, value: &Value) -> Option<bool> {
    let length = match value {
        Value::String(text) => Some(text.chars().count() as u64),
        Value::Array(items) => Some(items.len() as u64),
        _ => None,
    };
    Some(match operator {
        "$any" => !value.is_null(),
        "$length" => length.is_some() && length == operand.as_u64(),
        "$contains" => match (value.as_str(), operand.as_str()) {
            (Some(text), Some(part)) => text.contains(part),
            _ => false,
        },
        _ => false,
    })
}

fn short(value: &Value) -> String {
    crate::fault::readable(&value.to_string(), 120)
}

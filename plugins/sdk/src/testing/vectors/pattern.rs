//! Patterns of outcomes.

use serde_json::Value;

/// Where and how a value does not match a pattern; `None`: it does.
pub(super) fn mismatch(pattern: &Value, value: &Value) -> Option<String> {
    below("", pattern, value)
}

fn below(at: &str, pattern: &Value, value: &Value) -> Option<String> {
    let differs = || Some(format!("{at}/: expected {pattern}, found {value}"));
    match (pattern, value) {
        (Value::Object(wanted), _) if wanted.keys().any(|name| name.starts_with('$')) => {
            let all = wanted.iter().all(|(operator, operand)| holds(operator, operand, value));
            if all { None } else { differs() }
        }
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, pattern)| {
            below(&format!("{at}/{name}"), pattern, found.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(place, (pattern, value))| below(&format!("{at}/{place}"), pattern, value))
        }
        (same, value) => {
            if same == value {
                None
            } else {
                differs()
            }
        }
    }
}

/// Whether an operator holds; an unknown one holds for nothing.
fn holds(operator: &str, operand: &Value, value: &Value) -> bool {
    match (operator, value) {
        ("$any", value) => !value.is_null(),
        ("$length", Value::String(text)) => operand.as_u64() == Some(text.chars().count() as u64),
        ("$length", Value::Array(items)) => operand.as_u64() == Some(items.len() as u64),
        ("$contains", Value::String(text)) => operand.as_str().is_some_and(|part| text.contains(part)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::mismatch;

    #[test]
    fn a_pattern_names_what_matters_and_no_more() {
        let outcome = json!({ "rejected": { "reason": "expired", "text": null, "consume": ["a", "b"] } });
        for same in [
            json!({}),
            json!({ "rejected": { "reason": "expired" } }),
            json!({ "rejected": { "text": null, "by": null } }),
            json!({ "rejected": { "consume": ["a", { "$any": true }] } }),
            json!({ "rejected": { "consume": { "$length": 2 }, "reason": { "$contains": "exp" } } }),
        ] {
            assert_eq!(mismatch(&same, &outcome), None, "{same}");
        }
    }

    #[test]
    fn what_differs_is_told_with_its_place() {
        let outcome = json!({ "rejected": { "reason": "expired", "text": null, "consume": ["a", "b"] } });
        for (other, place) in [
            (json!({ "accepted": {} }), "/accepted/"),
            (json!({ "rejected": { "reason": "replayed" } }), "/rejected/reason/"),
            (json!({ "rejected": { "reason": { "$length": 6 } } }), "/rejected/reason/"),
            (json!({ "rejected": { "reason": { "$contains": "x", "$length": 6 } } }), "/rejected/reason/"),
            (json!({ "rejected": { "reason": { "$unknown": true } } }), "/rejected/reason/"),
            (json!({ "rejected": { "text": { "$any": true } } }), "/rejected/text/"),
            (json!({ "rejected": { "consume": ["a"] } }), "/rejected/consume/"),
            (json!({ "rejected": { "consume": ["a", "c"] } }), "/rejected/consume/1/"),
            (json!({ "rejected": [] }), "/rejected/"),
        ] {
            let told = mismatch(&other, &outcome).unwrap();
            assert!(told.starts_with(place), "{other}: {told}");
        }
    }
}

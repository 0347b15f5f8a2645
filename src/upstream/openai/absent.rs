//! Whether a field that could say "there was an error" or "I refuse" says so at all.

use serde_json::Value;

/// Whether a value is one of the ways to say nothing: `null`, `false`, `0`, no letters, or a list or object that holds
/// nothing else.
pub(super) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(says_nothing),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

/// Whether a refusal is one: only words refuse, and the name of a part's kind is none.
pub(super) fn has_words(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains(char::is_alphanumeric),
        Value::Array(items) => items.iter().any(has_words),
        Value::Object(fields) => fields.iter().any(|(name, value)| name != "type" && has_words(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_can_be_said_in_many_ways() {
        for nothing in [
            json!(null),
            json!(false),
            json!(0),
            json!(0.0),
            json!(""),
            json!(" \n"),
            json!([]),
            json!({}),
            json!([null, {}]),
            json!({"code": null, "message": null}),
            json!({"code": 0, "message": "", "details": [], "inner": {"param": null}}),
        ] {
            assert!(says_nothing(&nothing), "{nothing}");
            assert!(!has_words(&nothing), "{nothing}");
        }
        for something in [json!(true), json!(1), json!("no"), json!([0, 1]), json!({"a": {"b": "c"}})] {
            assert!(!says_nothing(&something), "{something}");
        }
    }

    #[test]
    fn only_words_refuse() {
        for refusal in [
            json!("I can't."),
            json!([{"type": "refusal", "refusal": "no"}]),
            json!({"a": "no"}),
            json!("不"),
        ] {
            assert!(has_words(&refusal), "{refusal}");
        }
        for none in [
            json!(true),
            json!(7),
            json!({"type": "refusal", "refusal": ""}),
            json!("\u{2003}"),
            json!("\u{200b}\u{feff}"),
            json!("…"),
        ] {
            assert!(!has_words(&none), "{none}");
        }
    }
}

//! Whether a field that could say "there was an error" or "I refuse" says so at all.

use serde_json::Value;

/// What serialisers write for nothing, where a text is wanted.
const NOTHING: [&str; 7] = ["null", "none", "nil", "n/a", "undefined", "false", "nan"];

/// Whether a value is one of the ways to say nothing: `null`, `false`, `0`, no letters, a word for nothing, or a list or
/// object that holds nothing else.
pub(super) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => !has_meaning(text),
        Value::Array(items) => items.iter().all(says_nothing),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

/// Whether a refusal is one: only words refuse, and the name of a part's kind is none.
pub(super) fn has_words(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => has_meaning(text),
        Value::Array(items) => items.iter().any(has_words),
        Value::Object(fields) => fields.iter().any(|(name, value)| name != "type" && has_words(value)),
    }
}

/// Whether a text has letters, and is more than one word for nothing. `No.` is an answer.
fn has_meaning(text: &str) -> bool {
    let text = text.trim();
    let word = text.strip_suffix('.').unwrap_or(text);
    text.contains(char::is_alphanumeric) && !NOTHING.iter().any(|nothing| word.eq_ignore_ascii_case(nothing))
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
            json!("None"),
            json!(" null. "),
            json!("N/A"),
            json!("Undefined"),
            json!("False"),
            json!(["nil", {"code": "NULL"}]),
            json!("-"),
            json!("{}"),
        ] {
            assert!(says_nothing(&nothing), "{nothing}");
            assert!(!has_words(&nothing), "{nothing}");
        }
        for something in
            [json!(true), json!(1), json!("no"), json!("0x"), json!([0, 1]), json!({"a": {"b": "c"}})]
        {
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
            json!("No."),
            json!("None of this."),
            json!("null and void"),
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

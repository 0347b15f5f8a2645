//! A checked answer as JSON text: compact, with its numbers as the model wrote them.
//!
//! `serde_json` keeps a number's digits but not the form of its exponent (`1E5` becomes `1e+5`), and it
//! takes an object whose first key is one of its own names for a number or for more JSON. Where either can
//! be, value and text are walked together; a text without exponents is written from the value alone.

use std::collections::HashMap;

use serde_json::{Value, value::RawValue};

/// How the names begin that `serde_json` gives to what is no object.
const RESERVED: &str = "$serde_json::private::";

/// How the escapes of plain letters and signs begin: a reserved name may be written in them.
const ESCAPE: &str = "\\u00";

/// Writes `answer`, which was read from `content`; nothing if it is not what stands there.
pub(super) fn write(answer: &Value, content: &str) -> Option<String> {
    if !(has_exponent(answer) || content.contains(RESERVED) || content.contains(ESCAPE)) {
        return serde_json::to_string(answer).ok();
    }
    let written: &RawValue = serde_json::from_str(content).ok()?;
    let mut json = String::with_capacity(content.len());
    copy(answer, written.get(), &mut json)?;
    Some(json)
}

fn has_exponent(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_str().contains(['e', 'E']),
        Value::Array(elements) => elements.iter().any(has_exponent),
        Value::Object(members) => members.values().any(has_exponent),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn copy(value: &Value, written: &str, json: &mut String) -> Option<()> {
    match (value, written.bytes().next()?) {
        (Value::Number(_), b'-' | b'0'..=b'9') => json.push_str(written),
        (Value::Array(elements), b'[') => {
            let parts: Vec<&RawValue> = serde_json::from_str(written).ok()?;
            json.push('[');
            for (at, (element, part)) in elements.iter().zip(parts).enumerate() {
                separate(at, json);
                copy(element, part.get(), json)?;
            }
            json.push(']');
        }
        (Value::Object(members), b'{') => {
            // Of a key that is given twice the last value counts, here as there.
            let parts: HashMap<String, &RawValue> = serde_json::from_str(written).ok()?;
            (parts.len() == members.len()).then_some(())?;
            json.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                separate(at, json);
                json.push_str(&serde_json::to_string(key).ok()?);
                json.push(':');
                copy(member, parts.get(key)?.get(), json)?;
            }
            json.push('}');
        }
        (Value::String(_), b'"') | (Value::Bool(_), b't' | b'f') | (Value::Null, b'n') => {
            json.push_str(&serde_json::to_string(value).ok()?);
        }
        _ => return None,
    }
    Some(())
}

fn separate(at: usize, json: &mut String) {
    if at > 0 {
        json.push(',');
    }
}

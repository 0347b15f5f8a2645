//! How large a schema may be, before anyone tries to understand it.

use serde_json::Value;

use super::{
    SchemaProblem,
    numbers::{NUMBER_DIGITS_MAX, digits},
    problems::{Problems, one},
};

/// The longest schema, in bytes.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;

/// The deepest nesting of objects and arrays.
pub(super) const DEPTH_MAX: usize = 32;

/// The most JSON values, scalars included.
pub(super) const NODES_MAX: usize = 4096;

/// The longest key, in bytes: each value's JSON Pointer repeats those above it.
pub(super) const KEY_BYTES_MAX: usize = 256;

/// The most `pattern`s and keys of `patternProperties`.
pub(super) const PATTERNS_MAX: usize = 32;

/// The longest `pattern`, in bytes; those that are keys are bounded as keys.
pub(super) const PATTERN_BYTES_MAX: usize = 512;

/// Holds the schema's text against its limit.
pub(super) fn check_text(text: &str) -> Result<(), SchemaProblem> {
    if text.len() <= SCHEMA_BYTES_MAX {
        return Ok(());
    }
    Err(one("", &format!("the schema has {} bytes: at most {SCHEMA_BYTES_MAX} are allowed", text.len())))
}

/// Holds the schema's shape against its limits.
pub(super) fn check_value(value: &Value) -> Result<(), SchemaProblem> {
    let mut problems = Problems::default();
    let mut nodes = 0;
    count(value, "", 1, &mut nodes, &mut problems);
    if nodes > NODES_MAX {
        problems.add("", &format!("the schema has {nodes} values: at most {NODES_MAX} are allowed"));
    }
    problems.into_result()
}

/// How many patterns there may be at most: everything under a key that could make it one.
pub(super) fn patterns(value: &Value) -> usize {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| match (key.as_str(), member) {
                ("pattern", Value::String(_)) => 1,
                ("patternProperties", Value::Object(named)) => named.len() + patterns(member),
                _ => patterns(member),
            })
            .sum(),
        Value::Array(elements) => elements.iter().map(patterns).sum(),
        _ => 0,
    }
}

/// Whether texts may have to be read: everything under a key that could make it a pattern or a format.
pub(super) fn reads_texts(value: &Value) -> bool {
    const READERS: [&str; 5] =
        ["pattern", "patternProperties", "format", "contentEncoding", "contentMediaType"];
    match value {
        Value::Object(members) => {
            members.iter().any(|(key, member)| READERS.contains(&key.as_str()) || reads_texts(member))
        }
        Value::Array(elements) => elements.iter().any(reads_texts),
        _ => false,
    }
}

/// Whether elements may have to be unique.
pub(super) fn wants_unique(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| {
            (key == "uniqueItems" && *member == Value::Bool(true)) || wants_unique(member)
        }),
        Value::Array(elements) => elements.iter().any(wants_unique),
        _ => false,
    }
}

fn count(value: &Value, place: &str, depth: usize, nodes: &mut usize, problems: &mut Problems) {
    *nodes += 1;
    if depth > DEPTH_MAX && (value.is_object() || value.is_array()) {
        problems.add(place, &format!("nested more than {DEPTH_MAX} levels deep: move parts to $defs"));
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key.len() > KEY_BYTES_MAX {
                    problems.add(place, &format!("has a key of more than {KEY_BYTES_MAX} bytes: shorten it"));
                } else {
                    count(member, &below(place, key), depth + 1, nodes, problems);
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                count(element, &below(place, &index.to_string()), depth + 1, nodes, problems);
            }
        }
        Value::Number(number) if digits(number.as_str()) > NUMBER_DIGITS_MAX => {
            problems.add(place, &format!("has more than {NUMBER_DIGITS_MAX} digits: give a shorter number"));
        }
        _ => {}
    }
}

/// The JSON Pointer of a member or an element.
pub(super) fn below(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

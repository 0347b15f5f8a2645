//! What `deploy/` starts fits together: files that are named exist, hosts that are named are services which listen on
//! the ports asked for, images are pinned, and nothing is published beyond this machine.
//!
//! This is what can be known without an engine for containers. Each rule is a function of what was read, and is shown a
//! breach that it must find.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod addresses;
mod dockerfile;
mod gateway;
mod paths;
mod retention;
mod safety;
mod sources;
mod stack;
#[path = "../support/gateway.rs"]
mod support;

use serde_json::Value;

/// The text of a file of the repository.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// YAML or TOML, by the end of `path`.
pub(crate) fn parse(path: &str, text: &str) -> Value {
    let parsed = match path.rsplit_once('.') {
        Some((_, "toml")) => toml::from_str(text).map_err(|error| error.to_string()),
        _ => serde_saphyr::from_str(text).map_err(|error| error.to_string()),
    };
    parsed.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every string in `value`, with the key it stands under; those in lists under the key of the list.
pub(crate) fn strings(value: &Value) -> Vec<(String, String)> {
    fn walk(key: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(key, value, found)),
            Value::Array(items) => items.iter().for_each(|item| walk(key, item, found)),
            Value::String(text) => found.push((key.to_owned(), text.clone())),
            Value::Number(number) => found.push((key.to_owned(), number.to_string())),
            Value::Null | Value::Bool(_) => {}
        }
    }
    let mut found = Vec::new();
    walk("", value, &mut found);
    found
}

#[track_caller]
pub(crate) fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{problems:#?}");
}

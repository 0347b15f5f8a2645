//! `format`, which is enforced for the formats that the library knows.
//!
//! All of them take time that grows with the text's length alone, and none looks anything up: those of
//! international host names and addresses need tables that are left out.

use jsonschema::{ValidationOptions, Validator};
use serde_json::{Value, json};

use super::Draft;

/// The formats that are enforced, under every draft.
pub const FORMATS: [&str; 17] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
    "uri",
    "uri-reference",
    "uri-template",
    "iri",
    "iri-reference",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// The longest text that can be a `regex`, in bytes: the names of its groups are held against each other.
const REGEX_TEXT_BYTES_MAX: usize = 4 << 10;

/// Enforces formats. Draft 7 does not know `duration` and `uuid`, but what writes draft 7 uses them.
pub(super) fn enforced(options: ValidationOptions<'_>, draft: Draft) -> ValidationOptions<'_> {
    let mut options = options.should_validate_formats(true);
    if let Some(regex) = alone("regex") {
        let check = move |text: &str| text.len() <= REGEX_TEXT_BYTES_MAX && regex.is_valid(&json!(text));
        options = options.with_format("regex", check);
    }
    for format in ["duration", "uuid"] {
        if let Some(validator) = alone(format).filter(|_| draft == Draft::Draft7) {
            options = options.with_format(format, move |text: &str| validator.is_valid(&json!(text)));
        }
    }
    options
}

/// A schema of nothing but a format.
fn alone(format: &str) -> Option<Validator> {
    let schema: Value = json!({ "format": format });
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .offline()
        .build(&schema)
        .ok()
}

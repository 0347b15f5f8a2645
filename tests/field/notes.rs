//! What the notes of the cases from the field say in words, as far as it can be checked.

use crate::case::Want;

/// Cases with something to add.
pub(crate) const IDS: &[&str] = &[
    "finish-error-empty",
    "finish-network_error-empty",
    "finish-error-half",
    "json-not-made",
    "prose-only",
    "inline-schema-refused",
    "no-wait-known",
    "many-entities",
];

/// Adds what the note of a case says.
pub(crate) fn add(id: &str, want: &mut Want) {
    let attempts = |ends: &[&str]| Some(ends.iter().map(|end| (*end).to_owned()).collect());
    match id {
        "finish-error-empty" | "finish-network_error-empty" | "finish-error-half" => {
            want.attempts = attempts(&["initial (server_error)", "retry"]);
        }
        "json-not-made" => want.attempts = attempts(&["initial (not_json)", "repair"]),
        "prose-only" => want.attempts = attempts(&["initial (not_json)", "repair (not_json)"]),
        "inline-schema-refused" => want.violation = Some("inline.schema".to_owned()),
        "no-wait-known" => {
            want.retry_info = Some(false);
            want.unsaid = Some("delay".to_owned());
        }
        "many-entities" => want.every_entity = true,
        _ => {}
    }
}

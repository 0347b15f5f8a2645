//! Reads the body of an error: which word it says, which wait it asks for, what it cost.

use std::time::Duration;

use serde_json::Value;

use super::{super::ErrorWord, answer, error_words};
use crate::{extraction::Usage, upstream::duration_text};

/// In place of a status, where the answer's own was 2xx and says nothing about the error.
pub(super) const NO_STATUS: u16 = 0;

/// What an error body says. None of its text leaves here.
#[derive(Default)]
pub(super) struct ErrorBody {
    /// What went wrong.
    pub(super) word: Option<ErrorWord>,
    /// The wait asked for (`google.rpc.RetryInfo`).
    pub(super) retry_delay: Option<Duration>,
    /// Tokens as reported.
    pub(super) usage: Usage,
}

/// Reads the body of an answer with an error's status. What is no JSON says nothing.
pub(super) fn read(status: u16, body: &[u8]) -> ErrorBody {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return ErrorBody { word: error_words::find(status, &Value::Null), ..ErrorBody::default() };
    };
    // Gemini's compatible endpoint puts the object into an array.
    let body = body.get(0).unwrap_or(&body);
    let error = body.get("error").filter(|error| is_error(error)).unwrap_or(body);
    let usage = body.get("usage").map_or_else(Usage::default, answer::usage);
    ErrorBody { usage, ..of_value(status, error) }
}

/// Reads an error object, or an error that is a mere text.
pub(super) fn of_value(status: u16, error: &Value) -> ErrorBody {
    let details = error.get("details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let retry_delay = details
        .iter()
        .filter(|detail| is_a(detail, "google.rpc.RetryInfo"))
        .find_map(|detail| duration_text::parse(detail.get("retryDelay")?.as_str()?));
    let word =
        if daily(details) { Some(ErrorWord::QuotaExhausted) } else { error_words::find(status, error) };
    ErrorBody { word, retry_delay, usage: Usage::default() }
}

/// Whether a field named `error` says that there is one.
pub(super) fn is_error(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Array(_) => true,
    }
}

/// Whether a day's quota is used up: Gemini says 429 to that as to a minute's.
fn daily(details: &[Value]) -> bool {
    details
        .iter()
        .filter(|detail| is_a(detail, "google.rpc.QuotaFailure"))
        .filter_map(|detail| detail.get("violations")?.as_array())
        .flatten()
        .filter_map(|violation| violation.get("quotaId")?.as_str())
        .any(|quota| quota.contains("PerDay") || quota.contains("Daily"))
}

fn is_a(detail: &Value, kind: &str) -> bool {
    detail.get("@type").and_then(Value::as_str).is_some_and(|named| named.ends_with(kind))
}

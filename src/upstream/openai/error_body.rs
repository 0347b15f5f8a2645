//! Reads the body of an error: what it means, which wait it asks for, what it cost.

mod spoken;
mod waits;

use serde_json::Value;

use super::{
    super::{ErrorWord, Pushback, fault::BodyForm, settings::MaxTokensField},
    absent::says_nothing,
    answer,
    error_words::{self, Meaning, NO_STATUS, SentFields},
    tokens_field,
};
use crate::extraction::{Said, Usage};

pub(super) use spoken::Spoken;

/// What an error body says. None of its text leaves here.
#[derive(Debug, Default)]
pub(super) struct ErrorBody {
    /// Whose it seems to be.
    pub(super) form: BodyForm,
    /// What went wrong.
    pub(super) word: Option<ErrorWord>,
    /// The field for the limit of tokens that the API does not take, if it says so.
    pub(super) refused: Option<MaxTokensField>,
    /// What of its words is known.
    pub(super) said: Said,
    /// The wait asked for.
    pub(super) retry_delay: Option<Pushback>,
    /// Tokens as reported.
    pub(super) usage: Usage,
}

/// Reads the body of an answer with an error's status. What is no JSON says nothing of what went wrong.
pub(super) fn read(status: u16, body: &[u8], sent: &SentFields) -> ErrorBody {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        let form = form_of_words(body);
        let Meaning { word, said } = error_words::find(status, &Spoken::default(), sent);
        return ErrorBody { form, word, said, ..ErrorBody::default() };
    };
    // Gemini's compatible endpoint puts the object into an array.
    let body = body.get(0).unwrap_or(&body);
    let usage = body.get("usage").map_or_else(Usage::default, answer::usage);
    ErrorBody { usage, ..of_value(status, error_in(body), body, sent) }
}

/// Reads an error within a 2xx answer.
pub(super) fn within(error: &Value, sent: &SentFields) -> ErrorBody {
    of_value(NO_STATUS, error, error, sent)
}

/// Whether a body is a page for people: something else than the API answered. Cloudflare's pages come in short, too.
pub(super) fn is_page(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    body.starts_with(b"<") || body.starts_with(b"error code: ")
}

/// Whose a body is that is no JSON. One that only begins like JSON is the API's, torn: nothing is said in it.
fn form_of_words(body: &[u8]) -> BodyForm {
    match body.trim_ascii_start().first() {
        None | Some(b'{' | b'[') => BodyForm::Other,
        Some(_) if is_page(body) => BodyForm::Page,
        Some(_) => BodyForm::Foreign,
    }
}

/// Whose a body is that is JSON. A bare number, such as a wall's `1020`, is nobody's error.
fn form_of_json(spoken: &Spoken<'_>, body: &Value) -> BodyForm {
    match body {
        _ if is_walls(body) => BodyForm::Foreign,
        _ if !spoken.is_empty() => BodyForm::Api,
        Value::Bool(_) | Value::Number(_) => BodyForm::Foreign,
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => BodyForm::Other,
    }
}

/// Whether it is Cloudflare that speaks, in JSON since JSON was asked for, and not the API behind it. Its numbers are
/// others' words for something else.
fn is_walls(body: &Value) -> bool {
    body.get("cloudflare_error").and_then(Value::as_bool) == Some(true)
}

/// The error in a body: its own field, the first of several, or the body itself.
fn error_in(body: &Value) -> &Value {
    let own = body.get("error").filter(|error| !says_nothing(error) && !error.is_array());
    own.or_else(|| body.get("errors")?.get(0)).unwrap_or(body)
}

fn of_value(status: u16, error: &Value, around: &Value, sent: &SentFields) -> ErrorBody {
    let details = error.get("details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let inner = passed_on(error);
    let retry_delay = waits::find(error, around)
        .or_else(|| inner.as_ref().and_then(|inner| waits::find(error_in(inner), inner)));
    let mut spoken = Spoken::of(error, around);
    if let Some(inner) = &inner {
        spoken.append(Spoken::of(error_in(inner), inner));
    }
    let form = form_of_json(&spoken, around);
    if form == BodyForm::Foreign {
        spoken = Spoken::default();
    }
    let Meaning { word, said } = error_words::find(status, &spoken, sent);
    let word = if daily(details) { Some(ErrorWord::QuotaExhausted) } else { word };
    let refused = if matches!(status, NO_STATUS | 400 | 422) { tokens_field::refused(&spoken) } else { None };
    ErrorBody { form, word, refused, said, retry_delay, usage: Usage::default() }
}

/// The error of the server behind it, passed on as JSON, as its text, or in words: `OpenRouter` has a place for it, others
/// put it into the message.
fn passed_on(error: &Value) -> Option<Value> {
    let raw = error.pointer("/metadata/raw").or_else(|| {
        let is_json = |text: &str| text.trim_start().starts_with(['{', '[']);
        error.get("message").filter(|message| message.as_str().is_some_and(is_json))
    })?;
    let Some(text) = raw.as_str().filter(|text| !is_page(text.as_bytes())) else {
        return Some(raw.clone()).filter(Value::is_object);
    };
    let inner: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Some(inner.get(0).cloned().unwrap_or(inner))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the bytes are, they are not the API's.
    #[test]
    fn pages_in_other_encodings_are_a_walls() {
        let page = "<html><title>Access denied</title></html>";
        let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [&[0xff, 0xfe][..], &utf16].concat();
        let big: Vec<u8> =
            [0xfe, 0xff].into_iter().chain(page.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for body in [
            &utf16[..],
            &marked,
            &big,
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3",
            b"\x28\xb5\x2f\xfd\x04",
            b"no <b>way</b>",
        ] {
            let form = read(403, body, &SentFields::default()).form;
            assert!(matches!(form, BodyForm::Page | BodyForm::Foreign), "{body:?}: {form:?}");
        }
    }
}

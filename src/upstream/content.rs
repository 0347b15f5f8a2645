//! What a model said, read as exactly one JSON object. No dialect's business: models wrap their JSON alike everywhere.
//!
//! What is read, for any structured output: a byte order mark, then words, fences and thoughts in any order, and amid
//! them exactly one JSON object. Thoughts stand between tags such as `<think>` and `</think>`; the opening one may be
//! missing, since templates give it to the model. What stands in a thought is no answer, unless nothing stands behind
//! it. Two values are never read as one, nor a part as the whole: no brace and no list may stand outside of the object, and
//! it may not stand in a list. A number in brackets is a footnote where words lead to it; a string, a number or another
//! word of JSON is a value only if nothing else stands on its side of the object, since prose is full of them. A text that
//! is another JSON value as a whole is taken as it is, for the schema to refuse, and a string that holds an object as its
//! object. What can't be read to its last letter, half a character or more depth than anybody reads, is not JSON.
//!
//! Looking for what *could* be meant (single quotes, commas too many, the last of several objects) was rejected: a
//! repair asks the model itself, and an invented answer is worse than none.

mod bracket;
mod json;
mod scan;

#[cfg(test)]
mod tests;

use crate::extraction::{AnswerForm, AnswerForms};
use json::Json;
use scan::Scan;

/// The JSON in a model's words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// The JSON, byte for byte as the model gave it.
    pub(super) json: String,
    /// In which forms it was found.
    pub(super) forms: AnswerForms,
    /// Whether no words stood behind it.
    pub(super) is_last: bool,
}

/// Why there is no JSON in a model's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// There are no words.
    Empty,
    /// There is no object, or not exactly one, or it is broken.
    NotJson,
}

/// Reads a model's words.
pub(super) fn read(words: String) -> Result<Read, Unread> {
    let text = trimmed(&words);
    if text.is_empty() {
        return Err(Unread::Empty);
    }
    if !text.starts_with('{') && serde_json::from_str::<Json>(text).is_ok() {
        return Ok(another_value(text));
    }
    object(words)
}

/// The one object in a model's words.
fn object(mut words: String) -> Result<Read, Unread> {
    let found = Scan::of(&words).ok_or(Unread::NotJson)?;
    words.truncate(found.range.end);
    words.drain(..found.range.start);
    Ok(Read { json: words, forms: found.forms, is_last: found.is_last })
}

/// Some JSON value that is no object: as it is, unless it is a string that holds one.
fn another_value(text: &str) -> Read {
    let within = if text.starts_with('"') { serde_json::from_str::<String>(text).ok() } else { None };
    match within.map(object) {
        Some(Ok(mut read)) => {
            read.forms.add(AnswerForm::Encoded);
            read
        }
        Some(Err(_)) | None => Read { json: text.to_owned(), forms: AnswerForms::default(), is_last: true },
    }
}

fn trimmed(words: &str) -> &str {
    words.trim_start_matches(scan::BYTE_ORDER_MARK).trim()
}

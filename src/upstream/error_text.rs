//! What an API says of an error, made fit for the log of an operator who asked for it.

mod decoded;
mod redaction;

use std::fmt;

pub use redaction::Redaction;

/// The most bytes of one error that are logged.
pub const ERROR_TEXT_BYTES_MAX: usize = 2 << 10;

/// The most bytes of an error that are looked at: a key that begins before the cut must be seen whole.
const READ_BYTES_MAX: usize = 4 * ERROR_TEXT_BYTES_MAX;

/// What stands in the place of a key.
const REDACTED: &str = "[redacted]";

/// What an API says of an error, cut and without keys. It may quote the caller's text: it goes into the log line of its
/// attempt, if the operator wants that, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorBodyText(String);

impl ErrorBodyText {
    /// What may be logged of `error`, which holds no word of an answer.
    pub fn of(error: &str, redaction: &Redaction) -> Self {
        let read = error.get(..error.floor_char_boundary(READ_BYTES_MAX)).unwrap_or(error);
        let end = read.floor_char_boundary(ERROR_TEXT_BYTES_MAX);
        let Some(places) = redaction.places(read) else { return Self(REDACTED.to_owned()) };
        let (mut text, mut from) = (String::with_capacity(end), 0);
        for place in places.into_iter().take_while(|place| place.start < end) {
            text.push_str(read.get(from..place.start).unwrap_or_default());
            text.push_str(REDACTED);
            from = place.end;
        }
        text.push_str(read.get(from..end).unwrap_or_default());
        text.truncate(text.floor_char_boundary(ERROR_TEXT_BYTES_MAX));
        Self(text)
    }

    /// The text, for the log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ErrorBodyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorBodyText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests;

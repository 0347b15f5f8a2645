//! What values may look like: how each kind is read, and how it is written back.

mod place;
mod quantity;

use toml::Value;

use super::problem::{Complaint, REDACTED};

pub(super) use place::{FilePath, Listen, WebUrl, WebUrlOrNone};
pub(super) use quantity::{Bytes, Count, Number, Span};

/// A kind of value.
pub(super) trait Form {
    /// What it is in the program.
    type Out;

    /// Whether it is a text in any case, even if an environment variable's value reads as a number.
    const TEXT: bool = false;

    /// Checks a value.
    fn read(&self, value: &Value) -> Result<Self::Out, Complaint>;

    /// The value to be read as `out`.
    fn write(&self, out: &Self::Out) -> Value;

    /// How a value that can't be read is shown in a problem.
    fn show(&self, value: &Value) -> String {
        shortened(&value.to_string())
    }
}

/// `true` or `false`.
pub(super) struct Flag;

impl Form for Flag {
    type Out = bool;

    fn read(&self, value: &Value) -> Result<bool, Complaint> {
        value.as_bool().ok_or_else(|| wrong_kind("true or false", value, "write it without quotes"))
    }

    fn write(&self, out: &bool) -> Value {
        Value::from(*out)
    }
}

/// A text that is not blank.
pub(super) struct Text {
    pub(super) bytes_max: usize,
}

impl Form for Text {
    type Out = String;
    const TEXT: bool = true;

    fn read(&self, value: &Value) -> Result<String, Complaint> {
        let text = value.as_str().ok_or_else(|| wrong_kind("a string", value, "write it in quotes"))?;
        if text.trim().is_empty() {
            return Err(Complaint::new("must not be blank", "fill it in"));
        }
        if text.len() > self.bytes_max {
            let what = format!("is {} bytes long", text.len());
            return Err(Complaint::new(what, format!("use at most {}", self.bytes_max)));
        }
        Ok(text.to_owned())
    }

    fn write(&self, out: &String) -> Value {
        Value::from(out.as_str())
    }
}

/// A text that must not be shown.
pub(super) struct Hidden {
    pub(super) bytes_max: usize,
}

impl Form for Hidden {
    type Out = String;
    const TEXT: bool = true;

    fn read(&self, value: &Value) -> Result<String, Complaint> {
        Text { bytes_max: self.bytes_max }.read(value)
    }

    fn write(&self, _: &String) -> Value {
        Value::from(REDACTED)
    }

    fn show(&self, _: &Value) -> String {
        REDACTED.to_owned()
    }
}

/// One of a few words, each with its meaning.
pub(super) struct Word<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Form for Word<T> {
    type Out = T;

    fn read(&self, value: &Value) -> Result<T, Complaint> {
        let words = || self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let given = match value {
            Value::String(word) => word.clone(),
            Value::Integer(digits) => digits.to_string(),
            _ => return Err(wrong_kind("a string", value, &format!("use one of {}", words()))),
        };
        let meant = self.0.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning);
        meant.ok_or_else(|| Complaint::new("is unknown", format!("use one of {}", words())))
    }

    fn write(&self, out: &T) -> Value {
        let word = self.0.iter().find(|(_, meaning)| meaning == out);
        Value::from(word.map_or("", |(word, _)| *word))
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// A text cut to what one line can take.
pub(super) fn shortened(text: &str) -> String {
    /// The most characters of a value that are shown.
    const SHOWN_CHARS_MAX: usize = 80;
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = chars.by_ref().take(SHOWN_CHARS_MAX).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

pub(super) fn wrong_kind(expected: &str, value: &Value, remedy: &str) -> Complaint {
    Complaint::new(format!("must be {expected}, not {}", kind(value)), remedy)
}

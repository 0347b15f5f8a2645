//! What an upstream's answer says of itself, in a form that is fit for traces.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use super::label::labels;

/// The longest identifier that is taken over: providers' own have less than half of it.
const IDENTIFIER_BYTES_MAX: usize = 128;

/// What an upstream's answer says of itself; absent means that it did not, or not in a form that is taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The answer's own id, to ask the provider about.
    pub id: Option<Identifier>,
    /// The model that answered; often a dated version of the one that was asked for.
    pub model: Option<Identifier>,
    /// Why the model stopped.
    pub finish: Option<FinishReason>,
}

/// The HTTP status of an attempt's answer, known as soon as the head has come, to those too who give the
/// attempt up in the middle of the body. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct HeadStatus(Arc<AtomicU16>);

impl HeadStatus {
    /// The head came.
    pub fn tell(&self, status: u16) {
        self.0.store(status, Ordering::Relaxed);
    }

    /// The status, if the head came.
    pub fn get(&self) -> Option<u16> {
        Some(self.0.load(Ordering::Relaxed)).filter(|status| *status != 0)
    }
}

/// A word of an upstream's that can hold no text: short, and of the characters that ids and models have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier(Arc<str>);

impl Identifier {
    /// `text`, if it looks like an identifier.
    pub fn new(text: &str) -> Option<Self> {
        let fit = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@".contains(&b);
        let fits = (1..=IDENTIFIER_BYTES_MAX).contains(&text.len()) && text.bytes().all(fit);
        fits.then(|| Self(text.into()))
    }

    /// The word.
    pub fn as_str(&self) -> &Arc<str> {
        &self.0
    }
}

labels! {
    /// Why a model stopped.
    pub enum FinishReason {
        /// It had said all.
        Stop = "stop",
        /// The token limit was reached.
        Length = "length",
        /// A filter cut in.
        ContentFilter = "content_filter",
        /// It called a tool.
        ToolCalls = "tool_calls",
        /// Something else.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_an_identifier_is_one() {
        for fit in ["chatcmpl-9xB", "gpt-4o-2024-08-06", "org/model:free", "models/x@1", &"a".repeat(128)] {
            assert_eq!(Identifier::new(fit).map(|word| word.as_str().to_string()).as_deref(), Some(fit));
        }
        for unfit in ["", "Ada Lovelace", "line\nbreak", "caf\u{e9}", "{\"a\":1}", &"a".repeat(129)] {
            assert_eq!(Identifier::new(unfit), None, "{unfit}");
        }
    }
}

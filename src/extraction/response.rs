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
    /// In which forms its JSON was found; absent if none was found.
    pub read: Option<AnswerForms>,
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
        /// It broke off: an error, a lost connection, a shutdown.
        Error = "error",
        /// A word that is not known.
        Other = "other",
    }
}

labels! {
    /// A form in which the JSON of an answer was found. Several can come together.
    pub enum AnswerForm {
        /// JSON and nothing else, where it belongs.
        Bare = "bare",
        /// Behind a byte order mark.
        ByteOrderMark = "byte_order_mark",
        /// Within a fence of Markdown.
        Fenced = "fenced",
        /// Behind a thought.
        Thought = "thought",
        /// Among words.
        Surrounded = "surrounded",
        /// As JSON within a JSON string.
        Encoded = "encoded",
        /// As an object where a text belongs.
        Object = "object",
        /// As the arguments of a tool call.
        ToolCall = "tool_call",
        /// In the field for thoughts, with nothing in the field for the answer.
        Reasoning = "reasoning",
        /// In an event stream that nobody had asked for.
        EventStream = "event_stream",
        /// Under a content type that is not JSON's.
        Mislabelled = "mislabelled",
    }
}

/// The forms in which the JSON of one answer was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerForms(u16);

impl AnswerForms {
    /// Adds one.
    pub fn add(&mut self, form: AnswerForm) {
        self.0 |= bit(form);
    }

    /// Adds all of these.
    pub fn join(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// Every form, which is [`AnswerForm::Bare`] if there was no other.
    pub fn iter(self) -> impl Iterator<Item = AnswerForm> {
        let had = if self.0 == 0 { bit(AnswerForm::Bare) } else { self.0 };
        AnswerForm::ALL.iter().copied().filter(move |form| had & bit(*form) != 0)
    }
}

fn bit(form: AnswerForm) -> u16 {
    1 << form as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_in_no_special_form_was_bare() {
        let forms = |those: AnswerForms| those.iter().collect::<Vec<_>>();
        let mut some = AnswerForms::default();
        assert_eq!(forms(some), [AnswerForm::Bare]);
        some.add(AnswerForm::Mislabelled);
        some.add(AnswerForm::Fenced);
        assert_eq!(forms(some), [AnswerForm::Fenced, AnswerForm::Mislabelled]);
        for form in AnswerForm::ALL {
            let mut one = AnswerForms::default();
            one.add(*form);
            assert_eq!(forms(one), [*form]);
        }
    }

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

//! Which field limits an answer's tokens: what is configured, else what the API's answers say.
//!
//! `OpenAI`'s newer models refuse `max_tokens`, many compatible servers know nothing else, and no model's name tells
//! which it is.

mod refusal;

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{OtherTokensField, settings::MaxTokensField};

pub(super) use refusal::refused;

/// The field that one upstream is sent.
pub(super) struct TokensField {
    configured: Option<MaxTokensField>,
    /// Whether it is `max_completion_tokens`, unless one is configured.
    newer: AtomicBool,
    /// Whether it was ever another one than at first.
    learned: AtomicBool,
}

impl TokensField {
    /// The configured one, else `max_tokens` until something is learned.
    pub(super) fn new(configured: Option<MaxTokensField>) -> Self {
        Self { configured, newer: AtomicBool::new(false), learned: AtomicBool::new(false) }
    }

    /// The field to send.
    pub(super) fn current(&self) -> MaxTokensField {
        self.configured.unwrap_or_else(|| field(self.newer.load(Ordering::Relaxed)))
    }

    /// Takes note that the API refused the field that it was sent, and tells which one to send from now on: nothing if
    /// there is no choice.
    ///
    /// Many attempts may learn the same at once. It is the first that changes the field; what all the others were sent
    /// is the old one by then, and theirs to repeat with the new one.
    pub(super) fn learn(&self, refused: MaxTokensField) -> Option<OtherTokensField> {
        if self.configured.is_some() {
            return None;
        }
        let newer = refused == MaxTokensField::MaxTokens;
        let changed = self.newer.swap(newer, Ordering::Relaxed) != newer;
        let first = changed && !self.learned.swap(true, Ordering::Relaxed);
        Some(OtherTokensField { field: refused.other(), first })
    }
}

fn field(newer: bool) -> MaxTokensField {
    if newer { MaxTokensField::MaxCompletionTokens } else { MaxTokensField::MaxTokens }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MaxTokensField::{MaxCompletionTokens, MaxTokens};

    #[test]
    fn what_is_configured_stays() {
        for configured in [MaxTokens, MaxCompletionTokens] {
            let field = TokensField::new(Some(configured));
            assert_eq!(field.learn(configured), None);
            assert_eq!(field.current(), configured);
        }
    }

    #[test]
    fn what_is_learned_is_remembered_and_told_once() {
        let tokens = TokensField::new(None);
        assert_eq!(tokens.current(), MaxTokens);
        for first in [true, false, false] {
            let learned = Some(OtherTokensField { field: MaxCompletionTokens, first });
            assert_eq!(tokens.learn(MaxTokens), learned, "everybody who was sent the old one repeats");
            assert_eq!(tokens.current(), MaxCompletionTokens);
        }
        let back = Some(OtherTokensField { field: MaxTokens, first: false });
        assert_eq!(tokens.learn(MaxCompletionTokens), back, "another model may be behind it by now");
        assert_eq!(tokens.current(), MaxTokens);
    }
}

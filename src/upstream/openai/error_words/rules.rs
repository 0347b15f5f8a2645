//! The words and sentences of vendors, as data. What each means was taken from their documentation and from reports of
//! those who met them; `tests/upstream/golden.rs` and `tests/field` have their errors one by one.
//!
//! Rules are in the order of what they must not be mistaken for: an account's trouble before the request's, numbers
//! before sentences, and general words, which stand on everything, last.

mod codes;
mod sentences;

use crate::upstream::ErrorWord::{
    self, ContentFiltered, ContextLength, InvalidCredential, InvalidRequest, JsonNotMade, ModelNotFound,
    Overloaded, ParameterRejected, QuotaExhausted, RateLimited, SchemaRejected, ServerError, Timeout,
};
use codes::{
    CONTEXT, CREDENTIAL, CREDENTIAL_NUMBERS, FILTER, FILTER_NUMBERS, INVALID, MODEL, MODEL_NUMBERS,
    OVERLOADED, PARAMETER, QUOTA, RATE, SERVER, TIMEOUT,
};
pub(super) use sentences::TEXT_SAID;
use sentences::{
    ASKED_NAMED, CONTEXT_SAID, CREDENTIAL_NAMED, CREDENTIAL_SAID, FILTER_SAID, MODEL_NAMED, MODEL_SAID,
    MODEL_WITHHELD, OVERLOADED_SAID, PARAMETER_SAID, QUOTA_NAMED, QUOTA_PERIODS, QUOTA_SAID, QUOTA_SPENT,
    RATE_SAID, SHAPE_NAMED, SHAPE_SAID,
};

/// When an error means something.
pub(super) enum Rule {
    /// The status is this one.
    Status(u16),
    /// One of its codes or types is one of these words; case, `_` and `-` do not matter.
    Codes(&'static [&'static str]),
    /// The same, under one of these statuses only.
    CodesAt(&'static [u16], &'static [&'static str]),
    /// A sentence holds all parts of one of these, one after the other, in lower case.
    Phrases(&'static [&'static [&'static str]]),
    /// The same, under one of these statuses only.
    PhrasesAt(&'static [u16], &'static [&'static [&'static str]]),
    /// The same of general words, which do not count in long quotations.
    WordsAt(&'static [u16], &'static [&'static [&'static str]]),
    /// A sentence holds the size of the request against a limit, and it is larger; not where a server speaks of itself.
    LimitsCompared,
    /// A sentence that holds these speaks of the request's size: not where only a field that the gateway chose is blamed.
    SizeSaid(&'static [&'static [&'static str]]),
    /// The shape of the answer is not accepted, which these sentences say too.
    Shape(&'static [&'static [&'static str]]),
    /// Something else that the gateway chose to send is not accepted.
    SentField,
}

/// A word's canonical form, if it stands in a table.
pub(super) fn listed(word: &str) -> Option<&'static str> {
    let codes = RULES.iter().filter_map(|(_, rule)| match rule {
        Rule::Codes(names) | Rule::CodesAt(_, names) => Some(*names),
        Rule::Status(_)
        | Rule::Phrases(_)
        | Rule::PhrasesAt(..)
        | Rule::WordsAt(..)
        | Rule::LimitsCompared
        | Rule::SizeSaid(_)
        | Rule::Shape(_)
        | Rule::SentField => None,
    });
    codes.chain([STATUSES]).flatten().find(|name| super::same(word, name)).copied()
}

/// Statuses that stand as codes.
const STATUSES: &[&str] = &[
    "400", "401", "402", "403", "404", "405", "408", "409", "413", "422", "429", "498", "499", "500", "502",
    "503", "504", "529",
];

/// The first that holds counts.
pub(super) const RULES: &[(ErrorWord, Rule)] = &[
    // Groq: the model did not manage to write JSON, and the API held it against the schema itself.
    (JsonNotMade, Rule::Codes(&["json_validate_failed", "tool_use_failed", "json_generation_failed"])),
    (QuotaExhausted, Rule::Codes(QUOTA)),
    // xAI calls both a lack of permission.
    (QuotaExhausted, Rule::Phrases(QUOTA_SAID)),
    (RateLimited, Rule::PhrasesAt(&[403], &[&["quota", "per minute"]])),
    (QuotaExhausted, Rule::WordsAt(&[403], QUOTA_SPENT)),
    (QuotaExhausted, Rule::WordsAt(&[429], QUOTA_PERIODS)),
    (ContentFiltered, Rule::PhrasesAt(&[400, 403], &[&["content violates usage guidelines"]])),
    (InvalidCredential, Rule::Codes(CREDENTIAL)),
    // Numbers mean something else at the next vendor: they count under the statuses that they come with.
    (InvalidCredential, Rule::CodesAt(&[0, 400, 401, 403], CREDENTIAL_NUMBERS)),
    (ModelNotFound, Rule::Codes(MODEL)),
    (ModelNotFound, Rule::CodesAt(&[0, 400, 404], MODEL_NUMBERS)),
    (ContextLength, Rule::LimitsCompared),
    // Groq calls a text above the tokens of a minute "rate limited": it will never fit.
    (ContextLength, Rule::Status(413)),
    (ContextLength, Rule::Codes(CONTEXT)),
    (InvalidCredential, Rule::Phrases(CREDENTIAL_SAID)),
    (ModelNotFound, Rule::Phrases(MODEL_SAID)),
    // Not under 429, where Bedrock says "too many tokens" to callers who have to wait, nor where a server speaks of itself.
    (ContextLength, Rule::SizeSaid(CONTEXT_SAID)),
    (ContentFiltered, Rule::Codes(FILTER)),
    (ContentFiltered, Rule::CodesAt(OF_THE_REQUEST, FILTER_NUMBERS)),
    (SchemaRejected, Rule::Shape(SHAPE_SAID)),
    (ParameterRejected, Rule::SentField),
    (ParameterRejected, Rule::CodesAt(&[0, 400, 422], PARAMETER)),
    (ParameterRejected, Rule::PhrasesAt(OF_THE_REQUEST, PARAMETER_SAID)),
    (ContentFiltered, Rule::PhrasesAt(OF_THE_REQUEST, FILTER_SAID)),
    (ContentFiltered, Rule::PhrasesAt(&[403], &[&["input was flagged"], &["prompt was flagged"]])),
    (Overloaded, Rule::Codes(OVERLOADED)),
    (RateLimited, Rule::Codes(RATE)),
    (Timeout, Rule::Codes(TIMEOUT)),
    (Overloaded, Rule::Phrases(OVERLOADED_SAID)),
    (RateLimited, Rule::Phrases(RATE_SAID)),
    (Timeout, Rule::Phrases(&[&["litellm.timeout"], &["request timed out"]])),
    (ServerError, Rule::CodesAt(&[0, 400, 422, 500], SERVER)),
    // What names an account or a model is none of the caller's, whatever it says of it.
    (QuotaExhausted, Rule::WordsAt(&[0, 400, 422], QUOTA_NAMED)),
    (QuotaExhausted, Rule::WordsAt(&[0, 400, 422], QUOTA_PERIODS)),
    (ModelNotFound, Rule::WordsAt(&[0, 400, 422], MODEL_WITHHELD)),
    (InvalidCredential, Rule::WordsAt(&[0, 400, 422], CREDENTIAL_NAMED)),
    (SchemaRejected, Rule::WordsAt(&[0, 400, 422], SHAPE_NAMED)),
    (ModelNotFound, Rule::WordsAt(&[0, 400, 422], MODEL_NAMED)),
    (ParameterRejected, Rule::WordsAt(&[0, 400, 422], ASKED_NAMED)),
    (InvalidRequest, Rule::CodesAt(&[0, 400, 422], INVALID)),
];

/// Statuses under which a sentence can be about the text.
pub(super) const OF_THE_REQUEST: &[u16] = &[0, 400, 413, 422];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::openai::error_words::sentence::spaced;

    #[test]
    fn phrases_are_written_as_sentences_are_read() {
        for (_, rule) in RULES {
            let phrases = match rule {
                Rule::Phrases(phrases)
                | Rule::PhrasesAt(_, phrases)
                | Rule::WordsAt(_, phrases)
                | Rule::SizeSaid(phrases)
                | Rule::Shape(phrases) => *phrases,
                Rule::Status(_)
                | Rule::Codes(_)
                | Rule::CodesAt(..)
                | Rule::LimitsCompared
                | Rule::SentField => &[],
            };
            for part in phrases.iter().copied().flatten().chain(TEXT_SAID.iter().copied().flatten()) {
                assert_eq!(spaced(&part.to_lowercase()), **part);
            }
        }
    }
}

//! The names of the fields that a request's body has.

use std::sync::Arc;

use super::{MaxTokensField, UpstreamSettings};

/// The fields that the gateway writes itself, each with what to do instead of adding it.
pub const SENT_FIELDS: &[(&str, &str)] = &[
    (MODEL, "set model"),
    (MESSAGES, "write into the profile's instructions what the model is to know"),
    (RESPONSE_FORMAT, "set structured_output"),
    (TOKENS, "set the profile's max_output_tokens, and max_tokens_field here"),
    (COMPLETION_TOKENS, "set the profile's max_output_tokens, and max_tokens_field here"),
    (TEMPERATURE, "set temperature"),
];

/// Fields that would make the API answer in a way that is not read, each with what to do instead of adding it.
pub const UNUSABLE_FIELDS: &[(&str, &str)] = &[
    ("stream", "remove it: an answer counts only when it is whole"),
    ("stream_options", "remove it: an answer counts only when it is whole"),
    ("n", "remove it: one answer is read"),
    ("tools", "remove it: set structured_output"),
    ("tool_choice", "remove it: set structured_output"),
    ("parallel_tool_calls", "remove it: set structured_output"),
    ("functions", "remove it: set structured_output"),
    ("function_call", "remove it: set structured_output"),
];

const MODEL: &str = "model";
const MESSAGES: &str = "messages";
const RESPONSE_FORMAT: &str = "response_format";
const TOKENS: &str = "max_tokens";
const COMPLETION_TOKENS: &str = "max_completion_tokens";
const TEMPERATURE: &str = "temperature";

impl MaxTokensField {
    /// The field's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => TOKENS,
            Self::MaxCompletionTokens => COMPLETION_TOKENS,
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::MaxTokens => Self::MaxCompletionTokens,
            Self::MaxCompletionTokens => Self::MaxTokens,
        }
    }
}

impl UpstreamSettings {
    /// The names of all fields that bodies for this upstream can have, so that an error that names one of them can be
    /// told from one that names something else. Those that are left out are among them: an API can want them.
    pub fn sent_fields(&self) -> Vec<Arc<str>> {
        let own = SENT_FIELDS.iter().map(|(name, _)| *name);
        own.chain(self.body.keys().map(String::as_str)).map(Arc::from).collect()
    }
}

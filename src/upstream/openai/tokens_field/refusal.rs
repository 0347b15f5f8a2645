//! Whether an error says that the API does not take the field which limits an answer's tokens.
//!
//! An error that only finds its value wrong names the same field, often both of them: it says nothing of the name.

use super::super::{super::settings::MaxTokensField, error_body::Spoken, error_words::same};

/// Codes and types of fields that are not known. Case, `_` and `-` do not matter.
const CODES: &[&str] = &[
    "unsupported_parameter",
    "unknown_parameter",
    "unrecognized_parameter",
    "unknown_field",
    "unsupported_params_error",
    "extra_forbidden",
    "unrecognized_keys",
];

/// Parts of sentences about fields that are not known, in lower case.
const UNKNOWN: &[&str] = &[
    "unsupported",
    "not support",
    "n't support",
    "unrecognized",
    "unrecognised",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "not accept",
    "not recogni",
    "no longer",
    "deprecated",
    "additional propert",
    "no such",
];

/// Parts of sentences about values, in lower case.
const VALUES: &[&str] = &[
    "too large",
    "too small",
    "too high",
    "too long",
    "at least",
    "at most",
    "greater",
    "less than",
    "exceed",
    "maximum",
    "minimum",
    "between",
    "positive",
    "integer",
    "invalid value",
    "unsupported value",
    "both",
];

/// The most bytes of a message that are looked at: what stands at its end may be the caller's own text.
const MESSAGE_BYTES_MAX: usize = 256;

/// The field that is refused, if one is.
pub(in super::super) fn refused(spoken: &Spoken<'_>) -> Option<MaxTokensField> {
    let messages: Vec<String> = spoken.messages.iter().filter_map(|message| beginning(message)).collect();
    // A parameter that is named says more than words that stand in a sentence.
    let field = match spoken.params.as_slice() {
        [] => messages.iter().find_map(|message| first_named(message)),
        params => params.iter().find_map(|param| first_named(param)),
    }?;
    let coded =
        || spoken.codes.iter().chain(&spoken.kinds).any(|code| CODES.iter().any(|name| same(code, name)));
    (coded() || messages.iter().any(|message| finds_unknown(message, field))).then_some(field)
}

/// Whether a sentence says that `field` is not known, or that the other one is to be used.
fn finds_unknown(message: &str, field: MaxTokensField) -> bool {
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    let advised =
        || says(&["use ", "instead", "replace"]) && names(message).any(|name| name == field.other());
    !says(VALUES) && (says(UNKNOWN) || advised())
}

fn first_named(words: &str) -> Option<MaxTokensField> {
    names(words).next()
}

/// The fields that are named, in their order; Azure calls them `MaxTokens` and `MaxCompletionTokens`.
fn names(words: &str) -> impl Iterator<Item = MaxTokensField> {
    let fields = [MaxTokensField::MaxTokens, MaxTokensField::MaxCompletionTokens];
    words
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter_map(move |word| fields.into_iter().find(|field| same(word, field.name())))
}

/// The part of a message that is looked at, in lower case.
fn beginning(message: &str) -> Option<String> {
    Some(message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX))?.to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use MaxTokensField::{MaxCompletionTokens, MaxTokens};

    /// What the body of an error with status 400 says.
    fn refused_by(body: &Value) -> Option<MaxTokensField> {
        let error = body.get("error").unwrap_or(body);
        refused(&Spoken::of(error, body))
    }

    #[test]
    fn fields_that_are_refused() {
        let message = |text: &str| json!({"error": {"message": text, "type": "invalid_request_error"}});
        let openai = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                      'max_completion_tokens' instead.";
        let rows = [
            // OpenAI and Azure.
            (
                json!({"error": {"message": openai, "type": "invalid_request_error", "param": "max_tokens",
                    "code": "unsupported_parameter"}}),
                MaxTokens,
            ),
            (
                json!({"error": {"code": "unsupported_parameter", "param": "max_tokens", "message": ""}}),
                MaxTokens,
            ),
            (message("this model is not supported MaxTokens, please use MaxCompletionTokens"), MaxTokens),
            (message("Unrecognized request argument supplied: max_completion_tokens"), MaxCompletionTokens),
            // LiteLLM before them.
            (message(&format!("litellm.BadRequestError: OpenAIException - {openai}")), MaxTokens),
            (
                message(
                    "litellm.UnsupportedParamsError: openai does not support parameters: ['max_tokens'], for \
                         model=o1. To drop these, set `litellm.drop_params=True`.",
                ),
                MaxTokens,
            ),
            // Proxies that say it in words of their own.
            (message("max_tokens is deprecated for this model, use max_completion_tokens"), MaxTokens),
            (json!({"detail": "Please replace max_tokens with max_completion_tokens"}), MaxTokens),
            // Servers that know only the older one: FastAPI (vLLM, Mistral), Go, serde (TGI), Groq, Gemini, Anthropic.
            (
                json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"],
                    "msg": "Extra inputs are not permitted", "input": 321}]}),
                MaxCompletionTokens,
            ),
            (json!({"error": "json: unknown field \"max_completion_tokens\""}), MaxCompletionTokens),
            (
                json!({"error": "unknown field `max_completion_tokens`, expected one of `model`"}),
                MaxCompletionTokens,
            ),
            (message("property 'max_completion_tokens' is unsupported"), MaxCompletionTokens),
            (
                json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Invalid JSON payload \
                    received. Unknown name \"max_completion_tokens\": Cannot find field."}}),
                MaxCompletionTokens,
            ),
            (message("max_completion_tokens: Extra inputs are not permitted"), MaxCompletionTokens),
            (
                message("Additional properties are not allowed ('max_completion_tokens' was unexpected)"),
                MaxCompletionTokens,
            ),
        ];
        for (body, field) in rows {
            assert_eq!(refused_by(&body), Some(field), "{body}");
        }
    }

    #[test]
    fn values_and_other_fields_that_are_refused() {
        let error = |message: &str, param: Option<&str>| json!({"error": {"message": message, "type": "invalid_request_error", "param": param}});
        let far = format!("{} max_tokens is not supported", "x".repeat(300));
        for body in [
            error(
                "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
                Some("max_tokens"),
            ),
            error(
                "'max_tokens' or 'max_completion_tokens' is too large: 9999. This model's maximum context length is \
                 8192 tokens and your request has 10 input tokens",
                None,
            ),
            error(
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported: not both.",
                None,
            ),
            error("max_tokens must be at least 1, got 0", Some("max_tokens")),
            error("Unsupported value: 'max_tokens' does not support 5 with this model.", Some("max_tokens")),
            error(
                "Unsupported parameter: 'temperature' is not supported with this model, unlike max_tokens",
                Some("temperature"),
            ),
            error("Unknown parameter: 'seed'.", Some("seed")),
            error("max_tokens_to_sample is not supported", None),
            error("Unsupported parameter", None),
            error(&far, None),
            json!({"error": {}}),
            json!("max_tokens"),
            Value::Null,
        ] {
            assert_eq!(refused_by(&body), None, "{body}");
        }
    }
}

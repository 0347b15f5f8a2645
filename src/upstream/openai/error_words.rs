//! The words that `OpenAI` and compatible servers use for errors, as data.

use serde_json::Value;

use super::super::ErrorWord;

/// What an error object says, if it is understood: by its codes and types, else by its message, else by
/// words so general that the status must agree.
pub(super) fn find(status: u16, error: &Value) -> Option<ErrorWord> {
    if status == 413 {
        // Groq calls a text above the tokens of a minute "rate limited": it will never fit.
        return Some(ErrorWord::ContextLength);
    }
    let codes: Vec<&str> = CODE_FIELDS.iter().filter_map(|path| error.pointer(path)?.as_str()).collect();
    let listed = |table: &[(ErrorWord, &[&str])]| {
        let said = |names: &[&str]| names.iter().any(|name| codes.iter().any(|code| same(code, name)));
        table.iter().find(|(_, names)| said(names)).map(|(word, _)| *word)
    };
    let general = || if matches!(status, 0 | 400 | 422 | 500) { listed(GENERAL) } else { None };
    listed(SPECIFIC)
        .or_else(|| by_message(message(error)?))
        .or_else(general)
        .or_else(|| numbered(status, error))
}

/// Where codes and types stand, in an error object.
const CODE_FIELDS: [&str; 6] =
    ["/code", "/type", "/status", "/error_type", "/innererror/code", "/details/error_code"];

/// Codes and types that say what went wrong. The first row that holds one of the object's counts.
/// Case, `_` and `-` do not matter.
const SPECIFIC: &[(ErrorWord, &[&str])] = &[
    (
        ErrorWord::QuotaExhausted,
        &[
            "insufficient_quota",
            "credit_balance_exhausted",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_error",
            "enforced_spend_limit_reached",
            "spend_limit_reached",
            "insufficient_balance",
            "insufficient_credits",
            "insufficient_funds",
            "payment_required",
        ],
    ),
    (
        ErrorWord::ContentFiltered,
        &[
            "content_filter",
            "content_policy_violation",
            "responsible_ai_policy_violation",
            "data_inspection_failed",
            "moderation_blocked",
        ],
    ),
    (
        ErrorWord::ContextLength,
        &[
            "context_length_exceeded",
            "context_window_exceeded",
            "exceed_context_size_error",
            "string_above_max_length",
            "tokens_limit_reached",
            "request_too_large",
        ],
    ),
    (
        ErrorWord::InvalidCredential,
        &[
            "invalid_api_key",
            "incorrect_api_key",
            "authentication_error",
            "invalid_authentication",
            "permission_error",
            "permission_denied",
            "unauthenticated",
            "unauthorized",
            "account_deactivated",
            "access_terminated",
        ],
    ),
    (
        ErrorWord::ModelNotFound,
        &[
            "model_not_found",
            "model_decommissioned",
            "deployment_not_found",
            "unknown_model",
            "not_found_error",
            "not_found",
        ],
    ),
    (
        ErrorWord::Overloaded,
        &[
            "overloaded",
            "overloaded_error",
            "engine_overloaded",
            "engine_overloaded_error",
            "model_overloaded",
            "capacity_exceeded",
            "no_capacity",
            "service_unavailable",
            "service_unavailable_error",
            "unavailable",
        ],
    ),
    (
        ErrorWord::RateLimited,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "rate_limit_reached",
            "rate_limited",
            "too_many_requests",
            "slow_down",
            "resource_exhausted",
            // OpenAI names the limit in `type`.
            "requests",
            "tokens",
        ],
    ),
];

/// Words that stand on everything.
const GENERAL: &[(ErrorWord, &[&str])] = &[
    (
        ErrorWord::ServerError,
        &["server_error", "internal_server_error", "internal_error", "internal", "api_error"],
    ),
    (
        ErrorWord::InvalidRequest,
        &[
            "invalid_request_error",
            "invalid_request",
            "invalid_argument",
            "invalid_value",
            "bad_request",
            "bad_request_error",
            "unsupported_parameter",
            "unsupported_value",
            "validation_error",
            "failed_precondition",
        ],
    ),
];

/// Parts of messages, in lower case, of servers whose codes say nothing.
const MESSAGES: &[(ErrorWord, &[&str])] = &[
    (
        ErrorWord::QuotaExhausted,
        &["insufficient balance", "insufficient credits", "more credits", "credit balance is too low"],
    ),
    (ErrorWord::ContentFiltered, &["content management policy", "content policy", "was flagged"]),
    (
        ErrorWord::ContextLength,
        &["maximum context length", "context length", "context window", "prompt is too long"],
    ),
    (ErrorWord::InvalidCredential, &["invalid api key", "incorrect api key", "no auth credentials"]),
    (ErrorWord::Overloaded, &["overloaded", "at capacity", "no capacity"]),
    (ErrorWord::RateLimited, &["rate limit", "too many requests", "tokens per minute"]),
];

/// The most bytes of a message that are looked at: what stands at its end may be the caller's own text.
const MESSAGE_BYTES_MAX: usize = 256;

fn by_message(message: &str) -> Option<ErrorWord> {
    let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
    let message = message.get(..end)?.to_lowercase();
    MESSAGES.iter().find(|(_, parts)| parts.iter().any(|part| message.contains(part))).map(|(word, _)| *word)
}

fn message(error: &Value) -> Option<&str> {
    error.as_str().or_else(|| ["message", "detail"].iter().find_map(|field| error.get(field)?.as_str()))
}

/// Within a 2xx answer the `code` may be the status that the answer should have had.
fn numbered(status: u16, error: &Value) -> Option<ErrorWord> {
    if status != 0 {
        return None;
    }
    let code = error.get("code")?;
    match code.as_u64().or_else(|| code.as_str()?.parse().ok())? {
        400 | 422 => Some(ErrorWord::InvalidRequest),
        401 | 403 => Some(ErrorWord::InvalidCredential),
        402 => Some(ErrorWord::QuotaExhausted),
        404 => Some(ErrorWord::ModelNotFound),
        413 => Some(ErrorWord::ContextLength),
        429 => Some(ErrorWord::RateLimited),
        503 | 529 => Some(ErrorWord::Overloaded),
        500..=599 => Some(ErrorWord::ServerError),
        _ => None,
    }
}

/// Whether two codes are the same word: `RateLimitReached` is `rate_limit_reached`.
fn same(code: &str, name: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(code).eq(letters(name))
}

//! The one mapping from the domain's errors to the wire's.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use prost::Message as _;
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, StatusExt as _, pb};

use crate::{
    extraction::{ErrorType, ExtractError, UpstreamFailure, Violation},
    proto,
};

/// The longest wait after which a caller's library is told to call again by itself. Longer ones are for the
/// caller to decide on: `RetryInfo` tells them all.
const PUSHBACK_MAX: Duration = Duration::from_secs(60);

/// The pushback that says: do not repeat this call within its deadline.
const NOT_WITHIN_DEADLINE: i64 = -1;

/// The most bytes of a message: it travels in a header, whose size clients limit.
const MESSAGE_BYTES_MAX: usize = 1024;

/// The domain of every `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "tidegate";

/// Tells a caller's library in milliseconds when to repeat the call by itself, or -1 that it must not within the call's
/// deadline (gRFC A6). `RetryInfo` beside it tells people and schedulers when calling again can help.
pub const PUSHBACK_KEY: &str = "grpc-retry-pushback-ms";

/// What the message says to do where there is a `RetryInfo`, and nowhere else.
const CALL_AGAIN: &str = "call again after the given delay";

/// The type of the attempt trail in an error's details.
pub const INFO_TYPE_URL: &str = "type.googleapis.com/tidegate.v1.ExtractionInfo";

/// What the wire says of an error: code, reason, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The gRPC code.
    pub code: Code,
    /// The stable reason in `google.rpc.ErrorInfo`.
    pub reason: &'static str,
    /// What happened and what to do.
    pub message: &'static str,
}

/// The status of `error`, with `info` on how it came about.
pub fn status(error: &ExtractError, info: Option<&proto::ExtractionInfo>) -> Status {
    let row = row(error);
    let retry_after = retry_after(error);
    let mut details = details(error, &row, info);
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    let bare = Status::with_error_details(row.code, message(error, &row), details);
    let bytes = match info {
        Some(info) => append(bare.details(), info),
        None => bare.details().to_vec(),
    };
    let mut metadata = MetadataMap::new();
    if !matches!(error, ExtractError::Cancelled) {
        metadata.insert(PUSHBACK_KEY, pushback(retry_after).into());
    }
    Status::with_details_and_metadata(row.code, bare.message(), bytes.into(), metadata)
}

/// Takes back the advice to repeat a call by itself if its caller's deadline comes first: libraries that follow it sleep
/// until then, and end with their own `DEADLINE_EXCEEDED` in place of what is said here.
pub(super) fn hold_to_deadline(headers: &mut HeaderMap, left: Duration) {
    let Some(pushback) = headers.get_mut(PUSHBACK_KEY) else { return };
    let wait = pushback.to_str().ok().and_then(|pushback| pushback.parse().ok()).map(Duration::from_millis);
    if wait.is_some_and(|wait| wait >= left) {
        *pushback = HeaderValue::from(NOT_WITHIN_DEADLINE);
    }
}

/// What the wire says of an error.
pub fn row(error: &ExtractError) -> Row {
    let (code, reason, message) = match error {
        ExtractError::Invalid(_) => (
            Code::InvalidArgument,
            "INVALID_REQUEST",
            "the request is not acceptable; see the field violations",
        ),
        ExtractError::Unauthenticated => {
            (Code::Unauthenticated, "UNAUTHENTICATED", "no valid API key; send `authorization: Bearer KEY`")
        }
        ExtractError::Saturated { .. } => {
            (Code::ResourceExhausted, "GATEWAY_SATURATED", "the gateway runs as many calls as it may")
        }
        ExtractError::Draining { .. } => {
            (Code::Unavailable, "GATEWAY_DRAINING", "the gateway is shutting down; call another replica")
        }
        ExtractError::NotCached => {
            (Code::NotFound, "NOT_CACHED", "no cached answer; call without CACHE_MODE_ONLY_IF_CACHED")
        }
        ExtractError::DeadlineExceeded { .. } => (
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the deadline passed before there was an answer; see the attempts, allow more time",
        ),
        ExtractError::Upstream(failure) => return upstream_row(failure),
        ExtractError::Cancelled => (Code::Cancelled, "CANCELLED", "the caller left"),
        ExtractError::Unimplemented { .. } => {
            (Code::Unimplemented, "NOT_AVAILABLE_YET", "this version can't do this yet")
        }
        ExtractError::Internal { .. } => {
            (Code::Internal, "INTERNAL", "a fault of the gateway's own; see its log for the trace id")
        }
    };
    Row { code, reason, message }
}

#[expect(clippy::too_many_lines, reason = "one exhaustive table")]
fn upstream_row(failure: &UpstreamFailure) -> Row {
    if failure.outcome_unknown {
        return outcome_unknown(failure);
    }
    let (code, reason, message) = match failure.error_type {
        ErrorType::Connect | ErrorType::RefusedByProtocol | ErrorType::Reset => {
            (Code::Unavailable, "UPSTREAM_UNREACHABLE", "the AI API could not be reached")
        }
        ErrorType::Tls => (
            Code::Internal,
            "UPSTREAM_TLS_INVALID",
            "the AI API's certificate is not trusted; the operator must look at it",
        ),
        ErrorType::Timeout => (Code::Unavailable, "UPSTREAM_TIMEOUT", "the AI API did not answer in time"),
        ErrorType::DeadlineExceeded => (
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the deadline passed before there was an answer; see the attempts, allow more time",
        ),
        ErrorType::RateLimited => {
            (Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED", "the AI API asks to slow down")
        }
        ErrorType::Overloaded => (Code::Unavailable, "UPSTREAM_OVERLOADED", "the AI API is overloaded"),
        ErrorType::ServerError if matches!(failure.http_status, Some(502 | 520..=527 | 530)) => {
            (Code::Unavailable, "UPSTREAM_UNREACHABLE", "the AI API could not be reached")
        }
        ErrorType::ServerError => (Code::Internal, "UPSTREAM_ERROR", "the AI API failed"),
        ErrorType::Conflict => (Code::Aborted, "UPSTREAM_CONFLICT", "the AI API reported a conflict"),
        ErrorType::QuotaExhausted => (
            Code::ResourceExhausted,
            "UPSTREAM_QUOTA_EXHAUSTED",
            "the quota or credit at the AI API is used up; the operator must raise it",
        ),
        ErrorType::Unauthorized => (
            Code::Internal,
            "UPSTREAM_CREDENTIALS_REJECTED",
            "the AI API does not accept the gateway's credential; the operator must renew it",
        ),
        ErrorType::BadRequest => (
            Code::InvalidArgument,
            "UPSTREAM_INVALID_REQUEST",
            "the AI API does not accept the request; look at schema and instructions",
        ),
        ErrorType::SchemaRejected if failure.inline => (
            Code::InvalidArgument,
            "UPSTREAM_INVALID_REQUEST",
            "the AI API does not accept the request; look at schema and instructions",
        ),
        ErrorType::SchemaRejected | ErrorType::ParameterRejected => (
            Code::Internal,
            "UPSTREAM_PARAMETER_REJECTED",
            "the AI API does not accept how it is asked; the operator must look at model, max_tokens_field, \
             structured_output and body, or at the profile's schema and max_output_tokens",
        ),
        ErrorType::Redirected => (
            Code::Internal,
            "UPSTREAM_REDIRECTED",
            "the AI API's address leads elsewhere, and redirects are not followed; the operator must correct base_url",
        ),
        ErrorType::Blocked => (
            Code::Unavailable,
            "UPSTREAM_UNREACHABLE",
            "something before the AI API, such as a firewall, does not let the gateway through; the operator must look at it",
        ),
        ErrorType::ContextLength => (
            Code::InvalidArgument,
            "CONTEXT_LENGTH_EXCEEDED",
            "the text and the tokens that its answer may take (max_output_tokens) are together more than the model can \
             take; split the text, or the operator must lower max_output_tokens",
        ),
        ErrorType::NotFound => (
            Code::NotFound,
            "MODEL_NOT_FOUND",
            "the AI API does not know the model or path; the operator must correct it",
        ),
        ErrorType::Unsupported => {
            (Code::Unimplemented, "UPSTREAM_UNSUPPORTED", "the AI API can't do what was asked")
        }
        ErrorType::TooLarge | ErrorType::Malformed => {
            (Code::Internal, "UPSTREAM_MALFORMED_RESPONSE", "the AI API's answer could not be read")
        }
        ErrorType::Truncated => (
            Code::Internal,
            "ANSWER_TRUNCATED",
            "the answer ended at the token limit; split the text, or raise max_output_tokens",
        ),
        ErrorType::Refused => {
            (Code::InvalidArgument, "CONTENT_REFUSED", "the model refused to answer for this text")
        }
        ErrorType::Empty => (Code::Internal, "ANSWER_EMPTY", "the answer had no content"),
        ErrorType::NotJson => (
            Code::Internal,
            "ANSWER_NOT_JSON",
            "the model answered in words that are not JSON; see structured_output of the upstream, or the instructions",
        ),
        ErrorType::SchemaInvalid => {
            (Code::Internal, "ANSWER_SCHEMA_INVALID", "the answer violates the profile's schema")
        }
        ErrorType::Internal => {
            (Code::Internal, "INTERNAL", "a fault of the gateway's own; see its log for the trace id")
        }
    };
    Row { code, reason, message }
}

fn outcome_unknown(failure: &UpstreamFailure) -> Row {
    let unavailable =
        failure.error_type == ErrorType::Timeout || matches!(failure.http_status, Some(502 | 504));
    Row {
        code: if unavailable { Code::Unavailable } else { Code::Internal },
        reason: "OUTCOME_UNKNOWN",
        message: "the AI API may have done the work although no answer came; it was not asked again",
    }
}

/// When calling again may help; nothing, if it can't.
fn retry_after(error: &ExtractError) -> Option<Duration> {
    match error {
        ExtractError::Saturated { retry_after } | ExtractError::Draining { retry_after } => {
            Some(*retry_after)
        }
        ExtractError::Upstream(failure) => failure.retry_after,
        ExtractError::Invalid(_)
        | ExtractError::Unauthenticated
        | ExtractError::NotCached
        | ExtractError::DeadlineExceeded { .. }
        | ExtractError::Cancelled
        | ExtractError::Unimplemented { .. }
        | ExtractError::Internal { .. } => None,
    }
}

fn message(error: &ExtractError, row: &Row) -> String {
    let mut message = match error {
        ExtractError::Invalid(violations) => {
            let all: Vec<_> = violations.iter().map(ToString::to_string).collect();
            format!("{}: {}", row.message, all.join("; "))
        }
        ExtractError::Unimplemented { what } => format!("{what}: {}", row.message),
        ExtractError::Upstream(failure) => match &failure.violation {
            // Messages are copied into the logs of all that they pass; the caller's own names stand in the details.
            Some(Violation { keyword, .. }) if failure.inline => {
                format!("{}; it broke {keyword} at schema_pointer. {}", row.message, keyword.advice())
            }
            Some(Violation { pointer, keyword }) => {
                format!("{}; it broke {keyword} at {pointer}. {}", row.message, keyword.advice())
            }
            None => row.message.to_owned(),
        },
        _ => row.message.to_owned(),
    };
    if retry_after(error).is_some() {
        message.push_str(if message.contains(';') { ", or " } else { "; " });
        message.push_str(CALL_AGAIN);
    }
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    message
}

fn details(error: &ExtractError, row: &Row, info: Option<&proto::ExtractionInfo>) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    let mut metadata = std::collections::HashMap::new();
    match error {
        ExtractError::Invalid(violations) => {
            for violation in violations.iter() {
                details.add_bad_request_violation(violation.field, violation.description.as_str());
            }
        }
        ExtractError::Upstream(failure) => {
            add_upstream(&mut details, &mut metadata, failure);
        }
        ExtractError::DeadlineExceeded { phase, last } => {
            metadata.insert("phase".to_owned(), phase.as_str().to_owned());
            if let Some(last) = last {
                metadata.insert("last_error".to_owned(), last.as_str().to_owned());
            }
        }
        _ => {}
    }
    details.set_error_info(row.reason, ERROR_DOMAIN, metadata);
    if let Some(info) = info.filter(|info| !info.trace_id.is_empty()) {
        details.set_request_info(info.trace_id.as_str(), "");
    }
    details
}

fn add_upstream(
    details: &mut ErrorDetails,
    metadata: &mut std::collections::HashMap<String, String>,
    failure: &UpstreamFailure,
) {
    let mut put = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    put("upstream", failure.upstream.to_string());
    put("model", failure.model.to_string());
    put("error_type", failure.error_type.as_str().to_owned());
    put("attempts", failure.attempts.to_string());
    if let Some(status) = failure.http_status {
        put("http_status", status.to_string());
    }
    if let Some(reason) = failure.withheld {
        put("retry_withheld", reason.as_str().to_owned());
    }
    let said = &failure.facts.said;
    for (key, word) in
        [("upstream_code", &said.code), ("upstream_type", &said.kind), ("upstream_param", &said.param)]
    {
        if let Some(word) = word {
            put(key, word.to_string());
        }
    }
    if let Some(violation) = &failure.violation {
        put("schema_pointer", violation.pointer.to_string());
        put("schema_keyword", violation.keyword.to_string());
    }
    match failure.error_type {
        ErrorType::RateLimited | ErrorType::QuotaExhausted => {
            details.add_quota_failure_violation(
                format!("upstream:{}/{}", failure.upstream, failure.model),
                "the AI API's limit for the gateway's account",
            );
        }
        ErrorType::SchemaRejected if failure.inline => {
            details.add_bad_request_violation("inline.schema", "is not accepted by the AI API");
        }
        ErrorType::ContextLength => {
            details.add_bad_request_violation(
                "text",
                "is, with max_output_tokens, more than the model can take",
            );
        }
        ErrorType::NotFound => {
            details.set_resource_info("model", failure.model.as_ref(), "", "not known to the AI API");
        }
        _ => {}
    }
}

/// Adds `info` to already encoded details: the richer error model knows only its own messages.
fn append(details: &[u8], info: &proto::ExtractionInfo) -> Vec<u8> {
    let any = prost_types::Any { type_url: INFO_TYPE_URL.to_owned(), value: info.encode_to_vec() };
    // Messages of one type that stand one after the other are read as one, their lists joined.
    let more = pb::Status { code: 0, message: String::new(), details: vec![any] };
    let mut bytes = details.to_vec();
    bytes.extend_from_slice(&more.encode_to_vec());
    bytes
}

fn pushback(retry_after: Option<Duration>) -> i64 {
    retry_after
        .filter(|delay| *delay <= PUSHBACK_MAX)
        .map_or(NOT_WITHIN_DEADLINE, |delay| i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
}

/// The name of a code in the gRPC specification.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests;

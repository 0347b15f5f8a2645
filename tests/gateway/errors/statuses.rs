//! What the AI API says by its HTTP status.

use http::{HeaderName, HeaderValue};
use tidegate::simulator::{
    Script,
    script::{ErrorReply, Fault, RetryAfter, Rule},
};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{provoke, provoke_on};
use crate::stage::{Stage, ms};

/// An error with a code of the AI API's own.
fn error(status: u16, code: &str) -> ErrorReply {
    ErrorReply { code: Some(code.to_owned()), ..ErrorReply::new(status) }
}

#[tokio::test]
async fn a_request_that_is_not_accepted_is_the_callers_to_mend() {
    for status in [400, 422] {
        let failure = provoke(Fault::status(status)).await;
        failure
            .says(Code::InvalidArgument, "UPSTREAM_INVALID_REQUEST")
            .counts_as("bad_request", "upstream_rejected");
        failure.with_http_status(Some(status.into())).was_final().names_no_time();
    }
}

#[tokio::test]
async fn a_credential_that_is_not_accepted_is_the_operators_to_renew() {
    for status in [401, 403] {
        let failure = provoke(Fault::status(status)).await;
        failure
            .says(Code::Internal, "UPSTREAM_CREDENTIALS_REJECTED")
            .counts_as("unauthorized", "upstream_rejected");
        failure.with_http_status(Some(status.into())).was_final().names_no_time();
    }
}

#[tokio::test]
async fn payment_required_means_that_the_quota_is_used_up() {
    let failure = provoke(Fault::status(402)).await;
    failure
        .says(Code::ResourceExhausted, "UPSTREAM_QUOTA_EXHAUSTED")
        .counts_as("quota_exhausted", "rate_limited");
    failure.with_http_status(Some(402)).was_final().names_no_time().names_the_quota();
}

#[tokio::test]
async fn a_429_for_want_of_quota_is_not_cured_by_waiting() {
    let failure = provoke(Fault::Status(error(429, "insufficient_quota"))).await;
    failure
        .says(Code::ResourceExhausted, "UPSTREAM_QUOTA_EXHAUSTED")
        .counts_as("quota_exhausted", "rate_limited");
    failure.with_http_status(Some(429)).was_final().names_no_time().names_the_quota();
}

#[tokio::test]
async fn an_unknown_model_is_named() {
    let failure = provoke(Fault::status(404)).await;
    failure.says(Code::NotFound, "MODEL_NOT_FOUND").counts_as("not_found", "upstream_rejected");
    failure.with_http_status(Some(404)).was_final().names_no_time();
    let resource = failure.status.get_details_resource_info().expect("a ResourceInfo");
    assert_eq!((resource.resource_type.as_str(), resource.resource_name.as_str()), ("model", "simulated"));
}

#[tokio::test]
async fn what_the_api_cannot_do_is_not_asked_twice() {
    for status in [405, 501, 505] {
        let failure = provoke(Fault::status(status)).await;
        failure
            .says(Code::Unimplemented, "UPSTREAM_UNSUPPORTED")
            .counts_as("unsupported", "upstream_rejected");
        failure.with_http_status(Some(status.into())).was_final().names_no_time();
    }
}

#[tokio::test]
async fn a_timeout_of_the_apis_own_is_retried() {
    for status in [408, 504] {
        let failure = provoke(Fault::status(status)).await;
        failure.says(Code::Unavailable, "UPSTREAM_TIMEOUT").counts_as("timeout", "upstream_failed");
        failure.with_http_status(Some(status.into())).was_retried().names_no_time();
    }
}

#[tokio::test]
async fn a_conflict_is_retried_and_then_aborted() {
    let failure = provoke(Fault::status(409)).await;
    failure.says(Code::Aborted, "UPSTREAM_CONFLICT").counts_as("conflict", "upstream_failed");
    failure.with_http_status(Some(409)).was_retried().names_no_time();
}

#[tokio::test]
async fn a_text_beyond_the_models_context_is_the_callers_to_split() {
    for reply in [ErrorReply::new(413), error(400, "context_length_exceeded")] {
        let failure = provoke(Fault::Status(reply)).await;
        failure
            .says(Code::InvalidArgument, "CONTEXT_LENGTH_EXCEEDED")
            .counts_as("context_length", "upstream_rejected");
        failure.was_final().names_no_time().blames("text");
    }
}

#[tokio::test]
async fn a_filter_that_stopped_the_text_counts_as_a_refusal() {
    let failure = provoke(Fault::Status(error(400, "content_filter"))).await;
    failure.says(Code::InvalidArgument, "CONTENT_REFUSED").counts_as("refused", "refused");
    failure.with_http_status(Some(400)).was_final().names_no_time();
}

#[tokio::test]
async fn a_rate_limit_is_retried_when_asked_to_and_passed_on_with_its_time() {
    let failure = provoke(Fault::retry_after(429, RetryAfter::Millis(ms(20)))).await;
    failure.says(Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED").counts_as("rate_limited", "rate_limited");
    failure.with_http_status(Some(429)).was_retried().names_a_time(ms(20)).names_the_quota();
    let waits = &failure.info.attempts[1..];
    assert!(waits.iter().all(|attempt| attempt.wait_source == "pushback"), "{waits:?}");
}

#[tokio::test]
async fn a_rate_limit_without_a_time_is_retried_with_backoff() {
    let failure = provoke(Fault::status(429)).await;
    failure.says(Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED").counts_as("rate_limited", "rate_limited");
    failure.was_retried().names_no_time().names_the_quota();
    let waits = &failure.info.attempts[1..];
    assert!(waits.iter().all(|attempt| attempt.wait_source == "exponential"), "{waits:?}");
}

#[tokio::test]
async fn a_fault_of_the_apis_own_is_retried() {
    let failure = provoke(Fault::status(500)).await;
    failure.says(Code::Internal, "UPSTREAM_ERROR").counts_as("server_error", "upstream_failed");
    failure.with_http_status(Some(500)).was_retried().names_no_time();
}

#[tokio::test]
async fn a_proxy_that_does_not_reach_the_api_counts_as_unreachable() {
    for status in [502, 520, 522, 530] {
        let failure = provoke(Fault::status(status)).await;
        failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("server_error", "upstream_failed");
        failure.with_http_status(Some(status.into())).was_retried().names_no_time();
    }
}

#[tokio::test]
async fn an_overloaded_api_is_retried() {
    for status in [503, 529] {
        let failure = provoke(Fault::status(status)).await;
        failure.says(Code::Unavailable, "UPSTREAM_OVERLOADED").counts_as("overloaded", "upstream_failed");
        failure.with_http_status(Some(status.into())).was_retried().names_no_time();
    }
}

#[tokio::test]
async fn an_overloaded_api_that_names_a_time_is_believed() {
    let failure = provoke(Fault::retry_after(503, RetryAfter::Millis(ms(15)))).await;
    failure.says(Code::Unavailable, "UPSTREAM_OVERLOADED").counts_as("overloaded", "upstream_failed");
    failure.was_retried().names_a_time(ms(15));
}

#[tokio::test]
async fn only_the_apis_own_form_makes_a_status_the_callers_fault() {
    for status in [400, 422] {
        let page =
            Fault::Status(ErrorReply { body: Some("<html>no</html>".into()), ..ErrorReply::new(status) });
        let failure = provoke(page).await;
        failure.says(Code::Internal, "UPSTREAM_ERROR").counts_as("server_error", "upstream_failed");
        failure.with_http_status(Some(status.into())).was_final().names_no_time();
    }
}

#[tokio::test]
async fn a_page_of_a_wall_is_no_trouble_with_the_credential() {
    let page = ErrorReply {
        body: Some("<!DOCTYPE html><title>Just a moment</title>".into()),
        ..ErrorReply::new(403)
    };
    let failure = provoke(Fault::Status(page)).await;
    failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("blocked", "upstream_failed");
    failure.with_http_status(Some(403)).was_final().names_no_time();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Rule::new(Fault::status(307))
        .header(HeaderName::from_static("location"), HeaderValue::from_static("/v1/chat/completions"));
    let failure = provoke_on(Stage::scripted(Script::of([elsewhere])).await).await;
    failure.says(Code::Internal, "UPSTREAM_REDIRECTED").with_http_status(Some(307)).was_final();
}

#[tokio::test]
async fn an_error_in_the_body_of_a_200_is_a_failure() {
    let failure = provoke(Fault::ErrorBody(ErrorReply::new(200))).await;
    failure.says(Code::Internal, "UPSTREAM_ERROR").counts_as("server_error", "upstream_failed");
    failure.with_http_status(Some(200)).was_retried().names_no_time();
}

#[tokio::test]
async fn the_word_in_the_body_of_a_200_is_understood() {
    let failure = provoke(Fault::ErrorBody(error(200, "insufficient_quota"))).await;
    failure
        .says(Code::ResourceExhausted, "UPSTREAM_QUOTA_EXHAUSTED")
        .counts_as("quota_exhausted", "rate_limited");
    failure.with_http_status(Some(200)).was_final().names_no_time().names_the_quota();
}

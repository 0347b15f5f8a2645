//! Writes the ends of things on their spans.

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    Array, KeyValue, StringValue, Value,
    time::now,
    trace::{SpanRef, Status, TraceContextExt as _},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::milliseconds;
use crate::{
    extraction::{AttemptOutcome, Brought, ErrorType, FailureFacts, ResponseFacts, Usage, Verdict},
    telemetry::{
        FlightEnd,
        event::{CacheResult, CallEnded, Event, FlightEnded},
        rpc::is_server_error,
    },
};

/// Writes on `span` what `event`, which it belongs to, says of it.
///
/// A status is an error only where the operation itself failed: an attempt that was mended by a retry
/// leaves its flight and its call alone. Success leaves the status unset.
pub(in crate::telemetry) fn record(event: &Event<'_>, span: &SpanRef<'_>) {
    match *event {
        Event::ServerStarted { .. }
        | Event::ConfigDoubted { .. }
        | Event::ServerDraining { .. }
        | Event::ServerStopped { .. }
        | Event::ConnectionOpened
        | Event::ConnectionClosed
        | Event::ConnectionRefused { .. }
        | Event::ConnectionsFull { .. }
        | Event::RpcStarted { .. }
        | Event::CallStarted { .. }
        | Event::CacheEvicted { .. }
        | Event::CacheLevel { .. }
        | Event::FlightStarted { .. }
        | Event::RetryScheduled { .. }
        | Event::TokensFieldLearned { .. }
        | Event::BudgetMoved { .. }
        | Event::AnswerValidated { .. }
        | Event::EntityGrounded { .. }
        | Event::EntitiesLeftOut { .. }
        | Event::TelemetryDropped { .. } => {}
        Event::RequestLate { .. } => span.set_attribute(KeyValue::new("tidegate.request.late", true)),
        Event::RpcEnded { code, .. } => rpc_ended(span, code),
        Event::CallEnded(ref call) => call_ended(span, call),
        Event::CacheAnswered { result, age, .. } => cache_answered(span, result, age),
        Event::FlightEnded(ref flight) => flight_ended(span, flight),
        Event::FlightWaited { answered, flight, .. } => flight_waited(span, answered, flight),
        Event::AttemptStarted(attempt) => {
            span.set_attribute(KeyValue::new("tidegate.attempt.id", std::sync::Arc::clone(&attempt.id)));
        }
        Event::AttemptEnded { outcome, error_type, failure, http_status, usage, judging, .. } => {
            attempt_ended(span, outcome, error_type, http_status, usage);
            if let Some(failure) = failure {
                explained(span, failure);
            }
            // What the gateway did with the answer is none of the upstream's time.
            span.end_with_timestamp(now() - judging);
        }
        Event::RepairWithheld { reason, .. } => {
            span.set_attribute(KeyValue::new("tidegate.repair.withheld", reason.as_str()));
        }
        Event::RetryWithheld { reason, budget_limit, .. } => {
            span.set_attribute(KeyValue::new("tidegate.retry.withheld", reason.as_str()));
            if let Some(limit) = budget_limit {
                span.set_attribute(KeyValue::new("tidegate.retry.budget_limit", limit.as_str()));
            }
        }
    }
}

/// What the error type leaves open.
fn explained(span: &SpanRef<'_>, failure: &FailureFacts) {
    if let Some(detail) = failure.detail {
        span.set_attribute(KeyValue::new("tidegate.error.detail", detail.as_str()));
    }
    if let Some(violation) = &failure.violation {
        span.set_attributes([
            KeyValue::new("tidegate.schema.pointer", Arc::clone(&violation.pointer)),
            KeyValue::new("tidegate.schema.keyword", violation.keyword.as_str()),
        ]);
    }
    let said = &failure.said;
    let words = [
        ("tidegate.upstream.error.code", &said.code),
        ("tidegate.upstream.error.type", &said.kind),
        ("tidegate.upstream.error.param", &said.param),
    ];
    for (name, word) in words {
        if let Some(word) = word {
            span.set_attribute(KeyValue::new(name, word.to_string()));
        }
    }
}

fn rpc_ended(span: &SpanRef<'_>, code: &'static str) {
    span.set_attribute(KeyValue::new("rpc.response.status_code", code));
    if is_server_error(code) {
        span.set_attribute(KeyValue::new("error.type", code));
        span.set_status(Status::error(""));
    }
}

fn call_ended(span: &SpanRef<'_>, call: &CallEnded<'_>) {
    span.set_attributes([
        KeyValue::new("tidegate.call.verdict", call.verdict.as_str()),
        KeyValue::new("tidegate.call.entry", call.entry.as_str()),
        KeyValue::new("tidegate.call.attempts", i64::from(call.attempts)),
        KeyValue::new("tidegate.call.retries", i64::from(call.retries)),
    ]);
    if let Some(tenant) = call.tenant {
        span.set_attribute(KeyValue::new("tidegate.tenant", tenant.name()));
    }
    if let Some(profile) = call.profile {
        span.set_attribute(KeyValue::new("tidegate.profile", profile.clone()));
    }
    if let Some(upstream) = call.upstream {
        span.set_attribute(KeyValue::new("tidegate.upstream", upstream.clone()));
    }
    if let Some(phase) = call.phase {
        span.set_attribute(KeyValue::new("tidegate.deadline.phase", phase.as_str()));
    }
    if let Some(answer) = call.brought {
        brought(span, answer);
    }
    // The server's own error.type is the gRPC status; this is what lay behind it.
    if let (Some(error_type), false) = (call.error_type, call.verdict == Verdict::Ok) {
        span.set_attribute(KeyValue::new("tidegate.error.type", error_type.as_str()));
    }
}

fn brought(span: &SpanRef<'_>, brought: Brought) {
    let count = |name, count: usize| KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX));
    span.set_attributes([
        count("tidegate.answer.items", brought.items),
        count("tidegate.answer.entities", brought.entities()),
        count("tidegate.answer.normalised", brought.normalised),
        count("tidegate.answer.not_found", brought.not_found),
        count("tidegate.answer.left_out", brought.left_out),
        count("tidegate.answer.empty_parts", brought.empty_parts),
    ]);
}

fn cache_answered(span: &SpanRef<'_>, result: CacheResult, age: Option<Duration>) {
    span.set_attribute(KeyValue::new("tidegate.cache.result", result.as_str()));
    if let Some(age) = age {
        span.set_attribute(KeyValue::new("tidegate.cache.age_ms", milliseconds(age)));
    }
}

fn flight_ended(span: &SpanRef<'_>, flight: &FlightEnded<'_>) {
    span.set_attributes([
        KeyValue::new("tidegate.tenant", flight.tenant.name()),
        KeyValue::new("tidegate.upstream", flight.endpoint.name.clone()),
        KeyValue::new("tidegate.call.attempts", i64::from(flight.attempts)),
        KeyValue::new("tidegate.call.retries", i64::from(flight.retries)),
        KeyValue::new("tidegate.call.retry_delay_ms", milliseconds(flight.retry_delay)),
        KeyValue::new("tidegate.flight.followers", integer(flight.followers)),
    ]);
    tokens(span, flight.usage);
    response(span, flight.response);
    match flight.end {
        FlightEnd::Answered => {}
        FlightEnd::Failed(error_type) => failed(span, error_type),
        FlightEnd::GivenUp => span.set_attribute(KeyValue::new("tidegate.flight.cancelled", true)),
    }
}

/// The trace of a flight has a name even where it is not sampled; only what can be seen is linked to.
fn flight_waited(span: &SpanRef<'_>, answered: bool, flight: Option<&Span>) {
    let outcome = if answered { "answered" } else { "left" };
    span.set_attribute(KeyValue::new("tidegate.flight.wait.outcome", outcome));
    let Some(flight) = flight.map(|flight| flight.context().span().span_context().clone()) else { return };
    if flight.is_valid() {
        span.set_attribute(KeyValue::new("tidegate.flight.trace_id", flight.trace_id().to_string()));
    }
    if flight.is_sampled() {
        span.add_link(flight, vec![KeyValue::new("tidegate.link.type", "flight")]);
    }
}

fn response(span: &SpanRef<'_>, response: &ResponseFacts) {
    if let Some(id) = &response.id {
        span.set_attribute(KeyValue::new("gen_ai.response.id", Arc::clone(id.as_str())));
    }
    if let Some(model) = &response.model {
        span.set_attribute(KeyValue::new("gen_ai.response.model", Arc::clone(model.as_str())));
    }
    if let Some(finish) = response.finish {
        let reasons = Array::String(vec![StringValue::from(finish.as_str())]);
        span.set_attribute(KeyValue::new("gen_ai.response.finish_reasons", Value::Array(reasons)));
    }
}

fn attempt_ended(
    span: &SpanRef<'_>,
    outcome: AttemptOutcome,
    error_type: Option<ErrorType>,
    http_status: Option<u16>,
    usage: Usage,
) {
    span.set_attribute(KeyValue::new("tidegate.attempt.outcome", outcome.as_str()));
    if let Some(status) = http_status {
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    }
    tokens(span, usage);
    if outcome == AttemptOutcome::Failure {
        failed(span, error_type.unwrap_or(ErrorType::Internal));
    }
}

fn failed(span: &SpanRef<'_>, error_type: ErrorType) {
    span.set_attribute(KeyValue::new("error.type", error_type.as_str()));
    span.set_status(Status::error(""));
}

fn tokens(span: &SpanRef<'_>, usage: Usage) {
    if let Some(tokens) = usage.input_tokens {
        span.set_attribute(KeyValue::new("gen_ai.usage.input_tokens", integer(tokens)));
    }
    if let Some(tokens) = usage.output_tokens {
        span.set_attribute(KeyValue::new("gen_ai.usage.output_tokens", integer(tokens)));
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

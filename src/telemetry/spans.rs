//! Builds spans and writes on them what came of the work: the only place that does.
//!
//! Spans are values: nobody enters them, children name their parent, and a span closes when its last
//! clone is dropped. Where a parent is not sampled its children are clones of it, so that an unsampled
//! call costs one span and still has a trace id everywhere. Attributes are written after a span is sampled, which
//! no sampler that can be configured minds, so that an unsampled call formats none.

mod headers;
mod recorder;

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanId, SpanRef, TraceContextExt, TraceId},
};
use tracing::{Dispatch, Span, dispatcher};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::settings::TelemetrySettings;
use crate::{extraction::AttemptRecord, upstream::Endpoint};

pub(super) use recorder::record;

/// The target of every span and event of this crate.
pub const TARGET: &str = "tidegate";

/// What one must know of a span to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanIds {
    /// The trace's.
    pub trace_id: TraceId,
    /// The span's own.
    pub span_id: SpanId,
}

/// Starts traces, for one gateway: its spans go to its own subscriber, whatever the process's is.
#[derive(Debug, Clone)]
pub struct Spans {
    dispatch: Dispatch,
    callers: CallersTrace,
}

/// What is taken over of the trace that a caller names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallersTrace {
    /// Nothing: every call begins a trace of its own.
    Ignored,
    /// Its ids alone.
    Joined,
    /// Its ids, and what the caller says of it beyond those.
    Trusted,
}

impl CallersTrace {
    /// What is to be taken over by `settings`.
    pub(super) fn of(settings: &TelemetrySettings) -> Self {
        match (settings.trace_join_callers, settings.trace_trust_callers) {
            (false, _) => Self::Ignored,
            (true, false) => Self::Joined,
            (true, true) => Self::Trusted,
        }
    }
}

impl Spans {
    /// Starts traces under `dispatch`, or joins those of callers.
    pub fn new(dispatch: Dispatch, callers: CallersTrace) -> Self {
        Self { dispatch, callers }
    }

    /// The SERVER span of a gRPC request, in the caller's trace if that is joined. `method` is
    /// `package.Service/Method`, or `_OTHER`.
    pub fn server(&self, method: &'static str, headers: &HeaderMap) -> Span {
        let span = dispatcher::with_default(
            &self.dispatch,
            || tracing::info_span!(target: "tidegate", parent: None, "grpc", otel.kind = "server"),
        );
        if let Some(parent) = headers::read(headers, self.callers) {
            // Fails only where no exporter listens to spans.
            let _ = span.set_parent(parent);
        }
        if_sampled(&span, |span| {
            if method != "_OTHER" {
                span.update_name(method);
            }
            span.set_attributes([
                KeyValue::new("rpc.system.name", "grpc"),
                KeyValue::new("rpc.method", method),
            ]);
        });
        span
    }
}

/// The logical CLIENT span of a flight, over all attempts and the waits between them.
pub fn flight(parent: &Span, endpoint: &Endpoint, profile: &Arc<str>) -> Span {
    let make = || tracing::info_span!(target: "tidegate", parent: None, "chat", otel.kind = "client");
    child(parent, make, |span| {
        span.update_name(format!("chat {}", endpoint.model));
        span.set_attributes([
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", endpoint.provider),
            KeyValue::new("gen_ai.request.model", Arc::clone(&endpoint.model)),
            KeyValue::new("server.address", Arc::clone(&endpoint.host)),
            KeyValue::new("server.port", i64::from(endpoint.port)),
            KeyValue::new("tidegate.profile", Arc::clone(profile)),
        ]);
    })
}

/// The CLIENT span of one attempt, a child of its flight's span. `remaining` is left until the deadline.
pub fn attempt(flight: &Span, record: &AttemptRecord, endpoint: &Endpoint, remaining: Duration) -> Span {
    let make = || tracing::info_span!(target: "tidegate", parent: None, "POST", otel.kind = "client");
    child(flight, make, |span| {
        // A trace is read by names (docs/adr/0019).
        span.update_name(format!("POST {}", record.kind));
        span.set_attributes([
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("url.full", Arc::clone(&endpoint.url)),
            KeyValue::new("server.address", Arc::clone(&endpoint.host)),
            KeyValue::new("server.port", i64::from(endpoint.port)),
            KeyValue::new("tidegate.upstream", Arc::clone(&endpoint.name)),
            KeyValue::new("tidegate.attempt.number", i64::from(record.number)),
            KeyValue::new("tidegate.attempt.kind", record.kind.as_str()),
            KeyValue::new("tidegate.attempt.wait_ms", milliseconds(record.wait)),
            KeyValue::new("tidegate.deadline.remaining_ms", milliseconds(remaining)),
        ]);
        if record.number > 1 {
            let resent = i64::from(record.number) - 1;
            span.set_attribute(KeyValue::new("http.request.resend_count", resent));
        }
        if let Some(source) = record.wait_source {
            span.set_attribute(KeyValue::new("tidegate.attempt.wait_source", source.as_str()));
        }
    })
}

/// The INTERNAL span of a call that waits for another call's flight.
pub fn joined(parent: &Span) -> Span {
    let make = || tracing::info_span!(target: "tidegate", parent: None, "tidegate.flight.wait", otel.kind = "internal");
    child(parent, make, |_| {})
}

/// The headers that carry the trace on to an upstream: `traceparent` and `tracestate`, never baggage.
pub fn trace_headers(span: &Span) -> HeaderMap {
    headers::write(&span.context())
}

/// The trace's id, and whether it is sampled. Nothing is formatted.
pub fn trace(span: &Span) -> (TraceId, bool) {
    let context = span.context();
    let context = context.span().span_context().clone();
    (context.trace_id(), context.is_sampled())
}

/// The trace's id in hex, sampled or not; absent only where no subscriber listens to spans.
pub fn trace_id(span: &Span) -> Option<String> {
    let id = span.context().span().span_context().trace_id();
    (id != TraceId::INVALID).then(|| id.to_string())
}

/// The context of a span that somebody will see; `None` for all others.
pub(super) fn recording(span: &Span) -> Option<Context> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    context.span().is_recording().then_some(context)
}

/// The ids of the span of `context`, if they lead to something.
pub(super) fn sampled(context: &Context) -> Option<SpanIds> {
    let span = context.span();
    let context = span.span_context();
    context.is_sampled().then(|| SpanIds { trace_id: context.trace_id(), span_id: context.span_id() })
}

/// A child where the parent is sampled, else the parent itself.
///
/// The parent is told to OpenTelemetry only. Told to `tracing`, its registry would hold the parent open and
/// release it through whatever subscriber is the default when the child closes, which may be another
/// gateway's or none.
fn child(parent: &Span, make: impl FnOnce() -> Span, write: impl FnOnce(&SpanRef<'_>)) -> Span {
    let Some(context) = recording(parent) else { return parent.clone() };
    let span = parent.with_subscriber(|(_, dispatch)| dispatcher::with_default(dispatch, make));
    let span = span.unwrap_or_else(Span::none);
    // Can't fail: the span is new, and its subscriber is one that listens to spans.
    let _ = span.set_parent(context);
    if_sampled(&span, write);
    span
}

/// Writes on a span that somebody will see. Otherwise nothing is formatted or allocated.
fn if_sampled(span: &Span, write: impl FnOnce(&SpanRef<'_>)) {
    if let Some(context) = recording(span) {
        write(&context.span());
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

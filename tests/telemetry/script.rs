//! What a gateway would report, scripted.

use std::{io, sync::Arc, time::Duration};

use http::HeaderMap;
use tidegate::{
    extraction::{
        Alignment, AttemptKind, AttemptOutcome, AttemptRecord, Entry, ErrorType, ExtractError, HeadStatus,
        Keyword, Phase, ResponseFacts, Tenant, Trail, Usage, Violation, WaitSource, Withheld,
    },
    telemetry::{
        AttemptGuard, CallGuard, Configured, Event, FlightEnd, LogFormat, LogLevel, OtlpCompression,
        OtlpSettings, RpcGuard, Telemetry, TelemetrySettings,
        event::{AttemptFacts, CacheResult, DropCause, EvictionCause, FlightEnded, Signal, ValidationResult},
        spans,
    },
    upstream::{Endpoint, RetrySafety, settings::Prices},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

pub(crate) const METHOD: &str = "tidegate.v1.ExtractionService/Extract";
pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

pub(crate) fn settings(otlp_endpoint: Option<String>) -> TelemetrySettings {
    let export = otlp_endpoint.map(|endpoint| OtlpSettings {
        endpoint,
        timeout: Duration::from_secs(2),
        compression: OtlpCompression::None,
        ca_pem: None,
    });
    TelemetrySettings {
        traces: export.clone(),
        metrics: export,
        spans_delay: Duration::from_secs(2),
        spans_waiting_max: 16_384,
        spans_per_export_max: 512,
        otlp_metrics_interval: Duration::from_mins(10),
        trace_ratio: 1.0,
        trace_join_callers: true,
        trace_trust_callers: true,
        service_name: "tidegate".into(),
        resource: vec![("deployment.environment.name".into(), "test".into())],
        log_format: LogFormat::Json,
        log_level: LogLevel::Info,
    }
}

pub(crate) fn configured() -> Configured {
    Configured {
        upstreams: vec!["primary".into(), "second".into()],
        prices: vec![("primary".into(), Prices { input_per_million: 0.15, output_per_million: 0.6 })],
        profiles: vec!["entities".into(), "inline".into()],
        places: vec![("entities".into(), vec!["#/properties/name".into()])],
        in_flight_max: 64,
        calls_kept: 10,
    }
}

pub(crate) fn endpoint(name: &str) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        name: name.into(),
        provider: "openai",
        model: "small-model".into(),
        host: "api.example.com".into(),
        port: 443,
        url: "https://api.example.com/v1/chat/completions".into(),
        retry_safety: RetrySafety::Safe,
        attempt_timeout: Duration::from_secs(30),
        propagate_trace: true,
    })
}

/// Telemetry without a collector whose lines nobody reads.
pub(crate) fn quiet() -> Telemetry {
    Telemetry::start_with(&settings(None), &configured(), io::sink()).unwrap()
}

pub(crate) fn caller_headers(sampled: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let flags = if sampled { "01" } else { "00" };
    headers.insert("traceparent", format!("00-{TRACE}-b7ad6b7169203331-{flags}").parse().unwrap());
    headers.insert("tracestate", "vendor=1".parse().unwrap());
    headers.insert("baggage", "secret=1".parse().unwrap());
    headers
}

/// The tenant of every scripted call.
fn tenant() -> Tenant {
    Tenant::configured("editorial")
}

fn usage() -> Usage {
    Usage { input_tokens: Some(120), output_tokens: Some(30) }
}

pub(crate) fn facts(flight: &Span, endpoint: &Arc<Endpoint>, number: u32, kind: AttemptKind) -> AttemptFacts {
    let (wait, wait_source) = match kind {
        AttemptKind::Retry => (Duration::from_millis(210), Some(WaitSource::Exponential)),
        _ => (Duration::ZERO, None),
    };
    let sent = AttemptRecord { wait, wait_source, outcome: None, ..record(number, kind) };
    let span = spans::attempt(flight, &sent, endpoint, Duration::from_secs(9));
    let id = Arc::clone(&sent.id);
    AttemptFacts {
        id,
        number,
        kind,
        tenant: tenant(),
        endpoint: Arc::clone(endpoint),
        wait,
        wait_source,
        span,
    }
}

static NOTHING_TOLD: ResponseFacts = ResponseFacts { id: None, model: None, finish: None, read: None };

/// How long every attempt takes.
const LATENCY: Duration = Duration::from_millis(70);

/// One call whose first attempt fails and whose second succeeds, and a call that joins it.
pub(crate) fn mended_call(telemetry: &Telemetry, headers: &HeaderMap) {
    let (observer, profile) = (telemetry.observer(), Arc::from("entities"));
    let endpoint = endpoint("primary");
    let begin = |number, kind, flight: &Span| {
        AttemptGuard::begin(
            Arc::clone(&observer),
            facts(flight, &endpoint, number, kind),
            HeadStatus::default(),
        )
    };
    let server = telemetry.spans().server(METHOD, headers);
    let rpc = RpcGuard::begin(Arc::clone(&observer), METHOD, server.clone());
    let mut call = CallGuard::begin(Arc::clone(&observer), Entry::Unary, server, CancellationToken::new());
    call.tenant(&tenant());
    call.accepted(&profile);
    call.cache(CacheResult::Miss, None);

    let flight = spans::flight(call.span(), &endpoint, &profile);
    observer.observe(&Event::FlightStarted { endpoint: &endpoint, span: &flight });
    let follower = telemetry.spans().server(METHOD, &HeaderMap::new());
    let wait = spans::joined(&follower);
    begin(1, AttemptKind::Initial, &flight).end(
        AttemptOutcome::Failure,
        Some(ErrorType::Overloaded),
        Some(503),
        Usage::default(),
        LATENCY,
    );
    observer.observe(&Event::RetryScheduled {
        endpoint: &endpoint,
        reason: ErrorType::Overloaded,
        source: WaitSource::Exponential,
        delay: Duration::from_millis(210),
        next_number: 2,
        budget_ratio: 0.99,
        remaining: Duration::from_secs(20),
        tenant: &tenant(),
        span: &flight,
    });
    begin(2, AttemptKind::Retry, &flight).end(AttemptOutcome::Success, None, Some(200), usage(), LATENCY);
    observer.observe(&Event::AnswerValidated {
        profile: &profile,
        result: ValidationResult::Valid,
        violation: None,
    });
    observer.observe(&Event::AnswerValidated {
        profile: &profile,
        result: ValidationResult::SchemaInvalid,
        violation: Some(&Violation { pointer: "#/properties/name".into(), keyword: Keyword::Type }),
    });
    observer.observe(&Event::EntityGrounded { profile: &profile, alignment: Alignment::Exact, count: 3 });
    observer.observe(&Event::EntitiesLeftOut { profile: &profile, count: 2 });
    observer.observe(&Event::FlightEnded(flight_ended(&endpoint, &tenant(), &flight, None)));
    observer.observe(&Event::FlightWaited {
        answered: true,
        elapsed: Duration::from_millis(250),
        flight: Some(&flight),
        tenant: &tenant(),
        span: &wait,
    });
    call.trail(&trail());
    call.end(Ok(()));
    rpc.end("OK");
}

/// A call that runs out of time after a failed attempt, with a hedge given up.
pub(crate) fn late_call(telemetry: &Telemetry) {
    let (observer, profile) = (telemetry.observer(), Arc::from("entities"));
    let endpoint = endpoint("second");
    let begin = |number, kind, flight: &Span| {
        AttemptGuard::begin(
            Arc::clone(&observer),
            facts(flight, &endpoint, number, kind),
            HeadStatus::default(),
        )
    };
    let server = telemetry.spans().server(METHOD, &HeaderMap::new());
    let rpc = RpcGuard::begin(Arc::clone(&observer), METHOD, server.clone());
    let mut call = CallGuard::begin(Arc::clone(&observer), Entry::Unary, server, CancellationToken::new());
    call.tenant(&tenant());
    call.accepted(&profile);
    call.cache(CacheResult::Bypass, None);
    let flight = spans::flight(call.span(), &endpoint, &profile);
    observer.observe(&Event::FlightStarted { endpoint: &endpoint, span: &flight });
    let first = begin(1, AttemptKind::Initial, &flight);
    first.end(AttemptOutcome::Failure, Some(ErrorType::Connect), None, Usage::default(), LATENCY);
    observer.observe(&Event::RetryWithheld {
        budget_limit: None,
        endpoint: &endpoint,
        error_type: ErrorType::Connect,
        reason: Withheld::Deadline,
        tenant: &tenant(),
        span: &flight,
    });
    observer.observe(&Event::RepairWithheld {
        profile: &profile,
        error_type: ErrorType::SchemaInvalid,
        reason: Withheld::Budget,
        tenant: &tenant(),
        span: &flight,
    });
    drop(begin(2, AttemptKind::Hedge, &flight));
    observer.observe(&Event::FlightEnded(flight_ended(
        &endpoint,
        &tenant(),
        &flight,
        Some(ErrorType::Connect),
    )));
    let late = ExtractError::DeadlineExceeded { phase: Phase::Attempt, last: Some(ErrorType::Connect) };
    call.end(Err(&late));
    rpc.end("DEADLINE_EXCEEDED");
}

/// Everything else that can happen, for the sake of its metric.
pub(crate) fn the_rest(telemetry: &Telemetry) {
    let observer = telemetry.observer();
    observer.observe(&Event::CacheEvicted { cause: EvictionCause::Size });
    observer.observe(&Event::CacheLevel { entries: 7, weight_bytes: 4096 });
    observer.observe(&Event::BudgetMoved { endpoint: &endpoint("primary"), ratio: 0.5 });
    let (signal, cause) = (Signal::Spans, DropCause::QueueFull);
    observer.observe(&Event::TelemetryDropped { signal, count: 2, cause, endpoint: None });
    let stranger = facts(&Span::none(), &endpoint("stranger"), 1, AttemptKind::Initial);
    drop(AttemptGuard::begin(observer, stranger, HeadStatus::default()));
}

fn flight_ended<'a>(
    endpoint: &'a Arc<Endpoint>,
    tenant: &'a Tenant,
    span: &'a Span,
    error_type: Option<ErrorType>,
) -> FlightEnded<'a> {
    FlightEnded {
        tenant,
        endpoint,
        end: error_type.map_or(FlightEnd::Answered, FlightEnd::Failed),
        attempts: 2,
        retries: 1,
        retry_delay: Duration::from_millis(210),
        followers: 1,
        usage: usage(),
        response: &NOTHING_TOLD,
        elapsed: Duration::from_millis(900),
        span,
    }
}

/// An attempt that succeeded.
fn record(number: u32, kind: AttemptKind) -> AttemptRecord {
    AttemptRecord {
        id: format!("attempt-{number}").into(),
        number,
        kind,
        upstream: "primary".into(),
        outcome: Some(AttemptOutcome::Success),
        error_type: None,
        failure: None,
        http_status: None,
        sent: Instant::now(),
        latency: Duration::from_millis(300),
        wait: Duration::ZERO,
        wait_source: None,
    }
}

/// The trail of a call that was mended by a retry.
pub(crate) fn trail() -> Trail {
    let failed = AttemptRecord {
        outcome: Some(AttemptOutcome::Failure),
        error_type: Some(ErrorType::Overloaded),
        ..record(1, AttemptKind::Initial)
    };
    Trail { attempts: vec![failed, record(2, AttemptKind::Retry)], usage: usage(), ..Trail::default() }
}

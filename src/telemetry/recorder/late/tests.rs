use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use super::*;
use crate::{
    extraction::{AttemptKind, AttemptOutcome, Entry, ErrorType, HeadStatus, Tenant, Trail, Usage},
    telemetry::{AttemptGuard, CallFilter, CallGuard, Configured, Observer, Recorder, event::AttemptFacts},
    upstream::{Endpoint, RetrySafety},
};

fn recorder(calls_kept: usize) -> Recorder {
    let (upstreams, profiles) = (vec!["primary".into()], Vec::new());
    Recorder::new(&Configured { upstreams, profiles, in_flight_max: 1, calls_kept, ..Configured::default() })
}

fn observer(recorder: &Recorder) -> Arc<dyn Observer> {
    Arc::new(recorder.clone())
}

fn attempt(recorder: &Recorder, id: &str) -> AttemptGuard {
    let endpoint = Endpoint {
        name: "primary".into(),
        provider: "openai",
        model: "m".into(),
        host: "api.example.com".into(),
        port: 443,
        url: "https://api.example.com/".into(),
        retry_safety: RetrySafety::Safe,
        attempt_timeout: Duration::from_secs(30),
        propagate_trace: false,
    };
    let facts = AttemptFacts {
        id: id.into(),
        number: 1,
        kind: AttemptKind::Initial,
        tenant: Tenant::default(),
        endpoint: Arc::new(endpoint),
        wait: Duration::ZERO,
        wait_source: None,
        span: Span::none(),
    };
    AttemptGuard::begin(observer(recorder), facts, HeadStatus::default())
}

/// A call ends while the attempt `id` runs.
fn call_ends(recorder: &Recorder, id: &str) {
    let running = AttemptRecord {
        id: id.into(),
        number: 1,
        kind: AttemptKind::Initial,
        upstream: "primary".into(),
        outcome: None,
        error_type: None,
        failure: None,
        http_status: None,
        sent: Instant::now(),
        latency: Duration::from_millis(1),
        wait: Duration::ZERO,
        wait_source: None,
    };
    let mut guard =
        CallGuard::begin(observer(recorder), Entry::Unary, Span::none(), CancellationToken::new());
    guard.trail(&Trail { attempts: vec![running], ..Trail::default() });
}

fn attempt_ends(guard: AttemptGuard) {
    let (outcome, error) = (AttemptOutcome::Failure, Some(ErrorType::DeadlineExceeded));
    guard.end(outcome, error, Some(200), Usage::default(), Duration::from_millis(70));
}

/// Outcome, error type and latency of the first attempt of every call, the latest call first.
fn told(recorder: &Recorder) -> Vec<(Value, Value, Value)> {
    let facts = serde_json::to_value(recorder.calls(&CallFilter::default())).unwrap();
    let first = |call: &Value| {
        let attempt = &call["attempts"][0];
        (attempt["outcome"].clone(), attempt["error_type"].clone(), attempt["latency_seconds"].clone())
    };
    facts["calls"].as_array().unwrap().iter().map(first).collect()
}

fn open() -> (Value, Value, Value) {
    (Value::Null, Value::Null, 0.001.into())
}

fn ended() -> (Value, Value, Value) {
    ("failure".into(), "deadline_exceeded".into(), 0.07.into())
}

#[test]
fn an_attempt_that_outlives_its_calls_ends_in_all_of_them() {
    let recorder = recorder(10);
    let running = attempt(&recorder, "a");
    for id in ["a", "b", "a"] {
        call_ends(&recorder, id);
    }
    let before = recorder.edition();
    assert_eq!(told(&recorder), [open(), open(), open()]);
    attempt_ends(running);
    assert_eq!(told(&recorder), [ended(), open(), ended()]);
    assert_ne!(recorder.edition(), before, "who knows the calls is told of their ends");
}

#[test]
fn the_end_may_be_told_before_the_call_is_kept() {
    let recorder = recorder(10);
    attempt_ends(attempt(&recorder, "a"));
    call_ends(&recorder, "a");
    assert_eq!(told(&recorder), [ended()]);
}

#[test]
fn calls_that_are_no_longer_kept_wait_for_nothing() {
    let recorder = recorder(2);
    for id in ["a", "b", "a", "c"] {
        call_ends(&recorder, id);
    }
    attempt_ends(attempt(&recorder, "b"));
    assert_eq!(told(&recorder), [open(), open()]);
    attempt_ends(attempt(&recorder, "a"));
    assert_eq!(told(&recorder), [open(), ended()]);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut late = LateEnds::default();
    let end = AttemptEnd {
        kind: AttemptKind::Initial,
        outcome: AttemptOutcome::Success,
        error_type: None,
        failure: None,
        http_status: None,
        elapsed: Duration::ZERO,
    };
    for number in 0..2 * ENDS_MAX {
        late.ended(&number.to_string().into(), end.clone());
    }
    assert_eq!((late.last.len(), late.waiting.len()), (ENDS_MAX, 0));
}

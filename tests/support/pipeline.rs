//! What the suites without sockets share: a pipeline over an upstream of theirs, and calls through it.
//!
//! Included by each with `#[path = "../support/pipeline.rs"] mod support;`.

use std::{sync::Arc, time::Duration};

use tidegate::{
    cache::Answers,
    clock::SystemClock,
    extraction::{
        CacheControl, CachePolicy, CacheScope, Call, Deadline, Entry, ExtractError, Extraction, Fingerprint,
        Profile, ResponseFacts, Said, Schema, Tenant, Text, Usage,
    },
    pipeline::{Parts, Pipeline, Seeds},
    resilience::Policy,
    tasks::Tasks,
    telemetry::{CallGuard, Observer},
    upstream::{Answer, Endpoint, Exchange, RetrySafety, Upstream},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// The most bytes of answers that are kept: more than any of these tests has.
const CACHE_BYTES: u64 = 1 << 24;

/// How long answers are kept.
const TTL: Duration = Duration::from_secs(60);

/// A pipeline that asks `upstream`, for the default tenant, and whose chances come from `seed`.
pub fn pipeline(
    upstream: Arc<dyn Upstream>,
    observer: Arc<dyn Observer>,
    policy: Policy,
    seed: u64,
    tasks: &Tasks,
) -> Arc<Pipeline> {
    Arc::new(Pipeline::new(Parts {
        answers: Answers::new(CACHE_BYTES, Arc::clone(&observer)),
        upstreams: vec![upstream],
        tenants: Vec::new(),
        policy,
        observer,
        clock: Arc::new(SystemClock),
        seeds: Seeds::seeded(seed),
        tasks: tasks.clone(),
    }))
}

/// A call that comes now and has to be answered within `timeout`.
pub fn call(profile: &Arc<Profile>, tenant: &Tenant, text: &str, timeout: Duration) -> Call {
    let now = Instant::now();
    Call {
        text: Text::new(text),
        profile: Arc::clone(profile),
        tenant: tenant.clone(),
        cache: CacheControl::default(),
        max_attempts: None,
        received: now,
        deadline: Deadline::after(now, timeout),
        entry: Entry::Unary,
    }
}

/// The whole way of a call, as the gateway's own door leads it.
pub async fn extract(
    pipeline: Arc<Pipeline>,
    observer: Arc<dyn Observer>,
    call: Call,
) -> Result<Arc<Extraction>, ExtractError> {
    let mut guard = CallGuard::begin(observer, call.entry, Span::none(), CancellationToken::new());
    guard.accepted(&call.profile.name);
    let served = pipeline.extract(&call, &mut guard).await;
    guard.end(served.result.as_ref().map(|_| ()));
    served.result
}

/// An answer that came.
pub fn answered(content: &str) -> Exchange {
    Exchange {
        result: Ok(Answer { content: content.to_owned() }),
        http_status: Some(200),
        headers: http::HeaderMap::new(),
        body_retry_delay: None,
        said: Said::default(),
        error_body: None,
        usage: Usage::default(),
        response: ResponseFacts::default(),
    }
}

/// The upstream of these pipelines.
pub fn endpoint() -> Endpoint {
    Endpoint {
        name: "scripted".into(),
        provider: "openai",
        model: "model".into(),
        host: "scripted.test".into(),
        port: 443,
        url: "https://scripted.test/v1/chat/completions".into(),
        retry_safety: RetrySafety::Safe,
        attempt_timeout: Duration::from_secs(30),
        propagate_trace: false,
    }
}

/// A profile whose answers are `{"entities": [..]}`.
pub fn profile(timeout: Duration) -> Arc<Profile> {
    let schema = r#"{"type":"object","properties":{"entities":{"type":"array"}},"required":["entities"]}"#;
    Arc::new(Profile {
        name: "entities".into(),
        instructions: "Find entities.".into(),
        schema: Arc::new(Schema::compile(schema).unwrap()),
        route: [Arc::from("scripted")].into(),
        timeout,
        cache: CachePolicy { ttl: TTL, stale_if_error: Duration::ZERO, scope: CacheScope::Tenant },
        max_output_tokens: 100,
        fingerprint: Fingerprint::of([&b"profile"[..]]),
    })
}

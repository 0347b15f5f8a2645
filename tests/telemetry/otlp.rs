//! What a collector receives, and what happens when there is none.

mod collector;

use std::{collections::BTreeMap, time::Duration};

use http::HeaderMap;
use opentelemetry_proto::tonic::trace::v1::{Span as WireSpan, status::StatusCode};
use tidegate::{
    extraction::{AttemptKind, AttemptOutcome, ResponseFacts, Usage},
    telemetry::{
        Configured, Event, Telemetry,
        catalogue::{self, Kind},
        spans,
    },
};
use tracing::Span;

use self::collector::{Collector, attributes};
use crate::{
    lines::Lines,
    page::{samples, value},
    script::{
        METHOD, TRACE, caller_headers, configured, endpoint, facts, late_call, mended_call, quiet, settings,
        the_rest,
    },
};

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn is_error(span: &WireSpan) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mended_call_leaves_a_tree_of_spans() {
    let collector = Collector::default();
    let telemetry = collector.telemetry().await;
    mended_call(&telemetry, &caller_headers(true));
    telemetry.shutdown().await;
    let spans = collector.spans();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        [METHOD, "chat small-model", METHOD, "tidegate.flight.wait", "POST initial", "POST retry"]
    );
    let [server, flight, follower, wait, first, second] = spans.as_slice() else { panic!("six spans") };

    assert_eq!(
        (hex(&server.trace_id).as_str(), hex(&server.parent_span_id).as_str()),
        (TRACE, "b7ad6b7169203331")
    );
    assert_eq!(flight.parent_span_id, server.span_id);
    assert_eq!((&first.parent_span_id, &second.parent_span_id), (&flight.span_id, &flight.span_id));
    assert_eq!(wait.parent_span_id, follower.span_id);
    assert_ne!(follower.trace_id, server.trace_id);
    assert_eq!(wait.links.len(), 1);
    assert_eq!((&wait.links[0].trace_id, &wait.links[0].span_id), (&flight.trace_id, &flight.span_id));

    let errors: Vec<bool> = spans.iter().map(is_error).collect();
    assert_eq!(errors, [false, false, false, false, true, false], "only the failed attempt is an error");
    let kinds: Vec<i32> = spans.iter().map(|span| span.kind).collect();
    assert_eq!(kinds, [2, 3, 2, 1, 3, 3], "server, client, server, internal, client, client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_say_what_came_of_the_work() {
    let collector = Collector::default();
    let telemetry = collector.telemetry().await;
    mended_call(&telemetry, &caller_headers(true));
    telemetry.shutdown().await;
    let spans: Vec<_> = collector.spans().iter().map(|span| attributes(&span.attributes)).collect();
    let [server, flight, _, _, first, second] = spans.as_slice() else { panic!("six spans") };
    for (key, expected) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", METHOD),
        ("rpc.response.status_code", "OK"),
        ("tidegate.call.verdict", "ok"),
        ("tidegate.call.retries", "1"),
        ("tidegate.cache.result", "miss"),
    ] {
        assert_eq!(server.get(key).map(String::as_str), Some(expected), "{key}");
    }
    assert!(!server.contains_key("error.type") && !server.contains_key("tidegate.error.type"));
    assert_eq!(flight["gen_ai.provider.name"], "openai");
    assert_eq!(flight["tidegate.flight.followers"], "1");
    assert_eq!(first["error.type"], "overloaded");
    assert_eq!(first["http.response.status_code"], "503");
    assert_eq!(first["tidegate.attempt.id"], "attempt-1");
    assert!(!first.contains_key("http.request.resend_count"));
    assert_eq!(second["http.request.resend_count"], "1");
    assert_eq!(second["tidegate.attempt.wait_ms"], "210");
    assert_eq!(second["tidegate.attempt.wait_source"], "exponential");
    assert!(!second.contains_key("error.type"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_ends_with_the_body_of_its_answer() {
    let collector = Collector::default();
    let telemetry = collector.telemetry().await;
    let server = telemetry.spans().server(METHOD, &caller_headers(true));
    let attempt = facts(&server, &endpoint("primary"), 1, AttemptKind::Initial);
    telemetry.observer().observe(&Event::AttemptEnded {
        attempt: &attempt,
        outcome: AttemptOutcome::Success,
        error_type: None,
        failure: None,
        error_body: None,
        response: &ResponseFacts::default(),
        http_status: Some(200),
        usage: Usage::default(),
        elapsed: Duration::from_millis(70),
        judging: Duration::from_hours(1),
    });
    drop((attempt, server));
    telemetry.shutdown().await;
    let spans = collector.spans();
    let attempt = spans.iter().find(|span| span.name.starts_with("POST ")).unwrap();
    let early = Duration::from_nanos(attempt.start_time_unix_nano - attempt.end_time_unix_nano);
    assert!(early > Duration::from_mins(59), "judged for an hour, it ended {early:?} before it began");
    assert_eq!(attributes(&attempt.attributes)["http.response.status_code"], "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_call_is_an_error_and_a_cancelled_attempt_is_not() {
    let collector = Collector::default();
    let telemetry = collector.telemetry().await;
    late_call(&telemetry);
    telemetry.shutdown().await;
    let spans = collector.spans();
    let errors: Vec<bool> = spans.iter().map(is_error).collect();
    assert_eq!(errors, [true, true, true, false]);
    let server = attributes(&spans[0].attributes);
    assert_eq!(server["error.type"], "DEADLINE_EXCEEDED");
    assert_eq!(server["tidegate.error.type"], "connect");
    assert_eq!(server["tidegate.deadline.phase"], "attempt");
    assert_eq!(attributes(&spans[1].attributes)["tidegate.retry.withheld"], "deadline");
    let hedge = attributes(&spans[3].attributes);
    assert_eq!(hedge["tidegate.attempt.outcome"], "cancelled");
    assert!(!hedge.contains_key("error.type"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_in_one_process_keep_their_spans_apart() {
    let (one, two) = (Collector::default(), Collector::default());
    let (first, second) = (one.telemetry().await, two.telemetry().await);
    mended_call(&first, &HeaderMap::new());
    late_call(&second);
    first.shutdown().await;
    second.shutdown().await;
    assert_eq!((one.spans().len(), two.spans().len()), (6, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_and_collector_say_the_same() {
    let collector = Collector::default();
    let telemetry = collector.telemetry().await;
    mended_call(&telemetry, &HeaderMap::new());
    late_call(&telemetry);
    the_rest(&telemetry);
    let page = telemetry.page().render();
    telemetry.shutdown().await;
    let points = collector.points();
    assert!(points.len() > 300, "{} points", points.len());

    let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
    for metric in catalogue::ALL.iter().filter(|metric| !metric.name.starts_with("process.")) {
        let (name, histogram) = (metric.prometheus_name(), matches!(metric.kind, Kind::Histogram(_)));
        let sample = if histogram { format!("{name}_count") } else { name };
        // The collector hears of a histogram only when something was recorded.
        let on_page =
            samples(&page).into_iter().filter(|(n, _, v)| *n == sample && !(histogram && *v == 0.0));
        expected.extend(on_page.map(|(_, labels, value)| ((metric.name, labels), value)));
        let collected = points.iter().filter(|((name, _), _)| name == metric.name);
        found.extend(collected.map(|((_, labels), value)| {
            let labels = labels.iter().map(|(k, v)| (catalogue::prometheus_label(k), v.clone())).collect();
            ((metric.name, labels), *value)
        }));
    }
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_gateway_is_exported_whole() {
    let collector = Collector::default();
    let names = |count: usize| (0..count).map(|n| format!("a-name-of-some-length-{n}").into()).collect();
    let configured = Configured { upstreams: names(64), profiles: names(257), ..Configured::default() };
    let telemetry = collector.telemetry_of(&configured).await;
    let page = telemetry.page().render();
    telemetry.shutdown().await;
    let points = collector.points();
    assert_eq!(points.len(), samples(&page).len());
    assert!(points.len() > 10_000, "{} points", points.len());
    let overflown = points.keys().find(|(_, labels)| labels.contains_key("otel.metric.overflow"));
    assert_eq!(overflown, None, "nothing was lumped together");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_collector_costs_no_call_anything_and_is_counted() {
    let lines = Lines::default();
    let mut settings = settings(Some("http://user:pa55@127.0.0.1:1/t0ken?key=s3cret".to_owned()));
    for export in [&mut settings.traces, &mut settings.metrics] {
        export.as_mut().unwrap().timeout = Duration::from_millis(200);
    }
    let telemetry = Telemetry::start_with(&settings, &configured(), lines.clone()).unwrap();
    let page = telemetry.page();
    mended_call(&telemetry, &HeaderMap::new());
    telemetry.shutdown().await;
    let page = page.render();
    assert_eq!(value(&page, "tidegate_telemetry_dropped_total", &[("signal", "spans")]), Some(6.0));
    assert_eq!(value(&page, "tidegate_telemetry_dropped_total", &[("signal", "metrics")]), Some(1.0));
    let failures: Vec<_> =
        lines.json().into_iter().filter(|l| l["event"] == "tidegate.telemetry.export_failed").collect();
    assert_eq!(failures.len(), 2, "one line per signal");
    for line in failures {
        assert_eq!(line["endpoint"], "http://127.0.0.1:1", "{line}");
        assert_eq!(line["cause"], "connect_refused", "{line}");
    }
}

#[test]
fn every_call_has_a_trace_id_without_a_collector() {
    let telemetry = quiet();
    let span = telemetry.spans().server(METHOD, &HeaderMap::new());
    let id = spans::trace_id(&span).unwrap();
    assert_eq!(id.len(), 32);
    let flight = spans::flight(&span, &endpoint("primary"), &"entities".into());
    assert_eq!(spans::trace_id(&flight), Some(id.clone()));
    assert_eq!(flight.id(), span.id(), "what is not sampled costs no further span");
    let headers = spans::trace_headers(&flight);
    assert!(headers["traceparent"].to_str().unwrap().contains(&id));
    assert_eq!(headers.len(), 1, "{headers:?}");

    let joined = telemetry.spans().server(METHOD, &caller_headers(false));
    assert_eq!(spans::trace_id(&joined).as_deref(), Some(TRACE));
    let headers = spans::trace_headers(&joined);
    assert_eq!(headers["tracestate"], "vendor=1");
    assert!(!headers.contains_key("baggage"));
    assert_eq!(spans::trace_id(&Span::none()), None);
}

#[test]
fn nonsense_in_trace_headers_starts_a_new_trace() {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", "00-zz-1-01".parse().unwrap());
    assert!(spans::trace_id(&quiet().spans().server(METHOD, &headers)).is_some());
}

//! Four accounts of the same events, held against each other: the API's log, spans, metrics and replies.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::{proto, simulator::Arrival};

use crate::{
    page::{Page, Samples, exported},
    sink::Span,
    stage::{Curtain, Outcome, count, info},
    support::Metrics,
};

/// What an attempt fails with that never reached the upstream.
const NEVER_LEFT: [&str; 3] = ["connect", "tls", "refused_by_protocol"];

/// Holds everything against everything.
pub fn assert_truth(outcomes: &[Outcome], metrics: &Metrics, curtain: &Curtain) {
    assert!(curtain.status.success());
    let infos: Vec<_> = outcomes.iter().map(info).collect();
    let attempts: Vec<_> = curtain.spans.iter().filter(|span| span.is_attempt()).collect();
    let sum = |name: &str| metrics.sum(name, &[]);
    assert_attempts(&attempts, metrics);
    assert_arrivals(&attempts, &curtain.arrivals);
    assert_trails(&attempts, &infos);
    assert_calls(&infos, &curtain.spans, metrics);
    assert_tokens(&infos, metrics);
    same("nothing dropped", sum("tidegate_telemetry_dropped_total"), 0.0);
    same("attempts running", sum("tidegate_upstream_inflight"), 0.0);
    same("calls running", sum("tidegate_server_active_calls"), 0.0);
    same("flights running", sum("tidegate_flights_active"), 0.0);
    assert_parity(&Page::read(metrics).cumulative(), &exported(&curtain.taken.metrics));
}

#[track_caller]
fn same(what: &str, left: f64, right: f64) {
    assert!((left - right).abs() < 0.5, "{what}: {left} is not {right}");
}

/// Metrics count the attempts that spans show: each once, under the same labels.
fn assert_attempts(attempts: &[&Span], metrics: &Metrics) {
    let mut shown: BTreeMap<[&str; 3], usize> = BTreeMap::new();
    for span in attempts {
        let label = |key: &str| span.attribute(key).unwrap_or_default();
        let labels = ["tidegate.attempt.kind", "tidegate.attempt.outcome", "error.type"].map(label);
        *shown.entry(labels).or_default() += 1;
    }
    let name = "tidegate_upstream_attempts_total";
    for ([kind, outcome, error_type], spans) in &shown {
        let mut labels = vec![("kind", *kind), ("outcome", *outcome)];
        labels.extend((!error_type.is_empty()).then_some(("error_type", *error_type)));
        same(&format!("{labels:?}"), metrics.sum(name, &labels), count(*spans));
    }
    same("attempts in metrics = attempt spans", metrics.sum(name, &[]), count(attempts.len()));
    let durations = metrics.sum("http_client_request_duration_seconds_count", &[]);
    same("durations of attempts", durations, count(attempts.len()));
    let retries = metrics.sum(name, &[("kind", "retry")]);
    // One that was decided can still be withheld when its wait is over.
    let scheduled = metrics.sum("tidegate_upstream_retries_total", &[]);
    let withheld = metrics.sum("tidegate_upstream_retries_withheld_total", &[]);
    assert!(
        (retries..=retries + withheld).contains(&scheduled),
        "retries scheduled = retries made, and some of those withheld: {scheduled} of {retries} and {withheld}"
    );
    same("retries by flight", metrics.sum("tidegate_upstream_call_retries_sum", &[]), retries);
}

/// Every arrival is one attempt, and every attempt that left is one arrival.
fn assert_arrivals(attempts: &[&Span], arrivals: &[Arrival]) {
    let id = |span: &Span| span.attribute("tidegate.attempt.id").expect("every attempt has an id").to_owned();
    let ids: BTreeSet<String> = attempts.iter().map(|span| id(span)).collect();
    assert_eq!(ids.len(), attempts.len(), "every attempt has an id of its own");
    let arrived: BTreeSet<String> =
        arrivals.iter().filter_map(|arrival| arrival.attempt_id.clone()).collect();
    assert_eq!(arrived.len(), arrivals.len(), "no attempt arrives twice, or without an id");
    let left = attempts.iter().filter(|span| {
        let error_type = span.attribute("error.type").unwrap_or_default();
        !NEVER_LEFT.contains(&error_type)
    });
    let left: BTreeSet<String> = left.map(|span| id(span)).collect();
    assert_eq!(left, arrived, "the attempts that left are those that arrived");
    for arrival in arrivals {
        let span = attempts.iter().find(|span| Some(id(span)) == arrival.attempt_id).unwrap();
        let status = arrival.status.map(|status| status.to_string());
        assert_eq!(span.attribute("http.response.status_code"), status.as_deref(), "{arrival:#?} {span:#?}");
    }
}

/// Callers are told of the same attempts, in the same words.
fn assert_trails(attempts: &[&Span], infos: &[proto::ExtractionInfo]) {
    let told = infos.iter().flat_map(|info| info.attempts.iter().map(|attempt| (&*info.trace_id, attempt)));
    let told: BTreeSet<String> = told
        .map(|(trace_id, attempt)| {
            let proto::Attempt { number, kind, outcome, error_type, http_status, wait_source, .. } = attempt;
            let status = http_status.map(|status| status.to_string()).unwrap_or_default();
            format!("{trace_id} {number} {kind} {outcome} {error_type} {status} {wait_source}")
        })
        .collect();
    let shown: BTreeSet<String> = attempts
        .iter()
        .map(|span| {
            let words = [
                "tidegate.attempt.number",
                "tidegate.attempt.kind",
                "tidegate.attempt.outcome",
                "error.type",
                "http.response.status_code",
                "tidegate.attempt.wait_source",
            ];
            let words = words.map(|key| span.attribute(key).unwrap_or_default());
            format!("{} {}", span.trace_id, words.join(" "))
        })
        .collect();
    // A caller that left, or whose time was over, saw an attempt that was still running.
    let settled: BTreeSet<_> =
        told.iter().filter(|attempt| !attempt.contains(" running ")).cloned().collect();
    assert_eq!(settled.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "told, not shown");
    assert_eq!(told.len(), shown.len(), "told {told:#?}\nshown {shown:#?}");
}

/// Every call has one verdict, one duration and one SERVER span.
fn assert_calls(infos: &[proto::ExtractionInfo], spans: &[Span], metrics: &Metrics) {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for info in infos {
        *verdicts.entry(&info.verdict).or_default() += 1;
    }
    for (verdict, calls) in verdicts {
        same(verdict, metrics.sum("tidegate_calls_total", &[("verdict", verdict)]), count(calls));
    }
    let calls = count(infos.len());
    for name in [
        "tidegate_calls_total",
        "tidegate_call_duration_seconds_count",
        "tidegate_cache_requests_total",
        "rpc_server_call_duration_seconds_count",
    ] {
        same(name, metrics.sum(name, &[]), calls);
    }
    let late = metrics.sum("tidegate_calls_total", &[("verdict", "deadline_exceeded")]);
    same("deadlines by phase", metrics.sum("tidegate_calls_deadline_exceeded_total", &[]), late);
    same("SERVER spans", count(spans.iter().filter(|span| span.kind == "SERVER").count()), calls);
    let mut flights: BTreeMap<&str, usize> = BTreeMap::new();
    for flight in spans.iter().filter(|span| span.name == "chat simulated") {
        let cancelled = flight.attribute("tidegate.flight.cancelled").map(|_| "cancelled");
        *flights.entry(flight.attribute("error.type").or(cancelled).unwrap_or_default()).or_default() += 1;
    }
    let durations =
        |labels: &[(&str, &str)]| metrics.sum("gen_ai_client_operation_duration_seconds_count", labels);
    same("flights", durations(&[]), count(flights.values().sum()));
    for (error_type, flights) in flights.into_iter().filter(|(error_type, _)| !error_type.is_empty()) {
        same(error_type, durations(&[("error_type", error_type)]), count(flights));
    }
}

/// Tokens are counted once, and those of unusable answers apart.
fn assert_tokens(infos: &[proto::ExtractionInfo], metrics: &Metrics) {
    let input = |usage: &Option<proto::TokenUsage>| usage.and_then(|usage| usage.input_tokens).unwrap_or(0);
    let output = |usage: &Option<proto::TokenUsage>| usage.and_then(|usage| usage.output_tokens).unwrap_or(0);
    let counted = |labels: &[(&str, &str)]| metrics.sum("tidegate_tokens_total", labels);
    let total = |of: &dyn Fn(&proto::ExtractionInfo) -> u64| -> f64 {
        u32::try_from(infos.iter().map(of).sum::<u64>()).unwrap().into()
    };
    same("input tokens", counted(&[("direction", "input")]), total(&|info| input(&info.usage)));
    same("output tokens", counted(&[("direction", "output")]), total(&|info| output(&info.usage)));
    let wasted = total(&|info| input(&info.wasted_usage) + output(&info.wasted_usage));
    same("wasted tokens", counted(&[("useful", "false")]), wasted);
    let by_flight = metrics.sum("gen_ai_client_token_usage_sum", &[]);
    same("tokens by flight", by_flight, counted(&[]));
}

/// The page and the last export say the same; what is not there counts as zero.
fn assert_parity(page: &Samples, export: &Samples) {
    let series: BTreeSet<_> = page.keys().chain(export.keys()).collect();
    let differ: Vec<_> = series
        .into_iter()
        // The processor's time goes on between the two.
        .filter(|(name, _)| !name.starts_with("process_") && !name.starts_with("tidegate_runtime_"))
        .map(|series| (series, page.get(series).unwrap_or(&0.0), export.get(series).unwrap_or(&0.0)))
        .filter(|(_, page, export)| (*page - *export).abs() > 1e-6)
        .collect();
    assert!(differ.is_empty(), "series, page, export: {differ:#?}");
    assert!(export.values().any(|value| *value > 0.0), "something was exported");
}

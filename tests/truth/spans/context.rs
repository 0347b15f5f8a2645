//! Trace context: taken over from callers, and handed on to upstreams only where that is wanted.

use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Rule},
    },
};
use tonic::Request;

use crate::{
    stage::{LONG, Section, Stage},
    support::{request, simulator},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const PROPAGATE: Section<'_> = ("upstreams.primary", "propagate_trace = true");

/// A call within the caller's trace, which is sampled if `flags` is `01`.
fn traced(flags: &str) -> Request<proto::ExtractRequest> {
    let mut request = request("Ada Lovelace met Charles Babbage in London.", LONG);
    let mut put = |key: &'static str, value: &str| request.metadata_mut().insert(key, value.parse().unwrap());
    put("traceparent", &format!("00-{TRACE}-{CALLER}-{flags}"));
    put("tracestate", "vendor=opaque");
    put("baggage", "user=ada");
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_is_continued() {
    let stage = Stage::set(Script::default(), &[]).await;
    let info = stage.call_with(traced("01")).await.unwrap().into_inner().info.unwrap();
    assert_eq!(info.trace_id, TRACE);
    let curtain = stage.close().await;
    assert_eq!(curtain.spans.len(), 3);
    assert!(curtain.spans.iter().all(|span| span.trace_id == TRACE), "{:#?}", curtain.spans);
    let server = curtain.spans.iter().find(|span| span.kind == "SERVER").unwrap();
    assert_eq!((&*server.parent, &*server.trace_state), (CALLER, "vendor=opaque"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_does_not_sample_is_heeded() {
    let stage = Stage::set(Script::of([Rule::new(Fault::status(500)).first(1)]), &[PROPAGATE]).await;
    let info = stage.call_with(traced("00")).await.unwrap().into_inner().info.unwrap();
    assert_eq!(info.trace_id, TRACE, "the reply names the trace all the same");
    let other = stage.call("Another text.").await.unwrap().into_inner().info.unwrap();
    let curtain = stage.close().await;
    assert!(curtain.spans.iter().all(|span| span.trace_id == other.trace_id), "{:#?}", curtain.spans);
    assert_eq!(curtain.spans.len(), 3, "the other call's");
    let finished = curtain.lines("tidegate.call.finished");
    assert!(finished.iter().any(|line| line["trace_id"] == TRACE), "and so does the log: {finished:#?}");
    for arrival in &curtain.arrivals[..2] {
        let sent = &arrival.headers["traceparent"];
        assert!(sent.starts_with(&format!("00-{TRACE}-")) && sent.ends_with("-00"), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_share_is_known_by_its_trace_id_alone() {
    let stage = Stage::set(Script::default(), &[("telemetry", "trace_ratio = 0.0")]).await;
    let info = stage.call("Ada Lovelace.").await.unwrap().into_inner().info.unwrap();
    assert_eq!(info.trace_id.len(), 32);
    assert_ne!(info.trace_id, "0".repeat(32));
    stage.call_with(traced("01")).await.unwrap();
    let metrics = stage.metrics_at_rest(2).await;
    for metric in
        ["tidegate_calls_total", "tidegate_upstream_attempts_total", "tidegate_call_duration_seconds_count"]
    {
        let counted = metrics.sum(metric, &[]);
        assert!((counted - 2.0).abs() < 0.5, "{metric} counts calls, sampled or not: {counted}");
    }
    let curtain = stage.close().await;
    assert!(curtain.spans.iter().all(|span| span.trace_id == TRACE), "the caller's decision goes first");
    assert_eq!(curtain.spans.len(), 3);
    let finished = curtain.lines("tidegate.call.finished");
    assert!(finished.iter().any(|line| line["trace_id"] == info.trace_id.as_str()), "{finished:#?}");
}

/// How many spans are exported of a call with this `traceparent` flag.
async fn exported(flags: &str, sections: &[Section<'_>], variables: &[(&str, &str)]) -> usize {
    let simulator = simulator(Script::default()).await;
    let base_url = simulator.base_url();
    let stage = Stage::set_with(simulator, &base_url, sections, variables).await;
    let info = stage.call_with(traced(flags)).await.unwrap().into_inner().info.unwrap();
    assert_eq!(info.trace_id, TRACE, "whoever decides, the trace is the caller's");
    let spans = stage.close().await.spans;
    assert!(spans.iter().all(|span| span.trace_id == TRACE));
    spans.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_can_be_kept_from_deciding_what_is_sampled() {
    for (keys, flags, spans) in [
        ("trace_trust_callers = false\ntrace_ratio = 0.0", "01", 0),
        ("trace_trust_callers = false\ntrace_ratio = 1.0", "00", 3),
        ("trace_ratio = 0.0", "01", 3),
        ("trace_ratio = 1.0", "00", 0),
    ] {
        assert_eq!(exported(flags, &[("telemetry", keys)], &[]).await, spans, "{keys}, {flags}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_variables_choose_the_sampler() {
    for (sampler, flags, spans) in [
        ("always_off", "01", 0),
        ("always_on", "00", 3),
        ("traceidratio", "00", 3),
        ("parentbased_always_off", "01", 3),
        ("parentbased_always_on", "00", 0),
    ] {
        let variables = [("OTEL_TRACES_SAMPLER", sampler)];
        assert_eq!(exported(flags, &[], &variables).await, spans, "{sampler}, {flags}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_traces_are_left_alone_where_that_is_wanted() {
    for (keys, propagators, joined) in
        [("trace_join_callers = false", "", false), ("", "none", false), ("", "tracecontext,baggage", true)]
    {
        let simulator = simulator(Script::default()).await;
        let base_url = simulator.base_url();
        let variables = [("OTEL_PROPAGATORS", propagators)];
        let stage = Stage::set_with(simulator, &base_url, &[("telemetry", keys)], &variables).await;
        let info = stage.call_with(traced("01")).await.unwrap().into_inner().info.unwrap();
        assert_eq!(info.trace_id == TRACE, joined, "{keys}{propagators}");
        let spans = stage.close().await.spans;
        assert_eq!(spans.len(), 3);
        assert!(spans.iter().all(|span| span.trace_id == info.trace_id));
        let server = spans.iter().find(|span| span.kind == "SERVER").unwrap();
        assert_eq!(server.parent == CALLER, joined);
        assert_eq!(server.trace_state == "vendor=opaque", joined);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_are_told_nothing_of_traces_unasked() {
    let stage = Stage::set(Script::default(), &[]).await;
    stage.call_with(traced("01")).await.unwrap();
    let arrivals = stage.close().await.arrivals;
    assert_eq!(arrivals[0].headers.keys().copied().collect::<Vec<_>>(), ["x-tidegate-attempt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_hands_on_its_own_span_where_that_is_wanted() {
    let script = Script::of([Rule::new(Fault::status(500)).first(1)]);
    let stage = Stage::set(script, &[PROPAGATE]).await;
    stage.call_with(traced("01")).await.unwrap();
    let curtain = stage.close().await;
    assert_eq!(curtain.arrivals.len(), 2);
    for arrival in &curtain.arrivals {
        let id = arrival.attempt_id.as_deref();
        let span = curtain
            .spans
            .iter()
            .find(|span| span.attribute("tidegate.attempt.id") == id && span.is_attempt());
        let span = span.expect("every arrival has a span");
        assert_eq!(arrival.headers["traceparent"], format!("00-{TRACE}-{}-01", span.id));
        assert_eq!(arrival.headers["tracestate"], "vendor=opaque");
        assert!(!arrival.headers.contains_key("baggage"), "baggage is the caller's own business");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_traceparent_that_makes_no_sense_starts_a_new_trace() {
    let stage = Stage::set(Script::default(), &[]).await;
    for nonsense in ["", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "zz-x-y-z"] {
        let mut request = request(&format!("A text for {nonsense:?}."), LONG);
        request.metadata_mut().insert("traceparent", nonsense.parse().unwrap());
        let info = stage.call_with(request).await.unwrap().into_inner().info.unwrap();
        assert!(info.trace_id.len() == 32 && info.trace_id != "0".repeat(32), "{nonsense:?}: {info:?}");
    }
    let spans = stage.close().await.spans;
    let roots = spans.iter().filter(|span| span.kind == "SERVER");
    assert!(roots.clone().all(|root| root.parent.is_empty()));
    assert_eq!(roots.count(), 4);
}

//! Calls that share a flight.

use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Over, Rule},
    },
};
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::{
    stage::{BLOCKER, Blocker, LONG, Stage},
    support::request,
    tree::assert_tree,
};

const TEXT: &str = "Ada Lovelace met Charles Babbage in London.";

type Calls = JoinSet<proto::ExtractionInfo>;
type Client = proto::extraction_service_client::ExtractionServiceClient<Channel>;

fn only_if_cached() -> proto::CacheControl {
    proto::CacheControl { mode: proto::CacheMode::OnlyIfCached.into(), max_age: None }
}

async fn call(mut client: Client) -> proto::ExtractionInfo {
    client.extract(request(TEXT, LONG)).await.unwrap().into_inner().info.unwrap()
}

/// A call that waits for its answer until the blocker is dropped.
async fn held_up(calls: &mut Calls) -> (Stage, Blocker, Client) {
    let script = Script::of([Rule::new(Fault::Silent).matching(BLOCKER)]).capacity(1, Over::Queue);
    let stage = Stage::set(script, &[]).await;
    let blocker = Blocker::take_the_place(&stage).await;
    let client = stage.gateway.client().await;
    calls.spawn(call(client.clone()));
    stage.arrivals_when(|arrivals| arrivals.len() == 2).await;
    (stage, blocker, client)
}

/// Returns once a second call, just spawned on the same connection, has joined the first.
async fn joined(stage: &Stage, mut client: Client) {
    stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_server_active_calls", &[]) >= 2.0).await;
    // A later call on the same connection has been answered: the second one has got its seat.
    let mut later = request("Another text.", LONG);
    later.get_mut().cache = Some(only_if_cached());
    client.extract(later).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_waited_for_is_counted_and_kept() {
    let mut calls = Calls::new();
    let (stage, blocker, mut client) = held_up(&mut calls).await;
    calls.shutdown().await;
    let left = [("verdict", "cancelled")];
    stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_calls_total", &left) >= 1.0).await;
    drop(blocker);
    let metrics = stage.metrics_at_rest(1).await;
    let made = |outcome| metrics.sum("tidegate_upstream_attempts_total", &[("outcome", outcome)]);
    assert!(made("success") > 0.5 && made("cancelled") < 0.5, "{}", metrics.0);
    let next = client.extract(request(TEXT, LONG)).await.unwrap().into_inner().info.unwrap();
    assert_eq!(next.cache(), proto::CacheOutcome::Hit);
    let spans = stage.close().await.spans;
    let [attempt] = spans.iter().filter(|span| span.is_attempt()).collect::<Vec<_>>()[..] else {
        panic!("one")
    };
    assert_eq!((attempt.error, attempt.attribute("tidegate.attempt.outcome")), (None, Some("success")));
    let flight = spans.iter().find(|span| span.id == attempt.parent).unwrap();
    assert_eq!((flight.error, flight.attribute("tidegate.flight.cancelled")), (None, None));
    let server = spans.iter().find(|span| span.id == flight.parent).expect("the trace is whole");
    assert_eq!(server.attribute("rpc.response.status_code"), Some("CANCELLED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_joined_and_left_has_waited_too() {
    let mut calls = Calls::new();
    let (stage, blocker, client) = held_up(&mut calls).await;
    let mut joiner = Calls::new();
    joiner.spawn(call(client.clone()));
    joined(&stage, client).await;
    joiner.shutdown().await;
    let left = [("verdict", "cancelled")];
    let metrics =
        stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_calls_total", &left) >= 1.0).await;
    let seats = metrics.sum("tidegate_cache_requests_total", &[("result", "joined")]);
    assert!((seats - 1.0).abs() < 0.5, "{seats}");
    drop(blocker);
    calls.join_all().await;
    let metrics = stage.metrics_at_rest(3).await;
    let spans = stage.close().await.spans;
    let wait = spans.iter().find(|span| span.name == "tidegate.flight.wait").expect("a wait has a span");
    assert_eq!(wait.attribute("tidegate.flight.wait.outcome"), Some("left"));
    let waits = metrics.sum("tidegate_flight_wait_seconds_count", &[("outcome", "left")]);
    assert!((waits - 1.0).abs() < 0.5, "every call that joined has waited, {waits} left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_joined_points_to_the_flight_it_waited_for() {
    let mut calls = Calls::new();
    let (stage, blocker, client) = held_up(&mut calls).await;
    calls.spawn(call(client.clone()));
    joined(&stage, client).await;
    drop(blocker);
    let mut infos = calls.join_all().await;
    // They come as they end, in any order.
    infos.sort_by_key(|info| info.cache() == proto::CacheOutcome::Joined);
    assert_ne!(infos[0].trace_id, infos[1].trace_id, "each call has a trace of its own");

    let mut spans = stage.close().await.spans;
    spans.retain(|span| infos.iter().any(|info| info.trace_id == span.trace_id));
    let named: Vec<_> =
        spans.iter_mut().filter_map(|span| span.attributes.remove("tidegate.flight.trace_id")).collect();
    assert_eq!(named, [infos[0].trace_id.as_str()], "the wait names the trace of the flight");
    assert_tree(
        &spans,
        r#"
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.result=miss
        | tidegate.call.attempts=1
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.tenant=default
        | tidegate.upstream=primary
          CLIENT chat simulated
          | gen_ai.response.finish_reasons=[stop]
          | gen_ai.response.id=N
          | gen_ai.response.model=simulated
          | gen_ai.usage.input_tokens=N
          | gen_ai.usage.output_tokens=N
          | tidegate.call.attempts=1
          | tidegate.call.retries=0
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=1
          | tidegate.profile=entities
          | tidegate.tenant=default
            CLIENT POST initial
            | gen_ai.usage.input_tokens=N
            | gen_ai.usage.output_tokens=N
            | http.response.status_code=200
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=success
            | tidegate.attempt.wait_ms=N
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.result=joined
        | tidegate.call.attempts=1
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.tenant=default
        | tidegate.upstream=primary
          INTERNAL tidegate.flight.wait
          | tidegate.flight.wait.outcome=answered
          > chat simulated {"tidegate.link.type": "flight"}
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_joined_names_a_flight_that_is_not_sampled_and_links_to_nothing() {
    const LEADER: &str = "0af7651916cd43dd8448eb211c80319c";
    const JOINER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let in_trace = |trace: &str, flags: &str| {
        let mut request = request(TEXT, LONG);
        let parent = format!("00-{trace}-b7ad6b7169203331-{flags}");
        request.metadata_mut().insert("traceparent", parent.parse().unwrap());
        request
    };
    let script = Script::of([Rule::new(Fault::Silent).matching(BLOCKER)]).capacity(1, Over::Queue);
    let stage = Stage::set(script, &[]).await;
    let blocker = Blocker::take_the_place(&stage).await;
    let client = stage.gateway.client().await;
    let (mut leading, mut joining) = (client.clone(), client.clone());
    let (leader, joiner) = (in_trace(LEADER, "00"), in_trace(JOINER, "01"));
    let mut calls = JoinSet::new();
    calls.spawn(async move { leading.extract(leader).await.unwrap() });
    stage.arrivals_when(|arrivals| arrivals.len() == 2).await;
    calls.spawn(async move { joining.extract(joiner).await.unwrap() });
    joined(&stage, client).await;
    drop(blocker);
    calls.join_all().await;

    let curtain = stage.close().await;
    assert!(curtain.spans.iter().all(|span| span.trace_id != LEADER));
    let waits = curtain.spans.iter().filter(|span| span.name == "tidegate.flight.wait").collect::<Vec<_>>();
    let [wait] = waits[..] else { panic!("one wait: {waits:#?}") };
    assert_eq!(wait.attribute("tidegate.flight.trace_id"), Some(LEADER));
    assert_eq!(wait.links.len(), 0, "{wait:#?}");
    let lines = curtain.lines("tidegate.call.finished");
    let flight = |trace: &str| {
        lines.iter().find(|line| line["trace_id"] == trace).unwrap().get("tidegate.flight.trace_id").cloned()
    };
    assert_eq!((flight(JOINER), flight(LEADER)), (Some(LEADER.into()), None));
}

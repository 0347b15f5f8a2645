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

type Client = proto::extraction_service_client::ExtractionServiceClient<Channel>;

fn only_if_cached() -> proto::CacheControl {
    proto::CacheControl { mode: proto::CacheMode::OnlyIfCached.into(), max_age: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_joined_points_to_the_flight_it_waited_for() {
    let script = Script::of([Rule::new(Fault::Silent).matching(BLOCKER)]).capacity(1, Over::Queue);
    let stage = Stage::set(script, &[]).await;
    let blocker = Blocker::take_the_place(&stage).await;

    let mut client = stage.gateway.client().await;
    let mut calls = JoinSet::new();
    let call = |mut client: Client| async move {
        client.extract(request(TEXT, LONG)).await.unwrap().into_inner().info.unwrap()
    };
    calls.spawn(call(client.clone()));
    stage.arrivals_when(|arrivals| arrivals.len() == 2).await;
    calls.spawn(call(client.clone()));
    // Once a later call on the same connection has been answered, the second one has joined.
    stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_server_active_calls", &[]) >= 2.0).await;
    let mut later = request("Another text.", LONG);
    later.get_mut().cache = Some(only_if_cached());
    client.extract(later).await.unwrap_err();
    drop(blocker);
    let infos = calls.join_all().await;
    assert_ne!(infos[0].trace_id, infos[1].trace_id, "each call has a trace of its own");

    let mut spans = stage.close().await.spans;
    spans.retain(|span| infos.iter().any(|info| info.trace_id == span.trace_id));
    assert_tree(
        &spans,
        r#"
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.cache.result=miss
        | tidegate.call.attempts=1
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.upstream=primary
          CLIENT chat simulated
          | gen_ai.usage.input_tokens=N
          | gen_ai.usage.output_tokens=N
          | tidegate.call.attempts=1
          | tidegate.call.retries=0
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=1
          | tidegate.profile=entities
            CLIENT POST
            | gen_ai.usage.input_tokens=N
            | gen_ai.usage.output_tokens=N
            | http.response.status_code=200
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=success
            | tidegate.attempt.wait_ms=N
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.cache.result=joined
        | tidegate.call.attempts=1
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.upstream=primary
          INTERNAL tidegate.flight.wait
          | tidegate.flight.wait.outcome=answered
          > chat simulated {"tidegate.link.type": "flight"}
        "#,
    );
}

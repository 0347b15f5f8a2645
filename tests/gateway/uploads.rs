//! Messages that come late, in part or never: their callers' doing, whoever they are.

use std::time::Duration;

use prost::Message as _;
use tonic::Code;

use crate::{
    raw::{EXTRACT, Raw, framed, status},
    stage::{Stage, TEXT, is, message},
};

const CALLS: &str = "tidegate_calls_total";
const RPC_TIME: &str = "rpc_server_call_duration_seconds_sum";
const CALL_TIME: &str = "tidegate_call_duration_seconds_sum";

/// How long a slow caller takes for its message.
const SLOWNESS: Duration = Duration::from_millis(300);

/// Exactly one call was counted, with this verdict, and it is none that the SLO is about.
async fn counted_as(stage: &Stage, verdict: &str) {
    let metrics = stage.metrics_at(CALLS, &[("verdict", verdict)], 1.0).await;
    assert!(is(metrics.sum(CALLS, &[]), 1.0), "{}", metrics.0);
}

#[tokio::test]
async fn a_message_that_never_comes_spends_nobodys_error_budget() {
    let stage = Stage::healthy().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let (answer, _body) = raw.begin(EXTRACT, &[("grpc-timeout", "200m")]).await;
    let answer = answer.await.unwrap();
    assert_eq!(status(answer.headers()).unwrap().code(), Code::DeadlineExceeded);
    counted_as(&stage, "invalid").await;
}

#[tokio::test]
async fn who_leaves_in_the_middle_of_a_message_has_left() {
    let stage = Stage::healthy().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let (_answer, mut body) = raw.begin(EXTRACT, &[]).await;
    stage.serving(1).await;
    body.send_reset(h2::Reason::CANCEL);
    counted_as(&stage, "cancelled").await;
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_a_message_has_left() {
    let stage = Stage::healthy().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let begun = raw.begin(EXTRACT, &[]).await;
    stage.serving(1).await;
    drop((raw, begun));
    counted_as(&stage, "cancelled").await;
}

#[tokio::test]
async fn a_slow_message_is_the_callers_time_and_not_the_calls() {
    let stage = Stage::healthy().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let (answer, mut body) = raw.begin(EXTRACT, &[]).await;
    // Not for something to happen: this is the caller.
    tokio::time::sleep(SLOWNESS).await;
    body.send_data(framed(&message(TEXT).encode_to_vec()), true).unwrap();
    let mut answer = answer.await.unwrap().into_body();
    while answer.data().await.is_some() {}
    let metrics = stage.metrics_at(CALLS, &[("verdict", "ok")], 1.0).await;
    let between = metrics.sum(RPC_TIME, &[]) - metrics.sum(CALL_TIME, &[]);
    assert!(between > SLOWNESS.as_secs_f64() * 0.99, "{between} s");
}

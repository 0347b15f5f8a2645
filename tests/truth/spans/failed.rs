//! Calls that got no answer: who is to blame, and who is not.

use std::time::Duration;

use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Place, Rule},
    },
};
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    sink::Span,
    stage::{Curtain, LONG, Stage},
    support::request,
    tree::assert_tree,
};

const TEXT: &str = "Ada Lovelace met Charles Babbage in London.";

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_upstream_is_one_of_the_flight_and_of_the_call() {
    let script = Script::of([
        Rule::new(Fault::Malformed { place: Place::Body }).first(1),
        Rule::new(Fault::status(500)),
    ]);
    let stage = Stage::set(script, &[("retry", "max_attempts = 2")]).await;
    stage.call(TEXT).await.unwrap_err();
    assert_tree(
        &stage.close().await.spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract [error]
        | error.type=INTERNAL
        | rpc.response.status_code=INTERNAL
        | tidegate.cache.result=miss
        | tidegate.call.attempts=2
        | tidegate.call.entry=unary
        | tidegate.call.retries=1
        | tidegate.call.verdict=upstream_failed
        | tidegate.error.type=server_error
        | tidegate.profile=entities
        | tidegate.tenant=default
        | tidegate.upstream=primary
          CLIENT chat simulated [error]
          | error.type=server_error
          | tidegate.call.attempts=2
          | tidegate.call.retries=1
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=0
          | tidegate.profile=entities
          | tidegate.retry.withheld=max_attempts
          | tidegate.tenant=default
            CLIENT POST initial [error]
            | error.type=malformed
            | http.response.status_code=200
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            CLIENT POST retry [error]
            | error.type=server_error
            | http.request.resend_count=1
            | http.response.status_code=500
            | tidegate.attempt.kind=retry
            | tidegate.attempt.number=2
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            | tidegate.attempt.wait_source=exponential
            | tidegate.upstream.error.type=server_error
        ",
    );
}

/// The SERVER span and the flight's, if there is one.
fn server_and_flight(spans: &[Span]) -> (&Span, Option<&Span>) {
    let server = spans.iter().find(|span| span.kind == "SERVER").expect("every call has a SERVER span");
    (server, spans.iter().find(|span| span.name.starts_with("chat ")))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_statuses_that_are_the_servers_fault_mark_the_server_span() {
    for (fault, code, name, error_type, servers_fault) in [
        (Fault::status(429), Code::ResourceExhausted, "RESOURCE_EXHAUSTED", "rate_limited", false),
        (Fault::status(400), Code::InvalidArgument, "INVALID_ARGUMENT", "bad_request", false),
        (Fault::Refused, Code::InvalidArgument, "INVALID_ARGUMENT", "refused", false),
        (Fault::status(404), Code::NotFound, "NOT_FOUND", "not_found", false),
        (Fault::status(503), Code::Unavailable, "UNAVAILABLE", "overloaded", true),
        (Fault::status(401), Code::Internal, "INTERNAL", "unauthorized", true),
        (Fault::Truncated, Code::Internal, "INTERNAL", "truncated", true),
        (Fault::Reset, Code::Unavailable, "UNAVAILABLE", "reset", true),
    ] {
        let script = Script::of([Rule::new(fault.clone())]);
        let stage = Stage::set(script, &[("retry", "max_attempts = 1")]).await;
        let status = stage.call(TEXT).await.unwrap_err();
        assert_eq!(status.code(), code, "{fault:?}: {status:?}");
        let spans = stage.close().await.spans;
        let (server, flight) = server_and_flight(&spans);
        assert_eq!(server.attribute("rpc.response.status_code"), Some(name), "{fault:?}");
        assert_eq!(server.error, servers_fault.then_some(true), "{fault:?}: {server:#?}");
        assert_eq!(server.attribute("error.type"), servers_fault.then_some(name), "{fault:?}");
        assert_eq!(server.attribute("tidegate.error.type"), Some(error_type), "{fault:?}");
        let flight = flight.expect("it got as far as a flight");
        assert_eq!(
            (flight.error, flight.attribute("error.type")),
            (Some(true), Some(error_type)),
            "{fault:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_one_span_without_blame() {
    let stage = Stage::set(Script::default(), &[]).await;
    assert_eq!(stage.call("  ").await.unwrap_err().code(), Code::InvalidArgument);
    assert_tree(
        &stage.close().await.spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=INVALID_ARGUMENT
        | tidegate.call.attempts=0
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=invalid
        | tidegate.profile=entities
        | tidegate.tenant=default
        ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_does_not_exist_has_no_name_of_its_own() {
    let stage = Stage::set(Script::default(), &[]).await;
    let channel = tonic::transport::Endpoint::new(format!("http://{}", stage.gateway.grpc)).unwrap();
    let mut client = tonic::client::Grpc::new(channel.connect().await.unwrap());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<proto::ExtractRequest, proto::ExtractResponse>::default();
    let path = http::uri::PathAndQuery::from_static("/made.up/Method");
    let answer = client.unary(tonic::Request::new(proto::ExtractRequest::default()), path, codec).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
    assert_tree(
        &stage.close().await.spans,
        "
        SERVER grpc [error]
        | error.type=UNIMPLEMENTED
        | rpc.response.status_code=UNIMPLEMENTED
        ",
    );
}

/// A call whose caller left while its attempt ran, and whose answer could not have been stored.
async fn left_alone() -> Curtain {
    let stage = Stage::set(Script::of([Rule::new(Fault::Silent)]), &[]).await;
    let mut client = stage.gateway.client().await;
    let mut no_store = request(TEXT, LONG);
    no_store.get_mut().cache =
        Some(proto::CacheControl { mode: proto::CacheMode::NoStore.into(), max_age: None });
    let mut caller = JoinSet::new();
    caller.spawn(async move { client.extract(no_store).await });
    stage.arrivals_when(|arrivals| arrivals.len() == 1).await;
    caller.shutdown().await;
    stage.arrivals_when(|arrivals| arrivals[0].client_gone).await;
    stage.metrics_at_rest(1).await;
    // The connection is gone with the caller: nothing at the gateway's end would wait for what is left of it.
    stage.sink.spans_when(|spans| spans.iter().any(|span| span.kind == "SERVER")).await;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_left_tells_of_its_attempts_all_the_same() {
    let curtain = left_alone().await;
    let (server, _) = server_and_flight(&curtain.spans);
    assert_eq!(server.attribute("tidegate.call.attempts"), Some("1"));
    assert_eq!(server.attribute("tidegate.upstream"), Some("primary"));
    assert_eq!(curtain.lines("tidegate.call.finished")[0]["tidegate.call.attempts"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_given_up_is_nobodys_fault() {
    let mut spans = left_alone().await.spans;
    for span in spans.iter_mut().filter(|span| span.kind == "SERVER") {
        // What the call tells of its attempts is another test's business.
        span.attributes.retain(|key, _| !matches!(&**key, "tidegate.call.attempts" | "tidegate.upstream"));
    }
    assert_tree(
        &spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=CANCELLED
        | tidegate.cache.result=miss
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=cancelled
        | tidegate.profile=entities
        | tidegate.tenant=default
          CLIENT chat simulated
          | tidegate.call.attempts=1
          | tidegate.call.retries=0
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.cancelled=true
          | tidegate.flight.followers=0
          | tidegate.profile=entities
          | tidegate.tenant=default
            CLIENT POST initial
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=cancelled
            | tidegate.attempt.wait_ms=N
        ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_deadline_cut_short_has_the_status_that_its_head_brought() {
    let stage = Stage::set(Script::of([Rule::new(Fault::Stall)]), &[]).await;
    stage.call_with(request(TEXT, Duration::from_secs(2))).await.unwrap_err();
    let metrics = stage.metrics_at_rest(1).await;
    let curtain = stage.close().await;
    let attempt = curtain.spans.iter().find(|span| span.is_attempt()).unwrap();
    assert_eq!(attempt.attribute("error.type"), Some("deadline_exceeded"));
    assert_eq!(attempt.attribute("http.response.status_code"), Some("200"));
    let labels = [("http_response_status_code", "200"), ("error_type", "deadline_exceeded")];
    assert!(metrics.sum("http_client_request_duration_seconds_count", &labels) > 0.5, "{}", metrics.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_mended_says_why() {
    let stage =
        Stage::set(Script::of([Rule::new(Fault::WrongSchema)]), &[("retry", "max_attempts = 1")]).await;
    stage.call(TEXT).await.unwrap_err();
    let metrics = stage.metrics_at_rest(1).await;
    let labels = [("profile", "entities"), ("reason", "max_attempts")];
    let counted = metrics.sum("tidegate_extract_repairs_withheld_total", &labels);
    assert!((counted - 1.0).abs() < 0.5, "{counted}");
    let curtain = stage.close().await;
    let (_, flight) = server_and_flight(&curtain.spans);
    assert_eq!(flight.unwrap().attribute("tidegate.repair.withheld"), Some("max_attempts"));
    let lines = curtain.lines("tidegate.repair.withheld");
    assert_eq!((lines.len(), &lines[0]["error.type"]), (1, &serde_json::json!("schema_invalid")));
}

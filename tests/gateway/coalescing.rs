//! Identical calls at the same time share one flight.

use tidegate::{
    proto::{self, CacheMode, CacheOutcome},
    simulator::script::{Fault, Rule},
};
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    gate::Gate,
    stage::{Reply, Stage, TEXT, cache_of, cached, code_and_reason, info, is, message, request},
    support::{PATIENCE, extraction, info_of},
};

/// Starts `count` identical calls over connections of their own, `each` on one.
async fn crowd(stage: &Stage, connections: usize, each: usize) -> JoinSet<Reply> {
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        let client = stage.gateway.client().await;
        for _ in 0..each {
            let mut client = client.clone();
            let call = request(message(TEXT), PATIENCE);
            callers.spawn(async move { client.extract(call).await.map(tonic::Response::into_inner) });
        }
    }
    callers
}

#[tokio::test]
async fn a_thousand_identical_calls_are_one_request() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let callers = crowd(&stage, 8, 125).await;
    stage.serving(1000).await;
    gate.open();
    let replies = callers.join_all().await;
    let answers: Vec<_> = replies.iter().map(|reply| extraction(reply.as_ref().unwrap())).collect();
    assert_eq!(answers.len(), 1000);
    assert!(answers.iter().all(|answer| *answer == answers[0] && !answer.entities.is_empty()));
    let count = |outcome| replies.iter().filter(|reply| cache_of(reply) == outcome).count();
    let (missed, joined) = (count(CacheOutcome::Miss), count(CacheOutcome::Joined));
    // Whoever comes to the cache when the answer is in it already is none the worse for it.
    assert_eq!((missed, joined + count(CacheOutcome::Hit)), (1, 999));
    assert!(joined > 0, "they came while the request was running");
    assert_eq!(stage.sent(), 1);
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "ok")]), 1000.0));
    assert!(is(metrics.sum("tidegate_upstream_attempts_total", &[]), 1.0));
    let counted = metrics.sum("tidegate_cache_requests_total", &[("result", "joined")]);
    assert!(is(counted, u32::try_from(joined).unwrap().into()), "{counted} counted, {joined} told");
}

#[tokio::test]
async fn all_who_share_a_flight_share_its_failure() {
    let stage = Gate::setup([Rule::new(Fault::status(401))]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let callers = crowd(&stage, 2, 10).await;
    stage.serving(20).await;
    gate.open();
    for reply in callers.join_all().await {
        let status = reply.unwrap_err();
        assert_eq!(code_and_reason(&status), (Code::Internal, "UPSTREAM_CREDENTIALS_REJECTED".to_owned()));
        assert_eq!(info_of(&status).attempts.len(), 1, "the flight's trail is everybody's");
    }
    assert_eq!(stage.sent(), 1);
}

/// A call that must not share the flight of a plain one.
async fn flies_alone(other: proto::ExtractRequest) {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut callers = JoinSet::new();
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    stage.send_aside(&mut callers, request(other, PATIENCE));
    stage.arrivals_when(|log| log.len() == 2).await;
    gate.open();
    assert!(callers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(stage.sent(), 2);
}

#[tokio::test]
async fn calls_with_different_limits_of_attempts_do_not_share() {
    flies_alone(proto::ExtractRequest { max_attempts: 2, ..message(TEXT) }).await;
}

#[tokio::test]
async fn calls_that_ask_anew_do_not_share_with_those_that_need_not() {
    flies_alone(cached(TEXT, CacheMode::NoCache)).await;
}

#[tokio::test]
async fn calls_whose_answer_is_not_kept_do_not_share_with_those_whose_is() {
    flies_alone(cached(TEXT, CacheMode::NoStore)).await;
}

#[tokio::test]
async fn calls_for_different_texts_do_not_share() {
    flies_alone(message("Grace Hopper")).await;
}

#[tokio::test]
async fn a_leaving_leader_harms_no_follower() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut leader = JoinSet::new();
    stage.send_aside(&mut leader, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    let followers = crowd(&stage, 2, 25).await;
    stage.serving(51).await;
    leader.shutdown().await;
    stage.metrics_at("tidegate_calls_total", &[("verdict", "cancelled")], 1.0).await;
    gate.open();
    for reply in followers.join_all().await {
        assert_eq!(info(&reply.unwrap()).attempts.len(), 1);
    }
    assert_eq!(stage.sent(), 1);
    assert!(!stage.arrivals()[0].client_gone);
}

#[tokio::test]
async fn a_leader_whose_connection_breaks_harms_no_follower() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let leader = crowd(&stage, 1, 1).await;
    stage.arrivals_when(|log| log.len() == 1).await;
    let followers = crowd(&stage, 1, 5).await;
    stage.serving(6).await;
    drop(leader);
    stage.metrics_at("tidegate_calls_total", &[("verdict", "cancelled")], 1.0).await;
    gate.open();
    assert!(followers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_follower_that_comes_during_a_retry_wait_shares_the_rest() {
    let slow_down =
        Fault::retry_after(503, tidegate::simulator::script::RetryAfter::Millis(crate::stage::ms(400)));
    let stage = Stage::scripted(tidegate::simulator::Script::of([Rule::new(slow_down).first(1)])).await;
    let mut callers = JoinSet::new();
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    stage.metrics_at("tidegate_upstream_retries_total", &[], 1.0).await;
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    let replies = callers.join_all().await;
    let mut outcomes: Vec<_> = replies.iter().map(cache_of).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [CacheOutcome::Miss, CacheOutcome::Joined]);
    for reply in &replies {
        assert_eq!(info(reply.as_ref().unwrap()).attempts.len(), 2, "both see the flight's whole trail");
    }
    assert_eq!(stage.sent(), 2);
}

//! The caller's deadline, the profile's timeout and the attempt's.

use std::time::Duration;

use futures_util::future::join_all;
use tidegate::{
    proto::{self, CacheOutcome},
    simulator::script::{Fault, RetryAfter},
};
use tokio::{task::JoinSet, time::Instant};
use tonic::{Code, Status};

use crate::{
    gate::Gate,
    raw::Raw,
    stage::{
        Setup, Stage, TEXT, always, cache_of, code_and_reason, info, is, message, metadata, ms, request,
        retry_info, sha256, time,
    },
    support::{PATIENCE, info_of, pushback_of},
};

/// The deadline passed, in our words and not in the transport's.
fn is_deadline_exceeded(status: &Status) {
    let expected = (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned());
    assert_eq!(code_and_reason(status), expected, "{}", status.message());
    assert_eq!((pushback_of(status), retry_info(status)), (-1, None));
}

/// The attempt was under way when the deadline passed, or was cut by it at the same instant.
fn was_cut(attempt: &proto::Attempt) {
    let end = (attempt.outcome.as_str(), attempt.error_type.as_str());
    assert!(matches!(end, ("running", "") | ("failure", "deadline_exceeded")), "{attempt:?}");
}

#[tokio::test]
async fn a_deadline_shorter_than_one_attempt_is_told_with_its_trail() {
    let stage = Stage::scripted(always(Fault::Silent)).await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let status = raw.extract_within(TEXT, 250).await.unwrap_err();
    is_deadline_exceeded(&status);
    assert_eq!(metadata(&status, "phase").as_deref(), Some("attempt"));
    let info = info_of(&status);
    assert_eq!((info.verdict.as_str(), info.cache()), ("deadline_exceeded", CacheOutcome::Miss));
    assert_eq!((info.attempts.len(), info.upstream.as_str()), (1, "primary"));
    was_cut(&info.attempts[0]);
    let split = info.time.unwrap();
    assert!(time(split.upstream) > Duration::ZERO && time(split.upstream) <= time(split.total));
    assert_eq!(stage.sent(), 1);
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "deadline_exceeded")]), 1.0));
    assert!(is(metrics.sum("tidegate_calls_deadline_exceeded_total", &[("phase", "attempt")]), 1.0));
    assert!(is(metrics.sum("tidegate_calls_deadline_exceeded_total", &[]), 1.0));
}

#[tokio::test]
async fn an_attempt_that_nobody_waits_for_any_more_ends_at_the_deadline() {
    let stage = Stage::scripted(always(Fault::Silent)).await;
    stage.send(request(message(TEXT), ms(100))).await.unwrap_err();
    stage.arrivals_when(|log| log[0].client_gone).await;
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_upstream_attempts_total", &[]), 1.0));
    assert!(is(metrics.sum("tidegate_upstream_inflight", &[]), 0.0));
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn whatever_the_deadline_the_answer_is_never_cancelled() {
    let stage = Stage::scripted(always(Fault::Silent)).await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    for round in 0..4 {
        let calls = (1..=100).map(|number| {
            let (raw, text) = (&raw, format!("{TEXT} {round} {number}"));
            async move { raw.extract_within(&text, number * 5).await.unwrap_err() }
        });
        for status in join_all(calls).await {
            is_deadline_exceeded(&status);
        }
    }
    let metrics = stage.metrics_at_rest().await;
    let rpcs = "rpc_server_call_duration_seconds_count";
    assert!(is(metrics.sum(rpcs, &[("rpc_response_status_code", "DEADLINE_EXCEEDED")]), 400.0));
    assert!(is(metrics.sum(rpcs, &[]), 400.0));
    let counted = metrics.sum("tidegate_calls_total", &[("verdict", "deadline_exceeded")]);
    assert!(
        is(counted, 400.0),
        "counted {counted}, and {} as cancelled",
        metrics.sum("tidegate_calls_total", &[("verdict", "cancelled")])
    );
}

#[tokio::test]
async fn a_deadline_that_has_passed_already_sends_nothing() {
    let stage = Stage::healthy().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    for timeout in ["0S", "1n", "1u"] {
        // A text of its own: it has no time to join another's flight either, and might.
        let text = message(&format!("{TEXT} {timeout}"));
        is_deadline_exceeded(&raw.extract(&text, &[("grpc-timeout", timeout)]).await.unwrap_err());
    }
    let metrics = stage.metrics_at_rest().await;
    let late = metrics.sum("tidegate_calls_total", &[("verdict", "deadline_exceeded")]);
    assert!(late > 0.0);
    assert!(is(metrics.sum("tidegate_calls_deadline_exceeded_total", &[("phase", "admission")]), late));
    assert!(is(metrics.sum("tidegate_calls_deadline_exceeded_total", &[]), late));
    assert_eq!(stage.sent(), 0);
}

#[tokio::test]
async fn a_retry_that_does_not_fit_is_withheld_and_the_last_failure_told() {
    let slow_down = Fault::retry_after(503, RetryAfter::Seconds(Duration::from_secs(20)));
    let stage = Stage::scripted(always(slow_down)).await;
    let status = stage.send(request(message(TEXT), Duration::from_secs(10))).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Unavailable, "UPSTREAM_OVERLOADED".to_owned()));
    assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("deadline"));
    assert_eq!(info_of(&status).retry_withheld, "deadline");
    let wait = retry_info(&status).expect("a time to call again");
    assert!(wait >= Duration::from_secs(20), "{wait:?}");
    assert_eq!(pushback_of(&status), -1, "the caller's deadline comes first");
    assert_eq!(stage.sent(), 1);
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_upstream_retries_withheld_total", &[("reason", "deadline")]), 1.0));
}

#[tokio::test]
async fn no_attempt_starts_after_the_answer() {
    let retry = "max_attempts = 5\nbackoff_base = \"60ms\"\nthrottle_base = \"60ms\"\nbackoff_max = \"60ms\"";
    let stage = Setup { script: always(Fault::status(500)), retry, ..Setup::default() }.start().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let calls = (1..=40).map(|number| {
        let (raw, text) = (&raw, format!("{TEXT} {number}"));
        async move {
            let reply = raw.extract_within(&text, number * 8).await;
            (text, reply.unwrap_err(), Instant::now())
        }
    });
    let ended = join_all(calls).await;
    stage.metrics_at_rest().await;
    let (arrivals, mut told) = (stage.arrivals(), 0);
    for (text, status, end) in &ended {
        told += info_of(status).attempts.len();
        let named = &sha256(text)[..16];
        let late = arrivals
            .iter()
            .find(|arrival| arrival.text_sha256.as_deref() == Some(named) && arrival.received > *end);
        assert!(late.is_none(), "{status:?} and then {late:?}");
    }
    assert!(told >= arrivals.len(), "{told} attempts told, {} seen", arrivals.len());
}

#[tokio::test]
async fn the_profiles_timeout_counts_when_the_caller_brings_none() {
    let stage = Setup { script: always(Fault::Silent), profile: r#"timeout = "200ms""#, ..Setup::default() };
    let stage = stage.start().await;
    let status = stage.send(tonic::Request::new(message(TEXT))).await.unwrap_err();
    is_deadline_exceeded(&status);
    let total = time(info_of(&status).time.unwrap().total);
    assert!(total >= ms(190), "given up after {total:?}");
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_timeout_beyond_the_servers_limit_is_cut_to_it() {
    let server = r#"timeout_max = "200ms""#;
    let stage = Setup { script: always(Fault::Silent), server, ..Setup::default() }.start().await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    is_deadline_exceeded(&raw.extract(&message(TEXT), &[("grpc-timeout", "99999999H")]).await.unwrap_err());
}

#[tokio::test]
async fn a_follower_times_out_by_itself() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut leader = JoinSet::new();
    stage.send_aside(&mut leader, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let status = raw.extract_within(TEXT, 250).await.unwrap_err();
    is_deadline_exceeded(&status);
    assert_eq!(metadata(&status, "phase").as_deref(), Some("joined"));
    assert_eq!(info_of(&status).cache(), CacheOutcome::Joined);
    assert_eq!(info_of(&status).attempts[0].outcome, "running", "the flight goes on");
    gate.open();
    assert_eq!(cache_of(&leader.join_next().await.unwrap().unwrap()), CacheOutcome::Miss);
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_leader_that_times_out_leaves_the_flight_to_those_with_more_time() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let raw = Raw::connect(stage.gateway.grpc).await;
    let mut leader = JoinSet::new();
    leader.spawn(async move { raw.extract_within(TEXT, 1500).await });
    stage.arrivals_when(|log| log.len() == 1).await;
    let mut follower = JoinSet::new();
    stage.send_aside(&mut follower, request(message(TEXT), PATIENCE));
    stage.serving(2).await;
    is_deadline_exceeded(&leader.join_next().await.unwrap().unwrap().unwrap_err());
    gate.open();
    let answer = follower.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!((info(&answer).cache(), info(&answer).attempts.len()), (CacheOutcome::Joined, 1));
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn the_times_of_an_answer_add_up() {
    let slow_down = Fault::retry_after(503, RetryAfter::Millis(ms(50)));
    let stage = Stage::scripted(always(slow_down)).await;
    let split = info_of(&stage.extract(TEXT).await.unwrap_err()).time.unwrap();
    let parts = [split.wait, split.backoff, split.upstream, split.validation, split.queue, split.overhead];
    assert_eq!(parts.into_iter().map(time).sum::<Duration>(), time(split.total));
    assert!(time(split.backoff) >= ms(150), "three waits of 50 ms: {split:?}");
}

//! What becomes of the work when nobody waits for it any more.

use std::time::Duration;

use tidegate::{
    proto::{CacheMode, CacheOutcome},
    simulator::{
        Script,
        script::{Fault, RetryAfter, Rule},
    },
};
use tokio::task::JoinSet;

use crate::{
    gate::Gate,
    stage::{Setup, Stage, TEXT, always, cache_of, cached, info, is, message, request},
    support::PATIENCE,
};

const CALLS: &str = "tidegate_calls_total";
const WITHHELD: &str = "tidegate_upstream_retries_withheld_total";
const BUDGET: &str = "tidegate_retry_budget_ratio";

#[tokio::test]
async fn an_attempt_that_can_be_kept_is_finished_for_nobody() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut caller = JoinSet::new();
    stage.send_aside(&mut caller, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    caller.shutdown().await;
    stage.metrics_at(CALLS, &[("verdict", "cancelled")], 1.0).await;
    gate.open();
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_upstream_attempts_total", &[("outcome", "success")]), 1.0));
    assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Hit);
    let arrivals = stage.arrivals();
    assert_eq!((arrivals.len(), arrivals[0].client_gone), (1, false));
}

#[tokio::test]
async fn an_attempt_for_nobody_can_be_adopted() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut first = JoinSet::new();
    stage.send_aside(&mut first, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    first.shutdown().await;
    stage.metrics_at(CALLS, &[("verdict", "cancelled")], 1.0).await;
    let mut second = JoinSet::new();
    stage.send_aside(&mut second, request(message(TEXT), PATIENCE));
    stage.serving(1).await;
    gate.open();
    let reply = second.join_next().await.unwrap().unwrap();
    assert_eq!(cache_of(&reply), CacheOutcome::Joined);
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn an_attempt_that_cannot_be_kept_is_given_up() {
    let no_ttl =
        Setup { profile: r#"cache = { ttl = "0s" }"#, script: always(Fault::Silent), ..Setup::default() };
    for (setup, message) in [
        (Setup { script: always(Fault::Silent), ..Setup::default() }, cached(TEXT, CacheMode::NoStore)),
        (no_ttl, message(TEXT)),
    ] {
        let stage = setup.start().await;
        let mut caller = JoinSet::new();
        stage.send_aside(&mut caller, request(message, PATIENCE));
        stage.arrivals_when(|log| log.len() == 1).await;
        caller.shutdown().await;
        stage.arrivals_when(|log| log[0].client_gone).await;
        let metrics = stage.metrics_at_rest().await;
        assert!(is(metrics.sum("tidegate_upstream_attempts_total", &[("outcome", "cancelled")]), 1.0));
        assert!(is(metrics.sum(CALLS, &[("verdict", "cancelled")]), 1.0));
        assert!(is(metrics.sum("tidegate_upstream_inflight", &[]), 0.0));
        assert_eq!(stage.sent(), 1);
    }
}

#[tokio::test]
async fn a_failure_for_nobody_is_not_retried() {
    let stage = Gate::setup([Rule::new(Fault::status(500))]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut caller = JoinSet::new();
    stage.send_aside(&mut caller, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    caller.shutdown().await;
    stage.metrics_at(CALLS, &[("verdict", "cancelled")], 1.0).await;
    gate.open();
    stage.metrics_at(WITHHELD, &[("reason", "orphaned")], 1.0).await;
    stage.metrics_at_rest().await;
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn nothing_is_sent_after_a_wait_that_nobody_waits_for() {
    let slow_down = Fault::retry_after(503, RetryAfter::Seconds(Duration::from_secs(20)));
    let retry = "budget = { capacity = 10.0, reward = 0.5 }";
    let stage = Setup { script: always(slow_down), retry, ..Setup::default() }.start().await;
    let mut caller = JoinSet::new();
    stage.send_aside(&mut caller, request(message(TEXT), Duration::from_mins(1)));
    let metrics = stage.metrics_at("tidegate_upstream_retries_total", &[("backoff", "pushback")], 1.0).await;
    assert!(metrics.sum(BUDGET, &[]) < 1.0, "the retry's token is set aside");
    caller.shutdown().await;
    let metrics = stage.metrics_at(WITHHELD, &[("reason", "orphaned")], 1.0).await;
    assert!(is(metrics.sum(BUDGET, &[]), 1.0), "the token is given back");
    stage.metrics_at_rest().await;
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_wait_goes_on_while_one_caller_stays() {
    let slow_down = Fault::retry_after(503, RetryAfter::Millis(Duration::from_millis(400)));
    let stage = Stage::scripted(Script::of([Rule::new(slow_down).first(1)])).await;
    let (mut leaver, mut stayer) = (JoinSet::new(), JoinSet::new());
    stage.send_aside(&mut leaver, request(message(TEXT), PATIENCE));
    stage.metrics_at("tidegate_upstream_retries_total", &[], 1.0).await;
    stage.send_aside(&mut stayer, request(message(TEXT), PATIENCE));
    stage.serving(2).await;
    leaver.shutdown().await;
    let answer = stayer.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(info(&answer).attempts.len(), 2);
    assert_eq!(stage.sent(), 2);
}

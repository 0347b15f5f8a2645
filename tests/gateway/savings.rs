//! What cache and shared flights save, held against what the AI API said that answers took.

use tidegate::{
    proto::{CacheMode, CacheOutcome, ExtractResponse},
    simulator::{
        Script,
        script::{Fault, Rule},
    },
};
use tokio::task::JoinSet;

use crate::{
    gate::Gate,
    stage::{Reply, Setup, TEXT, always, cache_of, cached, info, is, message, request},
    support::{Metrics, PATIENCE},
};

/// Tokens of input and output.
type Tokens = [f64; 2];

/// What a fresh answer's useful attempt took: all that was reported, but for what was wasted.
fn took(answer: &ExtractResponse) -> Tokens {
    let info = info(answer);
    let known = |tokens: Option<u64>| f64::from(u32::try_from(tokens.unwrap()).unwrap());
    let mut took = info.usage.as_ref().map(|all| [all.input_tokens, all.output_tokens].map(known)).unwrap();
    if let Some(wasted) = &info.wasted_usage {
        took[0] -= known(wasted.input_tokens);
        took[1] -= known(wasted.output_tokens);
    }
    assert!(took.iter().all(|tokens| *tokens > 0.0), "{took:?}");
    took
}

/// Holds what was saved against so many times what an answer took.
#[track_caller]
fn saved(metrics: &Metrics, times: u32, each: Tokens) {
    for (direction, each) in ["input", "output"].into_iter().zip(each) {
        let saved = metrics.sum("tidegate_tokens_saved_total", &[("direction", direction)]);
        let expected = f64::from(times) * each;
        assert!(is(saved, expected), "{saved} {direction} tokens saved, not {expected}");
    }
}

fn outcomes(replies: &[Reply], outcome: CacheOutcome) -> u32 {
    u32::try_from(replies.iter().filter(|reply| cache_of(reply) == outcome).count()).unwrap()
}

#[tokio::test]
async fn a_hit_saves_what_its_answer_took_and_cost_and_not_what_came_before_it() {
    let script = Script::of([Rule::new(Fault::WrongSchema).first(1)]);
    let upstream = "prices = { input_per_million = 2.0, output_per_million = 8.0 }";
    let stage = Setup { script, upstream, ..Setup::default() }.start().await;
    let first = stage.extract(TEXT).await.unwrap();
    assert_eq!(info(&first).attempts.len(), 2, "a useless answer came first");
    let each = took(&first);
    saved(&stage.gateway.metrics().await, 0, each);
    for hits in 1..=3 {
        assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Hit);
        let metrics = stage.gateway.metrics().await;
        saved(&metrics, hits, each);
        let cost = f64::from(hits) * (each[0] * 2.0 + each[1] * 8.0) / 1e6;
        let counted = metrics.sum("tidegate_cost_saved_total", &[("upstream", "primary")]);
        assert!(is(counted, cost), "{counted} saved, not {cost}");
    }
    assert_eq!(stage.sent(), 2);
    let kept = stage.gateway.admin_json("/api/calls").await;
    let calls = kept["calls"].as_array().unwrap();
    let tokens = |call: &serde_json::Value| {
        [&call["saved_input_tokens"], &call["saved_output_tokens"]].map(serde_json::Value::as_f64)
    };
    assert!(calls[..3].iter().all(|hit| tokens(hit) == each.map(Some)), "{calls:#?}");
    assert_eq!(tokens(&calls[3]), [None, None], "a miss saves nothing");
}

#[tokio::test]
async fn whoever_joins_a_flight_saves_what_its_answer_took() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut callers = JoinSet::new();
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|arrivals| arrivals.len() == 1).await;
    for _ in 0..4 {
        stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    }
    stage.serving(5).await;
    gate.open();
    let replies = callers.join_all().await;
    assert_eq!(stage.sent(), 1);
    let each = took(replies[0].as_ref().unwrap());
    let free = outcomes(&replies, CacheOutcome::Joined) + outcomes(&replies, CacheOutcome::Hit);
    assert_eq!(free, 4);
    saved(&stage.gateway.metrics().await, free, each);
}

#[tokio::test]
async fn those_who_share_a_failure_save_nothing() {
    let stage = Gate::setup([Rule::new(Fault::status(401))]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    }
    stage.serving(3).await;
    gate.open();
    assert!(callers.join_all().await.iter().all(Result::is_err));
    saved(&stage.metrics_at_rest().await, 0, [0.0; 2]);
}

#[tokio::test]
async fn a_stale_answer_saves_nothing_and_a_call_that_asks_anew_neither() {
    let profile = r#"cache = { ttl = "60ms", stale_if_error = "1h" }"#;
    let stage = Setup { profile, ..Setup::default() }.start().await;
    let first = stage.extract(TEXT).await.unwrap();
    stage.call(cached(TEXT, CacheMode::NoCache)).await.unwrap();
    saved(&stage.gateway.metrics().await, 0, took(&first));
    stage.simulator.set_script(always(Fault::status(500)));
    let mut replies = Vec::new();
    while replies.last().map(cache_of) != Some(CacheOutcome::Stale) {
        replies.push(stage.extract(TEXT).await);
    }
    assert!(info(replies.last().unwrap().as_ref().unwrap()).cache_age.is_some());
    saved(&stage.gateway.metrics().await, outcomes(&replies, CacheOutcome::Hit), took(&first));
}

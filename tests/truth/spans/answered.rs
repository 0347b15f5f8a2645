//! Calls that got their answer.

use std::time::Duration;

use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, RetryAfter, Rule},
    },
};

use crate::{
    stage::Stage,
    support::{extraction, simulator},
    tree::assert_tree,
};

const TEXT: &str = "Ada Lovelace met Charles Babbage in London.";

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_is_one_span() {
    let stage = Stage::set(Script::default(), &[]).await;
    stage.call(TEXT).await.unwrap();
    let hit = stage.call(TEXT).await.unwrap().into_inner().info.unwrap();
    let curtain = stage.close().await;
    let spans: Vec<_> = curtain.spans.into_iter().filter(|span| span.trace_id == hit.trace_id).collect();
    assert_tree(
        &spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.age_ms=N
        | tidegate.cache.result=hit
        | tidegate.call.attempts=0
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.tenant=default
        ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_two_retries_blames_the_attempts_alone() {
    let slow_down = Fault::retry_after(429, RetryAfter::Millis(Duration::from_millis(20)));
    let script = Script::of([Rule::new(Fault::status(500)).first(1), Rule::new(slow_down).first(1)]);
    let stage = Stage::set(script, &[]).await;
    stage.call(TEXT).await.unwrap();
    let spans = stage.close().await.spans;
    assert_tree(
        &spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.result=miss
        | tidegate.call.attempts=3
        | tidegate.call.entry=unary
        | tidegate.call.retries=2
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
          | tidegate.call.attempts=3
          | tidegate.call.retries=2
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=0
          | tidegate.profile=entities
          | tidegate.tenant=default
            CLIENT POST initial [error]
            | error.type=server_error
            | http.response.status_code=500
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            | tidegate.upstream.error.type=server_error
            CLIENT POST retry [error]
            | error.type=rate_limited
            | http.request.resend_count=1
            | http.response.status_code=429
            | tidegate.attempt.kind=retry
            | tidegate.attempt.number=2
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            | tidegate.attempt.wait_source=exponential
            | tidegate.upstream.error.code=rate_limit_exceeded
            | tidegate.upstream.error.type=requests
            CLIENT POST retry
            | gen_ai.usage.input_tokens=N
            | gen_ai.usage.output_tokens=N
            | http.request.resend_count=2
            | http.response.status_code=200
            | tidegate.attempt.kind=retry
            | tidegate.attempt.number=3
            | tidegate.attempt.outcome=success
            | tidegate.attempt.wait_ms=N
            | tidegate.attempt.wait_source=pushback
        ",
    );
    let wait = |number| spans.iter().find(|span| span.attribute("tidegate.attempt.number") == Some(number));
    let wait =
        |number| wait(number).unwrap().attribute("tidegate.attempt.wait_ms").unwrap().parse::<u64>().unwrap();
    assert_eq!(wait("1"), 0, "nothing is waited for before the first attempt");
    assert!(wait("3") >= 20, "the wait that was asked for, not {}", wait("3"));
    let flight = spans.iter().find(|span| span.name == "chat simulated").unwrap();
    let delay: u64 = flight.attribute("tidegate.call.retry_delay_ms").unwrap().parse().unwrap();
    assert!(delay >= wait("2") + wait("3"), "{delay} ms holds both waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_answer_hides_no_failure() {
    let profile = ("profiles.entities", "cache = { ttl = \"1ms\", stale_if_error = \"1h\" }");
    let stage = Stage::set(Script::default(), &[profile, ("retry", "max_attempts = 1")]).await;
    stage.call(TEXT).await.unwrap();
    stage.simulator.set_script(Script::of([Rule::new(Fault::status(500))]));
    let expired = loop {
        let info = stage.call(TEXT).await.unwrap().into_inner().info.unwrap();
        if info.cache() == proto::CacheOutcome::Stale {
            break info;
        }
    };
    let mut spans = stage.close().await.spans;
    spans.retain(|span| span.trace_id == expired.trace_id);
    assert_tree(
        &spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.age_ms=N
        | tidegate.cache.result=stale
        | tidegate.call.attempts=1
        | tidegate.call.entry=unary
        | tidegate.call.retries=0
        | tidegate.call.verdict=ok
        | tidegate.profile=entities
        | tidegate.tenant=default
        | tidegate.upstream=primary
          CLIENT chat simulated [error]
          | error.type=server_error
          | tidegate.call.attempts=1
          | tidegate.call.retries=0
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=0
          | tidegate.profile=entities
          | tidegate.retry.withheld=max_attempts
          | tidegate.tenant=default
            CLIENT POST initial [error]
            | error.type=server_error
            | http.response.status_code=500
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            | tidegate.upstream.error.type=server_error
        ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_is_about_the_same_text() {
    let stage = Stage::set(Script::of([Rule::new(Fault::WrongSchema).first(1)]), &[]).await;
    let mended = stage.call(TEXT).await.unwrap();
    let words: Vec<_> = extraction(mended.get_ref()).entities.iter().map(|entity| &*entity.text).collect();
    assert_eq!(words, ["Ada Lovelace", "Charles Babbage", "London"]);
    let arrivals = stage.close().await.arrivals;
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[0].text_sha256, arrivals[1].text_sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_says_what_it_is() {
    let stage = Stage::set(Script::of([Rule::new(Fault::WrongSchema).first(1)]), &[]).await;
    stage.call(TEXT).await.unwrap();
    assert_tree(
        &stage.close().await.spans,
        "
        SERVER tidegate.v1.ExtractionService/Extract
        | rpc.response.status_code=OK
        | tidegate.answer.entities=3
        | tidegate.cache.result=miss
        | tidegate.call.attempts=2
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
          | tidegate.call.attempts=2
          | tidegate.call.retries=0
          | tidegate.call.retry_delay_ms=N
          | tidegate.flight.followers=0
          | tidegate.profile=entities
          | tidegate.tenant=default
            CLIENT POST initial [error]
            | error.type=schema_invalid
            | gen_ai.usage.input_tokens=N
            | gen_ai.usage.output_tokens=N
            | http.response.status_code=200
            | tidegate.attempt.kind=initial
            | tidegate.attempt.number=1
            | tidegate.attempt.outcome=failure
            | tidegate.attempt.wait_ms=N
            | tidegate.schema.keyword=type
            | tidegate.schema.pointer=#/properties/entities/items/properties/text
            CLIENT POST repair
            | gen_ai.usage.input_tokens=N
            | gen_ai.usage.output_tokens=N
            | http.request.resend_count=1
            | http.response.status_code=200
            | tidegate.attempt.kind=repair
            | tidegate.attempt.number=2
            | tidegate.attempt.outcome=success
            | tidegate.attempt.wait_ms=N
        ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_tells_no_secret() {
    let simulator = simulator(Script::default()).await;
    let base_url = format!("{}?key=canary-query", simulator.base_url());
    let stage = Stage::set_with(simulator, &base_url, &[], &[]).await;
    stage.call(TEXT).await.unwrap();
    let curtain = stage.close().await;
    assert_eq!(curtain.arrivals[0].query.as_deref(), Some("key=canary-query"), "the upstream needs it");
    let attempt = curtain.spans.iter().find(|span| span.is_attempt()).unwrap();
    assert!(attempt.attribute("url.full").unwrap().ends_with("/v1/chat/completions"), "{attempt:#?}");
    assert!(!format!("{:?}", curtain.spans).contains("canary"));
}

//! What is answered from the cache, what is kept in it, and for whom.

use std::time::Duration;

use tidegate::{
    proto::{self, CacheControl, CacheMode, CacheOutcome},
    simulator::script::{ErrorReply, Fault},
};
use tonic::Code;

use crate::{
    stage::{
        Reply, Setup, Stage, TEXT, always, cache_of, cached, code_and_reason, info, inline, is, message, ms,
        time, words,
    },
    support::{extraction, pushback_of},
};

/// How many calls ended in the cache this way.
async fn counted(stage: &Stage, result: &str) -> f64 {
    stage.gateway.metrics().await.sum("tidegate_cache_requests_total", &[("result", result)])
}

fn no_older_than(max_age: Duration) -> proto::ExtractRequest {
    let max_age = Some(max_age.try_into().unwrap());
    proto::ExtractRequest { cache: Some(CacheControl { mode: 0, max_age }), ..message(TEXT) }
}

/// Makes the same call over and over until the cache's part is `outcome`; returns that reply and those before.
async fn until(stage: &Stage, request: &proto::ExtractRequest, outcome: CacheOutcome) -> (Reply, Vec<Reply>) {
    let mut before = Vec::new();
    loop {
        let reply = stage.call(request.clone()).await;
        if cache_of(&reply) == outcome {
            return (reply, before);
        }
        before.push(reply);
        assert!(before.len() < 100_000, "never came to {outcome:?}");
    }
}

fn age(reply: &Reply) -> Duration {
    time(info(reply.as_ref().unwrap()).cache_age)
}

#[tokio::test]
async fn the_second_call_is_a_hit() {
    let stage = Stage::healthy().await;
    let first = stage.extract(TEXT).await.unwrap();
    assert_eq!((info(&first).cache(), info(&first).cache_age), (CacheOutcome::Miss, None));
    let second = stage.extract(TEXT).await.unwrap();
    assert_eq!((info(&second).cache(), info(&second).attempts.len()), (CacheOutcome::Hit, 0));
    assert!(info(&second).cache_age.is_some());
    assert_eq!(extraction(&first), extraction(&second));
    assert_eq!((info(&second).upstream.as_str(), info(&second).model.as_str()), ("primary", "simulated"));
    assert_eq!(stage.sent(), 1);
    assert!(is(counted(&stage, "miss").await, 1.0) && is(counted(&stage, "hit").await, 1.0));
}

#[tokio::test]
async fn another_text_is_another_answer() {
    let stage = Stage::healthy().await;
    for text in [TEXT, "Ada Lovelace met Charles Babbage in London on Friday", "ada lovelace"] {
        assert_eq!(cache_of(&stage.extract(text).await), CacheOutcome::Miss);
    }
    assert_eq!(stage.sent(), 3);
}

#[tokio::test]
async fn an_answer_is_given_until_its_ttl_and_no_longer() {
    let stage = Setup { profile: r#"cache = { ttl = "150ms" }"#, ..Setup::default() }.start().await;
    stage.extract(TEXT).await.unwrap();
    let (_, before) = until(&stage, &message(TEXT), CacheOutcome::Miss).await;
    assert!(before.iter().all(|hit| cache_of(hit) == CacheOutcome::Hit && age(hit) < ms(150)));
    assert_eq!(stage.sent(), 2);
    let arrivals = stage.arrivals();
    assert!(arrivals[1].received - arrivals[0].received >= ms(150), "asked again before the answer was old");
}

#[tokio::test]
async fn no_cache_asks_anew_and_keeps_the_answer() {
    let stage = Stage::healthy().await;
    stage.extract(TEXT).await.unwrap();
    assert_eq!(cache_of(&stage.call(cached(TEXT, CacheMode::NoCache)).await), CacheOutcome::Bypass);
    assert_eq!(stage.sent(), 2);
    let hit = stage.extract(TEXT).await;
    assert_eq!(cache_of(&hit), CacheOutcome::Hit);
    assert!(age(&hit) <= stage.arrivals()[1].received.elapsed(), "the newer answer is the one that was kept");
    assert!(is(counted(&stage, "bypass").await, 1.0));
}

#[tokio::test]
async fn no_store_reads_and_does_not_keep() {
    let stage = Stage::healthy().await;
    for _ in 0..2 {
        assert_eq!(cache_of(&stage.call(cached(TEXT, CacheMode::NoStore)).await), CacheOutcome::Miss);
    }
    assert_eq!(stage.sent(), 2);
    stage.extract(TEXT).await.unwrap();
    assert_eq!(cache_of(&stage.call(cached(TEXT, CacheMode::NoStore)).await), CacheOutcome::Hit);
    assert_eq!(stage.sent(), 3);
}

#[tokio::test]
async fn only_if_cached_sends_nothing() {
    let stage = Stage::healthy().await;
    let status = stage.call(cached(TEXT, CacheMode::OnlyIfCached)).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::NotFound, "NOT_CACHED".to_owned()));
    assert_eq!((stage.sent(), pushback_of(&status)), (0, -1));
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "not_cached")]), 1.0));

    stage.extract(TEXT).await.unwrap();
    assert_eq!(cache_of(&stage.call(cached(TEXT, CacheMode::OnlyIfCached)).await), CacheOutcome::Hit);
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_caller_can_ask_for_a_younger_answer() {
    let stage = Stage::healthy().await;
    stage.extract(TEXT).await.unwrap();
    assert_eq!(cache_of(&stage.call(no_older_than(Duration::from_hours(1))).await), CacheOutcome::Hit);
    assert_eq!(cache_of(&stage.call(no_older_than(Duration::ZERO)).await), CacheOutcome::Miss);
    let (_, before) = until(&stage, &no_older_than(ms(100)), CacheOutcome::Miss).await;
    assert!(before.iter().all(|hit| age(hit) <= ms(100)));
    assert_eq!(stage.sent(), 3);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let stage = Stage::scripted(always(Fault::status(401))).await;
    for sent in 1..=2 {
        stage.extract(TEXT).await.unwrap_err();
        assert_eq!(stage.sent(), sent);
    }
    stage.simulator.set_script(always(Fault::WrongSchema));
    stage.extract(TEXT).await.unwrap_err();
    stage.simulator.set_script(always(Fault::Slow));
    assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Miss);
    assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Hit);
}

#[tokio::test]
async fn a_ttl_of_nothing_passes_the_cache_by() {
    let stage = Setup { profile: r#"cache = { ttl = "0s" }"#, ..Setup::default() }.start().await;
    for _ in 0..2 {
        assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Bypass);
    }
    assert_eq!(stage.sent(), 2);
    assert!(is(counted(&stage, "bypass").await, 2.0));
}

#[tokio::test]
async fn rules_of_ones_own_share_with_nobody_elses() {
    let stage = Stage::healthy().await;
    let requests = [
        message(TEXT),
        inline(r#"{"type": "object"}"#, "Extract."),
        inline(r#"{"type": "object"}"#, "Extract it all."),
        inline(r#"{"type": "object", "title": "x"}"#, "Extract."),
    ];
    for request in &requests {
        assert_eq!(cache_of(&stage.call(request.clone()).await), CacheOutcome::Miss, "{request:?}");
    }
    for request in &requests {
        assert_eq!(cache_of(&stage.call(request.clone()).await), CacheOutcome::Hit, "{request:?}");
    }
    assert_eq!(stage.sent(), requests.len());
}

#[tokio::test]
async fn profiles_do_not_share() {
    let directory = tempfile::tempdir().unwrap();
    let schema = directory.path().join("people.json");
    let text = r#"{"type": "object", "properties": {"people": {"type": "array"}}, "required": ["people"]}"#;
    std::fs::write(&schema, text).unwrap();
    let more = format!("[profiles.people]\ninstructions = \"Who?\"\nschema_file = {schema:?}\n");
    let stage = Setup { more, ..Setup::default() }.start().await;
    let people = proto::ExtractRequest { profile: "people".to_owned(), ..message(TEXT) };
    assert_eq!(cache_of(&stage.extract(TEXT).await), CacheOutcome::Miss);
    let answer = stage.call(people.clone()).await.unwrap();
    assert_eq!((info(&answer).cache(), info(&answer).profile.as_str()), (CacheOutcome::Miss, "people"));
    assert_eq!(words(&answer), Vec::<&str>::new(), "its schema has no entities");
    assert_eq!(cache_of(&stage.call(people).await), CacheOutcome::Hit);
    assert_eq!(stage.sent(), 2);
}

#[tokio::test]
async fn the_cache_weighs_no_more_than_it_may() {
    let stage = Setup { more: "[cache]\nbytes_max = 8192\n".to_owned(), ..Setup::default() }.start().await;
    for number in 0..100 {
        stage.extract(&format!("{TEXT} {number}")).await.unwrap();
    }
    let metrics =
        stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_cache_entries", &[]) > 0.0).await;
    let weight = metrics.sum("tidegate_cache_weight_bytes", &[]);
    assert!(weight > 0.0 && weight <= 8192.0, "{weight} bytes");
    assert!(metrics.sum("tidegate_cache_evictions_total", &[("cause", "size")]) > 0.0);
}

#[tokio::test]
async fn an_expired_answer_is_given_when_the_upstream_fails_and_says_so() {
    let profile = r#"cache = { ttl = "60ms", stale_if_error = "1h" }"#;
    for fault in [Fault::status(500), Fault::status(429), Fault::Reset] {
        let stage = Setup { profile, ..Setup::default() }.start().await;
        let fresh = stage.extract(TEXT).await.unwrap();
        stage.simulator.set_script(always(fault));
        let (expired, before) = until(&stage, &message(TEXT), CacheOutcome::Stale).await;
        assert!(before.iter().all(|hit| cache_of(hit) == CacheOutcome::Hit && age(hit) < ms(60)));
        assert!(age(&expired) >= ms(60));
        let expired = expired.unwrap();
        assert_eq!(extraction(&expired), extraction(&fresh));
        assert_eq!(
            (info(&expired).verdict.as_str(), info(&expired).attempts.len()),
            ("ok", 4),
            "the trail tells why"
        );
        assert_eq!(info(&expired).retry_withheld, "max_attempts");
        assert!(is(counted(&stage, "stale").await, 1.0));
    }
}

#[tokio::test]
async fn an_expired_answer_is_given_when_the_deadline_passes() {
    let profile = r#"cache = { ttl = "1ms", stale_if_error = "1h" }"#;
    let stage = Setup { profile, ..Setup::default() }.start().await;
    stage.extract(TEXT).await.unwrap();
    stage.simulator.set_script(always(Fault::Silent));
    let raw = crate::raw::Raw::connect(stage.gateway.grpc).await;
    // A quick gateway answers again before the millisecond is over.
    let expired = loop {
        let answer = raw.extract_within(TEXT, 500).await;
        if cache_of(&answer) != CacheOutcome::Hit {
            break answer;
        }
    };
    assert_eq!(cache_of(&expired), CacheOutcome::Stale);
}

#[tokio::test]
async fn a_rejected_request_excuses_no_expired_answer() {
    let profile = r#"cache = { ttl = "1ms", stale_if_error = "1h" }"#;
    let stage = Setup { profile, ..Setup::default() }.start().await;
    stage.extract(TEXT).await.unwrap();
    stage.simulator.set_script(always(Fault::Status(ErrorReply::new(400))));
    let (miss, _) = until(&stage, &message(TEXT), CacheOutcome::Miss).await;
    assert_eq!(miss.unwrap_err().code(), Code::InvalidArgument);
}

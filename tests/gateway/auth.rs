//! Who may call, and what tenants share.

use tidegate::proto::{self, CacheOutcome};
use tonic::{Code, Request};

use crate::{
    stage::{Reply, Setup, Stage, TEXT, cache_of, code_and_reason, is, message, request, sha256},
    support::{PATIENCE, pushback_of},
};

/// A gateway that knows the tenants `red` and `blue` by the keys `red-key` and `blue-key`.
async fn guarded(profile: &'static str) -> Stage {
    let tenant = |name: &str| {
        let hex = sha256(&format!("{name}-key"));
        format!("[auth.tenants.{name}]\nkey_sha256 = [\"{hex}\"]\n")
    };
    Setup { more: tenant("red") + &tenant("blue"), profile, ..Setup::default() }.start().await
}

fn with(authorization: &'static str) -> Request<proto::ExtractRequest> {
    let mut request = request(message(TEXT), PATIENCE);
    request.metadata_mut().insert("authorization", authorization.parse().unwrap());
    request
}

fn is_unauthenticated(reply: Reply) {
    let status = reply.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    assert_eq!(pushback_of(&status), -1);
}

#[tokio::test]
async fn without_a_key_nobody_gets_in() {
    let stage = guarded("").await;
    is_unauthenticated(stage.extract(TEXT).await);
    for wrong in
        ["Bearer wrong", "Bearer ", "Bearer red", "Basic red-key", "red-key", "Bearer red-key-and-more"]
    {
        is_unauthenticated(stage.send(with(wrong)).await);
    }
    assert_eq!(stage.sent(), 0);
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "unauthenticated")]), 7.0));
    assert!(is(metrics.sum("tidegate_cache_requests_total", &[]), 0.0));
}

#[tokio::test]
async fn a_caller_without_a_key_learns_nothing_of_the_configuration() {
    let stage = guarded("").await;
    for request in [message(""), proto::ExtractRequest { profile: "no-such".to_owned(), ..message(TEXT) }] {
        is_unauthenticated(stage.call(request).await);
    }
}

#[tokio::test]
async fn with_its_key_a_tenant_gets_in() {
    let stage = guarded("").await;
    for right in ["Bearer red-key", "bearer red-key", "Bearer blue-key"] {
        assert!(stage.send(with(right)).await.is_ok(), "{right}");
    }
}

#[tokio::test]
async fn tenants_do_not_share_answers() {
    let stage = guarded("").await;
    assert_eq!(cache_of(&stage.send(with("Bearer red-key")).await), CacheOutcome::Miss);
    assert_eq!(cache_of(&stage.send(with("Bearer blue-key")).await), CacheOutcome::Miss);
    assert_eq!(cache_of(&stage.send(with("Bearer red-key")).await), CacheOutcome::Hit);
    assert_eq!(stage.sent(), 2);
}

#[tokio::test]
async fn tenants_share_answers_where_the_profile_says_so() {
    let stage = guarded(r#"cache = { scope = "shared" }"#).await;
    assert_eq!(cache_of(&stage.send(with("Bearer red-key")).await), CacheOutcome::Miss);
    assert_eq!(cache_of(&stage.send(with("Bearer blue-key")).await), CacheOutcome::Hit);
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn keys_are_written_nowhere() {
    let stage = guarded("").await;
    stage.send(with("Bearer red-key")).await.unwrap();
    stage.send(with("Bearer a-wrong-key")).await.unwrap_err();
    let (log, metrics) = (stage.gateway.log().join("\n"), stage.gateway.metrics().await.0);
    for key in ["red-key", "a-wrong-key"] {
        assert!(!log.contains(key) && !metrics.contains(key), "{key}");
    }
}

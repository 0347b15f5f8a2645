//! When the AI API says how long to wait, nothing is sent earlier. Measured by the simulator's own log, from
//! the end of the reply to the next arrival.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tidegate::{
    clock::{SystemClock, WallClock as _},
    simulator::{
        Arrival, Script,
        script::{ErrorReply, Fault, RetryAfter, Rule},
    },
};
use tonic::Code;

use crate::{
    stage::{Setup, Stage, TEXT, code_and_reason, info, is, message, metadata, ms, request, retry_info},
    support::{info_of, pushback_of},
};

/// The first arrival meets `rule`, the next one gets its answer: between them lies `asked`, at least.
async fn is_heeded(rule: Rule, asked: Duration) -> Vec<Arrival> {
    let stage = Stage::scripted(Script::of([rule.first(1)])).await;
    let answer = stage.extract(TEXT).await.unwrap();
    let attempts = &info(&answer).attempts;
    assert_eq!((attempts.len(), attempts[1].wait_source.as_str()), (2, "pushback"));
    let arrivals = stage.arrivals();
    assert_eq!(arrivals.len(), 2);
    let waited = arrivals[1].received - arrivals[0].replied.unwrap();
    assert!(waited >= asked, "asked for {asked:?}, waited for {waited:?}");
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_upstream_retries_total", &[("backoff", "pushback")]), 1.0));
    arrivals
}

fn throttled(headers: &[(&'static str, &str)]) -> Rule {
    headers.iter().fold(Rule::new(Fault::status(429)), |rule, (name, value)| {
        rule.header(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    })
}

#[tokio::test]
async fn retry_after_in_seconds_is_heeded() {
    let rule = Rule::new(Fault::retry_after(429, RetryAfter::Seconds(Duration::from_secs(1))));
    is_heeded(rule, Duration::from_secs(1)).await;
}

#[tokio::test]
async fn retry_after_on_other_statuses_is_heeded() {
    for status in [500, 503, 529, 408] {
        is_heeded(Rule::new(Fault::retry_after(status, RetryAfter::Millis(ms(300)))), ms(300)).await;
    }
}

#[tokio::test]
async fn retry_after_as_a_date_is_heeded() {
    let rule = Rule::new(Fault::retry_after(503, RetryAfter::Date(Duration::from_secs(1))));
    let arrivals = is_heeded(rule, Duration::from_secs(1)).await;
    let asked = arrivals[0].retry_after_ms.unwrap();
    let waited = arrivals[1].received_ms - arrivals[0].received_ms;
    assert!(waited >= asked, "not before the date: {waited} of {asked} ms");
}

#[tokio::test]
async fn retry_after_in_milliseconds_is_heeded() {
    is_heeded(Rule::new(Fault::retry_after(429, RetryAfter::Millis(ms(350)))), ms(350)).await;
}

#[tokio::test]
async fn fractions_of_a_second_are_heeded() {
    is_heeded(throttled(&[("retry-after", "0.4")]), ms(400)).await;
}

#[tokio::test]
async fn milliseconds_go_before_seconds() {
    is_heeded(throttled(&[("retry-after", "3600"), ("retry-after-ms", "300")]), ms(300)).await;
}

#[tokio::test]
async fn a_limit_with_nothing_left_is_heeded_until_its_reset() {
    is_heeded(
        throttled(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "400ms"),
            ("x-ratelimit-remaining-tokens", "5000"),
            ("x-ratelimit-reset-tokens", "1h"),
        ]),
        ms(400),
    )
    .await;
}

#[tokio::test]
async fn of_several_limits_with_nothing_left_the_longest_counts() {
    is_heeded(
        throttled(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "100ms"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "500ms"),
        ]),
        ms(500),
    )
    .await;
}

#[tokio::test]
async fn the_standard_ratelimit_header_is_heeded() {
    is_heeded(throttled(&[("ratelimit", r#""minute";r=5;t=3600, "burst";r=0;t=1"#)]), Duration::from_secs(1))
        .await;
}

#[tokio::test]
async fn a_reset_as_a_timestamp_is_heeded() {
    let reset = SystemClock.now() + ms(1500);
    let stamp = humantime::format_rfc3339_millis(reset).to_string();
    let headers = [
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", stamp.as_str()),
    ];
    let arrivals = is_heeded(throttled(&headers), Duration::ZERO).await;
    let reset_ms = humantime::parse_rfc3339(&stamp)
        .unwrap()
        .duration_since(humantime::parse_rfc3339("1970-01-01T00:00:00Z").unwrap());
    let early = reset_ms.unwrap().as_secs_f64() * 1e3 - arrivals[1].received_ms;
    assert!(early <= 0.0, "{early} ms before the reset");
}

#[tokio::test]
async fn a_wait_asked_for_in_the_body_is_heeded() {
    let body = r#"{"error": {"code": 429, "message": "slow down", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.4s"}]}}"#;
    let error = ErrorReply { body: Some(body.to_owned()), ..ErrorReply::new(429) };
    is_heeded(Rule::new(Fault::Status(error)), ms(400)).await;
}

#[tokio::test]
async fn every_wait_of_a_flight_is_heeded() {
    let rule = Rule::new(Fault::retry_after(429, RetryAfter::Millis(ms(150))));
    let stage = Stage::scripted(Script::of([rule])).await;
    stage.extract(TEXT).await.unwrap_err();
    let arrivals = stage.arrivals();
    assert_eq!(arrivals.len(), 4);
    for pair in arrivals.windows(2) {
        assert!(pair[1].received - pair[0].replied.unwrap() >= ms(150));
    }
}

/// As many retries as may be in flight whatever else goes on.
const CROWD: usize = 20;

#[tokio::test]
async fn nobody_of_a_crowd_comes_early() {
    let rule = Rule::new(Fault::retry_after(429, RetryAfter::Millis(ms(400)))).first(1).per_text();
    let stage = Stage::scripted(Script::of([rule])).await;
    let calls = (0..CROWD).map(|number| {
        let (stage, text) = (&stage, format!("{TEXT} {number}"));
        async move { stage.extract(&text).await }
    });
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    let arrivals = stage.arrivals();
    assert_eq!(arrivals.len(), 2 * CROWD);
    for refused in arrivals.iter().filter(|arrival| arrival.status == Some(429)) {
        let again = arrivals
            .iter()
            .find(|arrival| arrival.text_sha256 == refused.text_sha256 && arrival.status == Some(200));
        assert!(again.unwrap().received - refused.replied.unwrap() >= ms(400));
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_read_counts_as_not_asked_for() {
    for unreadable in ["soon", "-5", "NaN", "inf", "", "Mon, 01 Jan 2001 00:00:00 GMT", "0"] {
        let raw = RetryAfter::Raw(unreadable.to_owned());
        let stage = Stage::scripted(Script::of([Rule::new(Fault::retry_after(429, raw)).first(1)])).await;
        let answer = stage.extract(TEXT).await.unwrap();
        assert_eq!(info(&answer).attempts[1].wait_source, "exponential", "{unreadable:?}");
        assert_eq!(stage.sent(), 2);
    }
}

#[tokio::test]
async fn a_wait_longer_than_allowed_is_passed_on_instead() {
    let rule = Rule::new(Fault::retry_after(429, RetryAfter::Seconds(Duration::from_secs(5))));
    let setup = Setup { script: Script::of([rule]), retry: r#"pushback_max = "1s""#, ..Setup::default() };
    let stage = setup.start().await;
    let status = stage.extract(TEXT).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED".to_owned()));
    assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("pushback_too_long"));
    assert_eq!(info_of(&status).retry_withheld, "pushback_too_long");
    assert_eq!((pushback_of(&status), retry_info(&status)), (5000, Some(Duration::from_secs(5))));
    assert_eq!(stage.sent(), 1);
    let metrics = stage.gateway.metrics().await;
    assert!(is(
        metrics.sum("tidegate_upstream_retries_withheld_total", &[("reason", "pushback_too_long")]),
        1.0
    ));
    assert!(is(metrics.sum("tidegate_retry_budget_ratio", &[]), 1.0), "a retry not made costs nothing");
}

/// What a message ends with if there is a delay.
const CALL_AGAIN: &str = "call again after the given delay";

/// The one failure of an AI API that always answers 429 with `headers`, for a caller with so much time.
async fn told(headers: &[(&'static str, &str)], timeout: Option<Duration>) -> tonic::Status {
    let setup =
        Setup { script: Script::of([throttled(headers)]), profile: r#"timeout = "10s""#, ..Setup::default() };
    let stage = setup.start().await;
    let request = match timeout {
        Some(timeout) => request(message(TEXT), timeout),
        None => tonic::Request::new(message(TEXT)),
    };
    let status = stage.send(request).await.unwrap_err();
    assert_eq!(stage.sent(), 1, "{headers:?}");
    assert_eq!(code_and_reason(&status), (Code::ResourceExhausted, "UPSTREAM_RATE_LIMITED".to_owned()));
    status
}

#[tokio::test]
async fn a_quota_that_resets_in_hours_is_told_at_once() {
    let five_hours = Duration::from_hours(5);
    for headers in [
        [("retry-after", "18000"), ("x-other", "")],
        [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "5h0m0s")],
        [("ratelimit-remaining", "0"), ("ratelimit-reset", "18000")],
    ] {
        let status = told(&headers, Some(Duration::from_secs(10))).await;
        assert_eq!((pushback_of(&status), retry_info(&status)), (-1, Some(five_hours)), "{headers:?}");
        assert!(status.message().ends_with(CALL_AGAIN), "{}", status.message());
        assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("pushback_too_long"));
    }
}

#[tokio::test]
async fn a_used_up_quota_says_when_it_is_there_again() {
    let body = r#"{"error": {"code": "insufficient_quota", "type": "insufficient_quota", "resets_in_seconds": 18000}}"#;
    let error = ErrorReply { body: Some(body.to_owned()), ..ErrorReply::new(429) };
    let stage = Stage::scripted(Script::of([Rule::new(Fault::Status(error))])).await;
    let status = stage.extract(TEXT).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::ResourceExhausted, "UPSTREAM_QUOTA_EXHAUSTED".to_owned()));
    assert_eq!((pushback_of(&status), retry_info(&status)), (-1, Some(Duration::from_hours(5))));
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_wait_beyond_the_callers_deadline_is_told_but_not_to_its_library() {
    let status = told(&[("retry-after", "30")], Some(Duration::from_secs(10))).await;
    assert_eq!(pushback_of(&status), -1);
    assert!(retry_info(&status).unwrap() >= Duration::from_secs(30));
    assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("deadline"));
    assert_eq!(info_of(&status).attempts.len(), 1);
}

#[tokio::test]
async fn a_caller_without_a_deadline_has_time_for_every_wait() {
    let status = told(&[("retry-after", "30")], None).await;
    assert!(pushback_of(&status) >= 30_000, "the profile's timeout is not the caller's deadline");
}

#[tokio::test]
async fn without_a_wait_there_is_no_word_of_one() {
    let stage = Stage::scripted(Script::of([throttled(&[])])).await;
    let status = stage.extract(TEXT).await.unwrap_err();
    assert_eq!((pushback_of(&status), retry_info(&status)), (-1, None));
    assert!(!status.message().contains("delay"), "{}", status.message());
}

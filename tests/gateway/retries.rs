//! How often the AI API is asked, and what stops it.

use std::collections::HashSet;

use http::{HeaderName, HeaderValue};
use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Rule},
    },
};
use tonic::Code;

use crate::{
    stage::{Reply, Setup, Stage, TEXT, always, code_and_reason, info, is, message, metadata, request},
    support::{Gateway, PATIENCE, info_of, pushback_of},
};

const BUDGET: &str = "tidegate_retry_budget_ratio";

fn kinds(reply: &Reply) -> Vec<String> {
    let attempts = match reply {
        Ok(response) => info(response).attempts.clone(),
        Err(status) => info_of(status).attempts,
    };
    attempts.into_iter().map(|attempt| attempt.kind).collect()
}

#[tokio::test]
async fn as_many_attempts_are_made_as_configured() {
    for (retry, expected) in [("max_attempts = 1", 1), ("max_attempts = 2\nbackoff_base = \"1ms\"", 2)] {
        let stage = Setup { script: always(Fault::status(500)), retry, ..Setup::default() }.start().await;
        let status = stage.extract(TEXT).await.unwrap_err();
        assert_eq!(info_of(&status).retry_withheld, "max_attempts");
        assert_eq!(stage.sent(), expected);
    }
}

#[tokio::test]
async fn a_caller_can_lower_the_number_of_attempts_and_not_raise_it() {
    for (asked, expected) in [(1, 1), (2, 2), (3, 3), (4, 4), (100, 4), (0, 4)] {
        let stage = Stage::scripted(always(Fault::status(500))).await;
        let request = proto::ExtractRequest { max_attempts: asked, ..message(TEXT) };
        stage.call(request).await.unwrap_err();
        assert_eq!(stage.sent(), expected, "max_attempts = {asked}");
    }
}

#[tokio::test]
async fn a_caller_that_repeats_itself_already_gets_two_attempts() {
    let stage = Stage::scripted(always(Fault::status(500))).await;
    let mut repeated = request(message(TEXT), PATIENCE);
    repeated.metadata_mut().insert("grpc-previous-rpc-attempts", "1".parse().unwrap());
    let status = stage.send(repeated).await.unwrap_err();
    assert_eq!(info_of(&status).retry_withheld, "max_attempts");
    assert_eq!(stage.sent(), 2);
}

#[tokio::test]
async fn an_empty_purse_pays_no_retry() {
    let retry = "backoff_base = \"1ms\"\nbudget = { capacity = 1.0, reward = 0.001 }";
    let stage = Setup { script: always(Fault::status(500)), retry, ..Setup::default() }.start().await;
    let status = stage.extract(TEXT).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Internal, "UPSTREAM_ERROR".to_owned()));
    assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("budget"));
    assert_eq!((info_of(&status).retry_withheld.as_str(), pushback_of(&status)), ("budget", -1));
    assert_eq!(stage.sent(), 2, "the first attempt is free, one retry was paid for");
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_upstream_retries_withheld_total", &[("reason", "budget")]), 1.0));
    assert!(metrics.sum(BUDGET, &[]) < 0.5, "{}", metrics.sum(BUDGET, &[]));
}

#[tokio::test]
async fn an_outage_is_not_hammered() {
    let retry = "backoff_base = \"1ms\"\nbudget = { capacity = 5.0, reward = 0.001 }";
    let stage = Setup { script: always(Fault::status(500)), retry, ..Setup::default() }.start().await;
    for number in 0..40 {
        stage.extract(&format!("{TEXT} {number}")).await.unwrap_err();
    }
    let arrivals = stage.arrivals();
    let outage = (arrivals[arrivals.len() - 1].received - arrivals[0].received).as_secs();
    let retries = arrivals.len() as u64 - 40;
    assert!(retries <= 5 + outage + 1, "{retries} retries in an outage of {outage} s");
    assert!(retries >= 5, "the purse was full: {retries} retries");
}

/// What comes of a call to an API that must not be asked twice for the same work.
async fn once(fault: Fault) -> (Stage, tonic::Status) {
    let upstream = "retry_safety = \"once\"\nattempt_timeout = \"200ms\"";
    let stage = Setup { script: always(fault), upstream, ..Setup::default() }.start().await;
    let status = stage.extract(TEXT).await.unwrap_err();
    (stage, status)
}

#[tokio::test]
async fn work_that_may_have_been_done_is_not_asked_for_again_where_that_would_harm() {
    for (fault, code) in [
        (Fault::status(500), Code::Internal),
        (Fault::Reset, Code::Internal),
        (Fault::Cut, Code::Internal),
        (Fault::Html, Code::Internal),
        (Fault::status(502), Code::Unavailable),
        (Fault::status(504), Code::Unavailable),
        (Fault::Silent, Code::Unavailable),
    ] {
        let (stage, status) = once(fault.clone()).await;
        assert_eq!(code_and_reason(&status), (code, "OUTCOME_UNKNOWN".to_owned()), "{fault:?}");
        assert_eq!(metadata(&status, "retry_withheld").as_deref(), Some("ambiguous"), "{fault:?}");
        assert_eq!((stage.sent(), pushback_of(&status)), (1, -1), "{fault:?}");
    }
}

#[tokio::test]
async fn work_that_was_surely_not_done_is_asked_for_again_even_there() {
    for (fault, reason) in
        [(503, "UPSTREAM_OVERLOADED"), (429, "UPSTREAM_RATE_LIMITED"), (408, "UPSTREAM_TIMEOUT")]
    {
        let (stage, status) = once(Fault::status(fault)).await;
        assert_eq!(code_and_reason(&status).1, reason);
        assert_eq!(stage.sent(), 4, "{fault}");
    }
    let (stage, status) = once(Fault::status(409)).await;
    assert_eq!(code_and_reason(&status), (Code::Aborted, "UPSTREAM_CONFLICT".to_owned()));
    assert_eq!(stage.sent(), 1, "the conflict may be with the work itself");
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_even_there() {
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let setup = Setup { upstream: r#"retry_safety = "once""#, ..Setup::default() };
    let gateway = Gateway::start(&setup.config(&format!("http://{nowhere}/v1"))).await;
    let reply = gateway.client().await.extract(request(message(TEXT), PATIENCE)).await;
    let reply = reply.map(tonic::Response::into_inner);
    assert_eq!(kinds(&reply), ["initial", "retry", "retry", "retry"]);
    assert_eq!(code_and_reason(&reply.unwrap_err()), (Code::Unavailable, "UPSTREAM_UNREACHABLE".to_owned()));
}

#[tokio::test]
async fn an_idempotency_key_is_the_same_within_a_flight_and_no_other() {
    let upstream = r#"retry_safety = "keyed""#;
    let stage = Setup { script: always(Fault::status(500)), upstream, ..Setup::default() }.start().await;
    for text in [TEXT, "Grace Hopper", TEXT] {
        stage.extract(text).await.unwrap_err();
    }
    let keys: Vec<_> =
        stage.arrivals().iter().map(|arrival| arrival.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 12);
    let flights: Vec<_> = keys.chunks(4).collect();
    assert!(flights.iter().all(|flight| flight.iter().all(|key| *key == flight[0])), "{keys:?}");
    assert_eq!(flights.iter().map(|flight| &flight[0]).collect::<HashSet<_>>().len(), 3, "{keys:?}");
    let attempts: HashSet<_> =
        stage.arrivals().into_iter().map(|arrival| arrival.attempt_id.unwrap()).collect();
    assert_eq!(attempts.len(), 12, "every attempt has an id of its own");
}

#[tokio::test]
async fn an_idempotency_key_is_not_sent_to_those_who_did_not_ask_for_it() {
    let stage = Stage::healthy().await;
    stage.extract(TEXT).await.unwrap();
    assert!(!stage.arrivals()[0].headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn an_answer_against_the_schema_is_repaired() {
    for fault in [Fault::WrongSchema, Fault::Empty { null: true }] {
        let stage = Stage::scripted(Script::of([Rule::new(fault).first(1)])).await;
        let reply = stage.extract(TEXT).await;
        assert_eq!(kinds(&reply), ["initial", "repair"]);
        let answer = reply.unwrap();
        assert_eq!(info(&answer).attempts[1].outcome, "success");
        assert!(info(&answer).wasted_usage.is_some(), "the useless answer cost tokens");
        assert_eq!(stage.sent(), 2);
        let metrics = stage.gateway.metrics().await;
        assert!(is(metrics.sum("tidegate_extract_validation_total", &[("result", "repaired")]), 1.0));
        assert!(is(
            metrics.sum("tidegate_upstream_attempts_total", &[("kind", "repair"), ("outcome", "success")]),
            1.0
        ));
    }
}

#[tokio::test]
async fn a_repair_that_finds_nothing_is_counted_as_empty() {
    let rules = [Rule::new(Fault::WrongSchema).first(1), Rule::new(Fault::ZeroEntities)];
    let stage = Stage::scripted(Script::of(rules)).await;
    let reply = stage.extract(TEXT).await;
    assert_eq!(kinds(&reply), ["initial", "repair"]);
    reply.unwrap();
    let metrics = stage.metrics_at_rest().await;
    for (result, count) in [("schema_invalid", 1.0), ("valid_empty", 1.0), ("repaired", 0.0)] {
        assert!(
            is(metrics.sum("tidegate_extract_validation_total", &[("result", result)]), count),
            "{result}"
        );
    }
}

#[tokio::test]
async fn a_repair_counts_among_the_attempts() {
    let stage = Stage::scripted(always(Fault::WrongSchema)).await;
    let request = proto::ExtractRequest { max_attempts: 1, ..message(TEXT) };
    let status = stage.call(request).await.unwrap_err();
    assert_eq!(info_of(&status).repair_withheld, "max_attempts");
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn a_repair_that_is_withheld_says_why_in_the_reply_and_on_the_live_page() {
    // The purse pays one repair and earns next to nothing back; without tokens, it pays none.
    for (capacity, withheld) in [("1.0", ["", "budget"]), ("0.0", ["budget", "budget"])] {
        let more = format!("[retry.repair_budget]\ncapacity = {capacity}\nreward = 0.001\n");
        let stage = Setup { script: always(Fault::WrongSchema), more, ..Setup::default() }.start().await;
        for (number, reason) in withheld.into_iter().enumerate() {
            let status = stage.extract(&format!("{TEXT} {number}")).await.unwrap_err();
            let info = info_of(&status);
            assert_eq!((info.repair_withheld.as_str(), info.retry_withheld.as_str()), (reason, ""));
            let told = stage.gateway.admin_json("/api/calls?limit=1").await;
            let told = told["calls"][0]["repair_withheld"].as_str();
            assert_eq!(told.unwrap_or_default(), reason, "capacity {capacity}");
        }
        let counted = withheld.iter().filter(|reason| !reason.is_empty()).count();
        let counted = f64::from(u32::try_from(counted).unwrap());
        let metrics = stage.gateway.metrics().await;
        let labels = [("profile", "entities"), ("reason", "budget")];
        assert!(is(metrics.sum("tidegate_extract_repairs_withheld_total", &labels), counted));
    }
}

#[tokio::test]
async fn answers_that_are_invalid_by_content_leave_the_upstreams_purse_alone() {
    let retry = "budget = { capacity = 2.0, reward = 0.001 }";
    for (fault, each) in [(Fault::Truncated, 1), (Fault::Refused, 1), (Fault::WrongSchema, 2)] {
        let stage = Setup { script: always(fault.clone()), retry, ..Setup::default() }.start().await;
        for number in 0..5 {
            stage.extract(&format!("{TEXT} {number}")).await.unwrap_err();
        }
        assert_eq!(stage.sent(), 5 * each, "{fault:?}");
        let metrics = stage.gateway.metrics().await;
        assert!(is(metrics.sum(BUDGET, &[]), 1.0), "{fault:?}");
        assert!(is(metrics.sum("tidegate_upstream_retries_total", &[]), 0.0), "{fault:?}");
    }
}

#[tokio::test]
async fn repairs_are_bounded_by_a_purse_of_their_own() {
    let stage = Stage::scripted(always(Fault::WrongSchema)).await;
    for number in 0..20 {
        stage.extract(&format!("{TEXT} {number}")).await.unwrap_err();
    }
    let repairs = stage.sent() - 20;
    assert!((10..20).contains(&repairs), "{repairs} repairs for 20 calls");
}

#[tokio::test]
async fn the_apis_own_advice_on_retries_is_heeded() {
    for (status, advice, expected) in
        [(500, "false", 1), (503, "false", 1), (400, "true", 4), (500, "true", 4)]
    {
        let header = (HeaderName::from_static("x-should-retry"), HeaderValue::from_static(advice));
        let rule = Rule::new(Fault::status(status)).header(header.0, header.1);
        let stage = Stage::scripted(Script::of([rule])).await;
        stage.extract(TEXT).await.unwrap_err();
        assert_eq!(stage.sent(), expected, "{status} with x-should-retry: {advice}");
    }
}

//! For every way in which an AI API can fail: metrics, spans, replies and the API's own log agree on what
//! happened, attempt by attempt.

mod ledger;

use std::time::Duration;

use tidegate::{
    proto,
    simulator::{
        Script,
        script::{ErrorReply, Fault, Place, RetryAfter, Rule},
    },
};

use self::ledger::assert_truth;
use crate::{
    stage::{Curtain, LONG, Outcome, Section, Stage, info},
    support::{Metrics, request, simulator},
};

/// Calls under each fault. Half of their attempts are struck.
const CALLS: usize = 24;

/// The attempts are cut this early where a fault would hold them up for ever; not so early that a busy machine
/// would cut some before they have arrived.
const HASTE: Section<'_> = ("upstreams.primary", "attempt_timeout = \"1s\"");

/// Every call's attempts are paid for.
const PURSE: Section<'_> = ("retry.budget", "capacity = 10000");

async fn holds_under(fault: Fault, sections: &[Section<'_>]) {
    let script = Script::of([Rule::new(fault.clone()).share(0.5)]);
    let stage = Stage::set(script, &[&[PURSE], sections].concat()).await;
    let (outcomes, metrics, curtain) = load(stage).await;
    let struck = curtain.arrivals.iter().filter(|arrival| arrival.fault == Some(fault.kind())).count();
    assert!(struck > 0, "{fault:?} never struck");
    assert!(struck < curtain.arrivals.len(), "{fault:?} struck always");
    assert_truth(&outcomes, &metrics, &curtain);
}

async fn load(stage: Stage) -> (Vec<Outcome>, Metrics, Curtain) {
    let outcomes = stage.calls((0..CALLS).map(|n| format!("Ada Lovelace wrote note {n} in London."))).await;
    let metrics = stage.metrics_at_rest(CALLS).await;
    (outcomes, metrics, stage.close().await)
}

/// A test for each fault, so that each is named when it fails.
macro_rules! truth_under {
    ($($name:ident: $fault:expr $(, $section:expr)*;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            holds_under($fault, &[$($section),*]).await;
        }
    )+};
}

truth_under! {
    status_500: Fault::status(500);
    status_503: Fault::status(503);
    status_429: Fault::retry_after(429, RetryAfter::Millis(Duration::from_millis(5)));
    status_400: Fault::status(400);
    status_401: Fault::status(401);
    error_body: Fault::ErrorBody(ErrorReply::new(500));
    silent: Fault::Silent, HASTE;
    stall: Fault::Stall, HASTE;
    drip: Fault::Drip { bytes: 1, every: Duration::from_millis(100) }, HASTE;
    slow: Fault::Slow;
    reset: Fault::Reset;
    close: Fault::Close;
    cut: Fault::Cut;
    endless_headers: Fault::EndlessHeaders { bytes: 4 << 20 };
    malformed_body: Fault::Malformed { place: Place::Body };
    malformed_content: Fault::Malformed { place: Place::Content };
    deep_json_body: Fault::DeepJson { depth: 10_000, place: Place::Body };
    deep_json_content: Fault::DeepJson { depth: 10_000, place: Place::Content };
    invalid_utf8: Fault::InvalidUtf8;
    wrong_content_type: Fault::WrongContentType;
    html: Fault::Html;
    huge: Fault::Huge { bytes: 8 << 20 };
    prose: Fault::Prose;
    wrong_schema: Fault::WrongSchema;
    invented: Fault::Invented;
    zero_entities: Fault::ZeroEntities;
    truncated: Fault::Truncated;
    refused: Fault::Refused;
    empty: Fault::Empty { null: false };
    null: Fault::Empty { null: true };
}

#[test]
fn no_kind_of_fault_was_forgotten() {
    let this = include_str!("invariants.rs");
    let missing = Fault::KINDS.iter().filter(|kind| {
        let variant: String = kind.split('_').map(capitalised).collect();
        // Statuses are made by functions.
        !this.contains(&format!("Fault::{variant}")) && !this.contains(&format!("Fault::{kind}("))
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new());
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_refused() {
    // A port that was free a moment ago, where nobody listens now.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{gone}/v1");
    let stage = Stage::set_with(simulator(Script::default()).await, &url, &[PURSE], &[]).await;
    let (outcomes, metrics, curtain) = load(stage).await;
    assert!(curtain.arrivals.is_empty());
    // All are refused at once, and so many retries at a time the budget does not allow.
    let tried_again =
        |info: proto::ExtractionInfo| info.attempts.len() > 1 || info.retry_withheld == "budget";
    assert!(outcomes.iter().map(info).all(tried_again), "a refused connection is tried again");
    let lines = curtain.lines("tidegate.attempt.failed");
    assert!(lines.iter().all(|line| line["tidegate.error.detail"] == "connect_refused"), "{lines:#?}");
    let mut attempts = curtain.spans.iter().filter(|span| span.is_attempt());
    assert!(attempts.all(|span| span.attribute("tidegate.error.detail") == Some("connect_refused")));
    assert_truth(&outcomes, &metrics, &curtain);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http2_too() {
    let http2: Section<'_> = ("upstreams.primary", "http_version = \"2\"");
    holds_under(Fault::status(503), &[http2]).await;
    holds_under(Fault::Silent, &[("upstreams.primary", "http_version = \"2\"\nattempt_timeout = \"1s\"")])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_faults_at_once() {
    let faults =
        [Fault::status(500), Fault::Reset, Fault::Malformed { place: Place::Body }, Fault::WrongSchema];
    let rules = faults.into_iter().map(|fault| Rule::new(fault).share(0.2));
    let stage = Stage::set(Script::of(rules), &[PURSE]).await;
    let (outcomes, metrics, curtain) = load(stage).await;
    assert_truth(&outcomes, &metrics, &curtain);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_whose_time_is_over() {
    let script =
        Script::of([Rule::new(Fault::status(500)).first(1).per_text(), Rule::new(Fault::Silent).share(0.5)]);
    let soon: Section<'_> = ("profiles.entities", "timeout = \"1500ms\"");
    let stage = Stage::set(script, &[PURSE, soon]).await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..CALLS {
        let mut client = stage.gateway.client().await;
        let mut request = request(&format!("Ada Lovelace wrote note {n}."), LONG);
        request.metadata_mut().remove("grpc-timeout");
        // What can't be stored is not finished for nobody.
        request.get_mut().cache =
            Some(proto::CacheControl { mode: proto::CacheMode::NoStore.into(), max_age: None });
        calls.spawn(async move { client.extract(request).await });
    }
    let outcomes = calls.join_all().await;
    let late = outcomes.iter().filter(|outcome| info(outcome).verdict == "deadline_exceeded").count();
    assert!(late > 0 && late < CALLS, "{late} were late");
    let metrics = stage.metrics_at_rest(CALLS).await;
    assert_truth(&outcomes, &metrics, &stage.close().await);
}

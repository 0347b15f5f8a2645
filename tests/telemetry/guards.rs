//! Every start has exactly one end, whoever leaves when.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tidegate::{
    extraction::{AttemptKind, AttemptOutcome, Entry, ErrorType, ExtractError, HeadStatus, Phase, Usage},
    telemetry::{AttemptGuard, CallGuard, Event, Observer, RpcGuard},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::script::{METHOD, endpoint, facts, trail};

/// Notes what it is told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) {
        let note = match event {
            Event::RpcStarted { .. } => "rpc started".to_owned(),
            Event::RpcEnded { code, .. } => format!("rpc {code}"),
            Event::CallStarted { .. } => "call started".to_owned(),
            Event::CallEnded(call) => format!(
                "call {} {:?} {:?} {:?}",
                call.verdict,
                call.error_type.map(ErrorType::as_str),
                call.phase.map(Phase::as_str),
                call.overhead.map(|overhead| overhead.as_millis()),
            ),
            Event::AttemptStarted(_) => "attempt started".to_owned(),
            Event::AttemptEnded { outcome, .. } => format!("attempt {outcome}"),
            _ => return,
        };
        self.0.lock().unwrap().push(note);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_and_rpcs_end_once() {
    let notes = Arc::new(Notes::default());
    let observer = || Arc::clone(&notes) as Arc<dyn Observer>;
    let taken = || std::mem::take(&mut *notes.0.lock().unwrap());
    let endpoint = endpoint("primary");
    let facts = || facts(&Span::none(), &endpoint, 1, AttemptKind::Initial);

    let attempt = AttemptGuard::begin(observer(), facts(), HeadStatus::default());
    attempt.end(AttemptOutcome::Success, None, Some(200), Usage::default(), Duration::from_millis(70));
    drop(AttemptGuard::begin(observer(), facts(), HeadStatus::default()));
    assert_eq!(taken(), ["attempt started", "attempt success", "attempt started", "attempt cancelled"]);

    RpcGuard::begin(observer(), METHOD, Span::none()).end("OK");
    drop(RpcGuard::begin(observer(), METHOD, Span::none()));
    assert_eq!(taken(), ["rpc started", "rpc OK", "rpc started", "rpc CANCELLED"]);
}

#[tokio::test(start_paused = true)]
async fn calls_end_once_and_know_their_own_cost() {
    let notes = Arc::new(Notes::default());
    let cut = CancellationToken::new();
    let begin =
        || CallGuard::begin(Arc::clone(&notes) as Arc<dyn Observer>, Entry::Unary, Span::none(), cut.clone());

    let mut call = begin();
    call.accepted(&"entities".into());
    call.trail(&trail());
    tokio::time::advance(Duration::from_millis(300)).await;
    call.waited(Duration::from_millis(298));
    call.end(Ok(()));
    let mut call = begin();
    call.accepted(&"entities".into());
    drop(call);
    let mut late = begin();
    late.deadline(Instant::now());
    late.joined();
    drop(late);
    begin().end(Err(&ExtractError::DeadlineExceeded { phase: Phase::Backoff, last: Some(ErrorType::Reset) }));
    let running = begin();
    cut.cancel();
    drop(running);
    let expected = [
        "call started",
        "call ok None None Some(2)",
        "call started",
        "call cancelled None None None",
        "call deadline_exceeded None Some(\"joined\") None",
        "call deadline_exceeded Some(\"reset\") Some(\"backoff\") None",
        "call draining None None None",
    ];
    assert_eq!(*notes.0.lock().unwrap(), expected);
}

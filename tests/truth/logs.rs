//! The log: one JSON object per line, one line per thing that happened.

use serde_json::Value;
use tidegate::simulator::{
    Script,
    script::{Fault, Rule},
};

use crate::{
    stage::{Curtain, Outcome, Stage, count, info},
    support::{Metrics, PATIENCE},
};

const CALLS: usize = 24;

/// A load that has it all: recoveries, failures, retries made and withheld, and a request refused.
async fn load(level: &str) -> (Vec<Outcome>, Metrics, Curtain) {
    let script = Script::of([
        Rule::new(Fault::status(500)).first(1).per_text(),
        Rule::new(Fault::status(500)).matching("hopeless"),
    ]);
    let level = format!("log_level = \"{level}\"");
    let stage = Stage::set(script, &[("retry", "max_attempts = 3"), ("telemetry", &level)]).await;
    let texts = (0..CALLS - 1).map(|n| if n % 4 == 0 { format!("hopeless {n}") } else { format!("Ada {n}") });
    let outcomes = stage.calls(texts.chain([" ".to_owned()])).await;
    let metrics = stage.metrics_at_rest(CALLS).await;
    (outcomes, metrics, stage.close().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_one_object_with_the_same_first_things_to_know() {
    let (.., curtain) = load("trace").await;
    assert!(curtain.log.len() > CALLS);
    for line in &curtain.log {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = |key: &str| object[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
        assert!(text("timestamp").ends_with('Z') && text("timestamp").contains('T'), "{line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&text("level")), "{line}");
        assert!(text("event").starts_with("tidegate."), "{line}");
        assert!(!text("message").is_empty(), "{line}");
        let of_the_process = ["tidegate.server.", "tidegate.telemetry."];
        if of_the_process.iter().all(|prefix| !text("event").starts_with(prefix)) {
            assert!(text("trace_id").len() == 32 && text("span_id").len() == 16, "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_leaves_one_line_that_agrees_with_its_reply() {
    let (outcomes, metrics, curtain) = load("info").await;
    let finished = curtain.lines("tidegate.call.finished");
    assert_eq!(finished.len(), CALLS);
    assert!((metrics.sum("tidegate_calls_total", &[]) - count(finished.len())).abs() < 0.5);
    for outcome in &outcomes {
        let info = info(outcome);
        let lines: Vec<_> = finished.iter().filter(|line| line["trace_id"] == *info.trace_id).collect();
        let [line] = lines[..] else { panic!("{} has {} lines", info.trace_id, lines.len()) };
        assert_eq!(line["tidegate.call.verdict"], *info.verdict);
        assert_eq!(line["tidegate.call.attempts"], info.attempts.len());
        assert_eq!(line["tidegate.profile"], *info.profile);
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_agree_with_metrics_and_spans() {
    let (_, metrics, curtain) = load("debug").await;
    let agree = |event: &str, metric: &str, labels: &[(&str, &str)]| {
        let lines = curtain.lines(event).len();
        assert!(lines > 0, "{event} is never logged");
        assert!((metrics.sum(metric, labels) - count(lines)).abs() < 0.5, "{event}: {lines}\n{}", metrics.0);
    };
    agree("tidegate.attempt.failed", "tidegate_upstream_attempts_total", &[("outcome", "failure")]);
    agree("tidegate.attempt.finished", "tidegate_upstream_attempts_total", &[("outcome", "success")]);
    agree("tidegate.retry.scheduled", "tidegate_upstream_retries_total", &[]);
    agree("tidegate.retry.withheld", "tidegate_upstream_retries_withheld_total", &[]);
    agree("tidegate.rpc.finished", "rpc_server_call_duration_seconds_count", &[]);
    for line in curtain.lines("tidegate.attempt.failed") {
        let span = curtain.spans.iter().find(|span| span.id == line["span_id"].as_str().unwrap());
        let span = span.expect("the line names the attempt's span");
        assert_eq!(span.trace_id, line["trace_id"].as_str().unwrap());
        assert_eq!(span.attribute("tidegate.attempt.id"), line["tidegate.attempt.id"].as_str());
        assert_eq!(span.attribute("error.type"), line["error.type"].as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_is_no_error() {
    let stage = Stage::set(Script::of([Rule::new(Fault::status(500)).first(2)]), &[]).await;
    stage.call("Ada Lovelace.").await.unwrap();
    let curtain = stage.close().await;
    assert_eq!(curtain.lines("tidegate.attempt.failed").len(), 2, "the failures are on record");
    assert!(curtain.log.iter().all(|line| !line.contains("\"ERROR\"")), "{:#?}", curtain.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_life_is_told() {
    let stage = Stage::set(Script::default(), &[]).await;
    stage.call("Ada Lovelace.").await.unwrap();
    let curtain = tokio::time::timeout(PATIENCE, stage.close()).await.unwrap();
    for event in ["tidegate.server.started", "tidegate.server.draining", "tidegate.server.stopped"] {
        assert_eq!(curtain.lines(event).len(), 1, "{event}: {:#?}", curtain.log);
    }
    assert_eq!(curtain.lines("tidegate.server.stopped")[0]["cut"], 0);
}

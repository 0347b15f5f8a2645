//! What is logged.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use http::HeaderMap;
use tidegate::telemetry::{LogLevel, Telemetry, TelemetrySettings};

use crate::script::{TRACE, caller_headers, configured, late_call, mended_call, settings};

/// Keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Every line, parsed.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn lines_are_flat_and_name_their_trace() {
    let lines = Lines::default();
    let telemetry = Telemetry::start_with(&settings(None), &configured(), lines.clone()).unwrap();
    mended_call(&telemetry, &caller_headers(false));
    late_call(&telemetry);
    telemetry.shutdown().await;
    let lines = lines.json();
    let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    let expected = [
        "tidegate.attempt.failed",
        "tidegate.retry.scheduled",
        "tidegate.call.finished",
        "tidegate.attempt.failed",
        "tidegate.retry.withheld",
        "tidegate.repair.withheld",
        "tidegate.call.finished",
    ];
    assert_eq!(events, expected);
    let call = &lines[2];
    assert_eq!(call["trace_id"], TRACE);
    assert_eq!(call["span_id"].as_str().unwrap().len(), 16);
    assert_eq!(call["level"], "INFO");
    assert_eq!(call["tidegate.call.verdict"], "ok");
    assert_eq!(call["tidegate.call.retries"], 1);
    assert_eq!(call["tidegate.call.joined"], false);
    assert_eq!(call["tidegate.cache.result"], "miss");
    assert!(call.get("error.type").is_none());
    assert_eq!(lines[6]["error.type"], "connect");
    assert!(lines.iter().all(|line| line["tidegate.tenant"] == "editorial"), "{lines:#?}");
    let values = lines.iter().flat_map(|line| line.as_object().unwrap().values());
    assert!(values.into_iter().all(|value| !value.is_object() && !value.is_array()));
}

#[tokio::test]
async fn foreign_crates_are_heard_from_warnings_on() {
    let lines = Lines::default();
    let settings = TelemetrySettings { log_level: LogLevel::Trace, ..settings(None) };
    let telemetry = Telemetry::start_with(&settings, &configured(), lines.clone()).unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        tracing::trace!(target: "h2::client", "headers and secrets");
        tracing::info!(target: "tidegate_lookalike", "not ours");
        tracing::warn!(target: "h2::client", "something is odd");
        tracing::trace!(target: "tidegate::cache", "ours");
    });
    telemetry.shutdown().await;
    let messages: Vec<_> = lines.json().iter().map(|line| line["message"].to_string()).collect();
    assert_eq!(messages, ["\"something is odd\"", "\"ours\""]);
}

#[tokio::test]
async fn levels_silence_lines() {
    let lines = Lines::default();
    let settings = TelemetrySettings { log_level: LogLevel::Error, ..settings(None) };
    let telemetry = Telemetry::start_with(&settings, &configured(), lines.clone()).unwrap();
    mended_call(&telemetry, &HeaderMap::new());
    telemetry.shutdown().await;
    assert!(lines.json().is_empty());
}

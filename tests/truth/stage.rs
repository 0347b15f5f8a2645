//! A gateway between a scripted AI API and a collector.

use std::{collections::BTreeMap, process::ExitStatus, time::Duration};

use serde_json::Value;
use tidegate::{
    proto,
    simulator::{Arrival, Script, Simulator},
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet, time::timeout};
use tonic::{Request, Response, Status};

use crate::{
    sink::{Sink, Span, Taken},
    support::{Gateway, Metrics, PATIENCE, info_of, request, simulator},
};

/// Longer than any call of these tests takes.
pub const LONG: Duration = Duration::from_secs(25);

/// Lines for one section of the configuration: its name and its keys.
pub type Section<'a> = (&'a str, &'a str);

/// What came of a call.
pub type Outcome = Result<Response<proto::ExtractResponse>, Status>;

/// All three, and those who call.
pub struct Stage {
    pub gateway: Gateway,
    pub simulator: Simulator,
    pub sink: Sink,
}

/// What is left when the gateway has ended.
pub struct Curtain {
    pub status: ExitStatus,
    pub spans: Vec<Span>,
    pub taken: Taken,
    pub log: Vec<String>,
    pub arrivals: Vec<Arrival>,
}

impl Stage {
    /// A gateway that exports everything, before an AI API that does as `script` says.
    pub async fn set(script: Script, sections: &[Section<'_>]) -> Self {
        let simulator = simulator(script).await;
        let base_url = simulator.base_url();
        Self::set_with(simulator, &base_url, sections, &[]).await
    }

    /// The same, but the gateway asks `base_url` and has these environment variables.
    pub async fn set_with(
        simulator: Simulator,
        base_url: &str,
        sections: &[Section<'_>],
        variables: &[(&str, &str)],
    ) -> Self {
        let sink = Sink::start().await;
        let export = format!("otlp_endpoint = \"{}\"", sink.endpoint());
        let config = config(base_url, &[&[("telemetry", export.as_str())], sections].concat());
        Self { gateway: Gateway::start_with(&config, variables).await, simulator, sink }
    }

    /// Makes one call for the default profile.
    pub async fn call(&self, text: &str) -> Outcome {
        self.call_with(request(text, LONG)).await
    }

    /// Makes this call.
    pub async fn call_with(&self, request: Request<proto::ExtractRequest>) -> Outcome {
        self.gateway.client().await.extract(request).await
    }

    /// Makes one call for each text, all at once, on one connection.
    pub async fn calls(&self, texts: impl IntoIterator<Item = String>) -> Vec<Outcome> {
        let client = self.gateway.client().await;
        let mut calls = JoinSet::new();
        for text in texts {
            let mut client = client.clone();
            calls.spawn(async move { client.extract(request(&text, LONG)).await });
        }
        timeout(PATIENCE, calls.join_all()).await.expect("every call must end")
    }

    /// The arrivals, once they satisfy `condition`.
    pub async fn arrivals_when(&self, condition: impl FnMut(&[Arrival]) -> bool) -> Vec<Arrival> {
        timeout(PATIENCE, self.simulator.log_when(condition)).await.expect("what must arrive")
    }

    /// The metrics, once nothing is under way and `rpcs` gRPC requests have ended.
    pub async fn metrics_at_rest(&self, rpcs: usize) -> Metrics {
        let rpcs = count(rpcs);
        self.gateway
            .metrics_when(|metrics| {
                metrics.sum("rpc_server_call_duration_seconds_count", &[]) >= rpcs
                    && metrics.sum("tidegate_server_active_calls", &[]) <= 0.0
                    && metrics.sum("tidegate_upstream_inflight", &[]) <= 0.0
                    && metrics.sum("tidegate_flights_active", &[]) <= 0.0
            })
            .await
    }

    /// Waits until the log names this event.
    pub async fn logged(&self, event: &str) {
        let line = async {
            while lines(&self.gateway.log(), event).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, line).await.expect("what must be logged");
    }

    /// Ends the gateway in an orderly way, so that everything is exported and logged.
    pub async fn close(self) -> Curtain {
        self.gateway.terminate();
        self.closed().await
    }

    /// Waits for a gateway that was told to end.
    pub async fn closed(self) -> Curtain {
        let (status, log) = self.gateway.ended().await;
        let taken = self.sink.taken();
        Curtain { status, spans: taken.spans(), taken, log, arrivals: self.simulator.log() }
    }
}

impl Curtain {
    /// The lines of the log that name this event.
    pub fn lines(&self, event: &str) -> Vec<Value> {
        lines(&self.log, event)
    }
}

/// The lines that name this event.
pub fn lines(log: &[String], event: &str) -> Vec<Value> {
    let lines = log.iter().map(|line| serde_json::from_str::<Value>(line).expect(line));
    lines.filter(|line| line["event"] == event).collect()
}

/// How a call came about, whatever came of it.
pub fn info(outcome: &Outcome) -> proto::ExtractionInfo {
    match outcome {
        Ok(response) => response.get_ref().info.clone().expect("every answer tells how it came about"),
        Err(status) => info_of(status),
    }
}

/// A number of things, as metrics tell it.
pub fn count(things: usize) -> f64 {
    u32::try_from(things).unwrap().into()
}

/// The configuration of a gateway whose only upstream is `base_url`, and whose waits are short.
pub fn config(base_url: &str, sections: &[Section<'_>]) -> String {
    let upstream = format!("dialect = \"openai\"\nbase_url = \"{base_url}\"\nmodel = \"simulated\"");
    let standard = [
        ("server", "listen = \"127.0.0.1:0\""),
        ("admin", "listen = \"127.0.0.1:0\""),
        ("upstreams.primary", upstream.as_str()),
        ("telemetry", "log_format = \"json\""),
        ("retry", "backoff_base = \"1ms\"\nthrottle_base = \"1ms\"\nbackoff_max = \"2ms\""),
    ];
    let mut all: BTreeMap<&str, String> = BTreeMap::new();
    for (name, lines) in standard.iter().chain(sections) {
        let section = all.entry(name).or_default();
        section.push_str(lines);
        section.push('\n');
    }
    all.iter().fold(String::new(), |config, (name, lines)| format!("{config}[{name}]\n{lines}"))
}

/// Keeps the only place of an AI API with `capacity(1, Over::Queue)` taken until it is dropped. Its text is
/// [`BLOCKER`], which a rule must leave unanswered.
pub struct Blocker(#[expect(dead_code, reason = "closed when dropped")] TcpStream);

/// The text of a [`Blocker`].
pub const BLOCKER: &str = "Blocker";

impl Blocker {
    pub async fn take_the_place(stage: &Stage) -> Self {
        let mut stream = TcpStream::connect(stage.simulator.addr()).await.unwrap();
        let message = serde_json::json!({ "role": "user", "content": BLOCKER });
        let body = serde_json::json!({ "model": "simulated", "messages": [message] }).to_string();
        let length = body.len();
        let head =
            format!("POST /v1/chat/completions HTTP/1.1\r\nhost: api\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        stage.arrivals_when(|arrivals| arrivals.iter().any(|arrival| arrival.fault == Some("silent"))).await;
        Self(stream)
    }
}

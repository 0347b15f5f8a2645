//! A collector that is down costs no call anything, and what it missed is counted.

use std::{collections::BTreeSet, net::SocketAddr, process::ExitStatus};

use serde_json::Value;
use tidegate::simulator::{Script, Simulator};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};

use crate::{
    stage::{LONG, config, count, lines},
    support::{Gateway, PATIENCE, request, simulator},
};

const CALLS: usize = 20;

/// Of a call that is answered by the first attempt: the request, the flight, the attempt.
const SPANS_OF_A_CALL: u64 = 3;

/// A gateway that exports every few milliseconds to `collector`, where each export may take this long.
async fn gateway(collector: SocketAddr, otlp_timeout: &str) -> (Gateway, Simulator) {
    let simulator = simulator(Script::default()).await;
    let telemetry = [
        format!("otlp_endpoint = \"http://{collector}\""),
        format!("otlp_timeout = \"{otlp_timeout}\""),
        "otlp_metrics_interval = \"20ms\"".to_owned(),
    ]
    .join("\n");
    let config = config(&simulator.base_url(), &[("telemetry", &telemetry)]);
    (Gateway::start(&config).await, simulator)
}

/// Calls go well, losses are counted, and the process ends as it should.
async fn costs_nothing(gateway: Gateway) -> (ExitStatus, Vec<String>) {
    let mut client = gateway.client().await;
    for n in 0..CALLS {
        let reply = client.extract(request(&format!("Ada Lovelace wrote note {n}."), LONG)).await;
        assert_eq!(reply.unwrap().into_inner().info.unwrap().verdict, "ok");
    }
    let metrics = gateway
        .metrics_when(|metrics| {
            let dropped = |signal| metrics.sum("tidegate_telemetry_dropped_total", &[("signal", signal)]);
            dropped("metrics") >= 1.0 && dropped("spans") >= 1.0
        })
        .await;
    assert!((metrics.sum("tidegate_calls_total", &[("verdict", "ok")]) - count(CALLS)).abs() < 0.5);
    client.extract(request("And one more, after the losses.", LONG)).await.unwrap();
    gateway.terminate();
    gateway.ended().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (gateway, _simulator) = gateway(gone, "100ms").await;
    let (status, log) = costs_nothing(gateway).await;
    assert!(status.success(), "{status}: {log:#?}");
    assert_losses_are_logged(&log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers() {
    let (collector, _deaf) = deaf().await;
    let (gateway, _simulator) = gateway(collector, "100ms").await;
    let (status, log) = costs_nothing(gateway).await;
    assert!(status.success(), "{status}: {log:#?}");
    assert_losses_are_logged(&log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_up_neither_calls_nor_the_end() {
    let (collector, _deaf) = deaf().await;
    // Nothing that is exported comes to an end while this test lasts, well or not.
    let (gateway, _simulator) = gateway(collector, "1m").await;
    let client = gateway.client().await;
    let mut calls = JoinSet::new();
    for n in 0..CALLS {
        let mut client = client.clone();
        calls.spawn(async move { client.extract(request(&format!("Ada Lovelace, {n}."), LONG)).await });
    }
    let answers = timeout(PATIENCE, calls.join_all()).await.expect("every call must end");
    assert!(answers.iter().all(Result::is_ok), "{answers:#?}");
    gateway.terminate();
    // Within the patience of these tests, which is less than one export may take.
    let (status, log) = gateway.ended().await;
    assert!(status.success(), "{status}: {log:#?}");
    assert_eq!(lines(&log, "tidegate.server.stopped").len(), 1, "{log:#?}");
    assert_eq!(
        dropped(&log, "spans"),
        SPANS_OF_A_CALL * CALLS as u64,
        "what is lost at the end is told: {log:#?}"
    );
}

/// Accepts connections and never says a word.
async fn deaf() -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut deaf = JoinSet::new();
    deaf.spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    (addr, deaf)
}

/// Each signal's losses are an error, once a minute at most for each cause and once more at the end. All spans are told.
fn assert_losses_are_logged(log: &[String]) {
    let failed = lines(log, "tidegate.telemetry.export_failed");
    assert!(failed.iter().all(|line| line["level"] == "ERROR"));
    assert!(dropped(log, "metrics") > 0, "{failed:#?}");
    assert_eq!(dropped(log, "spans"), SPANS_OF_A_CALL * (CALLS as u64 + 1), "{failed:#?}");
    let stopped = log.iter().position(|line| line.contains("tidegate.server.stopped")).unwrap();
    let failed = lines(&log[..stopped], "tidegate.telemetry.export_failed");
    let causes: BTreeSet<_> =
        failed.iter().map(|line| (&line["signal"], &line["cause"])).map(named).collect();
    assert_eq!(causes.len(), failed.len(), "one line of each: {failed:#?}");
}

fn named((signal, cause): (&Value, &Value)) -> String {
    format!("{signal} {cause}")
}

/// How much of a signal was dropped, by all lines of the log together.
fn dropped(log: &[String], signal: &str) -> u64 {
    let failed = lines(log, "tidegate.telemetry.export_failed");
    let of_it = failed.iter().filter(|line| line["signal"] == signal);
    of_it.map(|line| line["dropped"].as_u64().unwrap()).sum()
}

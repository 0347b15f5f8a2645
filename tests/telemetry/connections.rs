//! What is made of connections and requests that never became a call.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tidegate::telemetry::{ConnectionGuard, Event, Observer, Telemetry, event::Refusal};

use crate::{
    lines::Lines,
    page::value,
    script::{METHOD, TRACE, caller_headers, configured, quiet, settings},
};

const REFUSED: &str = "tidegate_server_connections_refused_total";

fn connect(telemetry: &Telemetry) -> ConnectionGuard {
    ConnectionGuard::begin(telemetry.observer(), "192.0.2.7:40000".parse().unwrap())
}

fn late_request(telemetry: &Telemetry, headers: &HeaderMap) {
    let span = telemetry.spans().server(METHOD, headers);
    let limit = Duration::from_secs(30);
    telemetry.observer().observe(&Event::RequestLate { method: METHOD, limit, span: &span });
}

fn full(observer: &Arc<dyn Observer>) {
    observer.observe(&Event::ConnectionsFull { limit: 10_000 });
}

#[test]
fn connections_are_counted_while_they_are_open() {
    let telemetry = quiet();
    let open = || value(&telemetry.page().render(), "tidegate_server_connections", &[]);
    assert_eq!(open(), Some(0.0));
    let (one, two) = (connect(&telemetry), connect(&telemetry));
    assert_eq!(open(), Some(2.0));
    drop(one);
    assert_eq!(open(), Some(1.0));
    two.refuse(Refusal::Silent);
    assert_eq!(open(), Some(0.0));
}

#[test]
fn refusals_are_counted_by_reason_from_zero_on() {
    let telemetry = quiet();
    let count = |reason: &str| value(&telemetry.page().render(), REFUSED, &[("reason", reason)]);
    for reason in Refusal::ALL {
        assert_eq!(count(reason.as_str()), Some(0.0), "{reason}");
    }
    for reason in Refusal::ALL {
        connect(&telemetry).refuse(*reason);
        assert_eq!(count(reason.as_str()), Some(1.0), "{reason}");
    }
    drop(connect(&telemetry));
    let page = telemetry.page().render();
    for reason in Refusal::ALL {
        assert_eq!(value(&page, REFUSED, &[("reason", reason.as_str())]), Some(1.0), "{reason}");
    }
}

#[test]
fn a_full_house_and_late_requests_are_counted() {
    let telemetry = quiet();
    let names = ["tidegate_server_connections_full_total", "tidegate_server_requests_late_total"];
    let counts = || names.map(|name| value(&telemetry.page().render(), name, &[]));
    assert_eq!(counts(), [Some(0.0), Some(0.0)]);
    full(&telemetry.observer());
    late_request(&telemetry, &HeaderMap::new());
    late_request(&telemetry, &HeaderMap::new());
    assert_eq!(counts(), [Some(1.0), Some(2.0)]);
}

#[tokio::test]
async fn each_has_its_line() {
    let lines = Lines::default();
    let telemetry = Telemetry::start_with(&settings(None), &configured(), lines.clone()).unwrap();
    connect(&telemetry).refuse(Refusal::TlsPlaintext);
    telemetry.observer().observe(&Event::ConnectionRefused { peer: None, reason: Refusal::OutOfFiles });
    full(&telemetry.observer());
    late_request(&telemetry, &caller_headers(true));
    telemetry.shutdown().await;
    let lines = lines.json();
    assert!(lines.iter().all(|line| line["level"] == "WARN" && line["left_out"] == 0), "{lines:#?}");
    let [refused, nobody, full, late] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((&refused["event"], &refused["reason"]), (&nobody["event"], &"tls_plaintext".into()));
    assert_eq!(refused["event"], "tidegate.connection.refused");
    assert_eq!(refused["network.peer.address"], "192.0.2.7");
    assert_eq!(refused["network.peer.port"], 40_000);
    assert_eq!((&nobody["reason"], nobody.get("network.peer.address")), (&"out_of_files".into(), None));
    assert_eq!((&full["event"], &full["limit"]), (&"tidegate.connections.full".into(), &10_000.into()));
    assert_eq!((&late["event"], &late["rpc.method"]), (&"tidegate.request.late".into(), &METHOD.into()));
    assert_eq!((&late["trace_id"], &late["limit_ms"]), (&TRACE.into(), &30_000.0.into()));
}

#[tokio::test(start_paused = true)]
async fn a_scan_does_not_fill_the_log() {
    let lines = Lines::default();
    let telemetry = Telemetry::start_with(&settings(None), &configured(), lines.clone()).unwrap();
    let scan = |times: usize| (0..times).for_each(|_| connect(&telemetry).refuse(Refusal::NotHttp2));
    scan(1000);
    connect(&telemetry).refuse(Refusal::Silent);
    tokio::time::advance(Duration::from_mins(1)).await;
    scan(1);
    let counted = value(&telemetry.page().render(), REFUSED, &[("reason", "not_http2")]);
    telemetry.shutdown().await;
    let lines = lines.json();
    assert_eq!((lines.len(), counted), (12, Some(1001.0)));
    assert_eq!((&lines[10]["reason"], &lines[10]["left_out"]), (&"silent".into(), &0.into()));
    assert_eq!((&lines[11]["reason"], &lines[11]["left_out"]), (&"not_http2".into(), &990.into()));
}

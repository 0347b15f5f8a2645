//! How a gateway starts, tells of itself and ends.

use std::time::Duration;

use tidegate::{proto::CacheMode, simulator::script::Fault};
use tokio::task::JoinSet;
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    gate::Gate,
    stage::{Reply, Setup, Stage, TEXT, always, cached, message, request},
    support::{Gateway, PATIENCE, reason_of},
};

/// Waits until the gateway says that it takes no calls any more.
async fn draining(gateway: &Gateway) {
    let unready = async {
        while gateway.admin_get("/readyz").await.0 != 503 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, unready).await.expect("it must say that it takes no calls");
}

/// The fields of the last log line about this event.
fn logged(log: &[String], event: &str) -> serde_json::Value {
    let name = format!("\"{event}\"");
    let line =
        log.iter().rfind(|line| line.contains(&name)).unwrap_or_else(|| panic!("no {event} in {log:#?}"));
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn the_admin_pages_are_there() {
    let stage = Stage::healthy().await;
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/no-such", 404)] {
        assert_eq!(stage.gateway.admin_get(path).await.0, status, "{path}");
    }
    let page = stage.gateway.metrics().await.0;
    for family in ["tidegate_build_info", "tidegate_calls_total", "tidegate_upstream_attempts_total"] {
        assert!(page.contains(&format!("# TYPE {family} ")), "{family} is there from the start");
    }
}

#[tokio::test]
async fn a_running_call_gets_its_answer_and_new_ones_are_refused() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut running = JoinSet::new();
    stage.send_aside(&mut running, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;

    stage.gateway.terminate();
    draining(&stage.gateway).await;
    assert_eq!(stage.gateway.admin_get("/healthz").await.0, 200, "it lives on");
    stage.extract("Grace Hopper").await.expect_err("new calls are refused");
    assert_eq!(stage.sent(), 1);

    gate.open();
    running.join_next().await.unwrap().unwrap().expect("what runs is not cut");
    let (status, log) = stage.gateway.ended().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(logged(&log, "tidegate.server.stopped")["cut"], 0);
}

#[tokio::test]
async fn nobody_is_left_waiting_at_the_door_of_a_gateway_that_shuts_down() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut running = JoinSet::new();
    stage.send_aside(&mut running, request(message(TEXT), Duration::from_mins(5)));
    stage.arrivals_when(|log| log.len() == 1).await;
    stage.gateway.terminate();
    draining(&stage.gateway).await;

    let late = async {
        let channel =
            Endpoint::from_shared(format!("http://{}", stage.gateway.grpc)).unwrap().connect().await;
        let Ok(channel) = channel else { return };
        let mut client = tidegate::proto::extraction_service_client::ExtractionServiceClient::new(channel);
        let status = client.extract(message("Grace Hopper")).await.unwrap_err();
        // UNKNOWN is tonic's word for a connection that the system resets: it was never taken in.
        assert!(matches!(status.code(), Code::Unavailable | Code::Unknown), "{status:?}");
    };
    tokio::time::timeout(PATIENCE, late).await.expect("a new caller must be turned away, not kept waiting");
    gate.open();
    running.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn those_who_watch_its_health_hear_of_the_end_and_do_not_delay_it() {
    let stage = Setup { server: r#"drain_timeout = "5m""#, ..Setup::default() }.start().await;
    let channel =
        Endpoint::from_shared(format!("http://{}", stage.gateway.grpc)).unwrap().connect().await.unwrap();
    let watched = HealthClient::new(channel).watch(HealthCheckRequest::default()).await;
    let mut watch = watched.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    stage.gateway.terminate();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let (status, _) = stage.gateway.ended().await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_end() {
    let stage = Setup { server: r#"drain_timeout = "5m""#, ..Setup::default() }.start().await;
    stage.extract(TEXT).await.unwrap();
    let _other = stage.gateway.client().await;
    stage.gateway.terminate();
    let (status, log) = stage.gateway.ended().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(logged(&log, "tidegate.server.stopped")["cut"], 0);
}

/// A call that is never answered, by a gateway with these settings of its server, about to end.
async fn ending(server: &'static str) -> (Stage, JoinSet<Reply>) {
    let stage = Setup { server, script: always(Fault::Silent), ..Setup::default() }.start().await;
    let mut silent = JoinSet::new();
    stage.send_aside(&mut silent, request(cached(TEXT, CacheMode::NoStore), Duration::from_mins(5)));
    stage.arrivals_when(|log| log.len() == 1).await;
    stage.gateway.terminate();
    (stage, silent)
}

#[tokio::test]
async fn the_drain_has_a_limit() {
    let (stage, mut silent) = ending(r#"drain_timeout = "200ms""#).await;
    let (status, log) = stage.gateway.ended().await;
    assert_eq!(status.code(), Some(0));
    let cut = silent.join_next().await.unwrap().unwrap().expect_err("it was cut");
    assert_eq!((cut.code(), reason_of(&cut).as_str()), (Code::Unavailable, "GATEWAY_DRAINING"));
    assert_eq!(logged(&log, "tidegate.server.stopped")["cut"], 1);
    assert_eq!(logged(&log, "tidegate.call.finished")["tidegate.call.verdict"], "draining");
    let at = |event: &str| log.iter().position(|line| line.contains(event)).unwrap();
    assert!(at("tidegate.call.finished") < at("tidegate.server.stopped"), "its end is told: {log:#?}");
}

#[tokio::test]
async fn silent_connections_do_not_hold_up_the_end() {
    let stage = Setup { server: r#"drain_timeout = "5m""#, ..Setup::default() }.start().await;
    let silent = tokio::net::TcpStream::connect(stage.gateway.grpc).await.unwrap();
    stage.gateway.terminate();
    let (status, log) = stage.gateway.ended().await;
    assert_eq!((status.code(), &logged(&log, "tidegate.server.stopped")["cut"]), (Some(0), &0.into()));
    drop(silent);
}

#[tokio::test]
async fn a_second_signal_ends_the_drain() {
    let (stage, mut silent) = ending(r#"drain_timeout = "5m""#).await;
    draining(&stage.gateway).await;
    stage.gateway.terminate();
    let (status, log) = stage.gateway.ended().await;
    assert_eq!(status.code(), Some(1), "{log:#?}");
    silent.join_next().await.unwrap().unwrap().expect_err("it was cut");
}

#[tokio::test]
async fn what_was_asked_for_by_many_is_answered_before_the_end() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut running = JoinSet::new();
    for number in 0..20 {
        stage.send_aside(&mut running, request(message(&format!("{TEXT} {number}")), PATIENCE));
    }
    stage.arrivals_when(|log| log.len() == 20).await;
    stage.gateway.terminate();
    draining(&stage.gateway).await;
    gate.open();
    assert!(running.join_all().await.iter().all(Result::is_ok));
    let (status, log) = stage.gateway.ended().await;
    assert_eq!((status.code(), &logged(&log, "tidegate.server.stopped")["cut"]), (Some(0), &0.into()));
}

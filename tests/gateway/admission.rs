//! The door: how many calls run at once.

use tidegate::{proto::CacheMode, simulator::script::Fault};
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    gate::Gate,
    stage::{Setup, TEXT, always, cached, code_and_reason, is, message, ms, request, retry_info},
    support::{PATIENCE, info_of, pushback_of},
};

#[tokio::test]
async fn a_call_too_many_is_refused_at_once_and_told_when_to_call_again() {
    let stage = Setup { server: "max_in_flight = 1", ..Gate::setup([]) }.start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut first = JoinSet::new();
    stage.send_aside(&mut first, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;

    let status = stage.extract("Grace Hopper").await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::ResourceExhausted, "GATEWAY_SATURATED".to_owned()));
    assert!(pushback_of(&status) > 0);
    assert_eq!(u128::try_from(pushback_of(&status)).unwrap(), retry_info(&status).unwrap().as_millis());
    assert_eq!(info_of(&status).verdict, "saturated");
    let hurried = stage.send(request(message("Grace Hopper"), ms(900))).await.unwrap_err();
    assert_eq!((pushback_of(&hurried), retry_info(&hurried)), (-1, retry_info(&status)));
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "saturated")]), 2.0));
    assert_eq!(stage.sent(), 1);

    gate.open();
    assert!(first.join_next().await.unwrap().unwrap().is_ok());
    stage.extract("Grace Hopper").await.expect("there is a place again");
}

#[tokio::test]
async fn a_caller_that_leaves_makes_room() {
    let stage = Setup { server: "max_in_flight = 1", script: always(Fault::Silent), ..Setup::default() }
        .start()
        .await;
    let mut first = JoinSet::new();
    stage.send_aside(&mut first, request(cached(TEXT, CacheMode::NoStore), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    first.shutdown().await;
    stage.metrics_at("tidegate_calls_total", &[("verdict", "cancelled")], 1.0).await;
    stage.simulator.set_script(always(Fault::Slow));
    stage.extract(TEXT).await.expect("there is a place again");
}

#[tokio::test]
async fn load_leaves_nothing_behind() {
    let stage = Setup::default().start().await;
    let calls = (0..200).map(|number| {
        let (stage, text) = (&stage, format!("{TEXT} {}", number % 50));
        async move { stage.extract(&text).await }
    });
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    let metrics = stage.metrics_at("tidegate_server_active_calls", &[], 0.0).await;
    assert!(is(metrics.sum("tidegate_upstream_inflight", &[]), 0.0));
    assert!(is(metrics.sum("tidegate_flights_active", &[]), 0.0));
    assert!(is(metrics.sum("tidegate_calls_total", &[]), 200.0));
    assert!(is(metrics.sum("tidegate_cache_requests_total", &[]), 200.0));
    let attempts = metrics.sum("tidegate_upstream_attempts_total", &[]);
    assert!(is(attempts, u32::try_from(stage.sent()).unwrap().into()), "{attempts}");
}

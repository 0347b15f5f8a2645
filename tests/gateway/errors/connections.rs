//! Connections that do not come about, or break.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tidegate::simulator::{
    Script,
    script::{Fault, Rule},
};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::Code;

use super::{provoke, provoke_on};
use crate::{
    stage::{Setup, Stage, always},
    support::{self, Gateway},
};

/// A stage whose gateway asks `base_url`, whatever that is; its simulator must never be reached.
async fn asking(base_url: &str, upstream: &'static str) -> Stage {
    let gateway = Gateway::start(&Setup { upstream, ..Setup::default() }.config(base_url)).await;
    let client = gateway.client().await;
    Stage { simulator: support::simulator(Script::default()).await, gateway, client }
}

/// Listens where nobody else does.
async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

#[tokio::test]
async fn a_reset_is_retried() {
    for fault in [Fault::Reset, Fault::Close] {
        let failure = provoke(fault).await;
        failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("reset", "upstream_failed");
        failure.with_http_status(None).was_retried().names_no_time();
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_retried() {
    let failure = provoke(Fault::Cut).await;
    failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("reset", "upstream_failed");
    failure.with_http_status(Some(200)).was_retried().names_no_time();
}

#[tokio::test]
async fn a_refused_connection_is_retried() {
    let (listener, addr) = listener().await;
    drop(listener);
    let failure = provoke_on(asking(&format!("http://{addr}/v1"), "").await).await;
    failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("connect", "upstream_failed");
    failure.with_http_status(None).made(&["initial", "retry", "retry", "retry"]).withheld("max_attempts");
    failure.names_no_time();
}

#[tokio::test]
async fn a_host_without_an_address_is_retried() {
    let failure = provoke_on(asking("http://nowhere.invalid/v1", "").await).await;
    failure.says(Code::Unavailable, "UPSTREAM_UNREACHABLE").counts_as("connect", "upstream_failed");
    failure.with_http_status(None).made(&["initial", "retry", "retry", "retry"]).names_no_time();
}

#[tokio::test]
async fn an_api_that_does_not_answer_in_time_is_retried() {
    let clocks = [
        (Fault::Silent, r#"attempt_timeout = "300ms""#),
        (Fault::Silent, r#"first_byte_timeout = "300ms""#),
        (Fault::Stall, r#"idle_timeout = "300ms""#),
        (Fault::Drip { bytes: 1, every: Duration::from_millis(50) }, r#"attempt_timeout = "300ms""#),
    ];
    for (fault, upstream) in clocks {
        let stage = Setup { script: always(fault), upstream, ..Setup::default() }.start().await;
        let failure = provoke_on(stage).await;
        failure.says(Code::Unavailable, "UPSTREAM_TIMEOUT").counts_as("timeout", "upstream_failed");
        failure.was_retried().names_no_time();
    }
}

#[tokio::test]
async fn every_attempt_that_timed_out_is_closed_upstream() {
    let upstream = r#"attempt_timeout = "300ms""#;
    let failure =
        provoke_on(Setup { script: always(Fault::Silent), upstream, ..Setup::default() }.start().await).await;
    let arrivals =
        failure.stage.arrivals_when(|log| log.iter().filter(|arrival| arrival.client_gone).count() == 4);
    assert_eq!(arrivals.await.len(), 4);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_the_operators_to_look_at() {
    let (listener, addr) = listener().await;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let ring = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let tls = tokio_rustls::rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let failure = provoke_on(asking(&format!("https://{addr}/v1"), "").await).await;
    failure.says(Code::Internal, "UPSTREAM_TLS_INVALID").counts_as("tls", "upstream_failed");
    failure.with_http_status(None).made(&["initial"]).names_no_time();
}

#[tokio::test]
async fn a_request_that_the_peer_did_not_look_at_is_sent_again_at_once() {
    let (listener, addr) = listener().await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut answer))) = connection.accept().await {
                answer.send_reset(h2::Reason::REFUSED_STREAM);
            }
        }
    });
    let failure = provoke_on(asking(&format!("http://{addr}/v1"), r#"http_version = "2""#).await).await;
    failure
        .says(Code::Unavailable, "UPSTREAM_UNREACHABLE")
        .counts_as("refused_by_protocol", "upstream_failed");
    failure.made(&["initial", "transparent", "retry", "retry"]).withheld("max_attempts").names_no_time();
}

#[tokio::test]
async fn what_went_wrong_before_does_not_spoil_a_later_answer() {
    let script = Script::of([
        Rule::new(Fault::Reset).first(1),
        Rule::new(Fault::status(500)).first(1),
        Rule::new(Fault::Cut).first(1),
    ]);
    let stage = Stage::scripted(script).await;
    let answer = stage.extract(crate::stage::TEXT).await.unwrap();
    let trail = &crate::stage::info(&answer).attempts;
    let errors: Vec<_> = trail.iter().map(|attempt| attempt.error_type.as_str()).collect();
    assert_eq!(errors, ["reset", "server_error", "reset", ""]);
    assert_eq!(trail[3].outcome, "success");
    assert_eq!(stage.sent(), 4);
}

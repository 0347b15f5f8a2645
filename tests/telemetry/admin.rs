//! The admin server over a socket.

use std::{io, net::SocketAddr, time::Duration};

use tidegate::{
    admin::{self, AdminState, CALLS_RENDERS_MAX, CONNECTIONS_MAX},
    extraction::Entry,
    telemetry::{CallGuard, Configured, Telemetry},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::script::{configured, quiet, settings};

/// Calls whose answer no socket's buffer takes whole.
const CALLS: usize = 10_000;

async fn get(address: SocketAddr, path: &str) -> String {
    get_as(address, path, "*/*").await
}

async fn get_as(address: SocketAddr, path: &str, accept: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Asks on a connection that is to stay open.
async fn ask(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// A connection that was accepted and served, stays open and has nothing more to ask.
async fn idle(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream).await.unwrap();
    stream
}

fn shown(telemetry: &Telemetry, ready: watch::Receiver<bool>) -> AdminState {
    AdminState { metrics: telemetry.page(), recorder: telemetry.recorder(), ready, local_names_only: true }
}

#[tokio::test]
async fn tells_health_and_metrics_and_ends_with_idle_connections() {
    let telemetry = quiet();
    let (readiness, ready) = watch::channel(false);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = admin::serve(listener, shown(&telemetry, ready), shutdown.clone());
    let client = async {
        assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 503"));
        readiness.send(true).unwrap();
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        let page = get(address, "/metrics").await;
        assert!(page.contains("content-type: text/plain; version=0.0.4"), "{page}");
        assert!(page.contains("vary: accept"), "{page}");
        assert!(page.contains("tidegate_build_info{version=") && !page.contains("# EOF"));
        let page = get_as(address, "/metrics", "application/openmetrics-text;version=1.0.0,*/*;q=0.1").await;
        assert!(page.contains("content-type: application/openmetrics-text; version=1.0.0"), "{page}");
        assert!(page.contains("vary: accept") && page.ends_with("# EOF\n"), "{page}");
        assert!(get(address, "/").await.contains("/metrics"));
        assert!(get(address, "/config").await.starts_with("HTTP/1.1 404"));
        let idle = idle(address).await;
        shutdown.cancel();
        idle
    };
    let both = async { tokio::join!(server, client) };
    tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the listener is gone");
}

/// Asks for all calls that are kept, and reads no more than the beginning.
async fn lazy(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let question = format!("GET /api/calls?limit={CALLS} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn who_does_not_read_delays_no_scrape_and_leaves_a_free_place_when_he_goes() {
    let configured = Configured { calls_kept: CALLS, ..configured() };
    let telemetry = Telemetry::start_with(&settings(None), &configured, io::sink()).unwrap();
    for _ in 0..CALLS {
        drop(CallGuard::begin(telemetry.observer(), Entry::Unary, Span::none(), CancellationToken::new()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = admin::serve(listener, shown(&telemetry, watch::channel(true).1), shutdown.clone());
    let client = async {
        let mut first = Vec::new();
        for _ in 0..CALLS_RENDERS_MAX {
            let mut stream = lazy(address).await;
            stream.read_u8().await.unwrap();
            first.push(stream);
        }
        let mut late = lazy(address).await;
        tokio::select! {
            biased;
            _ = late.read_u8() => panic!("more answers are made than there are places for"),
            page = get(address, "/metrics") => assert!(page.starts_with("HTTP/1.1 200"), "{page}"),
        }
        tokio::select! {
            biased;
            _ = late.read_u8() => panic!("more answers are made than there are places for"),
            facts = get(address, "/api/overview") => assert!(facts.starts_with("HTTP/1.1 200"), "{facts}"),
        }
        drop(first);
        assert_eq!(late.read_u8().await.unwrap(), b'H');
        shutdown.cancel();
    };
    let both = async { tokio::join!(server, client) };
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
}

#[tokio::test]
async fn a_probe_is_answered_also_when_every_place_is_held() {
    let telemetry = quiet();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = admin::serve(listener, shown(&telemetry, watch::channel(true).1), shutdown.clone());
    let client = async {
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            held.push(idle(address).await);
        }
        assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        let mut held = held.into_iter();
        assert!(ask(&mut held.next().unwrap()).await.is_err(), "the oldest has lost its place");
        for mut stream in held {
            ask(&mut stream).await.expect("nobody else has");
        }
        shutdown.cancel();
    };
    tokio::join!(server, client);
}

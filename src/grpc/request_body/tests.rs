//! A request whose message does not come in time, on a real connection.

use std::sync::Arc;

use futures_util::StreamExt as _;
use http::Method;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, transport::Server};
use tracing::Dispatch;

use super::*;
use crate::{
    grpc::{connections::incoming, limits::Limits, observe::ObserveLayer},
    tasks::Tasks,
    telemetry::{CallersTrace, Event, Observer, Spans},
};

/// How long anything that must come may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

const CHECK: &str = "grpc.health.v1.Health/Check";

/// Notes what it is told of requests.
struct Notes(watch::Sender<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) {
        let note = match event {
            Event::RequestLate { method, limit, .. } => format!("{method} late after {limit:?}"),
            Event::RpcEnded { method, code, .. } => format!("{method} {code}"),
            _ => return,
        };
        self.0.send_modify(|notes| notes.push(note));
    }
}

/// The status of a health check of which only `words` come, within `body_time`, and what is told of it.
async fn check(words: &'static [u8], end: bool, body_time: Duration) -> (Code, Vec<String>) {
    let (notes, mut told) = watch::channel(Vec::new());
    let observer: Arc<dyn Observer> = Arc::new(Notes(notes));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let connections = incoming(listener, None, Limits::default(), Arc::clone(&observer), Tasks::default());
    let spans = Spans::new(Dispatch::none(), CallersTrace::Trusted);
    let server = Server::builder()
        .layer(ObserveLayer::new(observer, spans, CancellationToken::new(), body_time))
        .add_service(tonic_health::server::health_reporter().1)
        .serve_with_incoming(connections.boxed());
    let mut running = JoinSet::new();
    running.spawn(async move { server.await.unwrap() });

    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    running.spawn(async move { drop(connection.await) });
    let request = http::Request::builder().method(Method::POST).uri(format!("http://{addr}/{CHECK}"));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    let (answer, mut body) = requests.send_request(request.body(()).unwrap(), false).unwrap();
    body.send_data(words.into(), end).unwrap();
    let answer = timeout(PATIENCE, answer).await.expect("an answer").unwrap();
    let ended = told.wait_for(|notes| notes.iter().any(|note| note.starts_with(&format!("{CHECK} "))));
    let _ = timeout(PATIENCE, ended).await.expect("an end").unwrap();
    let code = answer.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
    let notes = told.borrow().clone();
    (code, notes)
}

#[tokio::test]
async fn a_message_that_does_not_come_in_time_ends_the_request() {
    // A message of one byte, which is missing.
    let (code, notes) = check(&[0, 0, 0, 0, 1], false, Duration::from_millis(50)).await;
    assert_eq!(code, Code::DeadlineExceeded);
    assert_eq!(notes, [format!("{CHECK} late after 50ms"), format!("{CHECK} DEADLINE_EXCEEDED")]);
}

#[tokio::test]
async fn a_message_that_has_come_is_not_late() {
    let (code, notes) = check(&[0, 0, 0, 0, 0], true, Duration::ZERO).await;
    assert_eq!((code, notes), (Code::Ok, vec![format!("{CHECK} OK")]));
}

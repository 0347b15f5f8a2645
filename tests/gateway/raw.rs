//! A client that sends what it is told to send, and waits as long as it takes: tonic's own would not send
//! what is malformed, and would give up at the deadline by itself.

use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::{
    SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, Method, Request};
use prost::Message as _;
use tidegate::proto;
use tokio::{net::TcpStream, task::JoinSet};
use tonic::{Code, Status};

use crate::{
    stage::{Reply, message},
    support::PATIENCE,
};

/// The path of `Extract`.
pub(crate) const EXTRACT: &str = "/tidegate.v1.ExtractionService/Extract";

/// One connection.
pub(crate) struct Raw {
    requests: SendRequest<Bytes>,
    _connection: JoinSet<()>,
}

impl Raw {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let _ = connection.await;
        });
        Self { requests, _connection: running }
    }

    /// Calls `Extract` with these headers.
    pub(crate) async fn extract(
        &self,
        request: &proto::ExtractRequest,
        headers: &[(&'static str, &str)],
    ) -> Reply {
        let (status, body) = self.exchange_in_time(EXTRACT, &request.encode_to_vec(), headers).await;
        if status.code() == Code::Ok {
            Ok(proto::ExtractResponse::decode(&body[5..]).unwrap())
        } else {
            Err(status)
        }
    }

    /// Calls `Extract` with this many milliseconds to answer.
    pub(crate) async fn extract_within(&self, text: &str, milliseconds: u64) -> Reply {
        self.extract(&message(text), &[("grpc-timeout", &format!("{milliseconds}m"))]).await
    }

    /// The status that a call with these bytes for a message ends with.
    pub(crate) async fn call(&self, path: &str, message: &[u8], headers: &[(&'static str, &str)]) -> Status {
        self.exchange_in_time(path, message, headers).await.0
    }

    async fn exchange_in_time(
        &self,
        path: &str,
        message: &[u8],
        headers: &[(&'static str, &str)],
    ) -> (Status, Vec<u8>) {
        tokio::time::timeout(PATIENCE, self.exchange(path, message, headers)).await.expect("no answer at all")
    }

    /// A request's head; its body is yet to come.
    pub(crate) async fn begin(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://gateway{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut requests = self.requests.clone().ready().await.unwrap();
        requests.send_request(request.body(()).unwrap(), false).unwrap()
    }

    async fn exchange(
        &self,
        path: &str,
        message: &[u8],
        headers: &[(&'static str, &str)],
    ) -> (Status, Vec<u8>) {
        let (response, body) = self.begin(path, headers).await;
        answer(response, body, framed(message)).await
    }
}

/// Sends the frames of a request that has begun: the status and bytes of what comes back.
pub(crate) async fn answer(
    response: ResponseFuture,
    mut body: SendStream<Bytes>,
    frames: Bytes,
) -> (Status, Vec<u8>) {
    body.send_data(frames, true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    let mut flow = body.flow_control().clone();
    let mut answer = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        flow.release_capacity(piece.len()).unwrap();
        answer.extend_from_slice(&piece);
    }
    let trailers = body.trailers().await.unwrap();
    let status = status(&head.headers).or_else(|| trailers.as_ref().and_then(status));
    (status.expect("every call has a status"), answer)
}

pub(crate) fn status(headers: &HeaderMap) -> Option<Status> {
    headers
        .contains_key("grpc-status")
        .then(|| Status::from_header_map(headers).unwrap_or_else(|| Status::new(Code::Ok, "")))
}

/// A message as gRPC frames it: not compressed, its length, its bytes.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    framed_as(0, message)
}

/// The same with a compressed flag of the test's own.
pub(crate) fn framed_as(compressed: u8, message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(compressed);
    framed.put_u32(u32::try_from(message.len()).unwrap());
    framed.put_slice(message);
    framed.freeze()
}

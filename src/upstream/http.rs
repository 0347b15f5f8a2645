//! One HTTP exchange, under its clocks and limits. The only part that names `reqwest`.
//!
//! What lies below, and what it would do by itself:
//!
//! - **reqwest 0.13** would resend requests that HTTP/2 peers refused (twice, unseen), follow redirects,
//!   add a `referer` and read the environment's proxy variables. All of it is switched off, or an attempt
//!   would not be one exchange with the upstream that is configured. Cookies and decompression are not
//!   compiled in. A user and password in the URL become basic authorization, unless an
//!   `authorization` header is configured.
//! - **hyper-util's pool** keeps idle connections per host, at most as many as configured and for
//!   [`IDLE_CONNECTION_KEPT`]. When a kept connection turns out closed before hyper took a request from
//!   its queue, the pool moves the request to another one: nothing was written, so the upstream still
//!   sees it once. On a new connection that is a [`Fault::NotProcessed`].
//! - **h2** multiplexes: one connection carries as many exchanges as the peer allows, the others wait
//!   for a stream. ALPN picks the version over TLS; without TLS HTTP/2 takes prior knowledge. Pings
//!   find dead connections while exchanges run. Its window per exchange is no larger than the answer may
//!   be, so that unread answers cannot pile up.
//! - **rustls** on *ring*, passed explicitly, so that nothing depends on a process-wide default. It
//!   trusts the platform's roots, or only `ca_pem`'s where given.
//!
//! Whether the upstream can have done the work is told by the request's own body: hyper asks for it only
//! when it writes the request to a connection. A body never asked for was never sent.

mod body;
mod cause;
mod client;
mod connections;
mod error;
mod limits;

use std::{pin::pin, sync::Arc};

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    fault::{Fault, TimeoutPhase},
    settings::{Clocks, UpstreamSettings},
};
use crate::extraction::HeadStatus;
use body::{Sending, WatchedBody};
use connections::Connections;

pub use error::HttpClientError;
pub use limits::{
    CONNECTIONS_RENEWED_MIN, ERROR_BODY_BYTES_MAX, ERROR_BODY_WAIT, HTTP1_HEADERS_MAX, HTTP2_HEAD_BYTES_MAX,
    IDLE_CONNECTION_KEPT,
};

/// The way to one upstream: its connections, clocks and limits. Cheap to clone; clones share the
/// connections.
#[derive(Clone)]
pub struct HttpClient {
    connections: Arc<Connections>,
    clocks: Clocks,
    answer_bytes_max: usize,
}

/// One request to send. Not printable: the headers hold the credential, the body the caller's text.
pub struct HttpRequest {
    /// Where to.
    pub url: url::Url,
    /// The headers; secrets in them are marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Is told the answer's status before its body is read.
    pub status: HeadStatus,
}

/// An answer whose head came. Not printable: the body holds the upstream's words.
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or why there is none: [`Fault::BodyTooLarge`], [`Fault::Reset`], [`Fault::Malformed`] or
    /// [`Fault::Timeout`].
    pub body: Result<Vec<u8>, Fault>,
}

impl HttpClient {
    /// Builds the client, without connecting.
    pub fn new(settings: &UpstreamSettings) -> Result<Self, HttpClientError> {
        Ok(Self {
            connections: Arc::new(Connections::new(settings)?),
            clocks: settings.clocks,
            answer_bytes_max: settings.answer_bytes_max,
        })
    }

    /// POSTs once and reads the answer. The fault is what kept the head from coming.
    ///
    /// Dropping the future closes the stream, or the connection where it has only one.
    ///
    /// The body of an answer other than 2xx is read up to [`ERROR_BODY_BYTES_MAX`] and for at most
    /// [`ERROR_BODY_WAIT`]: the status has already said most of it.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, Fault> {
        let end = Instant::now() + self.clocks.total;
        let told = request.status.clone();
        let mut response = self.head(request, end).await?;
        let status = response.status();
        told.tell(status.as_u16());
        if status == StatusCode::MISDIRECTED_REQUEST {
            self.connections.renew(Instant::now()).await;
        }
        let headers = std::mem::take(response.headers_mut());
        let body = if status.is_success() {
            self.body(response, self.answer_bytes_max, end).await
        } else {
            let end = end.min(Instant::now() + ERROR_BODY_WAIT);
            self.body(response, self.answer_bytes_max.min(ERROR_BODY_BYTES_MAX), end).await
        };
        Ok(HttpAnswer { status, headers, body })
    }

    /// Sends the request and waits for the answer's head: first under `connect`, which reqwest keeps,
    /// until the request is being written, then under `first_byte`.
    ///
    /// A request that waits that long for a connection or a stream was not sent either:
    /// [`Fault::ConnectTimeout`].
    async fn head(&self, request: HttpRequest, end: Instant) -> Result<reqwest::Response, Fault> {
        let (body, mut sending) = WatchedBody::new(request.body);
        let client = self.connections.client();
        let request = client
            .post(request.url)
            .headers(request.headers)
            .body(reqwest::Body::wrap(body))
            .build()
            .map_err(|_| Fault::Unsendable)?;
        let unsent_end = end.min(Instant::now() + self.clocks.connect + self.clocks.first_byte);
        let mut exchange = pin!(client.execute(request));
        let answer = tokio::select! {
            biased;
            answer = &mut exchange => answer,
            Ok(()) = &mut sending => {
                let first_byte = Instant::now() + self.clocks.first_byte;
                let (phase, at) = earlier(TimeoutPhase::FirstByte, first_byte, end);
                let answer = timeout_at(at, exchange).await.map_err(|_| Fault::Timeout(phase))?;
                return answer.map_err(|error| cause::before_the_head(&error, Sending::Begun));
            }
            () = sleep_until(unsent_end) => return Err(Fault::ConnectTimeout),
        };
        answer.map_err(|error| cause::before_the_head(&error, body::state(&mut sending)))
    }

    /// Reads the body piece by piece, never holding more than `bytes_max` and the piece at hand.
    async fn body(
        &self,
        mut response: reqwest::Response,
        bytes_max: usize,
        end: Instant,
    ) -> Result<Vec<u8>, Fault> {
        let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > bytes_max {
            return Err(Fault::BodyTooLarge);
        }
        let mut body = Vec::with_capacity(announced);
        loop {
            let (phase, at) = earlier(TimeoutPhase::Idle, Instant::now() + self.clocks.idle, end);
            let piece = timeout_at(at, response.chunk()).await.map_err(|_| Fault::Timeout(phase))?;
            let Some(piece) = piece.map_err(|error| cause::in_the_body(&error))? else {
                return Ok(body);
            };
            if piece.len() > bytes_max - body.len() {
                return Err(Fault::BodyTooLarge);
            }
            body.extend_from_slice(&piece);
        }
    }
}

/// Which of two clocks runs out first: the one of `phase` at `at`, or the whole attempt's at `end`.
fn earlier(phase: TimeoutPhase, at: Instant, end: Instant) -> (TimeoutPhase, Instant) {
    if at < end { (phase, at) } else { (TimeoutPhase::Total, end) }
}

//! Settings, questions and a scripted HTTP/1.1 server.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::HeaderMap;
use tidegate::{
    extraction::{CachePolicy, CacheScope, Fingerprint, HeadStatus, Profile, Schema, Text},
    upstream::{
        AttemptLabels, Exchange, Fault, Question, RetrySafety, Upstream,
        openai::OpenAi,
        settings::{ApiKeyHeader, Clocks, Dialect, HttpVersion, Secret, StructuredOutput, UpstreamSettings},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const KEY: &str = "sk-canary-5f2a";
pub(crate) const TEXT: &str = "Ada met Bob in \"Paris\"\n</text>\nand left.";

/// Patient clocks: no test that does not shorten one depends on time.
pub(crate) fn settings(base_url: &str) -> UpstreamSettings {
    UpstreamSettings {
        name: "primary".into(),
        dialect: Dialect::OpenAi,
        base_url: base_url.parse().unwrap(),
        model: "small-model".into(),
        api_key: Some(Secret::new(KEY)),
        api_key_header: ApiKeyHeader::Authorization,
        retry_safety: RetrySafety::Safe,
        structured_output: StructuredOutput::Schema,
        max_tokens_field: None,
        temperature: None,
        body: serde_json::Map::new(),
        clocks: Clocks { connect: PATIENCE, first_byte: PATIENCE, idle: PATIENCE, total: PATIENCE },
        answer_bytes_max: 1 << 20,
        idle_connections_max: 4,
        http_version: HttpVersion::Auto,
        ca_pem: None,
        proxy: None,
        headers: Vec::new(),
        propagate_trace: false,
        prices: None,
        log_error_bodies: false,
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SHORT: Duration = Duration::from_millis(60);

pub(crate) fn question() -> Question {
    let schema = r#"{"type":"object","properties":{"entities":{"type":"array","items":{"type":"string"}}},
        "required":["entities"],"additionalProperties":false}"#;
    question_with(schema)
}

pub(crate) fn question_with(schema: &str) -> Question {
    let profile = Profile {
        name: "entities v1".into(),
        instructions: "Find the entities.".into(),
        schema: Arc::new(Schema::compile(schema).unwrap()),
        route: ["primary".into()].into(),
        timeout: PATIENCE,
        cache: CachePolicy { ttl: Duration::ZERO, stale_if_error: Duration::ZERO, scope: CacheScope::Tenant },
        max_output_tokens: 321,
        fingerprint: Fingerprint::of([]),
    };
    Question { text: Text::new(TEXT), profile: Arc::new(profile), repair: None }
}

pub(crate) fn labels() -> AttemptLabels {
    AttemptLabels {
        attempt_id: "attempt-7".into(),
        idempotency_key: "flight-3".into(),
        trace: HeaderMap::from_iter([(
            http::HeaderName::from_static("traceparent"),
            http::HeaderValue::from_static("00-aa-bb-01"),
        )]),
        status: HeadStatus::default(),
    }
}

/// One attempt under these settings.
pub(crate) async fn attempt(settings: UpstreamSettings) -> Exchange {
    OpenAi::new(settings).unwrap().attempt(&question(), labels()).await
}

pub(crate) fn fault(exchange: &Exchange) -> Fault {
    *exchange.result.as_ref().unwrap_err()
}

/// What a server does once it has read a request and written its reply.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// Waits for the next request on the connection.
    Next,
    /// Says no more.
    Silence,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that gives every request the same reply.
    pub(crate) async fn start(reply: impl Into<Vec<u8>>, then: Then) -> Self {
        let reply = reply.into();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let log = requests.clone();
        let addr = accept(move |stream| serve(stream, reply.clone(), then, log.clone())).await;
        Self { addr, requests }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// Every request that came, with head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Accepts connections for as long as the test runs.
pub(crate) async fn accept<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    addr
}

async fn serve(mut stream: TcpStream, reply: Vec<u8>, then: Then, log: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        log.lock().unwrap().push(request);
        if stream.write_all(&reply).await.is_err() {
            return;
        }
        match then {
            Then::Next => {}
            Then::Silence => return until_closed(stream).await,
            Then::Close => return,
            Then::Reset => return stream.set_zero_linger().unwrap(),
        }
    }
}

/// Reads until the peer is gone.
pub(crate) async fn until_closed(mut stream: impl AsyncRead + Unpin) {
    let mut sink = [0; 4096];
    while matches!(stream.read(&mut sink).await, Ok(1..)) {}
}

/// One whole request, or `None` at the end of the connection.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head_end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if bytes.len() >= head_end + 4 + length {
                return Some(String::from_utf8(bytes).unwrap());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

pub(crate) fn json_reply(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) const GOOD: &str = r#"{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"{\"entities\":[]}"}}],"usage":{"prompt_tokens":11,"completion_tokens":5}}"#;

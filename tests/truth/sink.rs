//! A collector in this process: takes spans and metrics over OTLP and keeps them.

use std::{collections::BTreeMap, net::SocketAddr};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span as WireSpan, span::SpanKind, status::StatusCode},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};
use tonic::{
    Request, Response, Status,
    codec::CompressionEncoding,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

use crate::support::PATIENCE;

/// A running collector; ends when dropped.
pub struct Sink {
    pub addr: SocketAddr,
    scheme: &'static str,
    taken: watch::Sender<Taken>,
    _server: JoinSet<()>,
}

/// All that was exported so far, as it came.
#[derive(Debug, Default, Clone)]
pub struct Taken {
    pub traces: Vec<ExportTraceServiceRequest>,
    pub metrics: Vec<ExportMetricsServiceRequest>,
    /// The `authorization` of each of them.
    pub credentials: Vec<Option<String>>,
    /// The `grpc-encoding` of each of them.
    pub encodings: Vec<Option<String>>,
}

/// One finished span, in words.
#[derive(Debug, Clone)]
pub struct Span {
    pub trace_id: String,
    pub id: String,
    /// Empty for a root.
    pub parent: String,
    pub trace_state: String,
    pub name: String,
    /// `SERVER`, `CLIENT` or `INTERNAL`.
    pub kind: &'static str,
    /// Whether its status is an error; `None` where the status is unset.
    pub error: Option<bool>,
    pub status_message: String,
    pub attributes: BTreeMap<String, String>,
    /// How many attributes came, by whatever key.
    pub attribute_count: usize,
    pub events: Vec<String>,
    pub links: Vec<Link>,
    pub start: u64,
    pub end: u64,
}

/// What a span points to beside its parent.
#[derive(Debug, Clone)]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Receiver(watch::Sender<Taken>);

impl Sink {
    /// Listens on a free port.
    pub async fn start() -> Self {
        Self::serve(Server::builder(), "http").await
    }

    /// The same with TLS, with this certificate and key as PEM.
    pub async fn start_with_tls(certificate: &str, key: &str) -> Self {
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
        Self::serve(Server::builder().tls_config(tls).unwrap(), "https").await
    }

    async fn serve(mut builder: Server, scheme: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let taken = watch::Sender::new(Taken::default());
        let receiver = Receiver(taken.clone());
        let mut server = JoinSet::new();
        server.spawn(async move {
            let traces = TraceServiceServer::new(receiver.clone()).max_decoding_message_size(64 << 20);
            let metrics = MetricsServiceServer::new(receiver).max_decoding_message_size(64 << 20);
            builder
                .add_service(traces.accept_compressed(CompressionEncoding::Gzip))
                .add_service(metrics.accept_compressed(CompressionEncoding::Gzip))
                .serve_with_incoming(TcpIncoming::from(listener))
                .await
                .unwrap();
        });
        Self { addr, scheme, taken, _server: server }
    }

    /// Where exporters find it.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.addr)
    }

    /// All that was exported so far.
    pub fn taken(&self) -> Taken {
        self.taken.borrow().clone()
    }

    /// The last export of metrics.
    pub fn last_metrics(&self) -> Option<ExportMetricsServiceRequest> {
        self.taken.borrow().metrics.last().cloned()
    }

    /// The spans exported so far.
    pub fn spans(&self) -> Vec<Span> {
        self.taken.borrow().spans()
    }

    /// Waits until the spans satisfy `condition`, and returns them.
    pub async fn spans_when(&self, mut condition: impl FnMut(&[Span]) -> bool) -> Vec<Span> {
        let mut taken = self.taken.subscribe();
        let waited = timeout(PATIENCE, taken.wait_for(|taken| condition(&taken.spans()))).await;
        waited
            .unwrap_or_else(|_| panic!("these spans never came; those that did: {:#?}", self.spans()))
            .unwrap()
            .spans()
    }
}

impl Taken {
    fn note<T>(&mut self, request: &Request<T>) {
        let header = |name| request.metadata().get(name).map(|value| value.to_str().unwrap().to_owned());
        self.credentials.push(header("authorization"));
        self.encodings.push(header("grpc-encoding"));
    }

    pub fn spans(&self) -> Vec<Span> {
        let scopes =
            self.traces.iter().flat_map(|request| &request.resource_spans).flat_map(|r| &r.scope_spans);
        scopes.flat_map(|scope| &scope.spans).map(Span::read).collect()
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send_modify(|taken| {
            taken.note(&request);
            taken.traces.push(request.into_inner());
        });
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.0.send_modify(|taken| {
            taken.note(&request);
            taken.metrics.push(request.into_inner());
        });
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl Span {
    fn read(span: &WireSpan) -> Self {
        let status = span.status.clone().unwrap_or_default();
        Self {
            trace_id: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            trace_state: span.trace_state.clone(),
            name: span.name.clone(),
            kind: match span.kind() {
                SpanKind::Server => "SERVER",
                SpanKind::Client => "CLIENT",
                SpanKind::Internal => "INTERNAL",
                SpanKind::Producer => "PRODUCER",
                SpanKind::Consumer => "CONSUMER",
                SpanKind::Unspecified => "UNSPECIFIED",
            },
            error: match status.code() {
                StatusCode::Unset => None,
                StatusCode::Ok => Some(false),
                StatusCode::Error => Some(true),
            },
            status_message: status.message,
            attributes: attributes(&span.attributes),
            attribute_count: span.attributes.len(),
            events: span
                .events
                .iter()
                .map(|event| format!("{} {:?}", event.name, event.attributes))
                .collect(),
            links: span
                .links
                .iter()
                .map(|link| Link {
                    trace_id: hex(&link.trace_id),
                    span_id: hex(&link.span_id),
                    attributes: attributes(&link.attributes),
                })
                .collect(),
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano,
        }
    }

    /// The attribute's value, as text.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// Whether it is the span of one attempt.
    pub fn is_attempt(&self) -> bool {
        self.name.starts_with("POST ")
    }
}

/// Attributes as text. Of a key that comes twice the last value is taken.
pub fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|KeyValue { key, value, .. }| (key.clone(), text(value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => {
            let values: Vec<_> = array.values.iter().map(|value| text(Some(value))).collect();
            format!("[{}]", values.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

//! What stands behind a gateway: an AI API that answers at once, and collectors.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Router, body::Bytes, http::header};
use opentelemetry_proto::tonic::collector::{
    metrics::v1::{
        ExportMetricsServiceRequest, ExportMetricsServiceResponse,
        metrics_service_server::{MetricsService, MetricsServiceServer},
    },
    trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use crate::{Outcome, lane::Collector};

/// All of it; ends when dropped.
pub struct Surroundings {
    /// The AI API.
    pub upstream: SocketAddr,
    listening: SocketAddr,
    silent: SocketAddr,
    refusing: SocketAddr,
    _servers: JoinSet<()>,
}

impl Surroundings {
    /// Starts everything.
    pub async fn start() -> Outcome<Self> {
        let mut servers = JoinSet::new();
        let refusing = bound().await?.local_addr()?;
        Ok(Self {
            upstream: upstream(&mut servers).await?,
            listening: collector(&mut servers).await?,
            silent: silent(&mut servers).await?,
            refusing,
            _servers: servers,
        })
    }

    /// Where such a collector is.
    pub fn collector(&self, kind: Collector) -> SocketAddr {
        match kind {
            Collector::Listens => self.listening,
            Collector::Refuses => self.refusing,
            Collector::Silent => self.silent,
        }
    }
}

async fn bound() -> Outcome<TcpListener> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
}

/// Says the same to everybody, at once: what stands in every text of the bench.
async fn upstream(servers: &mut JoinSet<()>) -> Outcome<SocketAddr> {
    let entities = [
        ("person", "Ada Lovelace"),
        ("person", "Charles Babbage"),
        ("organisation", "Analytical Society"),
        ("place", "London"),
        ("date", "3 May 1843"),
    ]
    .map(|(kind, text)| json!({"type": kind, "text": text}));
    let answer = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "simulator",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": json!({"entities": entities}).to_string()},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 320, "completion_tokens": 90, "total_tokens": 410},
    });
    let answer = Bytes::from(answer.to_string());
    let answer = move |_question: Bytes| {
        let answer = answer.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], answer) }
    };
    let listener = bound().await?;
    let addr = listener.local_addr()?;
    servers.spawn(async move {
        // It ends with the bench.
        let _ = axum::serve(listener, Router::new().fallback(answer)).await;
    });
    Ok(addr)
}

async fn collector(servers: &mut JoinSet<()>) -> Outcome<SocketAddr> {
    let listener = bound().await?;
    let addr = listener.local_addr()?;
    let router = Server::builder()
        .add_service(TraceServiceServer::new(Taker))
        .add_service(MetricsServiceServer::new(Taker).max_decoding_message_size(usize::MAX));
    servers.spawn(async move {
        let _ = router.serve_with_incoming(TcpIncoming::from(listener)).await;
    });
    Ok(addr)
}

/// Accepts connections and never says a word.
async fn silent(servers: &mut JoinSet<()>) -> Outcome<SocketAddr> {
    let listener = bound().await?;
    let addr = listener.local_addr()?;
    servers.spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    Ok(addr)
}

/// Takes all and keeps nothing.
struct Taker;

#[tonic::async_trait]
impl TraceService for Taker {
    async fn export(
        &self,
        _: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Taker {
    async fn export(
        &self,
        _: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

//! Listens, and serves every service until told to stop.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::{codec::CompressionEncoding::Gzip, transport::Server};
use tonic_health::pb::health_server::HealthServer;

use super::{connections::incoming, extract::Extraction, jobs::Jobs, limits::Limits, observe::ObserveLayer};
use crate::{
    admission::AdmissionSettings,
    proto::{self, extraction_service_server::ExtractionServiceServer, job_service_server::JobServiceServer},
    tasks::Tasks,
    telemetry::{Observer, Spans},
};

/// How often an idle connection is asked whether it is still there, and how long it may take to answer.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of metadata a request may have.
const METADATA_BYTES_MAX: u32 = 16 * 1024;

/// The most requests one connection may have open.
const STREAMS_PER_CONNECTION_MAX: u32 = 1024;

/// The most requests that their caller may have left before they were taken up, on one connection; beyond
/// them the connection is closed, as a guard against floods of resets. With the transport's own 20, one stall
/// in which many calls of a client ran out of time would cost it the connection and all its other calls.
const LEFT_REQUESTS_MAX: usize = STREAMS_PER_CONNECTION_MAX as usize;

/// Room for what stands beside the text in a request. A message beyond it and the text's limit is not read; of a text
/// beyond its limit alone more can be said.
const MESSAGE_ROOM_BYTES: usize = 1024 * 1024;

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
    /// The compiled protos are not readable.
    #[error("server reflection can't be built")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves, over TLS if there is an acceptor, until `tasks` are stopped, then lets running calls end, until they are cut.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    extraction: Extraction,
    spans: Spans,
    health: tonic_health::server::HealthService,
    tasks: Tasks,
) -> Result<(), ServeError> {
    let observer: Arc<dyn Observer> = Arc::clone(&extraction.observer);
    let message_bytes_max = message_bytes_max(&extraction.limits);
    let limits = Limits::default();
    let (stop, cut) = (tasks.stopped(), tasks.cut_off());
    let connections = incoming(listener, tls, limits, Arc::clone(&observer), tasks);
    // A message may come compressed; its limit holds for what comes out. Answers never go out so: they are small, cost
    // less to send than to compress, and their size would tell what of them stands in the text.
    let extraction = ExtractionServiceServer::new(extraction)
        .max_decoding_message_size(message_bytes_max)
        .accept_compressed(Gzip);
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(METADATA_BYTES_MAX)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_pending_accept_reset_streams(Some(LEFT_REQUESTS_MAX))
        .layer(ObserveLayer::new(observer, spans, cut, limits.body_time))
        .add_service(extraction)
        .add_service(JobServiceServer::new(Jobs).accept_compressed(Gzip))
        .add_service(HealthServer::new(health).accept_compressed(Gzip))
        .add_service(reflection().build_v1()?.accept_compressed(Gzip))
        .add_service(reflection().build_v1alpha()?.accept_compressed(Gzip))
        .serve_with_incoming_shutdown(connections, stop.cancelled_owned())
        .await?;
    Ok(())
}

fn message_bytes_max(limits: &AdmissionSettings) -> usize {
    limits.text_bytes_max.saturating_mul(2).saturating_add(MESSAGE_ROOM_BYTES)
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

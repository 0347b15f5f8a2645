//! Listens, and serves every service until told to stop.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

use super::{
    connections::incoming, extract::Extraction, jobs::Jobs, observe::ObserveLayer, settings::TlsSettings,
};
use crate::{
    admission::AdmissionSettings,
    proto::{self, extraction_service_server::ExtractionServiceServer, job_service_server::JobServiceServer},
    telemetry::{Observer, Spans},
};

/// How often an idle connection is asked whether it is still there, and how long it may take to answer.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of metadata a request may have.
const METADATA_BYTES_MAX: u32 = 16 * 1024;

/// The most requests one connection may have open.
const STREAMS_PER_CONNECTION_MAX: u32 = 1024;

/// Room for what stands beside the text in a request. A message beyond it and the text's limit is
/// refused by the transport with `OUT_OF_RANGE`; a text beyond its limit alone by us.
const MESSAGE_ROOM_BYTES: usize = 1024 * 1024;

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed, or certificate and key are not usable.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
    /// The compiled protos are not readable.
    #[error("server reflection can't be built")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves until `stop`, then lets running calls end, until `cut`.
pub async fn serve(
    listener: TcpListener,
    tls: Option<&TlsSettings>,
    extraction: Extraction,
    spans: Spans,
    health: tonic_health::server::HealthService,
    stop: CancellationToken,
    cut: CancellationToken,
) -> Result<(), ServeError> {
    let observer: Arc<dyn Observer> = Arc::clone(&extraction.observer);
    let message_bytes_max = message_bytes_max(&extraction.limits);
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(METADATA_BYTES_MAX)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX);
    if let Some(tls) = tls {
        server = server.tls_config(tls_config(tls))?;
    }
    let extraction = ExtractionServiceServer::new(extraction).max_decoding_message_size(message_bytes_max);
    server
        .layer(ObserveLayer::new(observer, spans, cut))
        .add_service(extraction)
        .add_service(JobServiceServer::new(Jobs))
        .add_service(tonic_health::pb::health_server::HealthServer::new(health))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming(listener), stop.cancelled_owned())
        .await?;
    Ok(())
}

fn message_bytes_max(limits: &AdmissionSettings) -> usize {
    limits.text_bytes_max.saturating_mul(2).saturating_add(MESSAGE_ROOM_BYTES)
}

fn tls_config(tls: &TlsSettings) -> ServerTlsConfig {
    let identity = Identity::from_pem(&tls.certificate_pem, &tls.key_pem);
    let config = ServerTlsConfig::new().identity(identity);
    match &tls.client_ca_pem {
        Some(ca) => config.client_ca_root(Certificate::from_pem(ca)),
        None => config,
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

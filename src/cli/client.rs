//! Calls a gateway as any other client does.

use std::time::Duration;

use prost::Message as _;
use tonic::{
    Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tonic_types::{StatusExt as _, pb};

use crate::{
    grpc::status::INFO_TYPE_URL,
    proto::{self, extraction_service_client::ExtractionServiceClient},
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to a gateway. Cheap to clone.
pub(super) type Client = ExtractionServiceClient<Channel>;

/// Whose certificates are trusted.
pub(super) enum Trust {
    /// The system's.
    System,
    /// These, as PEM, and no others.
    Only(Vec<u8>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// There can't be any.
    #[error("{0} is no address: write HOST:PORT or https://HOST:PORT")]
    Address(String),
    /// It did not come about.
    #[error(transparent)]
    Failed(#[from] tonic::transport::Error),
}

/// Connects to `addr`: `HOST:PORT`, or a URL whose scheme says whether TLS is spoken. Without a scheme it is
/// spoken if certificates are named.
pub(super) async fn connect(addr: &str, trust: Trust) -> Result<Client, ConnectError> {
    let scheme = if matches!(trust, Trust::Only(_)) { "https" } else { "http" };
    let url = if addr.contains("://") { addr.to_owned() } else { format!("{scheme}://{addr}") };
    let secure = url.starts_with("https://");
    let endpoint = Endpoint::from_shared(url).map_err(|_| ConnectError::Address(addr.to_owned()))?;
    let mut endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT);
    if secure {
        let tls = ClientTlsConfig::new();
        endpoint = endpoint.tls_config(match trust {
            Trust::System => tls.with_native_roots(),
            Trust::Only(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
        })?;
    }
    Ok(ExtractionServiceClient::new(endpoint.connect().await?))
}

/// A request that has to be answered within `timeout`, with an API key if there is one.
pub(super) fn request(
    message: proto::ExtractRequest,
    timeout: Option<Duration>,
    api_key: Option<&str>,
) -> Result<Request<proto::ExtractRequest>, tonic::metadata::errors::InvalidMetadataValue> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    if let Some(key) = api_key {
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse()?);
    }
    Ok(request)
}

/// How a failed call came about, if its status tells.
pub(super) fn info_of(status: &Status) -> Option<proto::ExtractionInfo> {
    let details = pb::Status::decode(status.details()).ok()?.details;
    let info = details.into_iter().find(|any| any.type_url == INFO_TYPE_URL)?;
    proto::ExtractionInfo::decode(&*info.value).ok()
}

/// The stable reason of a failed call.
pub(super) fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// When calling again may help, if the status tells.
pub(super) fn retry_delay_of(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

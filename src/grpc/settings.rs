//! What of the gRPC server can be configured.

use std::{net::SocketAddr, time::Duration};

use crate::extraction::Tenant;

/// The `[server]` and `[auth]` sections, checked, but for the limits at the door.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Certificate and key; absent: no TLS.
    pub tls: Option<TlsSettings>,
    /// The longest wait for running calls at shutdown.
    pub drain_timeout: Duration,
    /// Who may call; empty: everybody, as the tenant `default`.
    pub credentials: Vec<Credential>,
}

/// Certificate and key of the server.
#[derive(Clone)]
pub struct TlsSettings {
    /// PEM text of the certificate chain.
    pub certificate_pem: Vec<u8>,
    /// PEM text of the private key.
    pub key_pem: Vec<u8>,
    /// PEM text of the authority whose client certificates are demanded; absent: none are.
    pub client_ca_pem: Option<Vec<u8>>,
}

impl std::fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsSettings(.., client_ca: {})", self.client_ca_pem.is_some())
    }
}

/// One API key, known by its hash.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Who calls with it.
    pub tenant: Tenant,
    /// SHA-256 of the key.
    pub key_sha256: [u8; 32],
}

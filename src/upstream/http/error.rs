//! Why an HTTP client can't be built.

/// Why an HTTP client can't be built from its settings. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// `base_url` is no absolute `http` or `https` URL.
    #[error("base_url must be an absolute http or https URL")]
    BaseUrl,
    /// `ca_pem` holds no certificate, or one that can't be read.
    #[error("the CA file must hold at least one PEM certificate, and only valid ones")]
    CaPem,
    /// The platform's trusted certificates can't be read.
    #[error("the system's trusted certificates can't be read ({0}): install them, or give a CA file")]
    SystemRoots(rustls::Error),
    /// rustls refuses its own defaults.
    #[error("TLS can't be set up: {0}")]
    Tls(rustls::Error),
    /// The proxy's URL is not one of an HTTP proxy.
    #[error("proxy must be an http or https URL")]
    Proxy,
    /// A header's value, the credential's included, holds bytes that no header may hold.
    #[error("the value for header {0} holds characters that no header may hold, such as a line break")]
    Header(http::HeaderName),
    /// reqwest refuses the settings.
    #[error("the HTTP client can't be built: {0}")]
    Client(reqwest::Error),
}

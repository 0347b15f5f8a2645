//! Builds the client: everything that reqwest would do by itself, switched off or set.

use std::sync::Arc;

use ::http::HeaderValue;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{
    super::settings::{HttpVersion, UpstreamSettings},
    error::HttpClientError,
    limits::{
        HTTP1_HEADERS_MAX, HTTP2_HEAD_BYTES_MAX, HTTP2_WINDOW_BYTES, IDLE_CONNECTION_KEPT, PING_INTERVAL,
        PING_TIMEOUT,
    },
};

/// The client of one upstream.
pub(super) fn build(settings: &UpstreamSettings) -> Result<reqwest::Client, HttpClientError> {
    let url = &settings.base_url;
    if !is_http(url) || url.cannot_be_a_base() {
        return Err(HttpClientError::BaseUrl);
    }
    let mut builder = reqwest::Client::builder()
        .user_agent(HeaderValue::from_static(concat!("tidegate/", env!("CARGO_PKG_VERSION"))))
        .tls_backend_preconfigured(tls(settings)?)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(settings.clocks.connect)
        .pool_max_idle_per_host(settings.idle_connections_max)
        .pool_idle_timeout(IDLE_CONNECTION_KEPT)
        .tcp_nodelay(true)
        .tcp_keepalive(PING_INTERVAL)
        .http1_max_headers(HTTP1_HEADERS_MAX)
        .http2_max_header_list_size(HTTP2_HEAD_BYTES_MAX)
        .http2_initial_stream_window_size(window_bytes(settings.answer_bytes_max))
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT);
    builder = match settings.http_version {
        HttpVersion::Auto => builder,
        HttpVersion::Http1 => builder.http1_only(),
        HttpVersion::Http2 => builder.http2_prior_knowledge(),
    };
    if let Some(proxy) = &settings.proxy {
        if !is_http(proxy) {
            return Err(HttpClientError::Proxy);
        }
        builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|_| HttpClientError::Proxy)?);
    }
    builder.build().map_err(|error| HttpClientError::Client(error.without_url()))
}

fn is_http(url: &url::Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn window_bytes(answer_bytes_max: usize) -> Option<u32> {
    u32::try_from(answer_bytes_max.clamp(*HTTP2_WINDOW_BYTES.start(), *HTTP2_WINDOW_BYTES.end())).ok()
}

fn tls(settings: &UpstreamSettings) -> Result<ClientConfig, HttpClientError> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(HttpClientError::Tls)?;
    let secured = [Some(&settings.base_url), settings.proxy.as_ref()];
    let builder = if let Some(pem) = &settings.ca_pem {
        builder.with_root_certificates(roots(pem)?)
    } else if secured.into_iter().flatten().any(|url| url.scheme() == "https") {
        builder.with_platform_verifier().map_err(HttpClientError::SystemRoots)?
    } else {
        // Never asked: a machine without certificates can still speak plain HTTP.
        builder.with_root_certificates(RootCertStore::empty())
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = match settings.http_version {
        HttpVersion::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        HttpVersion::Http1 => vec![b"http/1.1".to_vec()],
        HttpVersion::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, HttpClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| HttpClientError::CaPem)?;
        roots.add(certificate).map_err(|_| HttpClientError::CaPem)?;
    }
    if roots.is_empty() { Err(HttpClientError::CaPem) } else { Ok(roots) }
}

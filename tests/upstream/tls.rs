//! TLS with certificates of our own making.

use std::sync::{Arc, atomic::AtomicUsize};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tidegate::upstream::{Fault, http::HttpClientError, openai::OpenAi, settings::HttpVersion};
use tokio::io::AsyncWriteExt;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::{http2, support::*};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca() -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).unwrap()
}

/// A server that speaks HTTP/2 if `alpn` says so, else HTTP/1.1.
async fn server(ca: &Ca, certificate: CertificateParams, alpn: &'static [u8]) -> String {
    let key = KeyPair::generate().unwrap();
    let signed = certificate.signed_by(&key, ca).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let addr = accept(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if alpn == b"h2" {
                let requests = Arc::<AtomicUsize>::default();
                return http2::serve(stream, http2::good_answer(), Then::Next, requests).await;
            }
            while read_request(&mut stream).await.is_some() {
                stream.write_all(json_reply(200, "", GOOD).as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    format!("https://{addr}")
}

#[tokio::test]
async fn trusts_the_configured_ca_and_agrees_on_a_version() {
    let ca = ca();
    for (version, alpn) in [
        (HttpVersion::Auto, b"h2".as_slice()),
        (HttpVersion::Auto, b"http/1.1"),
        (HttpVersion::Http1, b"http/1.1"),
        (HttpVersion::Http2, b"h2"),
    ] {
        let mut settings = settings(&server(&ca, certificate("127.0.0.1"), alpn).await);
        settings.http_version = version;
        settings.ca_pem = Some(ca.pem().into_bytes());
        attempt(settings).await.result.unwrap();
    }
}

#[tokio::test]
async fn certificates_that_are_not_trusted() {
    let own = ca();
    let mut expired = certificate("127.0.0.1");
    expired.not_before = date_time_ymd(2000, 1, 1);
    expired.not_after = date_time_ymd(2001, 1, 1);
    for (what, certificate, trusted) in [
        ("another host's", certificate("other.example"), Some(own.pem())),
        ("expired", expired, Some(own.pem())),
        ("an unknown issuer's", certificate("127.0.0.1"), Some(ca().pem())),
        ("not one of the system's", certificate("127.0.0.1"), None),
    ] {
        let mut settings = settings(&server(&own, certificate, b"http/1.1").await);
        settings.ca_pem = trusted.map(String::into_bytes);
        assert_eq!(fault(&attempt(settings).await), Fault::TlsUntrusted, "{what}");
    }
}

#[tokio::test]
async fn handshakes_that_break() {
    let ca = ca();
    let closing = accept(|_| async {}).await;
    let plain = accept(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        until_closed(stream).await;
    })
    .await;
    for addr in [closing, plain] {
        let mut settings = settings(&format!("https://{addr}"));
        settings.ca_pem = Some(ca.pem().into_bytes());
        assert_eq!(fault(&attempt(settings).await), Fault::TlsHandshake);
    }
    let mut settings = settings(&server(&ca, certificate("127.0.0.1"), b"spdy").await);
    settings.ca_pem = Some(ca.pem().into_bytes());
    assert_eq!(fault(&attempt(settings).await), Fault::TlsHandshake, "no protocol in common");
}

const BROKEN: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

#[test]
fn settings_that_cannot_work() {
    let with = |change: fn(&mut tidegate::upstream::settings::UpstreamSettings)| {
        let mut settings = settings("https://api.example.com/v1");
        change(&mut settings);
        OpenAi::new(settings).unwrap_err()
    };
    assert!(matches!(with(|s| s.ca_pem = Some(Vec::new())), HttpClientError::CaPem));
    assert!(matches!(with(|s| s.ca_pem = Some(BROKEN.to_vec())), HttpClientError::CaPem));
    assert!(matches!(with(|s| s.proxy = "socks5://p".parse().ok()), HttpClientError::Proxy));
    let url = with(|s| s.base_url = "ftp://x/".parse().unwrap());
    assert!(matches!(url, HttpClientError::BaseUrl));
    let key = with(|s| s.api_key = Some(tidegate::upstream::settings::Secret::new("sk-canary\n")));
    assert!(matches!(key, HttpClientError::Header(_)));
    assert!(!format!("{key} {key:?}").contains("canary"));
}

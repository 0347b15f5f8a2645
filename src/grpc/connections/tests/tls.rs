//! Handshakes that fail, and what is said of them.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::grpc::{settings::TlsSettings, tls::acceptor};

/// How every TLS record of a handshake begins.
const HALF_A_RECORD: &[u8] = &[22, 3, 1];

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key of somebody, as PEM.
    fn vouch_for(&self, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// The door's side; demands certificates of this authority if `mutual`.
    fn acceptor(&self, mutual: bool) -> TlsAcceptor {
        let (certificate, key) = self.vouch_for(ExtendedKeyUsagePurpose::ServerAuth);
        let client_ca_pem = mutual.then(|| self.0.pem().into_bytes());
        let (certificate_pem, key_pem) = (certificate.into_bytes(), key.into_bytes());
        acceptor(&TlsSettings { certificate_pem, key_pem, client_ca_pem }).unwrap()
    }

    /// The side of one who trusts this authority, with a certificate of `voucher`.
    fn client(&self, voucher: Option<&Self>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match voucher {
            Some(voucher) => {
                let (certificate, key) = voucher.vouch_for(ExtendedKeyUsagePurpose::ClientAuth);
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        }
    }
}

/// Somebody who makes a handshake, and greets if it succeeds.
async fn comes(stage: &Stage, client: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let stream = stage.visitor(b"").await;
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    stream.write_all(PREFACE).await?;
    Ok(stream)
}

/// What is said of one who makes a handshake as `client`.
async fn is_refused(stage: &mut Stage, client: ClientConfig, reason: &str) {
    // With TLS 1.3 a client may take the handshake for done before the door has seen its certificate.
    let _stream = comes(stage, client).await;
    stage.tells(&["opened", &format!("refused: {reason}"), "closed"]).await;
}

#[tokio::test]
async fn who_is_trusted_is_handed_on() {
    let authority = Authority::new();
    for voucher in [None, Some(&authority)] {
        let mut stage = Stage::new(NO_CLOCK, Some(authority.acceptor(voucher.is_some()))).await;
        let _visitor = comes(&stage, authority.client(voucher)).await.unwrap();
        hears(&mut stage.arrival().await, PREFACE).await;
        stage.tells(&["opened", "closed"]).await;
    }
}

#[tokio::test]
async fn a_client_certificate_that_is_missing_or_not_valid_is_told() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (voucher, reason) in [(None, "tls_no_certificate"), (Some(&stranger), "tls_bad_certificate")] {
        let mut stage = Stage::new(NO_CLOCK, Some(authority.acceptor(true))).await;
        is_refused(&mut stage, authority.client(voucher), reason).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_us_is_told() {
    let mut stage = Stage::new(NO_CLOCK, Some(Authority::new().acceptor(false))).await;
    is_refused(&mut stage, Authority::new().client(None), "tls_rejected").await;
}

#[tokio::test]
async fn a_client_that_speaks_another_protocol_is_told() {
    let authority = Authority::new();
    let mut client = authority.client(None);
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut stage = Stage::new(NO_CLOCK, Some(authority.acceptor(false))).await;
    is_refused(&mut stage, client, "tls_incompatible").await;
}

#[tokio::test]
async fn plain_text_on_a_port_with_tls_is_told() {
    for words in [PREFACE, b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stage = Stage::new(NO_CLOCK, Some(Authority::new().acceptor(false))).await;
        let visitor = stage.visitor(words).await;
        stage.tells(&["opened", "refused: tls_plaintext", "closed"]).await;
        is_closed(visitor).await;
    }
}

#[tokio::test]
async fn a_handshake_that_is_never_complete_is_cut() {
    let expected = [(&b""[..], "silent"), (HALF_A_RECORD, "tls_timeout")];
    for (words, reason) in expected {
        let mut stage = Stage::new(SHORT_CLOCK, Some(Authority::new().acceptor(false))).await;
        let visitor = stage.visitor(words).await;
        stage.tells(&["opened", &format!("refused: {reason}"), "closed"]).await;
        is_closed(visitor).await;
    }
}

#[tokio::test]
async fn a_handshake_that_is_broken_off_is_told() {
    let mut stage = Stage::new(NO_CLOCK, Some(Authority::new().acceptor(false))).await;
    drop(stage.visitor(HALF_A_RECORD).await);
    stage.tells(&["opened", "refused: tls_closed", "closed"]).await;
}

#[tokio::test]
async fn a_slow_handshake_holds_up_nobody_else_and_not_the_end() {
    let authority = Authority::new();
    let mut stage = Stage::new(NO_CLOCK, Some(authority.acceptor(false))).await;
    let slow = stage.visitor(HALF_A_RECORD).await;
    stage.tells(&["opened"]).await;
    let _visitor = comes(&stage, authority.client(None)).await.unwrap();
    let _connection = stage.arrival().await;
    stage.tells(&["opened", "opened"]).await;
    stage.serving.abort_all();
    is_closed(slow).await;
    stage.tells(&["opened", "opened", "closed"]).await;
}

//! TLS at the gateway's own door, and client certificates.

use std::fmt::Write as _;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;
use tidegate::{
    proto::extraction_service_client::ExtractionServiceClient,
    simulator::{Script, Simulator},
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::{
    stage::TEXT,
    support::{self, Gateway, PATIENCE},
};

/// An authority, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key of somebody, as PEM.
    fn vouch_for(&self, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

struct Stage {
    gateway: Gateway,
    authority: Authority,
    _simulator: Simulator,
    _files: TempDir,
}

/// A gateway with a certificate for `localhost`; it demands client certificates if `mutual`.
async fn stage(mutual: bool) -> Stage {
    let (authority, files) = (Authority::new(), tempfile::tempdir().unwrap());
    let (certificate, key) = authority.vouch_for(ExtendedKeyUsagePurpose::ServerAuth);
    let mut section = "[server.tls]\n".to_owned();
    for (name, pem) in
        [("certificate_file", certificate), ("key_file", key), ("client_ca_file", authority.pem())]
    {
        let path = files.path().join(name);
        std::fs::write(&path, pem).unwrap();
        if mutual || name != "client_ca_file" {
            writeln!(section, "{name} = \"{}\"", path.display()).unwrap();
        }
    }
    let simulator = support::simulator(Script::default()).await;
    let gateway = Gateway::start(&support::config(&simulator.base_url(), &section)).await;
    Stage { gateway, authority, _simulator: simulator, _files: files }
}

impl Stage {
    fn trusting(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(self.authority.pem()))
            .domain_name("localhost")
    }

    /// Whether a call over TLS is answered.
    async fn answers(&self, tls: ClientTlsConfig) -> bool {
        let endpoint = Endpoint::from_shared(format!("https://{}", self.gateway.grpc)).unwrap();
        let Ok(channel) = endpoint.tls_config(tls).unwrap().connect().await else { return false };
        let mut client = ExtractionServiceClient::<Channel>::new(channel);
        client.extract(support::request(TEXT, PATIENCE)).await.is_ok()
    }
}

#[tokio::test]
async fn callers_who_trust_the_certificate_are_answered() {
    let stage = stage(false).await;
    assert!(stage.answers(stage.trusting()).await);
    let stranger = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(Authority::new().pem()));
    assert!(!stage.answers(stranger.domain_name("localhost")).await, "the certificate is not of theirs");
}

#[tokio::test]
async fn a_client_certificate_is_demanded_where_an_authority_is_named() {
    let stage = stage(true).await;
    let (certificate, key) = stage.authority.vouch_for(ExtendedKeyUsagePurpose::ClientAuth);
    assert!(stage.answers(stage.trusting().identity(Identity::from_pem(certificate, key))).await);
    assert!(!stage.answers(stage.trusting()).await, "no certificate");
    let (certificate, key) = Authority::new().vouch_for(ExtendedKeyUsagePurpose::ClientAuth);
    assert!(
        !stage.answers(stage.trusting().identity(Identity::from_pem(certificate, key))).await,
        "of a stranger"
    );
}

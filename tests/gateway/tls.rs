//! TLS at the gateway's own door, and client certificates.

use std::fmt::Write as _;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;
use tidegate::{
    proto::extraction_service_client::ExtractionServiceClient,
    simulator::{Script, Simulator},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::{
    cli::run,
    stage::{TEXT, is},
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
    files: TempDir,
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
    Stage { gateway, authority, _simulator: simulator, files }
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
async fn the_command_line_speaks_tls() {
    let stage = stage(false).await;
    let authority = stage.files.path().join("client_ca_file");
    let authority = authority.to_str().unwrap();
    let named = format!("localhost:{}", stage.gateway.grpc.port());
    let secured = format!("https://{named}");
    for args in [["--addr", &secured, "--ca-file", authority], ["--addr", &named, "--ca-file", authority]] {
        let ran = run(&[&["extract"], &args[..], &[TEXT]].concat()).await;
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        assert!(ran.out.contains("Ada Lovelace"), "{}", ran.out);
    }
    let ran = run(&["extract", "--addr", &named, TEXT]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("write https://"), "{}", ran.err);
    let stranger = stage.files.path().join("stranger");
    std::fs::write(&stranger, Authority::new().pem()).unwrap();
    let address = format!("https://{}", stage.gateway.grpc);
    for args in [
        // Whoever vouches for it is not trusted, or it has another name.
        &["--addr", &secured][..],
        &["--addr", &secured, "--ca-file", stranger.to_str().unwrap()],
        &["--addr", &address, "--ca-file", authority],
    ] {
        let ran = run(&[&["extract"], args, &[TEXT]].concat()).await;
        assert_eq!(ran.code, Some(1), "{args:?}");
        assert!(ran.err.contains("certificate") && ran.err.contains("--ca-file"), "{args:?}: {}", ran.err);
    }
}

#[tokio::test]
async fn the_command_line_says_what_is_wrong_about_tls() {
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(files.path().join("empty"), "").unwrap();
    let (empty, missing) = (path("empty"), path("missing"));
    let authority = path("authority");
    std::fs::write(&authority, Authority::new().pem()).unwrap();
    for (addr, file, word) in [
        ("localhost:1", &empty, "holds no certificate"),
        ("localhost:1", &missing, "can't read"),
        ("http://localhost:1", &authority, "write https://"),
        ("local host", &authority, "is no address"),
    ] {
        let ran = run(&["extract", "--addr", addr, "--ca-file", file, TEXT]).await;
        assert_eq!(ran.code, Some(2), "{addr} {file}: {}", ran.err);
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    let simulator = support::simulator(Script::default()).await;
    let plain = Gateway::start(&support::config(&simulator.base_url(), "")).await;
    let ran = run(&["extract", "--addr", &plain.grpc.to_string(), "--ca-file", &authority, TEXT]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("does it speak TLS?"), "{}", ran.err);
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

#[tokio::test]
async fn a_refused_handshake_is_counted_and_logged() {
    let stage = stage(true).await;
    assert!(!stage.answers(stage.trusting()).await, "no certificate");
    let stranger = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(Authority::new().pem()));
    assert!(!stage.answers(stranger.domain_name("localhost")).await, "the certificate is not of theirs");
    let mut plain = TcpStream::connect(stage.gateway.grpc).await.unwrap();
    plain.write_all(b"GET /a-secret HTTP/1.1\r\n\r\n").await.unwrap();
    let peer = plain.local_addr().unwrap();
    drop(plain.read_to_end(&mut Vec::new()).await);

    let refused = "tidegate_server_connections_refused_total";
    let reasons = ["tls_no_certificate", "tls_rejected", "tls_plaintext"];
    let metrics = stage.gateway.metrics_when(|metrics| {
        let told = reasons.iter().all(|reason| metrics.sum(refused, &[("reason", reason)]) > 0.0);
        told && is(metrics.sum("tidegate_server_connections", &[]), 0.0)
    });
    assert!(is(metrics.await.sum(refused, &[("reason", "tls_plaintext")]), 1.0));

    // Whoever is in the middle of a handshake does not hold up the end.
    let mut slow = TcpStream::connect(stage.gateway.grpc).await.unwrap();
    slow.write_all(&[22, 3, 1]).await.unwrap();
    stage.gateway.metrics_when(|metrics| is(metrics.sum("tidegate_server_connections", &[]), 1.0)).await;
    stage.gateway.terminate();
    let (status, log) = stage.gateway.ended().await;
    assert!(status.success());
    assert!(!log.iter().any(|line| line.contains("a-secret")), "{log:#?}");
    let log: Vec<serde_json::Value> = log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for reason in reasons {
        let mut lines = log.iter().filter(|line| line["reason"] == reason);
        let line = lines.next().unwrap_or_else(|| panic!("no line about {reason}: {log:#?}"));
        assert_eq!((&line["event"], &line["level"]), (&"tidegate.connection.refused".into(), &"WARN".into()));
        assert_eq!(line["network.peer.address"], "127.0.0.1");
        assert_eq!(line["left_out"], 0);
        if reason == "tls_plaintext" {
            assert_eq!((&line["network.peer.port"], lines.next()), (&peer.port().into(), None));
        }
    }
}

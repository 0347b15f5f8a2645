//! `[server]` and `[admin]`: where to listen, and the limits at the door.

use std::{net::SocketAddr, time::Duration};

use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use super::{
    form::{Bytes, Count, Flag, Listen, Span},
    problem::Complaint,
    reader::Section,
};
use crate::{
    admission::AdmissionSettings,
    grpc::settings::{Credential, ServerSettings, TlsSettings},
};

/// The most calls that can be let run at once.
const IN_FLIGHT_MAX: usize = 1_000_000;
/// The most bytes that a text can be let have.
const TEXT_BYTES_MAX: u64 = 16 << 20;
/// The longest timeout that a caller can be let ask for.
pub(super) const TIMEOUT_MAX: Duration = Duration::from_hours(1);
/// The most calls that the recorder can be let keep; each takes about a kilobyte.
const RECORDER_CALLS_MAX: usize = 10_000;
/// The longest wait for running calls at shutdown.
const DRAIN_TIMEOUT_MAX: Duration = Duration::from_mins(10);

/// Reads `[server]`.
pub(super) fn read(
    root: &mut Section<'_>,
    credentials: Option<Vec<Credential>>,
) -> (ServerSettings, AdmissionSettings) {
    let mut server = root.section("server");
    let listen = server.or("listen", &Listen, SocketAddr::from(([127, 0, 0, 1], 50051)));
    let admission = admission(&mut server);
    let drain_timeout =
        server.or("drain_timeout", &Span(Duration::ZERO..=DRAIN_TIMEOUT_MAX), Duration::from_secs(30));
    let allow_unauthenticated = server.or("allow_unauthenticated", &Flag, false);
    let (tls, client_ca) = tls(&mut server);
    server.law(
        &["listen", "allow_unauthenticated"],
        listen.ip().is_loopback() || credentials.is_some() || client_ca || allow_unauthenticated,
        "is beyond loopback, and everybody could call",
        "add [auth.tenants.NAME] or server.tls.client_ca_file, listen on 127.0.0.1, or set \
         server.allow_unauthenticated = true",
    );
    server.finish();
    let credentials = credentials.unwrap_or_default();
    (ServerSettings { listen, tls, drain_timeout, credentials }, admission)
}

/// Reads `[admin]`: where to listen, whether to local names alone, and how many calls to keep.
pub(super) fn read_admin(root: &mut Section<'_>, grpc: SocketAddr) -> (SocketAddr, bool, usize) {
    let mut admin = root.section("admin");
    let listen = admin.or("listen", &Listen, SocketAddr::from(([127, 0, 0, 1], 9464)));
    let overlap = listen.ip() == grpc.ip() || listen.ip().is_unspecified() || grpc.ip().is_unspecified();
    let same = listen.port() != 0 && listen.port() == grpc.port() && overlap;
    admin.law(&["listen"], !same, "is where server.listen is already", "take another port");
    let local_names_only = admin.or("local_names_only", &Flag, listen.ip().is_loopback());
    let recorder_calls = admin.or("recorder_calls", &Count(0..=RECORDER_CALLS_MAX), 500);
    admin.finish();
    (listen, local_names_only, recorder_calls)
}

fn admission(server: &mut Section<'_>) -> AdmissionSettings {
    let text_bytes = server.or("text_bytes_max", &Bytes(1..=TEXT_BYTES_MAX), 256 << 10);
    AdmissionSettings {
        in_flight_max: server.or("max_in_flight", &Count(1..=IN_FLIGHT_MAX), 1024),
        text_bytes_max: usize::try_from(text_bytes).unwrap_or(usize::MAX),
        timeout_max: server.or(
            "timeout_max",
            &Span(Duration::from_millis(1)..=TIMEOUT_MAX),
            Duration::from_mins(10),
        ),
    }
}

/// Certificate and key, if they are sound, and whether clients are meant to have certificates.
fn tls(server: &mut Section<'_>) -> (Option<TlsSettings>, bool) {
    if !server.has("tls") {
        return (None, false);
    }
    let mut tls = server.section("tls");
    for key in ["certificate_file", "key_file"] {
        if !tls.has(key) {
            tls.complain(key, Complaint::new("is missing", "name a file with PEM text"));
        }
    }
    let certificate_pem = tls.certificates_file("certificate_file");
    let key_pem = tls.private_key_file("key_file");
    let client_ca = tls.has("client_ca_file");
    let client_ca_pem = tls.certificates_file("client_ca_file");
    let settings = certificate_pem.zip(key_pem).map(|(certificate_pem, key_pem)| TlsSettings {
        certificate_pem,
        key_pem,
        client_ca_pem,
    });
    tls.law(
        &["key_file", "certificate_file"],
        settings.as_ref().is_none_or(belong_together),
        "is not the key of server.tls.certificate_file",
        "name the key that the certificate was made for, the server's certificate first in its file",
    );
    tls.finish();
    (settings, client_ca)
}

fn belong_together(tls: &TlsSettings) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&tls.certificate_pem).collect();
    let (Ok(certificates), Ok(key)) = (certificates, PrivateKeyDer::from_pem_slice(&tls.key_pem)) else {
        return false;
    };
    CertifiedKey::from_der(certificates, key, &ring::default_provider()).is_ok()
}

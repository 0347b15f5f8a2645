//! TLS at the server's door. The handshakes are made here and not in tonic, which tells nobody why one failed.

use std::{io, sync::Arc};

use rustls::{
    Error, InvalidMessage, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{VerifierBuilderError, WebPkiClientVerifier},
};
use tokio_rustls::TlsAcceptor;

use super::settings::TlsSettings;
use crate::telemetry::event::Refusal;

/// The application protocol that is offered: HTTP/2.
const ALPN: &[u8] = b"h2";

/// Why TLS can't be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of `[server.tls]` is not PEM, or not what it should be.
    #[error("a file of [server.tls] can't be read as PEM: {0}")]
    Pem(#[from] pem::Error),
    /// A certificate or the key is not usable.
    #[error("certificate_file, key_file or client_ca_file of [server.tls] can't be used: {0}")]
    Certificate(#[from] Error),
    /// The authority's certificates are not usable.
    #[error("server.tls.client_ca_file can't be used: {0}")]
    ClientAuthority(#[from] VerifierBuilderError),
}

/// Makes handshakes with this certificate; demands client certificates if an authority is named.
pub fn acceptor(tls: &TlsSettings) -> Result<TlsAcceptor, TlsError> {
    let ring = Arc::new(ring::default_provider());
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&tls.certificate_pem).collect();
    let key = PrivateKeyDer::from_pem_slice(&tls.key_pem)?;
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&ring)).with_safe_default_protocol_versions()?;
    let builder = match &tls.client_ca_pem {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate?)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), ring);
            builder.with_client_cert_verifier(verifier.build()?)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(certificates?, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Why a handshake failed.
pub(super) fn refusal(error: &io::Error) -> Refusal {
    let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Refusal::TlsClosed
            }
            _ => Refusal::TlsFailed,
        };
    };
    match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => Refusal::TlsPlaintext,
        Error::NoCertificatesPresented => Refusal::TlsNoCertificate,
        Error::InvalidCertificate(_) => Refusal::TlsBadCertificate,
        Error::AlertReceived(_) => Refusal::TlsRejected,
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => Refusal::TlsIncompatible,
        _ => Refusal::TlsFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_used_is_told() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate_pem, key_pem) = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem());
        let sound = TlsSettings { certificate_pem, key_pem: key_pem.into_bytes(), client_ca_pem: None };
        assert!(acceptor(&sound).is_ok());
        let told = |settings: TlsSettings| acceptor(&settings).err().expect("not sound").to_string();
        let empty = told(TlsSettings { certificate_pem: Vec::new(), ..sound.clone() });
        assert!(empty.contains("certificate_file"), "{empty}");
        let no_key = told(TlsSettings { key_pem: sound.certificate_pem.clone(), ..sound.clone() });
        assert!(no_key.contains("PEM"), "{no_key}");
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem().into_bytes();
        let other = told(TlsSettings { key_pem: other, ..sound.clone() });
        assert!(other.contains("key_file"), "{other}");
        let no_authority = told(TlsSettings { client_ca_pem: Some(Vec::new()), ..sound });
        assert!(no_authority.contains("client_ca_file"), "{no_authority}");
    }
}

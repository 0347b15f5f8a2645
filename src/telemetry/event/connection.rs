//! What is told of a connection.

use crate::extraction::label::labels;

labels! {
    /// Why a connection was refused.
    pub enum Refusal {
        /// No file descriptor was left to accept it with.
        OutOfFiles = "out_of_files",
        /// The system could not accept it, for another reason.
        AcceptFailed = "accept_failed",
        /// The peer did not say in time what every HTTP/2 connection begins with.
        Silent = "silent",
        /// The peer said something else.
        NotHttp2 = "not_http2",
        /// The peer did not speak TLS where TLS is spoken.
        TlsPlaintext = "tls_plaintext",
        /// The peer showed no certificate where one is demanded.
        TlsNoCertificate = "tls_no_certificate",
        /// The peer's certificate is of another authority, expired or otherwise not valid.
        TlsBadCertificate = "tls_bad_certificate",
        /// The peer refused: most often, it does not trust our certificate.
        TlsRejected = "tls_rejected",
        /// No version, cipher or application protocol that both sides know.
        TlsIncompatible = "tls_incompatible",
        /// The handshake began and was not complete in time.
        TlsTimeout = "tls_timeout",
        /// The peer left in the middle of the handshake.
        TlsClosed = "tls_closed",
        /// The handshake failed for another reason.
        TlsFailed = "tls_failed",
    }
}

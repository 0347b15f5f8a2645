//! Why an export failed, in a word.
//!
//! The exporter tells no more than a text: a gRPC code, and what the transport said if that was what failed. No
//! word of the collector's own is in it. Only the word found here is told on.

use opentelemetry_sdk::error::OTelSdkError;

use crate::telemetry::event::DropCause;

/// What stands before the gRPC code.
const CODE: &str = "gRPC code: ";

/// What the transport says, and what it means. The first that is found counts.
const TRANSPORT: &[(&str, DropCause)] = &[
    ("dns error", DropCause::Dns),
    ("Connection refused", DropCause::ConnectRefused),
    ("certificate", DropCause::Tls),
    ("InvalidContentType", DropCause::Tls),
    ("tls handshake", DropCause::Tls),
    ("HandshakeFailure", DropCause::Tls),
    ("Timeout expired", DropCause::Timeout),
    ("timed out", DropCause::Timeout),
    ("h2 protocol error", DropCause::NotOtlp),
    ("http2 error", DropCause::NotOtlp),
];

/// Why an export failed.
pub(super) fn of(error: &OTelSdkError) -> DropCause {
    match error {
        OTelSdkError::Timeout(_) => DropCause::Timeout,
        OTelSdkError::AlreadyShutdown => DropCause::Other,
        OTelSdkError::InternalFailure(text) => by_text(text),
    }
}

fn by_text(text: &str) -> DropCause {
    let said = text.split_once(CODE).map_or(text, |(_, said)| said);
    let (code, transport) = said.split_once(": ").unwrap_or((said, ""));
    if let Some((_, cause)) = TRANSPORT.iter().find(|(words, _)| transport.contains(words)) {
        return *cause;
    }
    match code {
        "Unavailable" if transport.is_empty() => DropCause::Unavailable,
        "Unavailable" => DropCause::Connect,
        "Unknown" | "Internal" if !transport.is_empty() => DropCause::Connect,
        "Cancelled" | "DeadlineExceeded" => DropCause::Timeout,
        "Unimplemented" => DropCause::NotOtlp,
        "Unauthenticated" | "PermissionDenied" => DropCause::Unauthorized,
        "Aborted" | "DataLoss" | "FailedPrecondition" | "Internal" | "InvalidArgument" | "NotFound"
        | "OutOfRange" | "ResourceExhausted" => DropCause::Rejected,
        _ => DropCause::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        time::Duration,
    };

    use opentelemetry_otlp::{
        RetryPolicy, SpanExporter as OtlpSpanExporter, WithExportConfig as _, WithTonicConfig as _,
    };
    use opentelemetry_sdk::trace::SpanExporter as _;

    use super::*;

    /// What an export to `url` fails with.
    async fn cause(url: String, timeout: Duration) -> DropCause {
        let exporter = OtlpSpanExporter::builder()
            .with_tonic()
            .with_endpoint(url)
            .with_tls_config(super::super::tls(None))
            .with_timeout(timeout)
            .with_retry_policy(RetryPolicy::default().with_max_retries(0));
        let error = exporter.build().unwrap().export(Vec::new()).await.unwrap_err();
        let cause = of(&error);
        assert_ne!(cause, DropCause::Other, "{error}");
        cause
    }

    /// A peer that says `words` to each that connects, once it has been spoken to.
    fn peer(words: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(words));
                held.push(stream);
            }
        });
        addr.to_string()
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn real_failures_have_their_word() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(cause(format!("http://{gone}"), LONG).await, DropCause::ConnectRefused);
        // Connections are made, and nobody ever takes or answers them.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        assert_eq!(cause(url, Duration::from_millis(100)).await, DropCause::Timeout);
        let http1 = peer(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(cause(format!("http://{http1}"), LONG).await, DropCause::NotOtlp);
        let plain = peer(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(cause(format!("https://{plain}"), LONG).await, DropCause::Tls);
    }

    #[test]
    fn what_the_collector_says_has_its_word() {
        for (said, cause) in [
            ("Unavailable", DropCause::Unavailable),
            ("Unavailable: transport error: connection closed", DropCause::Connect),
            ("Unknown: transport error: connection error: stream closed", DropCause::Connect),
            ("Unavailable: transport error: dns error: failed to lookup address information", DropCause::Dns),
            ("Unavailable: transport error: invalid peer certificate: UnknownIssuer", DropCause::Tls),
            ("Unauthenticated", DropCause::Unauthorized),
            ("PermissionDenied", DropCause::Unauthorized),
            ("Unimplemented", DropCause::NotOtlp),
            ("ResourceExhausted", DropCause::Rejected),
            ("DeadlineExceeded", DropCause::Timeout),
            ("Unknown", DropCause::Other),
        ] {
            let text = format!("TonicTracesClient export failed with gRPC code: {said}");
            assert_eq!(of(&OTelSdkError::InternalFailure(text)), cause, "{said}");
        }
        assert_eq!(of(&OTelSdkError::InternalFailure("failed to acquire lock".into())), DropCause::Other);
    }
}

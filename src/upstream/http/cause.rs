//! What an error of the layers below means: the source chain, walked once.

use std::{error::Error, io};

use super::{super::fault::Fault, body::Sending};

/// The fault behind an error that came before the answer's head.
///
/// Over HTTP/2 a head above the limit and a broken one look the same where h2 resets the stream:
/// [`Fault::Malformed`]; far above it h2 gives the connection up: [`Fault::HeadTooLarge`].
pub(super) fn before_the_head(error: &reqwest::Error, sending: Sending) -> Fault {
    if error.is_builder() {
        return Fault::Unsendable;
    }
    if error.is_connect() {
        return while_connecting(error);
    }
    let http2 = find::<h2::Error>(error);
    if http2.is_some_and(refused_by_peer) || sending == Sending::NotBegun {
        return Fault::NotProcessed;
    }
    if let Some(http1) = find::<hyper::Error>(error) {
        if http1.is_parse_too_large() {
            return Fault::HeadTooLarge;
        }
        if http1.is_parse() {
            return Fault::Malformed;
        }
    }
    match http2 {
        Some(http2) if http2.is_library() => match http2.reason() {
            Some(h2::Reason::ENHANCE_YOUR_CALM) => Fault::HeadTooLarge,
            _ => Fault::Malformed,
        },
        _ => Fault::Reset,
    }
}

/// The fault behind an error that came after the answer's head.
pub(super) fn in_the_body(error: &reqwest::Error) -> Fault {
    let invalid = find::<io::Error>(error)
        .is_some_and(|io| matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput));
    if invalid || find::<h2::Error>(error).is_some_and(h2::Error::is_library) {
        Fault::Malformed
    } else {
        Fault::Reset
    }
}

fn while_connecting(error: &reqwest::Error) -> Fault {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};

    if let Some(tls) = find::<rustls::Error>(error) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => Fault::TlsUntrusted,
            _ => Fault::TlsHandshake,
        };
    }
    if error.is_timeout() {
        return Fault::ConnectTimeout;
    }
    let secured = error.url().is_some_and(|url| url.scheme() == "https");
    let broken = find::<io::Error>(error).is_some_and(|io| {
        matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | InvalidData | UnexpectedEof)
    });
    // TCP does not fail in these ways while it connects, so the connection stood.
    if secured && broken { Fault::TlsHandshake } else { Fault::Connect }
}

/// `REFUSED_STREAM`, or a GOAWAY: h2 fails only the streams above its last stream id with it. What h2
/// itself refuses is not the peer's word.
fn refused_by_peer(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// The outermost `E` in the chain. An `io::Error` hides what it wraps from `source`, so it is asked.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

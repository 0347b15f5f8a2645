//! What an error of the layers below means: the source chain, walked once.

use std::{error::Error, io};

use super::{
    super::fault::{Fault, NoConnection},
    body::Sending,
};

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
            // h2's words for a flood of header frames, and for one header above every limit.
            Some(h2::Reason::ENHANCE_YOUR_CALM | h2::Reason::COMPRESSION_ERROR) => Fault::HeadTooLarge,
            _ => Fault::Malformed,
        },
        _ => Fault::Reset,
    }
}

/// The fault behind an error that came after the answer's head.
pub(super) fn in_the_body(error: &reqwest::Error) -> Fault {
    let invalid = every::<io::Error>(error)
        .any(|io| matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput));
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
    let broken = every::<io::Error>(error).any(|io| {
        matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | InvalidData | UnexpectedEof)
    });
    // TCP does not fail in these ways while it connects, so the connection stood.
    if secured && broken { Fault::TlsHandshake } else { Fault::Connect(no_connection(error)) }
}

/// The resolver's error has no type of its own, only these words.
fn no_connection(error: &reqwest::Error) -> NoConnection {
    let refused = every::<io::Error>(error).any(|io| io.kind() == io::ErrorKind::ConnectionRefused);
    let unresolved = chain(error).any(|error| error.to_string() == "dns error");
    match (refused, unresolved) {
        (true, _) => NoConnection::Refused,
        (false, true) => NoConnection::Dns,
        (false, false) => NoConnection::Other,
    }
}

/// `REFUSED_STREAM`, or a GOAWAY: h2 fails only the streams above its last stream id with it. What h2
/// itself refuses is not the peer's word.
fn refused_by_peer(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// Every `E` in the chain.
fn every<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e E> {
    chain(error).filter_map(|error| error.downcast_ref())
}

/// The error and what caused it, the outermost first. An `io::Error` hides what it wraps from `source`, so it
/// is asked.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    every(error).next()
}

//! What a peer has to say before it is listened to: its part of the TLS handshake, and the bytes that every
//! HTTP/2 connection begins with.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::either::Either;

use crate::{grpc::tls, telemetry::event::Refusal};

/// What every HTTP/2 connection begins with (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection with or without TLS.
pub(super) type Wire = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Why a peer that came is not listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// It went away by itself, as those do that only look whether the port is open.
    Left,
    /// It was cut.
    Refused(Refusal),
}

/// The connection, once its peer has said everything up to and with [`PREFACE`].
pub(super) async fn greet(
    stream: TcpStream,
    tls: Option<&TlsAcceptor>,
    until: Instant,
) -> Result<Wire, Parting> {
    let silent = |_| Parting::Refused(Refusal::Silent);
    // Whoever says nothing at all has not begun a handshake either.
    match timeout_at(until, stream.peek(&mut [0])).await.map_err(silent)? {
        Ok(1..) => {}
        Ok(0) | Err(_) => return Err(Parting::Left),
    }
    let mut wire = match tls {
        Some(acceptor) => Wire::Right(Box::new(handshake(stream, acceptor, until).await?)),
        None => Wire::Left(stream),
    };
    timeout_at(until, preface(&mut wire)).await.map_err(silent)??;
    Ok(wire)
}

async fn handshake(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    until: Instant,
) -> Result<TlsStream<TcpStream>, Parting> {
    match timeout_at(until, acceptor.accept(stream)).await {
        Ok(handshake) => handshake.map_err(|error| Parting::Refused(tls::refusal(&error))),
        Err(_) => Err(Parting::Refused(Refusal::TlsTimeout)),
    }
}

/// Reads the preface and nothing beyond it.
async fn preface(wire: &mut (impl AsyncRead + Unpin)) -> Result<(), Parting> {
    let mut missing = PREFACE;
    while !missing.is_empty() {
        let mut said = [0; PREFACE.len()];
        let (room, _) = said.split_at_mut(missing.len());
        let length = wire.read(room).await.unwrap_or_default();
        if length == 0 {
            return Err(Parting::Left);
        }
        let (expected, rest) = missing.split_at(length);
        if !said.starts_with(expected) {
            return Err(Parting::Refused(Refusal::NotHttp2));
        }
        missing = rest;
    }
    Ok(())
}

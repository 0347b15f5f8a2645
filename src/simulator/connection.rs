//! One connection, and the ways to end it that HTTP does not know.

use std::{
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::{mpsc, oneshot},
};

use super::{Shared, body::Body, log::Ticket, service};

/// Streams at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 1_000;
/// One of the endless header lines, and how many of them are written at once.
const HEADER_LINE: &[u8] = b"x-filler: there is always one more\r\n";
const LINES_AT_ONCE: usize = 200;

/// Serves HTTP/1.1 or HTTP/2 on `stream` until either side ends it.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without it, small frames would wait for the peer's delayed acknowledgements.
    let _ = stream.set_nodelay(true);
    let (socket, returned) = Socket::lend(stream);
    let (line, mut severed) = Line::new();
    let service = service_fn(move |request| {
        let answer = service::answer(Arc::clone(&shared), request, line.clone());
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = auto::Builder::new(TokioExecutor::new());
    // Without timers, so that no idle connection is closed: faults come from the script alone.
    http.http2().max_concurrent_streams(MAX_STREAMS);
    let severance = {
        let serving = pin!(http.serve_connection(TokioIo::new(socket), service));
        tokio::select! {
            severance = severed.recv() => severance,
            _ = serving => None,
        }
    };
    if let (Some(severance), Ok(stream)) = (severance, returned.await) {
        severance.act(stream).await;
    }
}

/// An end that HTTP does not know. On HTTP/2 it ends every stream of the connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Severed {
    /// With a FIN, and no answer.
    Close,
    /// With a RST, and no answer.
    Reset,
    /// After a status line and header lines without an end, `bytes` of them at most. (On HTTP/2 the peer sees
    /// no frames but rubbish.)
    EndlessHeaders {
        /// Header bytes after which the connection is closed nonetheless.
        bytes: u64,
    },
}

/// The way from an exchange to the connection under it.
#[derive(Debug, Clone)]
pub(super) struct Line(mpsc::Sender<Severance>);

impl Line {
    fn new() -> (Line, mpsc::Receiver<Severance>) {
        // One is enough: the first severance ends the connection.
        let (sender, receiver) = mpsc::channel(1);
        (Line(sender), receiver)
    }

    /// Takes the connection away from HTTP and ends it. The caller is dropped with it, so this never returns.
    pub(super) async fn sever(self, how: Severed, ticket: Ticket) -> Response<Body> {
        let _ = self.0.send(Severance { how, ticket }).await;
        std::future::pending().await
    }
}

#[derive(Debug)]
struct Severance {
    how: Severed,
    ticket: Ticket,
}

impl Severance {
    async fn act(mut self, mut stream: TcpStream) {
        match self.how {
            Severed::Close => {
                self.ticket.finish();
                let _ = stream.shutdown().await;
            }
            Severed::Reset => {
                self.ticket.finish();
                let _ = stream.set_zero_linger();
            }
            Severed::EndlessHeaders { bytes } => {
                if flood(&mut stream, bytes).await.is_ok() {
                    self.ticket.finish();
                }
            }
        }
    }
}

async fn flood(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n").await?;
    let lines = HEADER_LINE.repeat(LINES_AT_ONCE);
    let mut written = 0;
    while written < bytes {
        stream.write_all(&lines).await?;
        written += lines.len() as u64;
    }
    Ok(())
}

/// A TCP stream lent to HTTP. When HTTP drops it, its owner has it back.
#[derive(Debug)]
struct Socket {
    stream: Option<TcpStream>,
    owner: Option<oneshot::Sender<TcpStream>>,
}

impl Socket {
    fn lend(stream: TcpStream) -> (Socket, oneshot::Receiver<TcpStream>) {
        let (owner, returned) = oneshot::channel();
        (Socket { stream: Some(stream), owner: Some(owner) }, returned)
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let (Some(stream), Some(owner)) = (self.stream.take(), self.owner.take()) {
            let _ = owner.send(stream);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}

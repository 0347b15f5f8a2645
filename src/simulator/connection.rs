//! One connection, whose socket can be taken away from HTTP.

use std::{
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::oneshot,
};

use super::{Shared, line::Line, service};

/// Streams at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 1_000;

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
    http.http2().max_concurrent_streams(STREAMS_MAX);
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

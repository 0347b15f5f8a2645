//! The ways to end a connection that HTTP does not know.

use std::io;

use http::Response;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::mpsc};

use super::{body::Body, log::Ticket};

/// One of the endless header lines, and how many of them are written at once.
const HEADER_LINE: &[u8] = b"x-filler: there is always one more\r\n";
const LINES_AT_ONCE: usize = 200;

/// The way from an exchange to the connection under it.
#[derive(Debug, Clone)]
pub(super) struct Line(mpsc::Sender<Severance>);

impl Line {
    pub(super) fn new() -> (Line, mpsc::Receiver<Severance>) {
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

/// That a connection is to end, and how.
#[derive(Debug)]
pub(super) struct Severance {
    how: Severed,
    ticket: Ticket,
}

impl Severance {
    pub(super) async fn act(mut self, mut stream: TcpStream) {
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

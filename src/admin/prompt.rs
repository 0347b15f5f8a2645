//! Cuts peers that ask and do not read: what waits for them takes memory, and a place among [`super::renders`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// The longest that a peer may take to read what it asked for: longer than Prometheus waits unless it is told to, and
/// enough for ten thousand calls over a line of 10 Mbit/s.
const READ_MAX: Duration = Duration::from_secs(15);

/// A stream whose peer must read promptly.
pub(super) struct Prompt<S> {
    stream: S,
    /// Runs from when the peer first let something wait until it has taken all.
    late: Option<Pin<Box<Sleep>>>,
}

impl<S> Prompt<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, late: None }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(READ_MAX)));
        ready!(late.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.wait(context),
            written @ Poll::Ready(_) => written,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(context, parts) {
            Poll::Pending => self.wait(context),
            written @ Poll::Ready(_) => written,
        }
    }

    /// As TCP does: without it an answer would be copied rather than lent, and leave its place unread.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked for when all has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.late = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_cut() {
        let (ours, _theirs) = duplex(16);
        let began = Instant::now();
        let cut = Prompt::new(ours).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!((cut.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, READ_MAX.as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_byte_now_and_then_is_cut_too() {
        let (ours, mut theirs) = duplex(16);
        let trickle = async {
            while theirs.read_u8().await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let mut ours = Prompt::new(ours);
        let cut = tokio::select! {
            cut = ours.write_all(&[0; 1024]) => cut.unwrap_err(),
            () = trickle => unreachable!("it reads as long as it can"),
        };
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_has_its_own_time() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Prompt::new(ours);
        let both = async {
            for _ in 0..3 {
                ours.write_all(&[0; 20]).await.unwrap();
                ours.flush().await.unwrap();
            }
        };
        let reader = async {
            for _ in 0..3 {
                sleep(READ_MAX / 2).await;
                theirs.read_exact(&mut [0; 20]).await.unwrap();
            }
        };
        tokio::join!(both, reader);
    }
}

//! A request body that tells when it is sent.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

/// A body of one piece. hyper asks for it when it writes the request to a connection, not before.
pub(super) struct WatchedBody {
    bytes: Option<Bytes>,
    begun: Option<oneshot::Sender<()>>,
}

/// Whether a request began to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// Not a byte of its body went out.
    NotBegun,
    /// The upstream may have all of it.
    Begun,
}

impl WatchedBody {
    /// The body, and what is told once the first of it is taken.
    pub(super) fn new(bytes: Bytes) -> (Self, oneshot::Receiver<()>) {
        let (begun, sending) = oneshot::channel();
        (Self { bytes: Some(bytes), begun: Some(begun) }, sending)
    }
}

/// What is known of the sending now.
pub(super) fn state(sending: &mut oneshot::Receiver<()>) -> Sending {
    match sending.try_recv() {
        Ok(()) => Sending::Begun,
        Err(_) => Sending::NotBegun,
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(begun) = self.begun.take() {
            // Nobody listens any more: the attempt was given up.
            let _ = begun.send(());
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

//! A request's body that has to come in time.

#[cfg(test)]
mod tests;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Status, body::Body};

use super::status::status;
use crate::extraction::{ExtractError, Phase};

/// Bounds the time that `body` may take: a request counts as a call, and takes a place, only when it is
/// complete. If it is `late`, that is told, and the request ends.
pub(super) fn timed(body: Body, limit: Duration, late: impl FnOnce() + Send + Unpin + 'static) -> Body {
    Body::new(TimedBody { body, limit: Box::pin(sleep(limit)), late: Some(late) })
}

struct TimedBody<F> {
    body: Body,
    limit: Pin<Box<Sleep>>,
    late: Option<F>,
}

impl<F: FnOnce() + Unpin> http_body::Body for TimedBody<F> {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        ready!(self.limit.as_mut().poll(cx));
        if let Some(late) = self.late.take() {
            late();
        }
        let error = ExtractError::DeadlineExceeded { phase: Phase::Admission, last: None };
        Poll::Ready(Some(Err(status(&error, None))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

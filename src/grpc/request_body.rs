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

/// What keeps a body from being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incomplete {
    /// It did not come in time.
    Late,
    /// Its caller left, or the connection broke.
    Broken,
}

/// Bounds the time that `body` may take: a request takes a place only when it is complete. If it never is, `why` is
/// told, and the request ends.
pub(super) fn timed(
    body: Body,
    limit: Duration,
    why: impl FnOnce(Incomplete) + Send + Unpin + 'static,
) -> Body {
    Body::new(TimedBody { body, limit: Box::pin(sleep(limit)), why: Some(why) })
}

struct TimedBody<F> {
    body: Body,
    limit: Pin<Box<Sleep>>,
    why: Option<F>,
}

impl<F: FnOnce(Incomplete)> TimedBody<F> {
    fn ends(&mut self, why: Incomplete) -> Status {
        if let Some(tell) = self.why.take() {
            tell(why);
        }
        let late = ExtractError::DeadlineExceeded { phase: Phase::Admission, last: None };
        status(if why == Incomplete::Late { &late } else { &ExtractError::Cancelled }, None)
    }
}

impl<F: FnOnce(Incomplete) + Unpin> http_body::Body for TimedBody<F> {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(|_broken| self.ends(Incomplete::Broken))));
        }
        ready!(self.limit.as_mut().poll(cx));
        Poll::Ready(Some(Err(self.ends(Incomplete::Late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

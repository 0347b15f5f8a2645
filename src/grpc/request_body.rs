//! A request's body that has to come in time.

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

/// How long the body of a request with a single message may take.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// Bounds the time that `body` may take: a request counts as a call, and takes a place, only when it is
/// complete.
pub(super) fn timed(body: Body) -> Body {
    Body::new(TimedBody { body, limit: Box::pin(sleep(BODY_TIME_MAX)) })
}

struct TimedBody {
    body: Body,
    limit: Pin<Box<Sleep>>,
}

impl http_body::Body for TimedBody {
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

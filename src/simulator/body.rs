//! Response bodies as a list of steps, so that slow, endless and broken ones are as plain as whole ones.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::Frame;
use tokio::time::Sleep;

use super::log::Ticket;

/// What a body does next.
#[derive(Debug)]
pub(super) enum Step {
    /// Sends these bytes.
    Data(Bytes),
    /// Sends `block` over and over, until `left` bytes are sent.
    Fill { block: Bytes, left: u64 },
    /// Sends `bytes`, `at_once` at a time, with a rest of `every` in between.
    Drip { bytes: Bytes, at_once: usize, every: Duration },
    /// Lets the connection write out what it has.
    Flush,
    /// Breaks off, and the connection with it.
    Break,
    /// Sends nothing more, ever.
    Stall,
}

/// A response body that follows its steps, and tells its ticket when the last one is done.
#[derive(Debug)]
pub(super) struct Body {
    steps: VecDeque<Step>,
    rest: Option<Pin<Box<Sleep>>>,
    ticket: Option<Ticket>,
}

impl Body {
    pub(super) fn new(steps: Vec<Step>, ticket: Option<Ticket>) -> Body {
        Body { steps: steps.into(), rest: None, ticket }.finished_if_empty()
    }

    fn finished_if_empty(mut self) -> Body {
        self.finish_if_done();
        self
    }

    fn finish_if_done(&mut self) {
        if let (true, Some(ticket)) = (self.steps.is_empty(), &mut self.ticket) {
            ticket.finish();
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(cx));
            self.rest = None;
        }
        let Some(step) = self.steps.pop_front() else { return Poll::Ready(None) };
        match step {
            Step::Data(bytes) => Poll::Ready(Some(Ok(bytes))),
            Step::Fill { block, left } => {
                let size = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
                let left = left - size as u64;
                if left > 0 && size > 0 {
                    self.steps.push_front(Step::Fill { block: block.clone(), left });
                }
                Poll::Ready(Some(Ok(block.slice(..size))))
            }
            Step::Drip { mut bytes, at_once, every } => {
                let drop = bytes.split_to(at_once.clamp(1, bytes.len().max(1)).min(bytes.len()));
                if !bytes.is_empty() {
                    self.rest = Some(Box::pin(tokio::time::sleep(every)));
                    self.steps.push_front(Step::Drip { bytes, at_once, every });
                }
                Poll::Ready(Some(Ok(drop)))
            }
            Step::Flush => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Step::Break => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            Step::Stall => {
                self.steps.push_front(Step::Stall);
                Poll::Pending
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = ready!(self.poll_step(cx));
        self.finish_if_done();
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }
}

//! The guard that gives every flight exactly one end.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use super::event::{Event, FlightEnd, FlightEnded, Observer};
use crate::{
    extraction::{ErrorType, Trail},
    upstream::Endpoint,
};

/// One flight in the air. Dropping it without [`FlightGuard::end`] means that it was cut, as at the end of a
/// drain, or that it panicked. `flown` tells what it has done so far, and how many calls joined it.
pub struct FlightGuard<F: Fn() -> (Trail, u64)> {
    observer: Arc<dyn Observer>,
    endpoint: Arc<Endpoint>,
    span: Span,
    flown: F,
    departure: Instant,
    ended: bool,
}

impl<F: Fn() -> (Trail, u64)> FlightGuard<F> {
    /// Reports the start.
    pub fn begin(observer: Arc<dyn Observer>, endpoint: Arc<Endpoint>, span: Span, flown: F) -> Self {
        observer.observe(&Event::FlightStarted { endpoint: &endpoint, span: &span });
        Self { observer, endpoint, span, flown, departure: Instant::now(), ended: false }
    }

    /// Reports the end.
    pub fn end(mut self, end: FlightEnd) {
        self.report(end);
    }

    fn report(&mut self, end: FlightEnd) {
        self.ended = true;
        let (trail, followers) = (self.flown)();
        self.observer.observe(&Event::FlightEnded(FlightEnded {
            endpoint: &self.endpoint,
            end,
            attempts: trail.made(),
            retries: trail.retries(),
            retry_delay: trail.backoff,
            followers,
            usage: trail.usage,
            response: &trail.response,
            elapsed: self.departure.elapsed(),
            span: &self.span,
        }));
    }
}

impl<F: Fn() -> (Trail, u64)> Drop for FlightGuard<F> {
    fn drop(&mut self) {
        if !self.ended {
            let panicked = std::thread::panicking();
            self.report(if panicked { FlightEnd::Failed(ErrorType::Internal) } else { FlightEnd::GivenUp });
        }
    }
}

//! The guard that gives every flight exactly one end.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use super::event::{Event, FlightEnded, Observer};
use crate::{
    extraction::{AttemptOutcome, ErrorType, Tenant, Trail},
    upstream::Endpoint,
};

/// One flight in the air. Dropping it without [`FlightGuard::end`] means that it was cut, as at the end of a
/// drain, or that it panicked. `flown` tells what it has done so far, and how many calls joined it.
pub struct FlightGuard<F: Fn() -> (Trail, u64)> {
    observer: Arc<dyn Observer>,
    endpoint: Arc<Endpoint>,
    tenant: Tenant,
    span: Span,
    flown: F,
    departure: Instant,
    ended: bool,
}

/// What came of a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlightEnd {
    /// A valid answer.
    Answered,
    /// No answer, in spite of all attempts.
    Failed(ErrorType),
    /// It was given up because nobody waited any more, or cut because the gateway ends.
    GivenUp,
}

impl FlightEnd {
    /// The same, as one of an attempt's ends.
    pub fn outcome(self) -> AttemptOutcome {
        match self {
            Self::Answered => AttemptOutcome::Success,
            Self::Failed(_) => AttemptOutcome::Failure,
            Self::GivenUp => AttemptOutcome::Cancelled,
        }
    }

    /// What it failed with.
    pub fn error_type(self) -> Option<ErrorType> {
        match self {
            Self::Failed(error_type) => Some(error_type),
            Self::Answered | Self::GivenUp => None,
        }
    }
}

impl<F: Fn() -> (Trail, u64)> FlightGuard<F> {
    /// Reports the start.
    pub fn begin(
        observer: Arc<dyn Observer>,
        endpoint: Arc<Endpoint>,
        tenant: Tenant,
        span: Span,
        flown: F,
    ) -> Self {
        observer.observe(&Event::FlightStarted { endpoint: &endpoint, span: &span });
        Self { observer, endpoint, tenant, span, flown, departure: Instant::now(), ended: false }
    }

    /// Reports the end.
    pub fn end(mut self, end: FlightEnd) {
        self.report(end);
    }

    fn report(&mut self, end: FlightEnd) {
        self.ended = true;
        let (trail, followers) = (self.flown)();
        self.observer.observe(&Event::FlightEnded(FlightEnded {
            tenant: &self.tenant,
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

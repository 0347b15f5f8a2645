//! The guard that gives every flight exactly one end.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use super::event::{Event, FlightEnded, Observer};
use crate::{
    extraction::{AttemptKind, ErrorType, Trail},
    upstream::Endpoint,
};

/// One flight in the air. Dropping it without [`FlightGuard::end`] means that it was lost: the error is
/// `internal`.
pub struct FlightGuard {
    observer: Arc<dyn Observer>,
    endpoint: Arc<Endpoint>,
    span: Span,
    departure: Instant,
    ended: bool,
}

/// How a flight ended.
#[derive(Debug, Clone, Copy)]
pub struct FlightEnd {
    /// What it failed with; absent on success.
    pub error_type: Option<ErrorType>,
    /// Whether it was given up because nobody waited.
    pub cancelled: bool,
    /// Calls that joined it.
    pub followers: u64,
}

impl FlightGuard {
    /// Reports the start.
    pub fn begin(observer: Arc<dyn Observer>, endpoint: Arc<Endpoint>, span: Span) -> Self {
        observer.observe(&Event::FlightStarted { endpoint: &endpoint, span: &span });
        Self { observer, endpoint, span, departure: Instant::now(), ended: false }
    }

    /// Reports the end.
    pub fn end(mut self, end: FlightEnd, trail: &Trail) {
        self.ended = true;
        let retries = trail.attempts.iter().filter(|record| record.kind == AttemptKind::Retry).count();
        self.report(end, count(trail.attempts.len()), count(retries), trail);
    }

    fn report(&self, end: FlightEnd, attempts: u32, retries: u32, trail: &Trail) {
        self.observer.observe(&Event::FlightEnded(FlightEnded {
            endpoint: &self.endpoint,
            error_type: end.error_type,
            cancelled: end.cancelled,
            attempts,
            retries,
            retry_delay: trail.backoff,
            followers: end.followers,
            usage: trail.usage,
            response: &trail.response,
            wasted: trail.wasted,
            elapsed: self.departure.elapsed(),
            span: &self.span,
        }));
    }
}

impl Drop for FlightGuard {
    fn drop(&mut self) {
        if !self.ended {
            let lost = FlightEnd { error_type: Some(ErrorType::Internal), cancelled: false, followers: 0 };
            self.report(lost, 0, 0, &Trail::default());
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

//! Lines about flights.

use tracing::{dispatcher, level_filters::LevelFilter};

use super::{Logs, ids, milliseconds};
use crate::{
    extraction::ErrorType,
    telemetry::{
        FlightEnd,
        event::{Event, FlightEnded},
        spans::trace_id,
    },
};

impl Logs {
    pub(super) fn flight_ended(&self, flight: &FlightEnded<'_>) {
        line!(
            self,
            DEBUG,
            "tidegate.flight.finished",
            "flight finished",
            span = flight.span,
            tidegate.tenant = flight.tenant.as_str(),
            tidegate.upstream = &*flight.endpoint.name,
            "error.type" = flight.end.error_type().map(ErrorType::as_str),
            cancelled = flight.end == FlightEnd::GivenUp,
            tidegate.call.attempts = flight.attempts,
            tidegate.call.retries = flight.retries,
            retry_delay_ms = milliseconds(flight.retry_delay),
            followers = flight.followers,
            duration_ms = milliseconds(flight.elapsed),
        );
    }

    pub(super) fn flight_waited(&self, event: &Event<'_>) {
        let Event::FlightWaited { answered, elapsed, flight, tenant, span } = *event else { return };
        line!(
            self,
            DEBUG,
            "tidegate.flight.waited",
            "wait for a flight ended",
            span = span,
            tidegate.tenant = tenant.as_str(),
            answered,
            tidegate.flight.trace_id = flight.and_then(trace_id),
            duration_ms = milliseconds(elapsed),
        );
    }
}

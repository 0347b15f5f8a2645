//! What is told of a flight.

use std::{sync::Arc, time::Duration};

use tracing::Span;

use crate::{
    extraction::{ResponseFacts, Tenant, Usage},
    telemetry::flight::FlightEnd,
    upstream::Endpoint,
};

/// How a flight ended.
#[derive(Debug)]
pub struct FlightEnded<'a> {
    /// The tenant of the call that started it.
    pub tenant: &'a Tenant,
    /// The upstream asked last.
    pub endpoint: &'a Arc<Endpoint>,
    /// How.
    pub end: FlightEnd,
    /// Attempts made.
    pub attempts: u32,
    /// Retries among them.
    pub retries: u32,
    /// Time without a running attempt between the first and the last one.
    pub retry_delay: Duration,
    /// Calls that joined it.
    pub followers: u64,
    /// Tokens of all attempts.
    pub usage: Usage,
    /// What the last answer said of itself.
    pub response: &'a ResponseFacts,
    /// From take-off to landing.
    pub elapsed: Duration,
    /// The flight's span.
    pub span: &'a Span,
}

//! Connections to the gRPC server, and requests that come in on them too slowly.

use metrics::Counter;

use super::{
    instruments::{Instruments, word},
    table::{Grid, Level},
};
use crate::telemetry::{catalogue::list, event::Refusal};

/// Instruments of connections.
pub(super) struct ConnectionMetrics {
    /// Connections that are open.
    pub(super) open: Level,
    /// Times that no place was left.
    pub(super) full: Counter,
    /// Requests whose message did not come in time.
    pub(super) late_requests: Counter,
    refused: Grid<Counter>,
}

impl ConnectionMetrics {
    pub(super) fn new(instruments: &Instruments) -> Self {
        Self {
            open: Level::new(instruments.gauge(&list::CONNECTIONS, [])),
            full: instruments.counter(&list::CONNECTIONS_FULL, []),
            late_requests: instruments.counter(&list::REQUESTS_LATE, []),
            refused: Grid::new(&[()], Refusal::ALL, |(), reason| {
                instruments.counter(&list::CONNECTIONS_REFUSED, [word(reason.as_str())])
            }),
        }
    }

    pub(super) fn refused(&self, reason: Refusal) {
        if let Some(refused) = self.refused.at(0, reason as usize) {
            refused.increment(1);
        }
    }
}

//! Connections to the gRPC server, and what never became a call.

use super::{Metric, Unit, counter, gauge};
use crate::telemetry::catalogue::labels::REFUSAL;

catalogue! { "Connections":
    CONNECTIONS = gauge("tidegate.server.connections", Unit::Count("{connection}"), &[],
        "Connections to the gRPC server, those that have not said anything yet too.");
    CONNECTIONS_FULL = counter("tidegate.server.connections.full", Unit::Count("{time}"), &[],
        "Times that no place for a connection was left, so that whoever came had to wait.");
    CONNECTIONS_REFUSED = counter("tidegate.server.connections.refused", Unit::Count("{connection}"), &[REFUSAL],
        "Connections that could not be accepted, or were cut before they could carry a request.");
    REQUESTS_LATE = counter("tidegate.server.requests.late", Unit::Count("{request}"), &[],
        "gRPC requests that ended with DEADLINE_EXCEEDED because their message did not come in time.");
}

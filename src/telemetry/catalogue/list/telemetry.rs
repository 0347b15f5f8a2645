//! Telemetry itself.

use super::{Metric, counter};
use crate::telemetry::catalogue::labels::SIGNAL;

catalogue! { "Telemetry":
    DROPPED = counter("tidegate.telemetry.dropped", &[SIGNAL],
        "Spans, exports of metrics and log lines that could not be delivered.");
}

//! Telemetry itself.

use super::{Metric, Unit, counter, gauge};
use crate::telemetry::catalogue::labels::SIGNAL;

catalogue! { "Telemetry":
    DROPPED = counter("tidegate.telemetry.dropped", &[SIGNAL],
        "Spans, exports of metrics and log lines that could not be delivered.");
    SERIES = gauge("tidegate.telemetry.series", Unit::Count, &[],
        "Series on the page.");
    SERIES_OVERFLOW = counter("tidegate.telemetry.series.overflow", &[],
        "Series that were not made because there were as many as are allowed.");
}

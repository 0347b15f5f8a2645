//! Telemetry itself.

use super::{Metric, Unit, counter, gauge};
use crate::telemetry::catalogue::labels::SIGNAL;

catalogue! { "Telemetry":
    DROPPED = counter("tidegate.telemetry.dropped", Unit::Count("{item}"), &[SIGNAL],
        "Spans, exports of metrics and log lines that could not be delivered.");
    SERIES = gauge("tidegate.telemetry.series", Unit::Count("{series}"), &[],
        "Series on the page.");
    SERIES_OVERFLOW = counter("tidegate.telemetry.series.overflow", Unit::Count("{series}"), &[],
        "Series that were not made because there were as many as are allowed.");
}

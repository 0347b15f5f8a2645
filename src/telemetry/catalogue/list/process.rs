//! The build and the process.

use super::{Metric, Unit, counter, gauge};
use crate::telemetry::catalogue::labels::VERSION;

catalogue! { "Process":
    BUILD = gauge("tidegate.build.info", Unit::Count, &[VERSION],
        "Always 1.");
    PROCESS_CPU = Metric { unit: Unit::Seconds, ..counter("process.cpu", &[],
        "Processor time of this process, in whole seconds.") };
    PROCESS_MEMORY = gauge("process.resident_memory", Unit::Bytes, &[],
        "Memory of this process that is in RAM.");
    PROCESS_FDS = gauge("process.open_fds", Unit::Count, &[],
        "File descriptors open.");
    PROCESS_FDS_MAX = gauge("process.max_fds", Unit::Count, &[],
        "File descriptors this process may have open.");
    PROCESS_START = gauge("process.start_time", Unit::Seconds, &[],
        "When this process started, in seconds since 1970.");
}

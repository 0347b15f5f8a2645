//! The build, the runtime and the process.

use super::{Metric, Unit, counter, gauge};
use crate::telemetry::catalogue::labels::{COMMIT, RUSTC, VERSION};

catalogue! { "Process and runtime":
    BUILD = gauge("tidegate.build.info", Unit::Count("{build}"), &[VERSION, COMMIT, RUSTC],
        "Always 1; commit is unknown where it was built without git or unoptimised.");
    RUNTIME_WORKERS = gauge("tidegate.runtime.workers", Unit::Count("{thread}"), &[],
        "Threads that the asynchronous runtime works with.");
    RUNTIME_BUSY = counter("tidegate.runtime.busy", Unit::Seconds, &[],
        "Time in which those threads had something to do, all together.");
    RUNTIME_TASKS = gauge("tidegate.runtime.tasks", Unit::Count("{task}"), &[],
        "Tasks alive in the runtime.");
    RUNTIME_QUEUE = gauge("tidegate.runtime.queue_depth", Unit::Count("{task}"), &[],
        "Tasks that wait for a thread in the queue that all threads share.");
    PROCESS_CPU = counter("process.cpu", Unit::Seconds, &[],
        "Processor time of this process, to hundredths of a second.");
    PROCESS_MEMORY = gauge("process.resident_memory", Unit::Bytes, &[],
        "Memory of this process that is in RAM.");
    PROCESS_FDS = gauge("process.open_fds", Unit::Count("{file_descriptor}"), &[],
        "File descriptors open.");
    PROCESS_FDS_MAX = gauge("process.max_fds", Unit::Count("{file_descriptor}"), &[],
        "File descriptors this process may have open.");
    PROCESS_START = gauge("process.start_time", Unit::Seconds, &[],
        "When this process started, in seconds since 1970.");
}

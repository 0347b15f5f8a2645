//! The asynchronous runtime, as it tells of itself.

use metrics::Gauge;
use tokio::runtime::Handle;

use super::{fractions::Fraction, instruments::Instruments};
use crate::telemetry::catalogue::list;

/// Instruments of the runtime, set when they are about to be read. Outside of a runtime they stay zero.
pub(super) struct RuntimeMetrics {
    runtime: Option<Handle>,
    workers: Gauge,
    busy: Fraction,
    tasks: Gauge,
    queue: Gauge,
}

impl RuntimeMetrics {
    pub(super) fn new(instruments: &Instruments) -> Self {
        Self {
            runtime: Handle::try_current().ok(),
            workers: instruments.gauge(&list::RUNTIME_WORKERS, []),
            busy: instruments.fraction(&list::RUNTIME_BUSY, []),
            tasks: instruments.gauge(&list::RUNTIME_TASKS, []),
            queue: instruments.gauge(&list::RUNTIME_QUEUE, []),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^52 tasks")]
    pub(super) fn sample(&self) {
        let Some(runtime) = self.runtime.as_ref().map(Handle::metrics) else { return };
        let workers = runtime.num_workers();
        let busy: u128 =
            (0..workers).map(|worker| runtime.worker_total_busy_duration(worker).as_nanos()).sum();
        self.workers.set(workers as f64);
        self.busy.absolute(u64::try_from(busy).unwrap_or(u64::MAX));
        self.tasks.set(runtime.num_alive_tasks() as f64);
        self.queue.set(runtime.global_queue_depth() as f64);
    }
}

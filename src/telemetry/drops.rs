//! Counts what could not be delivered, wherever that is noticed.

use std::sync::atomic::{AtomicU64, Ordering};

use super::event::{Event, Observer, Signal};

/// What was dropped and not yet reported.
///
/// Those who drop only count: they run inside of exporters and log writers, where reporting could cause
/// what it reports.
#[derive(Debug, Default)]
pub(super) struct Drops {
    spans: AtomicU64,
    metrics: AtomicU64,
    logs: AtomicU64,
}

impl Drops {
    /// Counts `count` more.
    pub(super) fn add(&self, signal: Signal, count: u64) {
        self.of(signal).fetch_add(count, Ordering::Relaxed);
    }

    /// Reports everything counted since the last time.
    pub(super) fn report(&self, observer: &dyn Observer) {
        for &signal in Signal::ALL {
            let count = self.of(signal).swap(0, Ordering::Relaxed);
            if count > 0 {
                observer.observe(&Event::TelemetryDropped { signal, count });
            }
        }
    }

    /// What is counted and not yet reported.
    #[cfg(test)]
    pub(super) fn count(&self, signal: Signal) -> u64 {
        self.of(signal).load(Ordering::Relaxed)
    }

    fn of(&self, signal: Signal) -> &AtomicU64 {
        match signal {
            Signal::Spans => &self.spans,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }
}

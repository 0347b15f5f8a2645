//! Counts what could not be delivered, wherever that is noticed.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use url::Url;

use super::{
    event::{DropCause, Event, Observer, Signal},
    settings::{OtlpSettings, TelemetrySettings},
};

/// What was dropped and not yet reported.
///
/// Those who drop only count: they run inside of exporters and log writers, where reporting could cause
/// what it reports.
#[derive(Debug, Default)]
pub(super) struct Drops {
    spans: Losses,
    metrics: Losses,
    logs: Losses,
}

/// What was dropped of one signal.
#[derive(Debug, Default)]
struct Losses {
    /// Where it should have gone.
    endpoint: Option<String>,
    /// What was taken to be delivered, and neither arrived nor failed yet.
    waiting: AtomicU64,
    count: AtomicU64,
    /// Why, as far as it was noticed since the last report.
    cause: Mutex<Option<DropCause>>,
}

impl Drops {
    /// Nothing dropped yet of what goes to the endpoints in `settings`.
    pub(super) fn of(settings: &TelemetrySettings) -> Self {
        let losses = |export: Option<&OtlpSettings>| Losses {
            endpoint: export.and_then(|export| shown(&export.endpoint)),
            ..Losses::default()
        };
        Self {
            spans: losses(settings.traces.as_ref()),
            metrics: losses(settings.metrics.as_ref()),
            logs: Losses::default(),
        }
    }

    /// `count` more wait to be delivered; tells how many did before.
    pub(super) fn wait(&self, signal: Signal, count: u64) -> u64 {
        self.losses(signal).waiting.fetch_add(count, Ordering::Relaxed)
    }

    /// `count` of those wait no more, whatever came of them.
    pub(super) fn settle(&self, signal: Signal, count: u64) {
        self.losses(signal).waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Counts what still waits as dropped. The end: whatever is settled afterwards no longer matters.
    pub(super) fn give_up(&self) {
        for &signal in Signal::ALL {
            let waiting = self.losses(signal).waiting.swap(0, Ordering::Relaxed);
            if waiting > 0 {
                self.add(signal, waiting, DropCause::Timeout);
            }
        }
    }

    /// Counts `count` more.
    pub(super) fn add(&self, signal: Signal, count: u64, cause: DropCause) {
        let losses = self.losses(signal);
        losses.count.fetch_add(count, Ordering::Relaxed);
        let mut known = losses.cause.lock().unwrap_or_else(PoisonError::into_inner);
        // A queue fills up because exports fail: that is what must be mended.
        if known.is_none() || cause != DropCause::QueueFull {
            *known = Some(cause);
        }
    }

    /// Reports everything counted since the last time.
    pub(super) fn report(&self, observer: &dyn Observer) {
        for &signal in Signal::ALL {
            let losses = self.losses(signal);
            let count = losses.count.swap(0, Ordering::Relaxed);
            if count > 0 {
                let cause = losses.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
                let cause = cause.unwrap_or(DropCause::Other);
                let endpoint = losses.endpoint.as_deref();
                observer.observe(&Event::TelemetryDropped { signal, count, cause, endpoint });
            }
        }
    }

    /// What is counted and not yet reported.
    #[cfg(test)]
    pub(super) fn count(&self, signal: Signal) -> u64 {
        self.losses(signal).count.load(Ordering::Relaxed)
    }

    fn losses(&self, signal: Signal) -> &Losses {
        match signal {
            Signal::Spans => &self.spans,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }
}

/// What may be told of an endpoint: credentials can stand everywhere else in its URL.
fn shown(endpoint: &str) -> Option<String> {
    Url::parse(endpoint).ok().map(|url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The causes that were reported.
    #[derive(Default)]
    struct Causes(Mutex<Vec<DropCause>>);

    impl Observer for Causes {
        fn observe(&self, event: &Event<'_>) {
            if let Event::TelemetryDropped { cause, .. } = *event {
                self.0.lock().unwrap().push(cause);
            }
        }
    }

    #[test]
    fn why_exports_fail_is_told_rather_than_that_the_queue_is_full() {
        let (drops, causes) = (Drops::default(), Causes::default());
        for cause in [DropCause::QueueFull, DropCause::Timeout, DropCause::QueueFull] {
            drops.add(Signal::Spans, 1, cause);
        }
        drops.report(&causes);
        drops.add(Signal::Spans, 1, DropCause::QueueFull);
        drops.report(&causes);
        assert_eq!(*causes.0.lock().unwrap(), [DropCause::Timeout, DropCause::QueueFull]);
    }

    #[test]
    fn no_credential_in_an_endpoint_is_told() {
        let endpoint = "https://user:pa55@collector.example.com:4317/t0ken/?key=s3cret#part";
        assert_eq!(shown(endpoint).as_deref(), Some("https://collector.example.com:4317"));
    }
}

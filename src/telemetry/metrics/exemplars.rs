//! Exemplars: for each bucket of a histogram and for each counter, one sampled trace that moved it.
//!
//! An instrument owns the slots of its series, so that recording looks nothing up. A slot that was filled a
//! moment ago costs a record one reading of a clock and of an atomic; a call that is not sampled costs nothing.

use std::{
    collections::HashMap,
    fmt::{self, Write},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use metrics::{Counter, Histogram};
use tokio::time::Instant;

use crate::{
    clock::{SystemClock, WallClock},
    telemetry::spans::SpanIds,
};

/// How long an exemplar stands: shorter than most scrape intervals, so that each scrape finds a new one, and
/// long enough that a busy series hardly ever writes.
const REPLACED_AFTER: Duration = Duration::from_secs(10);

/// An instrument whose values remember the trace that they came from.
pub(super) struct Traced<T> {
    instrument: T,
    exemplars: Arc<Exemplars>,
}

impl<T> Traced<T> {
    pub(super) fn new(instrument: T, exemplars: Arc<Exemplars>) -> Self {
        Self { instrument, exemplars }
    }
}

impl Traced<Counter> {
    /// Counts one more. `span` is there if its trace is sampled.
    pub(super) fn increment(&self, span: Option<SpanIds>) {
        self.instrument.increment(1);
        self.exemplars.offer(1.0, span);
    }
}

impl Traced<Histogram> {
    /// Records `value`. `span` is there if its trace is sampled.
    pub(super) fn record(&self, value: f64, span: Option<SpanIds>) {
        self.instrument.record(value);
        self.exemplars.offer(value, span);
    }
}

/// The exemplars of one series: one per bucket, or one for a counter, which has no bounds.
pub(super) struct Exemplars {
    bounds: &'static [f64],
    /// Made with the first exemplar: most series of a gateway that samples little never have one.
    slots: OnceLock<Box<[Slot]>>,
    since: Instant,
}

/// One value and the span that it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exemplar {
    span: SpanIds,
    value: f64,
    since_1970: Duration,
}

#[derive(Default)]
struct Slot {
    /// Milliseconds from the series' making to the slot's last filling, plus one; zero: never.
    filled: AtomicU64,
    exemplar: Mutex<Option<Exemplar>>,
}

impl Exemplars {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, slots: OnceLock::new(), since: Instant::now() }
    }

    /// Keeps `value` and where it came from, if its slot is empty or old.
    fn offer(&self, value: f64, span: Option<SpanIds>) {
        let Some(span) = span else { return };
        let slots = self.slots.get_or_init(|| (0..=self.bounds.len()).map(|_| Slot::default()).collect());
        let Some(slot) = slots.get(self.bucket(value)) else { return };
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        if slot.claim(now) {
            let since_1970 = SystemClock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
            *slot.exemplar.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Exemplar { span, value, since_1970 });
        }
    }

    /// The exemplar of the bucket whose upper bound is `bound`; infinity for the last one and for a counter.
    pub(super) fn of(&self, bound: f64) -> Option<Exemplar> {
        let slot = self.slots.get()?.get(self.bucket(bound))?;
        *slot.exemplar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first bucket that counts `value`.
    fn bucket(&self, value: f64) -> usize {
        self.bounds.partition_point(|bound| *bound < value)
    }
}

impl Slot {
    /// Whether the caller is to fill this slot: true for one of all those who find it empty or old.
    fn claim(&self, now: u64) -> bool {
        let filled = self.filled.load(Ordering::Relaxed);
        let stands = Duration::from_millis(now.saturating_sub(filled)) < REPLACED_AFTER;
        (filled == 0 || !stands)
            && self.filled.compare_exchange(filled, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// As `OpenMetrics` writes it behind a value.
impl fmt::Display for Exemplar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { span, value, since_1970 } = self;
        write!(f, "# {{trace_id=\"{}\",span_id=\"{}\"}} {value} ", span.trace_id, span.span_id)?;
        write!(f, "{}.{:03}", since_1970.as_secs(), since_1970.subsec_millis())
    }
}

/// The exemplars of all series, by what stands before them on the page.
#[derive(Default)]
pub(super) struct ExemplarIndex {
    by_series: RwLock<HashMap<String, Arc<Exemplars>>>,
}

impl ExemplarIndex {
    /// The exemplars of `series`, made if it is new.
    pub(super) fn of(&self, series: String, bounds: &'static [f64]) -> Arc<Exemplars> {
        let mut by_series = self.by_series.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_series.entry(series).or_insert_with(|| Arc::new(Exemplars::new(bounds))))
    }

    /// Writes the exemplar of a line, if it has one. `bound` is that of a bucket.
    pub(super) fn write(&self, page: &mut String, series: &str, bound: f64) {
        let by_series = self.by_series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(exemplar) = by_series.get(series).and_then(|exemplars| exemplars.of(bound)) {
            // Writing to a string can't fail.
            let _ = write!(page, " {exemplar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceId};

    use super::*;

    fn span(number: u64) -> SpanIds {
        SpanIds { trace_id: TraceId::from(u128::from(number)), span_id: SpanId::from(number) }
    }

    fn value(exemplar: Option<Exemplar>) -> Option<f64> {
        exemplar.map(|exemplar| exemplar.value)
    }

    #[tokio::test(start_paused = true)]
    async fn each_bucket_keeps_its_own() {
        let exemplars = Exemplars::new(&[1.0, 2.0]);
        for (number, seconds) in [(1, 1.0), (2, 1.5), (3, 99.0)] {
            exemplars.offer(seconds, Some(span(number)));
        }
        assert_eq!(value(exemplars.of(1.0)), Some(1.0), "a bound belongs to its bucket");
        assert_eq!(value(exemplars.of(2.0)), Some(1.5));
        assert_eq!(value(exemplars.of(f64::INFINITY)), Some(99.0));
    }

    #[tokio::test(start_paused = true)]
    async fn one_stands_for_ten_seconds_and_then_the_next_takes_its_place() {
        let exemplars = Exemplars::new(&[]);
        exemplars.offer(1.0, Some(span(1)));
        tokio::time::advance(Duration::from_millis(9_999)).await;
        exemplars.offer(2.0, Some(span(2)));
        assert_eq!(value(exemplars.of(f64::INFINITY)), Some(1.0));
        tokio::time::advance(Duration::from_millis(1)).await;
        exemplars.offer(3.0, None);
        assert_eq!(value(exemplars.of(f64::INFINITY)), Some(1.0), "only sampled traces count");
        exemplars.offer(4.0, Some(span(4)));
        assert_eq!(value(exemplars.of(f64::INFINITY)), Some(4.0));
    }

    #[test]
    fn unsampled_calls_leave_no_trace_in_memory() {
        let exemplars = Exemplars::new(&[1.0]);
        exemplars.offer(0.5, None);
        assert!(exemplars.slots.get().is_none());
    }

    #[test]
    fn of_all_that_come_at_once_one_fills_the_slot() {
        let slot = Slot::default();
        assert_eq!((1..=3).filter(|_| slot.claim(7)).count(), 1);
    }

    #[test]
    fn it_is_written_as_openmetrics_wants_it() {
        let since_1970 = Duration::from_millis(1_790_000_000_042);
        let exemplar = Exemplar { span: span(10), value: 0.25, since_1970 };
        let expected = format!(r#"# {{trace_id="{:032x}",span_id="{:016x}"}} 0.25 1790000000.042"#, 10, 10);
        assert_eq!(exemplar.to_string(), expected);
    }
}

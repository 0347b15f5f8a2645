//! The cache and the flights behind it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram};

use super::{
    exemplars::Traced,
    instruments::{Instruments, word},
    table::{Grid, Level},
};
use crate::{
    extraction::Usage,
    telemetry::{
        catalogue::{labels, list},
        event::{CacheResult, EvictionCause},
        spans::SpanIds,
    },
};

/// Instruments of the cache and of flights.
pub(super) struct CacheMetrics {
    instruments: Arc<Instruments>,
    /// Flights under way.
    pub(super) flights: Level,
    requests: Grid<Counter>,
    evictions: Grid<Counter>,
    tokens_saved: Grid<Counter>,
    waits: Grid<OnceLock<Traced<Histogram>>>,
    entries: Gauge,
    weight: Gauge,
}

impl CacheMetrics {
    pub(super) fn new(instruments: &Arc<Instruments>) -> Self {
        Self {
            instruments: Arc::clone(instruments),
            flights: Level::new(instruments.gauge(&list::FLIGHTS, [])),
            requests: Grid::new(&[()], CacheResult::ALL, |(), result| {
                instruments.counter(&list::CACHE_REQUESTS, [word(result.as_str())])
            }),
            evictions: Grid::new(&[()], EvictionCause::ALL, |(), cause| {
                instruments.counter(&list::CACHE_EVICTIONS, [word(cause.as_str())])
            }),
            tokens_saved: Grid::new(&[()], labels::DIRECTIONS, |(), direction| {
                instruments.counter(&list::TOKENS_SAVED, [word(direction)])
            }),
            waits: Grid::new(&[()], labels::WAIT_OUTCOMES, |(), _| OnceLock::new()),
            entries: instruments.gauge(&list::CACHE_ENTRIES, []),
            weight: instruments.gauge(&list::CACHE_WEIGHT, []),
        }
    }

    pub(super) fn answered(&self, result: CacheResult) {
        if let Some(requests) = self.requests.at(0, result as usize) {
            requests.increment(1);
        }
    }

    pub(super) fn evicted(&self, cause: EvictionCause) {
        if let Some(evictions) = self.evictions.at(0, cause as usize) {
            evictions.increment(1);
        }
    }

    pub(super) fn saved(&self, usage: Usage) {
        for (direction, tokens) in [usage.input_tokens, usage.output_tokens].into_iter().enumerate() {
            if let (Some(tokens), Some(saved)) = (tokens, self.tokens_saved.at(0, direction)) {
                saved.increment(tokens);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nothing here is counted beyond 2^52")]
    pub(super) fn level(&self, entries: u64, weight_bytes: u64) {
        self.entries.set(entries as f64);
        self.weight.set(weight_bytes as f64);
    }

    pub(super) fn waited(&self, answered: bool, elapsed: Duration, span: Option<SpanIds>) {
        let outcome = usize::from(!answered);
        if let Some(wait) = self.waits.at(0, outcome) {
            let label = || labels::WAIT_OUTCOMES.get(outcome).and_then(|outcome| word(outcome));
            let make = || self.instruments.traced_histogram(&list::FLIGHT_WAIT, [label()]);
            wait.get_or_init(make).record(elapsed.as_secs_f64(), span);
        }
    }
}

//! Bounds how many series there are.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use metrics::Key;

use crate::telemetry::catalogue::Metric;

/// The most series on the page. The labels' values are bounded, but their combinations are many: an API that
/// answers with every HTTP status there is would have a histogram for each. A gateway with 64 upstreams and
/// 256 profiles that are all in use stays below.
pub(in crate::telemetry) const SERIES_MAX: usize = 100_000;

/// Which series there are, and how many there are not for want of room.
pub(super) struct SeriesCount {
    limit: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Hashes of the names and labels: two upstreams with one model share the series of that model.
    keys: HashSet<u64>,
    made: usize,
    refused: usize,
}

impl SeriesCount {
    /// None yet.
    pub(super) fn new() -> Self {
        Self::up_to(SERIES_MAX)
    }

    /// None yet, and never more than `limit`.
    pub(super) fn up_to(limit: usize) -> Self {
        Self { limit, known: Mutex::default() }
    }

    /// Whether there is room for `metric` with these labels; if so, it is counted.
    pub(super) fn admit(&self, metric: &Metric, key: &Key) -> bool {
        let (samples, mut known) = (metric.series_each(), self.known());
        if known.keys.contains(&key.get_hash()) {
            return true;
        }
        if known.made + samples > self.limit {
            known.refused += samples;
            return false;
        }
        known.keys.insert(key.get_hash());
        known.made += samples;
        true
    }

    /// Whether the series with these labels was admitted.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.known().keys.contains(&key.get_hash())
    }

    /// How many there are.
    pub(super) fn made(&self) -> usize {
        self.known().made
    }

    /// How many were not made.
    pub(super) fn refused(&self) -> usize {
        self.known().refused
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

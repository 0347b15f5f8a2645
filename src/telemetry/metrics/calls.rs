//! Calls and what their answers were worth.

use std::sync::Arc;

use metrics::{Counter, Histogram};

use super::{
    instruments::{Instruments, LabelValue, name, word},
    table::{ByName, Grid},
};
use crate::{
    extraction::{Alignment, Entry, Verdict},
    telemetry::{
        catalogue::{OTHER, list},
        event::{CacheResult, CallEnded, ValidationResult},
    },
};

/// Instruments of calls.
pub(super) struct CallMetrics {
    instruments: Arc<Instruments>,
    profiles: ByName<ProfileMetrics>,
    overhead: Histogram,
}

/// Instruments of one profile.
struct ProfileMetrics {
    calls: Grid<Counter>,
    durations: Grid<Histogram>,
    validation: Grid<Counter>,
    entities: Grid<Counter>,
}

impl CallMetrics {
    pub(super) fn new(instruments: &Arc<Instruments>, profiles: &[Arc<str>]) -> Self {
        // Who is refused before there is a profile is counted under `other`, from zero like all the others.
        let profiles: Vec<Arc<str>> = profiles.iter().cloned().chain([OTHER.into()]).collect();
        Self {
            instruments: Arc::clone(instruments),
            profiles: ByName::new(&profiles, |profile| ProfileMetrics::new(instruments, &name(profile))),
            overhead: instruments.histogram(&list::OVERHEAD_DURATION, []),
        }
    }

    pub(super) fn ended(&self, call: &CallEnded<'_>) {
        let profile = self.profile(call.profile.map_or(OTHER, |profile| profile));
        if let Some(calls) = profile.calls.at(call.entry as usize, call.verdict as usize) {
            calls.increment(1);
        }
        let cache = call.cache.map_or(CacheResult::ALL.len(), |cache| cache as usize);
        if let Some(duration) = profile.durations.at(0, cache) {
            duration.record(call.elapsed.as_secs_f64());
        }
        if let Some(overhead) = call.overhead {
            self.overhead.record(overhead.as_secs_f64());
        }
    }

    pub(super) fn validated(&self, profile: &str, result: ValidationResult) {
        if let Some(answers) = self.profile(profile).validation.at(0, result as usize) {
            answers.increment(1);
        }
    }

    pub(super) fn grounded(&self, profile: &str, alignment: Alignment, count: u64) {
        if let Some(entities) = self.profile(profile).entities.at(0, alignment as usize) {
            entities.increment(count);
        }
    }

    fn profile(&self, profile: &str) -> &ProfileMetrics {
        self.profiles.get(profile, || ProfileMetrics::new(&self.instruments, &word(OTHER)))
    }
}

impl ProfileMetrics {
    fn new(instruments: &Instruments, profile: &LabelValue) -> Self {
        let caches: Vec<Option<CacheResult>> =
            CacheResult::ALL.iter().copied().map(Some).chain([None]).collect();
        Self {
            calls: Grid::new(Entry::ALL, Verdict::ALL, |entry, verdict| {
                let labels = [word(entry.as_str()), profile.clone(), word(verdict.as_str())];
                instruments.counter(&list::CALLS, labels)
            }),
            durations: Grid::new(&[()], &caches, |(), cache| {
                let cache = cache.and_then(|cache| word(cache.as_str()));
                instruments.histogram(&list::CALL_DURATION, [profile.clone(), cache])
            }),
            validation: Grid::new(&[()], ValidationResult::ALL, |(), result| {
                instruments.counter(&list::VALIDATION_TOTAL, [profile.clone(), word(result.as_str())])
            }),
            entities: Grid::new(&[()], Alignment::ALL, |(), alignment| {
                instruments.counter(&list::ENTITIES_TOTAL, [profile.clone(), word(alignment.as_str())])
            }),
        }
    }
}

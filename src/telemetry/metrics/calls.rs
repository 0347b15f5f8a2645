//! Calls and what their answers were worth.

use std::sync::{Arc, OnceLock};

use metrics::{Counter, Histogram};

use super::{
    exemplars::Traced,
    instruments::{Instruments, LabelValue, name, word},
    table::{ByName, Grid, Grown, Level},
};
use crate::{
    extraction::{Alignment, Entry, Keyword, Phase, Verdict, Violation, Withheld},
    telemetry::{
        catalogue::{OTHER, labels::REPAIRS_WITHHELD, list},
        event::{CacheResult, CallEnded, ValidationResult},
        settings::Configured,
        spans::SpanIds,
    },
};

/// Instruments of calls.
pub(super) struct CallMetrics {
    instruments: Arc<Instruments>,
    profiles: ByName<ProfileMetrics>,
    active: Level,
    overhead: OnceLock<Traced<Histogram>>,
}

/// Instruments of one profile.
struct ProfileMetrics {
    profile: LabelValue,
    calls: Grid<OnceLock<Counter>>,
    late: Grid<Counter>,
    durations: Grid<OnceLock<Traced<Histogram>>>,
    validation: Grid<Counter>,
    places: Vec<Arc<str>>,
    violations: Grown<(usize, Keyword), Counter>,
    repairs_withheld: Grid<Traced<Counter>>,
    entities: Grid<Counter>,
    left_out: Counter,
}

impl CallMetrics {
    #[expect(clippy::cast_precision_loss, reason = "fewer calls than 2^52 are let in")]
    pub(super) fn new(instruments: &Arc<Instruments>, configured: &Configured) -> Self {
        instruments.gauge(&list::CALLS_LIMIT, []).set(configured.in_flight_max as f64);
        // Who is refused before there is a profile is counted under `other`, from zero like all the others.
        let profiles: Vec<Arc<str>> = configured.profiles.iter().cloned().chain([OTHER.into()]).collect();
        Self {
            instruments: Arc::clone(instruments),
            profiles: ByName::new(&profiles, |profile| {
                let places = configured.places.iter().find(|(name, _)| name == profile);
                let places = places.map(|(_, places)| places.clone()).unwrap_or_default();
                ProfileMetrics::new(instruments, &name(profile), places)
            }),
            active: Level::new(instruments.gauge(&list::CALLS_ACTIVE, [])),
            overhead: OnceLock::new(),
        }
    }

    pub(super) fn started(&self) {
        self.active.up();
    }

    pub(super) fn ended(&self, call: &CallEnded<'_>, span: Option<SpanIds>) {
        if call.started {
            self.active.down();
        }
        let profile = self.profile(call.profile.map_or(OTHER, |profile| profile));
        if let Some(calls) = profile.calls.at(call.entry as usize, call.verdict as usize) {
            let make = || calls_total(&self.instruments, &profile.profile, call.entry, call.verdict);
            calls.get_or_init(make).increment(1);
        }
        if call.verdict == Verdict::DeadlineExceeded {
            // Who can't tell what it was doing was waiting for an upstream: that is told of all else.
            let phase = call.phase.unwrap_or(Phase::Attempt);
            if let Some(late) = profile.late.at(0, phase as usize) {
                late.increment(1);
            }
        }
        let cache = call.cache.map_or(CacheResult::ALL.len(), |cache| cache as usize);
        if let Some(duration) = profile.durations.at(0, cache) {
            let labels = || [profile.profile.clone(), call.cache.and_then(|cache| word(cache.as_str()))];
            let make = || self.instruments.traced_histogram(&list::CALL_DURATION, labels());
            duration.get_or_init(make).record(call.elapsed.as_secs_f64(), span);
        }
        if let Some(overhead) = call.overhead {
            let make = || self.instruments.traced_histogram(&list::OVERHEAD_DURATION, []);
            self.overhead.get_or_init(make).record(overhead.as_secs_f64(), span);
        }
    }

    pub(super) fn sample(&self) {
        self.active.sample();
    }

    pub(super) fn validated(&self, profile: &str, result: ValidationResult, violation: Option<&Violation>) {
        let profile = self.profile(profile);
        if let Some(answers) = profile.validation.at(0, result as usize) {
            answers.increment(1);
        }
        if let Some(violation) = violation {
            profile.broken(&self.instruments, violation).increment(1);
        }
    }

    pub(super) fn repair_withheld(&self, profile: &str, reason: Withheld, span: Option<SpanIds>) {
        let reason = REPAIRS_WITHHELD.iter().position(|why| *why == reason);
        if let Some(withheld) = reason.and_then(|reason| self.profile(profile).repairs_withheld.at(0, reason))
        {
            withheld.increment(span);
        }
    }

    pub(super) fn grounded(&self, profile: &str, alignment: Alignment, count: u64) {
        if let Some(entities) = self.profile(profile).entities.at(0, alignment as usize) {
            entities.increment(count);
        }
    }

    pub(super) fn left_out(&self, profile: &str, count: u64) {
        self.profile(profile).left_out.increment(count);
    }

    fn profile(&self, profile: &str) -> &ProfileMetrics {
        self.profiles.get(profile, || ProfileMetrics::new(&self.instruments, &word(OTHER), Vec::new()))
    }
}

impl ProfileMetrics {
    fn new(instruments: &Instruments, profile: &LabelValue, places: Vec<Arc<str>>) -> Self {
        // One column more for calls that never got as far as the cache.
        let caches = vec![(); CacheResult::ALL.len() + 1];
        Self {
            calls: Grid::new(Entry::ALL, Verdict::ALL, |entry, verdict| match entry {
                Entry::Unary => OnceLock::from(calls_total(instruments, profile, entry, verdict)),
                // Nothing comes these ways yet.
                Entry::StreamItem | Entry::Job => OnceLock::new(),
            }),
            late: Grid::new(&[()], Phase::ALL, |(), phase| {
                instruments.counter(&list::CALLS_LATE, [profile.clone(), word(phase.as_str())])
            }),
            durations: Grid::new(&[()], &caches, |(), ()| OnceLock::new()),
            validation: Grid::new(&[()], ValidationResult::ALL, |(), result| {
                instruments.counter(&list::VALIDATION_TOTAL, [profile.clone(), word(result.as_str())])
            }),
            places,
            violations: Grown::new(),
            repairs_withheld: Grid::new(&[()], REPAIRS_WITHHELD, |(), reason| {
                let labels = [profile.clone(), word(reason.as_str())];
                instruments.traced_counter(&list::REPAIRS_WITHHELD_TOTAL, labels)
            }),
            entities: Grid::new(&[()], Alignment::ALL, |(), alignment| {
                instruments.counter(&list::ENTITIES_TOTAL, [profile.clone(), word(alignment.as_str())])
            }),
            left_out: instruments.counter(&list::ENTITIES_LEFT_OUT, [profile.clone()]),
            profile: profile.clone(),
        }
    }

    /// The counter of answers that broke this part of the schema first, made when one does: most are never broken.
    fn broken(&self, instruments: &Instruments, violation: &Violation) -> Arc<Counter> {
        let place = self.places.iter().position(|place| *place == violation.pointer);
        self.violations.get((place.unwrap_or(self.places.len()), violation.keyword), || {
            let pointer = place.map_or_else(|| word(OTHER), |_| name(&violation.pointer));
            let keyword = word(violation.keyword.as_str());
            instruments.counter(&list::SCHEMA_VIOLATIONS, [self.profile.clone(), pointer, keyword])
        })
    }
}

fn calls_total(instruments: &Instruments, profile: &LabelValue, entry: Entry, verdict: Verdict) -> Counter {
    let labels = [word(entry.as_str()), profile.clone(), word(verdict.as_str())];
    instruments.counter(&list::CALLS, labels)
}

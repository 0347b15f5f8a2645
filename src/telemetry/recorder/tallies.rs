//! What is counted of calls, of each upstream and of the answers for each profile: the last minutes, and all since the start.

use std::{sync::Arc, time::Duration};

use super::{
    counts::{Counts, Number},
    latencies::Latencies,
    typical::{Norm, Typical},
    window::{Sum, Window},
};
use crate::{
    extraction::{
        Alignment, AttemptKind, AttemptOutcome, ErrorType, FailureFacts, Party, Verdict, Withheld,
        party::OF_THE_TEXT,
    },
    telemetry::event::{CacheResult, CallEnded, ValidationResult},
};

/// How calls ended.
#[derive(Debug, Clone, Default)]
pub(super) struct CallCounts<T: Number = u32> {
    pub(super) verdicts: Counts<{ Verdict::ALL.len() }, T>,
    pub(super) cache: Counts<{ CacheResult::ALL.len() }, T>,
    /// Calls that saw a retry; first those that failed all the same, or were given an expired answer.
    pub(super) retried: Counts<2, T>,
}

/// How the attempts at one upstream ended.
#[derive(Debug, Clone, Default)]
pub(super) struct AttemptCounts<T: Number = u32> {
    pub(super) outcomes: Counts<{ AttemptOutcome::ALL.len() }, T>,
    pub(super) kinds: Counts<{ AttemptKind::ALL.len() }, T>,
    pub(super) errors: Counts<{ ErrorType::ALL.len() }, T>,
    pub(super) withheld: Counts<{ Withheld::ALL.len() }, T>,
}

/// What answers were worth.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerCounts<T: Number = u32> {
    pub(super) results: Counts<{ ValidationResult::ALL.len() }, T>,
    pub(super) alignments: Counts<{ Alignment::ALL.len() }, T>,
}

/// Calls within a while.
#[derive(Debug, Default)]
pub(super) struct CallSums {
    pub(super) counts: CallCounts,
    pub(super) latencies: Latencies,
}

/// Attempts at one upstream within a while.
#[derive(Debug, Default)]
pub(super) struct AttemptSums {
    pub(super) counts: AttemptCounts,
    pub(super) latencies: Latencies,
    /// Of those that brought an answer.
    pub(super) typical: Typical,
}

/// Answers for one profile within a while, and how long calls took that needed one.
#[derive(Debug, Default)]
pub(super) struct AnswerSums {
    pub(super) counts: AnswerCounts,
    pub(super) typical: Typical,
}

/// All that is counted of calls.
#[derive(Debug)]
pub(super) struct CallTally {
    pub(super) ever: CallCounts<u64>,
    pub(super) lately: Window<CallSums>,
    pub(super) running: u64,
    pub(super) flights: u64,
    pub(super) cache_entries: u64,
    pub(super) cache_bytes: u64,
}

/// All that is counted of one upstream.
#[derive(Debug)]
pub(super) struct UpstreamTally {
    pub(super) ever: AttemptCounts<u64>,
    pub(super) lately: Window<AttemptSums>,
    /// Of what is no longer in the window.
    pub(super) norm: Norm,
    pub(super) running: u64,
    pub(super) budget_ratio: f64,
}

/// All that is counted of the answers for one profile.
#[derive(Debug)]
pub(super) struct AnswerTally {
    pub(super) ever: AnswerCounts<u64>,
    pub(super) lately: Window<AnswerSums>,
    /// Of what is no longer in the window.
    pub(super) norm: Norm,
}

/// How one attempt ended.
#[derive(Debug, Clone)]
pub(super) struct AttemptEnd {
    pub(super) kind: AttemptKind,
    pub(super) outcome: AttemptOutcome,
    pub(super) error_type: Option<ErrorType>,
    pub(super) failure: Option<Arc<FailureFacts>>,
    pub(super) http_status: Option<u16>,
    pub(super) elapsed: Duration,
}

impl CallTally {
    pub(super) fn new() -> Self {
        Self {
            ever: CallCounts::default(),
            lately: Window::new(),
            running: 0,
            flights: 0,
            cache_entries: 0,
            cache_bytes: 0,
        }
    }

    pub(super) fn started(&mut self) {
        self.running += 1;
    }

    pub(super) fn ended(&mut self, second: u64, call: &CallEnded<'_>) {
        if call.started {
            self.running = self.running.saturating_sub(1);
        }
        self.ever.count(call);
        if let Some(sums) = self.lately.at(second) {
            sums.counts.count(call);
            sums.latencies.record(call.elapsed);
        }
    }

    pub(super) fn flight_started(&mut self) {
        self.flights += 1;
    }

    pub(super) fn flight_ended(&mut self) {
        self.flights = self.flights.saturating_sub(1);
    }

    pub(super) fn cache_level(&mut self, entries: u64, bytes: u64) {
        (self.cache_entries, self.cache_bytes) = (entries, bytes);
    }
}

impl UpstreamTally {
    pub(super) fn new() -> Self {
        Self {
            ever: AttemptCounts::default(),
            lately: Window::new(),
            norm: Norm::default(),
            running: 0,
            budget_ratio: 1.0,
        }
    }

    /// Whether anything was ever asked of it.
    pub(super) fn is_used(&self) -> bool {
        self.running > 0 || self.ever.outcomes.sum() > 0
    }

    pub(super) fn attempt_started(&mut self) {
        self.running += 1;
    }

    pub(super) fn attempt_ended(&mut self, second: u64, end: &AttemptEnd) {
        self.running = self.running.saturating_sub(1);
        self.ever.count(end);
        let norm = &mut self.norm;
        if let Some(sums) = self.lately.at_after(second, |second, gone| norm.add(second, &gone.typical)) {
            sums.counts.count(end);
            sums.latencies.record(end.elapsed);
            if end.outcome == AttemptOutcome::Success {
                sums.typical.record(end.elapsed);
            }
        }
    }

    pub(super) fn withheld(&mut self, second: u64, reason: Withheld) {
        self.ever.withheld.count(reason as usize);
        let norm = &mut self.norm;
        if let Some(sums) = self.lately.at_after(second, |second, gone| norm.add(second, &gone.typical)) {
            sums.counts.withheld.count(reason as usize);
        }
    }

    /// What is normal, by all that was before the last `seconds`.
    pub(super) fn norm(&self, now: u64, seconds: u64) -> Option<f64> {
        norm_before(&self.norm, self.lately.earlier(now, seconds).map(|(at, sums)| (at, &sums.typical)))
    }

    pub(super) fn budget_moved(&mut self, ratio: f64) {
        self.budget_ratio = ratio;
    }
}

impl AnswerTally {
    pub(super) fn new() -> Self {
        Self { ever: AnswerCounts::default(), lately: Window::new(), norm: Norm::default() }
    }

    /// Whether there was ever an answer.
    pub(super) fn is_used(&self) -> bool {
        self.ever.results.sum() > 0
    }

    pub(super) fn validated(&mut self, second: u64, result: ValidationResult) {
        self.ever.results.count(result as usize);
        if let Some(sums) = self.at(second) {
            sums.counts.results.count(result as usize);
        }
    }

    pub(super) fn grounded(&mut self, second: u64, alignment: Alignment, entities: u64) {
        self.ever.alignments.count_more(alignment as usize, entities);
        if let Some(sums) = self.at(second) {
            sums.counts.alignments.count_more(alignment as usize, entities);
        }
    }

    /// A call was served, and not from the cache.
    pub(super) fn missed(&mut self, second: u64, elapsed: Duration) {
        if let Some(sums) = self.at(second) {
            sums.typical.record(elapsed);
        }
    }

    /// What is normal, by all that was before the last `seconds`.
    pub(super) fn norm(&self, now: u64, seconds: u64) -> Option<f64> {
        norm_before(&self.norm, self.lately.earlier(now, seconds).map(|(at, sums)| (at, &sums.typical)))
    }

    fn at(&mut self, second: u64) -> Option<&mut AnswerSums> {
        let norm = &mut self.norm;
        self.lately.at_after(second, |second, gone| norm.add(second, &gone.typical))
    }
}

impl<T: Number> AnswerCounts<T> {
    /// Adds the answers for another profile.
    pub(super) fn add(&mut self, other: &Self) {
        self.results.add(&other.results);
        self.alignments.add(&other.alignments);
    }

    /// Answers in which nothing was found.
    pub(super) fn empty(&self) -> u64 {
        self.results.of(ValidationResult::ValidEmpty as usize)
    }

    /// Answers that no caller can be given.
    pub(super) fn unusable(&self) -> u64 {
        ValidationResult::UNUSABLE.iter().map(|result| self.results.of(*result as usize)).sum()
    }

    /// Entities that do not stand in the text.
    pub(super) fn ungrounded(&self) -> u64 {
        self.alignments.of(Alignment::NotFound as usize)
    }
}

impl<T: Number> CallCounts<T> {
    /// Calls that ended by the doing of one of these.
    pub(super) fn by(&self, parties: &[Party]) -> u64 {
        let theirs = Verdict::ALL.iter().filter(|verdict| parties.contains(&Party::of(**verdict)));
        theirs.map(|verdict| self.verdicts.of(*verdict as usize)).sum()
    }

    fn count(&mut self, call: &CallEnded<'_>) {
        self.verdicts.count(call.verdict as usize);
        if let Some(cache) = call.cache {
            self.cache.count(cache as usize);
        }
        if call.retries > 0 {
            let recovered = call.verdict == Verdict::Ok && call.cache != Some(CacheResult::Stale);
            self.retried.count(usize::from(recovered));
        }
    }
}

impl<T: Number> AttemptCounts<T> {
    fn count(&mut self, end: &AttemptEnd) {
        self.outcomes.count(end.outcome as usize);
        self.kinds.count(end.kind as usize);
        if end.outcome == AttemptOutcome::Failure {
            self.errors.count(end.error_type.unwrap_or(ErrorType::Internal) as usize);
        }
    }

    /// Adds what was asked of another upstream.
    pub(super) fn add(&mut self, other: &Self) {
        self.outcomes.add(&other.outcomes);
        self.kinds.add(&other.kinds);
        self.errors.add(&other.errors);
        self.withheld.add(&other.withheld);
    }

    pub(super) fn retries(&self) -> u64 {
        self.kinds.of(AttemptKind::Retry as usize)
    }

    /// Attempts that were not made because of another one.
    pub(super) fn fresh(&self) -> u64 {
        let fresh = [AttemptKind::Initial, AttemptKind::Rerun, AttemptKind::Fallback];
        fresh.into_iter().map(|kind| self.kinds.of(kind as usize)).sum()
    }

    /// Those whose end tells of the upstream's health.
    pub(super) fn judged(&self) -> u64 {
        let of_the_text: u64 =
            OF_THE_TEXT.iter().map(|error_type| self.errors.of(*error_type as usize)).sum();
        self.succeeded() + self.outcomes.of(AttemptOutcome::Failure as usize).saturating_sub(of_the_text)
    }

    /// Those that were given up before they were answered.
    pub(super) fn cancelled(&self) -> u64 {
        self.outcomes.of(AttemptOutcome::Cancelled as usize)
    }

    pub(super) fn succeeded(&self) -> u64 {
        self.outcomes.of(AttemptOutcome::Success as usize)
    }
}

impl Sum for CallSums {
    fn add(&mut self, other: &Self) {
        self.counts.verdicts.add(&other.counts.verdicts);
        self.counts.cache.add(&other.counts.cache);
        self.counts.retried.add(&other.counts.retried);
        self.latencies.add(&other.latencies);
    }
}

impl Sum for AnswerSums {
    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.typical.add(&other.typical);
    }
}

impl Sum for AttemptSums {
    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.latencies.add(&other.latencies);
        self.typical.add(&other.typical);
    }
}

/// A norm of what is forgotten and of what is not.
fn norm_before<'a>(forgotten: &Norm, earlier: impl Iterator<Item = (u64, &'a Typical)>) -> Option<f64> {
    let mut norm = *forgotten;
    for (second, typical) in earlier {
        norm.add(second, typical);
    }
    norm.seconds()
}

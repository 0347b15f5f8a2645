//! The flight recorder: the last calls with all their attempts, as `/api/calls` tells them. What the fields
//! mean stands in docs/live-page.md.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use opentelemetry::trace::TraceId;
use serde::Serialize;
use tokio::time::Instant;

use super::{late::LateEnds, seconds, tallies::AttemptEnd};
use crate::{
    extraction::{
        AttemptKind, AttemptOutcome, AttemptRecord, Brought, Entry, ErrorDetail, ErrorType, Keyword, Phase,
        Said, Trail, Usage, Verdict, WaitSource, Withheld, Word,
    },
    telemetry::{
        event::{CacheResult, CallEnded},
        spans,
    },
};

/// One call that ended. Holds no content, no tenant and no key: there is no field for them.
#[derive(Debug, Clone)]
pub(super) struct RecordedCall {
    number: u64,
    entry: Entry,
    profile: Option<Arc<str>>,
    verdict: Verdict,
    error_type: Option<ErrorType>,
    phase: Option<Phase>,
    cache: Option<CacheResult>,
    cache_age: Option<Duration>,
    joined: bool,
    received: Instant,
    /// The same by the wall clock, since 1970.
    received_unix: Duration,
    deadline: Option<Instant>,
    elapsed: Duration,
    overhead: Option<Duration>,
    retries: u32,
    brought: Option<Brought>,
    saved: Option<Usage>,
    trail: Trail,
    trace: (TraceId, bool),
}

/// The last calls, as many as were asked for.
#[derive(Debug)]
pub(super) struct CallRing {
    calls: VecDeque<Arc<RecordedCall>>,
    capacity: usize,
    seen: u64,
    late: LateEnds,
    /// How many attempts of kept calls ended later than these.
    completed: u64,
}

/// What stands in the ring at a moment.
#[derive(Debug)]
pub(super) struct Kept {
    /// The latest first.
    calls: Vec<Arc<RecordedCall>>,
    capacity: usize,
    seen: u64,
}

/// Which calls to tell of.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// Those that ended one of these ways; empty: any.
    pub verdicts: Vec<Verdict>,
    /// Those that asked this upstream.
    pub upstream: Option<String>,
    /// Those that saw a retry, or those that did not.
    pub retried: Option<bool>,
    /// Those whose answer found nothing, or those whose answer did; without an answer, neither.
    pub empty: Option<bool>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// The last calls, the latest first.
#[derive(Debug, Serialize)]
pub struct LastCalls {
    /// Whose calls: numbers begin anew with each process.
    process: String,
    /// Calls that ended since the start.
    seen: u64,
    /// How many of them are kept at most.
    capacity: usize,
    /// How many of them are kept.
    kept: usize,
    /// How many of those the filter lets through.
    matching: usize,
    calls: Vec<CallSeen>,
}

#[derive(Debug, Serialize)]
struct CallSeen {
    number: u64,
    received_unix_seconds: f64,
    elapsed_seconds: f64,
    deadline_seconds: Option<f64>,
    overhead_seconds: Option<f64>,
    entry: Entry,
    profile: Option<Arc<str>>,
    verdict: Verdict,
    error_type: Option<ErrorType>,
    phase: Option<Phase>,
    cache: Option<CacheResult>,
    cache_age_seconds: Option<f64>,
    joined: bool,
    upstream: Option<Arc<str>>,
    retries: u32,
    withheld: Option<Withheld>,
    repair_withheld: Option<Withheld>,
    brought: Option<BroughtSeen>,
    saved_input_tokens: Option<u64>,
    saved_output_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    trace_id: Option<String>,
    trace_sampled: bool,
    attempts: Vec<AttemptSeen>,
}

#[derive(Debug, Serialize)]
struct BroughtSeen {
    empty: bool,
    items: usize,
    entities: usize,
    exact: usize,
    normalised: usize,
    not_found: usize,
    left_out: usize,
    parts: usize,
    empty_parts: usize,
}

#[derive(Debug, Serialize)]
struct AttemptSeen {
    id: Arc<str>,
    number: u32,
    kind: AttemptKind,
    upstream: Arc<str>,
    start_seconds: f64,
    latency_seconds: f64,
    wait_seconds: f64,
    wait_source: Option<WaitSource>,
    outcome: Option<AttemptOutcome>,
    error_type: Option<ErrorType>,
    error_detail: Option<ErrorDetail>,
    upstream_code: Option<String>,
    upstream_type: Option<String>,
    upstream_param: Option<String>,
    schema_pointer: Option<Arc<str>>,
    schema_keyword: Option<Keyword>,
    http_status: Option<u16>,
}

impl RecordedCall {
    /// `unix` is the wall-clock time now, since 1970.
    pub(super) fn of(call: &CallEnded<'_>, unix: Duration) -> Self {
        Self {
            number: 0,
            entry: call.entry,
            profile: call.profile.cloned(),
            verdict: call.verdict,
            error_type: call.error_type,
            phase: call.phase,
            cache: call.cache,
            cache_age: call.cache_age,
            joined: call.joined,
            received: call.received,
            received_unix: unix.saturating_sub(call.elapsed),
            deadline: call.deadline,
            elapsed: call.elapsed,
            overhead: call.overhead,
            retries: call.retries,
            brought: call.brought,
            saved: call.saved.map(|saved| saved.usage),
            trail: call.trail.clone(),
            trace: spans::trace(call.span),
        }
    }

    fn attempt_ended(&mut self, id: &Arc<str>, end: &AttemptEnd) {
        let mut attempts = self.trail.attempts.iter_mut();
        if let Some(attempt) = attempts.find(|attempt| attempt.id == *id) {
            end.write(attempt);
        }
    }
}

impl CallRing {
    pub(super) fn of(capacity: usize) -> Self {
        Self {
            calls: VecDeque::with_capacity(capacity),
            capacity,
            seen: 0,
            late: LateEnds::default(),
            completed: 0,
        }
    }

    /// Keeps `call`, and drops the oldest one if there is no room.
    pub(super) fn push(&mut self, call: RecordedCall) {
        self.seen += 1;
        if self.capacity == 0 {
            return;
        }
        if self.calls.len() == self.capacity
            && let Some(oldest) = self.calls.pop_back()
        {
            self.late.forget(oldest.number, &oldest.trail.attempts);
        }
        let mut call = RecordedCall { number: self.seen, ..call };
        self.late.settle(call.number, &mut call.trail.attempts);
        self.calls.push_front(Arc::new(call));
    }

    /// Writes the end of an attempt into the kept calls that ended before it.
    pub(super) fn attempt_ended(&mut self, id: &Arc<str>, end: &AttemptEnd) {
        if self.capacity == 0 {
            return;
        }
        for number in self.late.ended(id, end.clone()) {
            let place = usize::try_from(self.seen - number).unwrap_or(usize::MAX);
            if let Some(call) = self.calls.get_mut(place) {
                Arc::make_mut(call).attempt_ended(id, end);
                self.completed += 1;
            }
        }
    }

    /// Another word whenever there is something new to tell.
    pub(super) fn edition(&self) -> String {
        format!("{}-{}", self.seen, self.completed)
    }

    pub(super) fn kept(&self) -> Kept {
        Kept { calls: self.calls.iter().cloned().collect(), capacity: self.capacity, seen: self.seen }
    }
}

impl CallFilter {
    fn lets_through(&self, call: &RecordedCall) -> bool {
        let asked = |name: &str| call.trail.attempts.iter().any(|attempt| &*attempt.upstream == name);
        (self.verdicts.is_empty() || self.verdicts.contains(&call.verdict))
            && self.upstream.as_deref().is_none_or(asked)
            && self.retried.is_none_or(|retried| retried == (call.retries > 0))
            && self.empty.is_none_or(|empty| call.brought.map(Brought::is_empty) == Some(empty))
    }
}

impl LastCalls {
    pub(super) fn of(process: String, kept: &Kept, filter: &CallFilter) -> Self {
        let matching: Vec<_> = kept.calls.iter().filter(|call| filter.lets_through(call)).collect();
        let limit = filter.limit.unwrap_or(usize::MAX);
        Self {
            process,
            seen: kept.seen,
            capacity: kept.capacity,
            kept: kept.calls.len(),
            matching: matching.len(),
            calls: matching.iter().take(limit).map(|call| CallSeen::of(call)).collect(),
        }
    }
}

impl CallSeen {
    fn of(call: &RecordedCall) -> Self {
        let (trace_id, trace_sampled) = call.trace;
        Self {
            number: call.number,
            received_unix_seconds: seconds(call.received_unix),
            elapsed_seconds: seconds(call.elapsed),
            deadline_seconds: call.deadline.map(|deadline| offset(call.received, deadline)),
            overhead_seconds: call.overhead.map(seconds),
            entry: call.entry,
            profile: call.profile.clone(),
            verdict: call.verdict,
            error_type: call.error_type,
            phase: call.phase,
            cache: call.cache,
            cache_age_seconds: call.cache_age.map(seconds),
            joined: call.joined,
            upstream: call.trail.attempts.last().map(|attempt| Arc::clone(&attempt.upstream)),
            retries: call.retries,
            withheld: call.trail.withheld,
            repair_withheld: call.trail.repair_withheld,
            brought: call.brought.map(BroughtSeen::of),
            saved_input_tokens: call.saved.and_then(|saved| saved.input_tokens),
            saved_output_tokens: call.saved.and_then(|saved| saved.output_tokens),
            input_tokens: tokens(call.trail.usage).0,
            output_tokens: tokens(call.trail.usage).1,
            trace_id: (trace_id != TraceId::INVALID).then(|| trace_id.to_string()),
            trace_sampled,
            attempts: call
                .trail
                .attempts
                .iter()
                .map(|attempt| AttemptSeen::of(attempt, call.received))
                .collect(),
        }
    }
}

impl BroughtSeen {
    fn of(brought: Brought) -> Self {
        let Brought { items, exact, normalised, not_found, left_out, parts, empty_parts } = brought;
        let (empty, entities) = (brought.is_empty(), brought.entities());
        Self { empty, items, entities, exact, normalised, not_found, left_out, parts, empty_parts }
    }
}

impl AttemptSeen {
    fn of(attempt: &AttemptRecord, received: Instant) -> Self {
        let failure = attempt.failure.as_deref();
        let violation = failure.and_then(|failure| failure.violation.as_ref());
        let said = |of: fn(&Said) -> &Option<Word>| Some(of(&failure?.said).as_ref()?.to_string());
        Self {
            id: Arc::clone(&attempt.id),
            number: attempt.number,
            kind: attempt.kind,
            upstream: Arc::clone(&attempt.upstream),
            start_seconds: offset(received, attempt.sent),
            latency_seconds: seconds(attempt.latency),
            wait_seconds: seconds(attempt.wait),
            wait_source: attempt.wait_source,
            outcome: attempt.outcome,
            error_type: attempt.error_type,
            error_detail: failure.and_then(|failure| failure.detail),
            upstream_code: said(|said| &said.code),
            upstream_type: said(|said| &said.kind),
            upstream_param: said(|said| &said.param),
            schema_pointer: violation.map(|violation| Arc::clone(&violation.pointer)),
            schema_keyword: violation.map(|violation| violation.keyword),
            http_status: attempt.http_status,
        }
    }
}

/// Seconds from `from` to `to`; negative for what a call found under way when it came.
fn offset(from: Instant, to: Instant) -> f64 {
    if to >= from { seconds(to - from) } else { -seconds(from - to) }
}

fn tokens(usage: Usage) -> (Option<u64>, Option<u64>) {
    (usage.input_tokens, usage.output_tokens)
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;
    use tracing::Span;

    use super::*;
    use crate::telemetry::{CallGuard, Configured, Recorder};

    #[tokio::test(start_paused = true)]
    async fn when_a_call_came_is_told_alike_at_every_time() {
        let recorder =
            Recorder::new(&Configured { in_flight_max: 1, calls_kept: 1, ..Configured::default() });
        let observer = Arc::new(recorder.clone());
        drop(CallGuard::begin(observer, Entry::Unary, Span::none(), CancellationToken::new()));
        let told = || seconds_of(&recorder.calls(&CallFilter::default()));
        let first = told();
        // As if the wall clock had been set back by an hour: it stands still meanwhile.
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(told(), first);
    }

    /// To the bit.
    fn seconds_of(calls: &LastCalls) -> Vec<u64> {
        calls.calls.iter().map(|call| call.received_unix_seconds.to_bits()).collect()
    }
}

//! What a flight has done so far, readable by those who wait for it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::Span;

use crate::extraction::{
    AttemptOutcome, AttemptRecord, ErrorType, FailureFacts, ResponseFacts, Trail, Usage, Withheld,
};

/// The trail of a flight while it is written.
#[derive(Debug, Clone, Default)]
pub struct FlightLog(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    span: Option<Span>,
    trail: Trail,
    /// When the attempt that runs now was sent.
    sent: Option<Instant>,
    /// When the wait that runs now began.
    waiting: Option<Instant>,
}

/// How an attempt ended, for the log.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    /// How.
    pub outcome: AttemptOutcome,
    /// What went wrong, if it failed.
    pub error_type: Option<ErrorType>,
    /// What that leaves open.
    pub failure: Option<Arc<FailureFacts>>,
    /// The HTTP status, if an answer's head came.
    pub http_status: Option<u16>,
    /// Tokens as reported.
    pub usage: Usage,
    /// From sending to the end of the answer's body.
    pub latency: Duration,
    /// Spent on validating and grounding.
    pub validation: Duration,
}

impl FlightLog {
    /// The flight takes off; `span` is its own.
    pub fn take_off(&self, span: Span) {
        self.pages().span = Some(span);
    }

    /// The flight's span; absent until it takes off.
    pub fn span(&self) -> Option<Span> {
        self.pages().span.clone()
    }

    /// A wait between attempts begins.
    pub fn wait(&self, now: Instant) {
        self.pages().waiting = Some(now);
    }

    /// An attempt is being sent.
    pub fn send(&self, attempt: AttemptRecord, now: Instant) {
        let mut pages = self.pages();
        pages.rest(now);
        pages.sent = Some(now);
        pages.trail.attempts.push(AttemptRecord { sent: now, ..attempt });
    }

    /// The attempt that was sent last has ended.
    pub fn end(&self, end: AttemptEnd) {
        let mut pages = self.pages();
        pages.sent = None;
        let trail = &mut pages.trail;
        trail.upstream += end.latency;
        trail.validation += end.validation;
        trail.usage.add(end.usage);
        match end.outcome {
            AttemptOutcome::Success => trail.useful.add(end.usage),
            AttemptOutcome::Failure | AttemptOutcome::Cancelled => trail.wasted.add(end.usage),
        }
        if let Some(record) = trail.attempts.last_mut() {
            record.outcome = Some(end.outcome);
            record.error_type = end.error_type;
            record.failure = end.failure;
            record.http_status = end.http_status;
            record.latency = end.latency;
        }
    }

    /// An answer said something of itself.
    pub fn told(&self, response: ResponseFacts) {
        if response != ResponseFacts::default() {
            self.pages().trail.response = response;
        }
    }

    /// A retry was withheld.
    pub fn withhold(&self, reason: Withheld, now: Instant) {
        let mut pages = self.pages();
        pages.rest(now);
        pages.trail.withheld = Some(reason);
    }

    /// A repair was withheld.
    pub fn withhold_repair(&self, reason: Withheld) {
        self.pages().trail.repair_withheld = Some(reason);
    }

    /// The trail as it stands, what runs now counted up to `now`.
    pub fn trail(&self, now: Instant) -> Trail {
        let pages = self.pages();
        let mut trail = pages.trail.clone();
        if let Some(sent) = pages.sent {
            let latency = now.saturating_duration_since(sent);
            trail.upstream += latency;
            if let Some(record) = trail.attempts.last_mut() {
                record.latency = latency;
            }
        }
        if let Some(since) = pages.waiting {
            trail.backoff += now.saturating_duration_since(since);
        }
        trail
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn rest(&mut self, now: Instant) {
        if let Some(since) = self.waiting.take() {
            self.trail.backoff += now.saturating_duration_since(since);
        }
    }
}

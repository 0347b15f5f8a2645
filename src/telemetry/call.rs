//! The guard that gives every call exactly one end.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use super::event::{CacheResult, CallEnded, Event, Observer, Saved};
use crate::extraction::{Brought, Entry, ErrorType, ExtractError, Phase, Tenant, Trail, Usage, Verdict};

/// One call, from receipt to answer. Its facts are told as they become known. Dropping it without
/// [`CallGuard::end`] means that nobody waits for its answer any more: because the gateway has cut it, its
/// deadline has passed, or its caller left.
pub struct CallGuard {
    observer: Arc<dyn Observer>,
    entry: Entry,
    span: Span,
    received: Instant,
    tenant: Option<Tenant>,
    profile: Option<Arc<str>>,
    accepted: bool,
    cache: Option<(CacheResult, Option<Duration>)>,
    /// Time that went into waiting for others, which is not the gateway's own.
    waited: Duration,
    deadline: Option<Instant>,
    joined: bool,
    flight: Option<Span>,
    brought: Option<Brought>,
    saved: Option<Saved>,
    trail: Trail,
    last_error: Option<ErrorType>,
    cut: CancellationToken,
    ended: bool,
}

impl CallGuard {
    /// Starts the clock. Nothing is reported yet. `cut` is cancelled when the gateway ends what still runs.
    pub fn begin(observer: Arc<dyn Observer>, entry: Entry, span: Span, cut: CancellationToken) -> Self {
        Self {
            observer,
            entry,
            span,
            received: Instant::now(),
            tenant: None,
            profile: None,
            accepted: false,
            cache: None,
            waited: Duration::ZERO,
            deadline: None,
            joined: false,
            flight: None,
            brought: None,
            saved: None,
            trail: Trail::default(),
            last_error: None,
            cut,
            ended: false,
        }
    }

    /// Starts the clock anew: what came before was the caller's time.
    pub fn restart(&mut self) {
        self.received = Instant::now();
    }

    /// The call's span: SERVER for a gRPC call.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The time since receipt.
    pub fn elapsed(&self) -> Duration {
        self.received.elapsed()
    }

    /// Tells who calls.
    pub fn tenant(&mut self, tenant: &Tenant) {
        self.tenant = Some(tenant.clone());
    }

    /// Tells the profile: its configured name, or `inline`.
    pub fn profile(&mut self, profile: &Arc<str>) {
        self.profile = Some(Arc::clone(profile));
    }

    /// Tells that the call was accepted for service under this profile, and reports it.
    pub fn accepted(&mut self, profile: &Arc<str>) {
        self.profile(profile);
        self.accepted = true;
        self.observer.observe(&Event::CallStarted { entry: self.entry, profile });
    }

    /// Tells by when the call has to be answered.
    pub fn deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// Tells that the call waits for a flight that another call had started.
    pub fn joined(&mut self) {
        self.joined = true;
    }

    /// Tells the span of the flight that another call had started.
    pub fn flight(&mut self, span: &Span) {
        self.flight = Some(span.clone());
    }

    /// Tells the cache's part in the call; reported once, at the end. `age` is that of a `hit` or `stale`
    /// answer. The last word counts: a miss whose flight failed may turn into `stale`.
    pub fn cache(&mut self, result: CacheResult, age: Option<Duration>) {
        self.cache = Some((result, age));
    }

    /// Tells of time that is not the gateway's own: attempts, the waits between them, or the wait for
    /// another call's flight. Adds up.
    pub fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// Tells what the answer brought.
    pub fn brought(&mut self, brought: Brought) {
        self.brought = Some(brought);
    }

    /// Tells what an answer had cost that this call need not pay again.
    pub fn saved(&mut self, upstream: &Arc<str>, usage: Usage) {
        self.saved = Some(Saved { upstream: Arc::clone(upstream), usage });
    }

    /// Tells what was tried for the answer, by this call's flight or the one it joined.
    pub fn trail(&mut self, trail: &Trail) {
        self.trail.clone_from(trail);
        if let Some(last) = trail.attempts.last() {
            self.last_error = last.error_type;
        }
    }

    /// Reports the end.
    pub fn end(mut self, result: Result<(), &ExtractError>) {
        let (verdict, phase) = match result {
            Ok(()) => (Verdict::Ok, None),
            Err(error) => (error.verdict(), self.take_error(error)),
        };
        self.report(verdict, phase);
    }

    fn take_error(&mut self, error: &ExtractError) -> Option<Phase> {
        match error {
            ExtractError::DeadlineExceeded { phase, last } => {
                self.last_error = last.or(self.last_error);
                Some(*phase)
            }
            ExtractError::Upstream(failure) => {
                self.last_error = Some(failure.error_type);
                None
            }
            ExtractError::Invalid(_)
            | ExtractError::Unauthenticated
            | ExtractError::Saturated { .. }
            | ExtractError::Draining { .. }
            | ExtractError::NotCached
            | ExtractError::Cancelled
            | ExtractError::Unimplemented { .. }
            | ExtractError::Internal { .. } => None,
        }
    }

    fn report(&mut self, verdict: Verdict, phase: Option<Phase>) {
        self.ended = true;
        if let Some((result, age)) = self.cache {
            self.observer.observe(&Event::CacheAnswered { result, age, span: &self.span });
        }
        let elapsed = self.received.elapsed();
        // What a refused or abandoned call took says nothing about the gateway's own cost.
        let counts = self.accepted && verdict != Verdict::Cancelled;
        self.observer.observe(&Event::CallEnded(CallEnded {
            entry: self.entry,
            tenant: self.tenant.as_ref(),
            profile: self.profile.as_ref(),
            started: self.accepted,
            verdict,
            error_type: self.last_error,
            phase,
            cache: self.cache.map(|(result, _)| result),
            cache_age: self.cache.and_then(|(_, age)| age),
            joined: self.joined,
            flight: self.flight.as_ref(),
            received: self.received,
            deadline: self.deadline,
            elapsed,
            overhead: counts.then(|| elapsed.saturating_sub(self.waited)),
            attempts: self.trail.made(),
            retries: self.trail.retries(),
            usage: self.trail.usage,
            // Who was not answered in time was brought nothing and saved nothing.
            brought: self.brought.filter(|_| verdict == Verdict::Ok),
            saved: self.saved.as_ref().filter(|_| verdict == Verdict::Ok),
            upstream: self.trail.attempts.last().map(|last| &last.upstream),
            trail: &self.trail,
            span: &self.span,
        }));
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if std::thread::panicking() {
            self.report(Verdict::Internal, None);
        } else if self.cut.is_cancelled() {
            self.report(Verdict::Draining, None);
        } else if late {
            self.report(Verdict::DeadlineExceeded, Some(Phase::of(&self.trail, self.joined)));
        } else {
            self.report(Verdict::Cancelled, None);
        }
    }
}

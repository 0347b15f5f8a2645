//! The guard that gives every attempt exactly one end.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::event::{AttemptFacts, Event, Observer};
use crate::{
    extraction::{AttemptOutcome, ErrorType, FailureFacts, HeadStatus, ResponseFacts, Usage},
    upstream::ErrorBodyText,
};

/// One attempt under way. Dropping it without [`AttemptGuard::end`] means that it was given up: the
/// outcome is `cancelled`.
pub struct AttemptGuard {
    observer: Arc<dyn Observer>,
    facts: AttemptFacts,
    started: Instant,
    status: HeadStatus,
    failure: Option<Arc<FailureFacts>>,
    error_body: Option<ErrorBodyText>,
    response: ResponseFacts,
    ended: bool,
}

impl AttemptGuard {
    /// Reports the start. `status` is told when an answer's head comes, should the attempt be given up later.
    pub fn begin(observer: Arc<dyn Observer>, facts: AttemptFacts, status: HeadStatus) -> Self {
        observer.observe(&Event::AttemptStarted(&facts));
        Self {
            observer,
            facts,
            started: Instant::now(),
            status,
            failure: None,
            error_body: None,
            response: ResponseFacts::default(),
            ended: false,
        }
    }

    /// What the answer said of itself.
    pub fn told(&mut self, response: &ResponseFacts) {
        self.response.clone_from(response);
    }

    /// What the error type, with which the attempt is about to end, leaves open. `error_body` is for the log alone.
    pub fn explain(&mut self, failure: Arc<FailureFacts>, error_body: Option<ErrorBodyText>) {
        self.failure = Some(failure);
        self.error_body = error_body;
    }

    /// Reports the end. `latency` runs from sending to the end of the answer's body; what came after it
    /// (validation) is not the upstream's.
    pub fn end(
        mut self,
        outcome: AttemptOutcome,
        error_type: Option<ErrorType>,
        http_status: Option<u16>,
        usage: Usage,
        latency: Duration,
    ) {
        self.report(outcome, error_type, http_status, usage, latency);
    }

    fn report(
        &mut self,
        outcome: AttemptOutcome,
        error_type: Option<ErrorType>,
        http_status: Option<u16>,
        usage: Usage,
        elapsed: Duration,
    ) {
        self.ended = true;
        let attempt = &self.facts;
        self.observer.observe(&Event::AttemptEnded {
            attempt,
            outcome,
            error_type,
            failure: self.failure.as_ref(),
            error_body: self.error_body.as_ref(),
            response: &self.response,
            http_status,
            usage,
            elapsed,
            judging: self.started.elapsed().saturating_sub(elapsed),
        });
    }
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        if !self.ended {
            let elapsed = self.started.elapsed();
            let (outcome, error_type) = if std::thread::panicking() {
                (AttemptOutcome::Failure, Some(ErrorType::Internal))
            } else {
                (AttemptOutcome::Cancelled, None)
            };
            self.report(outcome, error_type, self.status.get(), Usage::default(), elapsed);
        }
    }
}

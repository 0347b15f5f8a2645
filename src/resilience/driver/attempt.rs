//! One attempt of a flight, from its span to its verdict.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::Flight;
use crate::{
    extraction::{
        Alignment, AttemptOutcome, AttemptRecord, ErrorType, Extraction, FailureFacts, HeadStatus, Usage,
        Violation,
    },
    resilience::{
        classify::{Class, Permission, classify},
        log::AttemptEnd,
        pushback,
        retry_budget::Seat,
    },
    telemetry::{
        AttemptGuard, Event,
        event::{AttemptFacts, ValidationResult},
        spans,
    },
    upstream::{AttemptLabels, Endpoint, Exchange, Fault, OtherTokensField, TimeoutPhase},
};

/// The longest an attempt may go on that nobody waits for any more. It is paid for, and its answer can
/// be stored.
const ORPHAN_MAX: Duration = Duration::from_secs(30);

/// What a model is told whose answer is not JSON.
const NOT_JSON: &str = "it was not one JSON object and nothing else";

/// What came of one attempt.
pub(super) enum Attempted {
    Answered(Arc<Extraction>),
    Failed(Failed),
    /// Given up because nobody waited.
    Abandoned,
}

/// A failed attempt, as far as what follows depends on it.
pub(super) struct Failed {
    pub(super) fault: Fault,
    pub(super) facts: Arc<FailureFacts>,
    /// Which part of the schema the answer broke, by its true name.
    pub(super) violation: Option<Violation>,
    pub(super) http_status: Option<u16>,
    pub(super) class: Class,
    pub(super) permission: Permission,
    pub(super) pushback: Option<Duration>,
    /// What was wrong with the answer, if a repair may mend it.
    pub(super) problem: Option<String>,
}

/// Why an attempt is cut off.
enum Cut {
    Fault(Fault),
    Abandoned,
}

impl Flight {
    /// Makes one attempt and holds what comes of it against the schema and the table of faults.
    pub(super) async fn attempt(&self, record: AttemptRecord, place: Seat<'_>) -> Attempted {
        let endpoint = self.endpoint();
        let remaining = self.gathering.now().deadline.saturating_duration_since(Instant::now());
        let span = spans::attempt(&self.span, &record, &endpoint, remaining);
        let trace =
            if endpoint.propagate_trace { spans::trace_headers(&span) } else { http::HeaderMap::new() };
        let status = HeadStatus::default();
        let labels = AttemptLabels {
            attempt_id: record.id.to_string(),
            idempotency_key: self.id.clone(),
            trace,
            status: status.clone(),
        };
        let repaired = self.question.repair.is_some();
        let mut guard = AttemptGuard::begin(
            Arc::clone(&self.observer),
            AttemptFacts {
                id: Arc::clone(&record.id),
                number: record.number,
                kind: record.kind,
                tenant: self.tenant.clone(),
                endpoint: Arc::clone(&endpoint),
                wait: record.wait,
                wait_source: record.wait_source,
                span,
            },
            status.clone(),
        );
        let sent = Instant::now();
        self.log.send(record, sent);
        let mut exchange = tokio::select! {
            biased;
            exchange = self.target.upstream.attempt(&self.question, labels) => exchange,
            cut = self.cut_off(sent, &endpoint) => match cut {
                Cut::Fault(fault) => Exchange { http_status: status.get(), ..Exchange::failed(fault) },
                Cut::Abandoned => {
                    drop(guard);
                    self.log.end(AttemptEnd::cancelled(sent.elapsed(), status.get()));
                    return Attempted::Abandoned;
                }
            },
        };
        drop(place);
        let latency = sent.elapsed();
        let (http_status, usage) = (exchange.http_status, exchange.usage);
        guard.told(&exchange.response);
        self.log.told(std::mem::take(&mut exchange.response));
        let error_body = exchange.error_body.take();
        let attempted = self.judge(exchange, &endpoint, repaired);
        let failed = match &attempted {
            Attempted::Failed(failed) => Some(failed),
            Attempted::Answered(_) | Attempted::Abandoned => None,
        };
        let error_type = failed.map(|failed| failed.fault.error_type());
        let failure = failed.map(|failed| Arc::clone(&failed.facts));
        if let Some(failure) = &failure {
            guard.explain(Arc::clone(failure), error_body);
        }
        let outcome = if error_type.is_none() { AttemptOutcome::Success } else { AttemptOutcome::Failure };
        let validation = sent.elapsed().saturating_sub(latency);
        guard.end(outcome, error_type, http_status, usage, latency);
        self.log.end(AttemptEnd { outcome, error_type, failure, http_status, usage, latency, validation });
        match failed {
            None => self.succeeded(latency),
            Some(failed) => self.learned(failed.fault, &endpoint),
        }
        attempted
    }

    /// Completes when the attempt must not go on.
    async fn cut_off(&self, sent: Instant, endpoint: &Endpoint) -> Cut {
        let mut watch = self.gathering.watch();
        let total = sent + endpoint.attempt_timeout;
        let mut permit = None;
        loop {
            let interest = *watch.borrow_and_update();
            let now = Instant::now();
            if now >= interest.deadline {
                if self.gathering.close_if_late(now) {
                    return Cut::Fault(Fault::DeadlineExceeded);
                }
                continue;
            }
            if now >= total {
                return Cut::Fault(Fault::Timeout(TimeoutPhase::Total));
            }
            let mut until = total.min(interest.deadline);
            if let Some(since) = interest.orphaned_since {
                permit = permit.or_else(|| Arc::clone(&self.orphans).try_acquire_owned().ok());
                let worthless = !self.storable || permit.is_none() || now >= since + ORPHAN_MAX;
                if worthless && self.gathering.close_if_orphaned() {
                    return Cut::Abandoned;
                }
                until = until.min(since + ORPHAN_MAX);
            } else {
                permit = None;
            }
            tokio::select! {
                () = sleep_until(until) => {}
                _ = watch.changed() => {}
            }
        }
    }

    /// Holds what came against the schema, and a failure against the table.
    fn judge(&self, exchange: Exchange, endpoint: &Endpoint, repaired: bool) -> Attempted {
        let profile = &self.question.profile;
        let mut violation = None;
        let (fault, problem) = match exchange.result {
            Ok(answer) => match profile.schema.read(&self.question.text, &answer.content) {
                Ok(extraction) => {
                    self.observe_valid(&extraction, repaired);
                    return Attempted::Answered(Arc::new(extraction));
                }
                Err(invalid) => {
                    let problem = invalid.to_string();
                    violation = invalid.violation;
                    let fault = if invalid.is_json { Fault::SchemaInvalid } else { Fault::NotJson };
                    (fault, Some(problem))
                }
            },
            Err(Fault::Empty) => (Fault::Empty, Some("the answer was empty".to_owned())),
            Err(fault) if fault.error_type() == ErrorType::NotJson => (fault, Some(NOT_JSON.to_owned())),
            Err(fault) => (fault, None),
        };
        let observable = violation.as_ref().map(|violation| profile.observable(violation));
        if let Some(result) = validation_result(fault) {
            let (profile, violation) = (&profile.name, observable.as_ref());
            self.observer.observe(&Event::AnswerValidated { profile, result, violation });
        }
        let pushback = pushback::pushback(&exchange.headers, exchange.body_retry_delay, self.clock.now());
        let advice = pushback::should_retry(&exchange.headers);
        let class = classify(fault, advice, pushback.is_some());
        let permission = class.may_retry(endpoint.retry_safety, fault);
        Attempted::Failed(Failed {
            fault,
            facts: Arc::new(FailureFacts {
                detail: fault.detail(),
                said: exchange.said,
                violation: observable,
            }),
            violation,
            http_status: exchange.http_status,
            class,
            permission,
            pushback,
            problem,
        })
    }

    fn observe_valid(&self, extraction: &Extraction, repaired: bool) {
        let profile = &self.question.profile.name;
        let result = match (repaired, extraction.brought.is_empty()) {
            (_, true) => ValidationResult::ValidEmpty,
            (true, false) => ValidationResult::Repaired,
            (false, false) => ValidationResult::Valid,
        };
        self.observer.observe(&Event::AnswerValidated { profile, result, violation: None });
        for &alignment in Alignment::ALL {
            let found = extraction.brought.aligned(alignment);
            if found > 0 {
                self.observer.observe(&Event::EntityGrounded { profile, alignment, count: found as u64 });
            }
        }
        let left_out = extraction.brought.left_out;
        if left_out > 0 {
            self.observer.observe(&Event::EntitiesLeftOut { profile, count: left_out as u64 });
        }
    }

    /// Tells what nobody knew of the upstream so far.
    fn learned(&self, fault: Fault, endpoint: &Arc<Endpoint>) {
        if let Fault::OtherTokensField(OtherTokensField { field, first: true }) = fault {
            let (field, span) = (field.name(), &self.span);
            self.observer.observe(&Event::TokensFieldLearned { endpoint, field, span });
        }
    }

    fn succeeded(&self, latency: Duration) {
        self.target.pace.succeeded(latency);
        let mut books = self.target.budget.books();
        let before = books.ratio();
        books.reward(Instant::now(), &self.tenant);
        let ratio = books.ratio();
        drop(books);
        self.repairs.purse().reward(Instant::now());
        if ratio > before {
            self.observer.observe(&Event::BudgetMoved { endpoint: self.target.upstream.endpoint(), ratio });
        }
    }
}

impl AttemptEnd {
    fn cancelled(latency: Duration, http_status: Option<u16>) -> Self {
        Self {
            outcome: AttemptOutcome::Cancelled,
            error_type: None,
            failure: None,
            http_status,
            usage: Usage::default(),
            latency,
            validation: Duration::ZERO,
        }
    }
}

/// What an answer's fault says about its validity; nothing, if it is about the transport.
fn validation_result(fault: Fault) -> Option<ValidationResult> {
    match fault {
        Fault::SchemaInvalid => Some(ValidationResult::SchemaInvalid),
        Fault::Truncated => Some(ValidationResult::Truncated),
        Fault::Refused => Some(ValidationResult::Refused),
        Fault::Empty => Some(ValidationResult::Empty),
        Fault::NotJson => Some(ValidationResult::NotJson),
        Fault::Connect(_)
        | Fault::ConnectTimeout
        | Fault::TlsUntrusted
        | Fault::TlsHandshake
        | Fault::Unsendable
        | Fault::NotProcessed
        | Fault::Reset
        | Fault::Timeout(_)
        | Fault::DeadlineExceeded
        | Fault::HeadTooLarge
        | Fault::BodyTooLarge
        | Fault::Status { .. }
        | Fault::OtherTokensField(_)
        | Fault::ErrorBody { .. }
        | Fault::Malformed
        | Fault::Page
        | Fault::BrokenOff => None,
    }
}

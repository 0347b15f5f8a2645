//! Flies one flight: does what the plan says and tells it what came of it. The only part that awaits.

mod attempt;

use std::{sync::Arc, time::Duration};

use rand::rngs::StdRng;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep_until},
};
use tracing::Span;

use attempt::{Attempted, Failed};

use super::{
    Gathering, Policy, Target,
    budget::{Budget, Stake},
    classify::Permission,
    log::FlightLog,
    plan::{FIRST_ATTEMPT_MIN, Next, Observation, Plan, Purses, Step, Stop},
    retry_budget::Seat,
};
use crate::{
    clock::WallClock,
    extraction::{
        AttemptKind, AttemptRecord, BudgetLimit, ErrorType, ExtractError, Extraction, Phase, Tenant,
        UpstreamFailure, Withheld,
    },
    telemetry::{Event, FlightEnd, FlightGuard, Observer, spans},
    upstream::{Endpoint, Fault, Question, Repair},
};

/// What comes of a flight; cheap to clone for all who wait.
pub type Landing = Result<Arc<Extraction>, ExtractError>;

/// The shared upstream work behind one or more identical calls.
pub struct Flight {
    /// Unique; the attempts' ids begin with it.
    pub id: String,
    /// What to ask.
    pub question: Question,
    /// Whom to ask.
    pub target: Arc<Target>,
    /// Waits and limits.
    pub policy: Arc<Policy>,
    /// The callers' own limit of attempts.
    pub max_attempts: Option<u32>,
    /// Whether the answer can be stored, so that an attempt is worth finishing for nobody.
    pub storable: bool,
    /// Who waits, and until when.
    pub gathering: Gathering,
    /// Where the attempts are written down.
    pub log: FlightLog,
    /// Who spends the budget: the tenant of the call that started the flight.
    pub tenant: Tenant,
    /// The tenant's purse for repairs.
    pub repairs: Arc<Budget>,
    /// Bounds the attempts that go on for nobody.
    pub orphans: Arc<Semaphore>,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Needed for dates that upstreams send.
    pub clock: Arc<dyn WallClock>,
    /// Draws the waits.
    pub rng: StdRng,
    /// The span of the call that started the flight; once it flies, its own logical CLIENT span below that.
    pub span: Span,
}

impl Flight {
    /// Flies until there is an answer or the plan gives up.
    pub async fn fly(mut self) -> Landing {
        self.span = spans::flight(&self.span, &self.endpoint(), &self.question.profile.name);
        self.log.take_off(self.span.clone());
        let (log, gathering) = (self.log.clone(), self.gathering.clone());
        let flown = move || (log.trail(Instant::now()), gathering.now().followers);
        let observer = Arc::clone(&self.observer);
        let guard =
            FlightGuard::begin(observer, self.endpoint(), self.tenant.clone(), self.span.clone(), flown);
        let landing = self.attempts().await;
        guard.end(landing.as_ref().map_or_else(end, |_| FlightEnd::Answered));
        landing
    }

    async fn attempts(&mut self) -> Landing {
        let target = Arc::clone(&self.target);
        let mut plan = Plan::new(Arc::clone(&self.policy), self.max_attempts);
        let mut step = self.first(&mut plan);
        let mut last: Option<Failed> = None;
        loop {
            let next = match step {
                Step::Attempt(next) => next,
                Step::Stop(end) => return Err(self.give_up(&end, last.as_ref())),
            };
            let (number, kind, wait) = (next.number, next.kind, next.wait);
            let seat = match self.wait(&target, next, last.as_ref()).await {
                Ok(seat) => seat,
                Err(end) => return Err(self.give_up(&end, last.as_ref())),
            };
            // A retry after a failed repair is still about the answer that has to be mended.
            if let Some(problem) = last.take().and_then(|failed| failed.problem) {
                self.question.repair = Some(Repair { problem });
            }
            let record = AttemptRecord {
                id: format!("{}-{number}", self.id).into(),
                number,
                kind,
                upstream: Arc::clone(&self.endpoint().name),
                outcome: None,
                error_type: None,
                failure: None,
                http_status: None,
                sent: Instant::now(),
                latency: Duration::ZERO,
                wait: wait.map_or(Duration::ZERO, |wait| wait.length),
                wait_source: wait.map(|wait| wait.source),
            };
            match self.attempt(record, seat).await {
                Attempted::Answered(extraction) => return Ok(extraction),
                Attempted::Abandoned => return Err(ExtractError::Cancelled),
                Attempted::Failed(failed) => {
                    step = self.decide(&mut plan, &failed);
                    last = Some(failed);
                }
            }
        }
    }

    /// The first step. A flight that is too late for any attempt is closed, so that nobody joins it who has
    /// more time.
    fn first(&self, plan: &mut Plan) -> Step {
        loop {
            let now = Instant::now();
            let step = plan.first(now, self.gathering.now().deadline);
            let late = matches!(step, Step::Stop(_));
            if !late || self.gathering.close_if_late(now + FIRST_ATTEMPT_MIN) {
                return step;
            }
        }
    }

    fn decide(&mut self, plan: &mut Plan, failed: &Failed) -> Step {
        let target = Arc::clone(&self.target);
        let seen = Observation {
            class: failed.class,
            permission: failed.permission,
            mendable: failed.problem.is_some(),
            pushback: failed.pushback,
            deadline: self.gathering.now().deadline,
            min_useful: target.pace.min_useful(),
            awaited: !self.gathering.close_if_orphaned(),
        };
        let (mut retry, mut repair) = (target.budget.books(), self.repairs.purse());
        let mut purses = Purses { tenant: &self.tenant, retry: &mut retry, repair: &mut repair };
        plan.next(Instant::now(), &seen, &mut purses, &mut self.rng)
    }

    /// Waits as planned, takes a seat among the attempts in flight and spends what was set aside; tells
    /// why not, if the attempt must not be made after all.
    async fn wait<'a>(
        &self,
        target: &'a Target,
        next: Next,
        after: Option<&Failed>,
    ) -> Result<Seat<'a>, Stop> {
        if let (Some(wait), Some(failed)) = (next.wait, after) {
            let now = Instant::now();
            let endpoint = self.endpoint();
            let budget_ratio = target.budget.books().ratio();
            self.observer.observe(&Event::RetryScheduled {
                endpoint: &endpoint,
                reason: failed.fault.error_type(),
                source: wait.source,
                delay: wait.length,
                next_number: next.number,
                budget_ratio,
                remaining: self.gathering.now().deadline.saturating_duration_since(now),
                tenant: &self.tenant,
                span: &self.span,
            });
            self.log.wait(now);
            self.sleep(now + wait.length).await;
        }
        let seat = match self.unwanted() {
            Some(reason) if next.kind == AttemptKind::Repair => Err(Stop::without_repair(reason)),
            Some(reason) => Err(Stop { withheld: Some(reason), ..Stop::default() }),
            None => target
                .budget
                .enter(Instant::now(), &self.tenant, next.kind)
                .ok_or_else(|| Stop::over_budget(BudgetLimit::InFlight, None)),
        };
        if let Some(stake) = next.stake {
            self.settle(next.kind, stake, seat.is_ok());
        }
        seat
    }

    /// Sleeps until then, or until the flight is closed because nobody waits any more. A flight that is
    /// joined in time sleeps on: the wait may be one that the upstream asked for.
    async fn sleep(&self, until: Instant) {
        let mut interest = self.gathering.watch();
        loop {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                _ = interest.wait_for(|interest| interest.waiters == 0) => {}
            }
            if self.gathering.close_if_orphaned() {
                return;
            }
        }
    }

    /// Why an attempt that was planned must not be made now.
    fn unwanted(&self) -> Option<Withheld> {
        if self.gathering.close_if_orphaned() {
            return Some(Withheld::Orphaned);
        }
        self.gathering.close_if_late(Instant::now()).then_some(Withheld::Deadline)
    }

    fn settle(&self, kind: AttemptKind, stake: Stake, sent: bool) {
        if kind == AttemptKind::Repair {
            let mut purse = self.repairs.purse();
            return if sent { purse.spend(stake) } else { purse.give_back(stake) };
        }
        let mut books = self.target.budget.books();
        if sent {
            books.spend(stake);
        } else {
            books.give_back(Instant::now(), &self.tenant, stake);
        }
        let ratio = books.ratio();
        drop(books);
        self.observer.observe(&Event::BudgetMoved { endpoint: self.target.upstream.endpoint(), ratio });
    }

    fn give_up(&self, stop: &Stop, last: Option<&Failed>) -> ExtractError {
        let Some(last) = last else {
            return match stop.withheld {
                Some(Withheld::Orphaned) => ExtractError::Cancelled,
                _ => ExtractError::DeadlineExceeded { phase: Phase::Admission, last: None },
            };
        };
        let endpoint = self.endpoint();
        let error_type = last.fault.error_type();
        if let Some(reason) = stop.withheld {
            self.log.withhold(reason, Instant::now());
            self.observer.observe(&Event::RetryWithheld {
                endpoint: &endpoint,
                error_type,
                reason,
                budget_limit: stop.budget_limit,
                tenant: &self.tenant,
                span: &self.span,
            });
        }
        if let Some(reason) = stop.repair_withheld {
            self.log.withhold_repair(reason);
            self.observer.observe(&Event::RepairWithheld {
                profile: &self.question.profile.name,
                error_type,
                reason,
                tenant: &self.tenant,
                span: &self.span,
            });
        }
        if last.fault == Fault::DeadlineExceeded {
            return ExtractError::DeadlineExceeded { phase: Phase::Attempt, last: None };
        }
        ExtractError::Upstream(Arc::new(UpstreamFailure {
            upstream: Arc::clone(&endpoint.name),
            model: Arc::clone(&endpoint.model),
            error_type,
            facts: Arc::clone(&last.facts),
            violation: last.violation.clone(),
            inline: self.question.profile.is_inline(),
            http_status: last.http_status,
            outcome_unknown: last.permission == Permission::Ambiguous,
            withheld: stop.withheld,
            retry_after: stop.retry_after,
            attempts: self.log.trail(Instant::now()).made(),
        }))
    }

    fn endpoint(&self) -> Arc<Endpoint> {
        Arc::clone(self.target.upstream.endpoint())
    }
}

fn end(error: &ExtractError) -> FlightEnd {
    match error {
        ExtractError::Cancelled => FlightEnd::GivenUp,
        ExtractError::Upstream(failure) if failure.withheld == Some(Withheld::Orphaned) => FlightEnd::GivenUp,
        ExtractError::Upstream(failure) => FlightEnd::Failed(failure.error_type),
        ExtractError::DeadlineExceeded { .. } => FlightEnd::Failed(ErrorType::DeadlineExceeded),
        _ => FlightEnd::Failed(ErrorType::Internal),
    }
}

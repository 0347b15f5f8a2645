//! The way of a call behind the wire: cache, then flight, then upstream. Calls of clients and runs of
//! jobs go the same way.

pub mod report;
pub mod seeds;

use std::{collections::HashMap, sync::Arc, time::Duration};

use rand::RngExt as _;
use tokio::{sync::Semaphore, time::Instant};
use tracing::Span;

use crate::{
    cache::{Answers, Boarding, CacheKey, CachedAnswer, FlightKey, Flights, Lookup, Pilot, Waited, Waiter},
    clock::WallClock,
    extraction::{
        AttemptOutcome, AttemptRecord, CacheMode, Call, ErrorType, ExtractError, Extraction, Phase, Tenant,
        Trail, Verdict,
    },
    resilience::{BudgetPolicy, Flight, Landing, Policy, Target, budget::Budget, log::FlightLog},
    tasks::Tasks,
    telemetry::{CallGuard, Event, Observer, event::CacheResult, spans},
    upstream::{Endpoint, Question, Upstream},
};

pub use report::{Report, Served};
pub use seeds::Seeds;

/// The most attempts that may go on for nobody at the same time.
const ORPHANS_MAX: usize = 256;

/// Serves calls.
pub struct Pipeline {
    answers: Answers,
    flights: Arc<Flights>,
    targets: HashMap<Arc<str>, Arc<Target>>,
    repairs: HashMap<Tenant, Arc<Budget>>,
    orphans: Arc<Semaphore>,
    policy: Arc<Policy>,
    observer: Arc<dyn Observer>,
    clock: Arc<dyn WallClock>,
    seeds: Seeds,
    tasks: Tasks,
}

/// What a pipeline is made of.
pub struct Parts {
    /// The cache of answers.
    pub answers: Answers,
    /// All configured upstreams.
    pub upstreams: Vec<Arc<dyn Upstream>>,
    /// All configured tenants.
    pub tenants: Vec<Tenant>,
    /// Waits, limits and purses of retries.
    pub policy: Policy,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
    /// The wall clock.
    pub clock: Arc<dyn WallClock>,
    /// Where random numbers come from.
    pub seeds: Seeds,
    /// Where flights run.
    pub tasks: Tasks,
}

impl Pipeline {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let now = Instant::now();
        let targets = parts.upstreams.into_iter().map(|upstream| {
            let name = Arc::clone(&upstream.endpoint().name);
            (name, Arc::new(Target::new(upstream, &parts.policy.budget, now)))
        });
        let tenants = parts.tenants.into_iter().chain([Tenant::default()]);
        let repairs = &parts.policy.repair_budget;
        Self {
            answers: parts.answers,
            flights: Arc::default(),
            targets: targets.collect(),
            repairs: tenants.map(|tenant| (tenant, Arc::new(Budget::new(repairs, now)))).collect(),
            orphans: Arc::new(Semaphore::new(ORPHANS_MAX)),
            policy: Arc::new(parts.policy),
            observer: parts.observer,
            clock: parts.clock,
            seeds: parts.seeds,
            tasks: parts.tasks,
        }
    }

    /// Serves one call. Dropping the future means that the caller left.
    pub async fn extract(&self, call: &Call, guard: &mut CallGuard) -> Served {
        let key = CacheKey::of(call);
        let now = Instant::now();
        let found = if reads_cache(call) {
            self.answers.look_up(&key, now, call.cache.max_age).await
        } else {
            Lookup::Nothing
        };
        let stale = match found {
            Lookup::Fresh(answer) => {
                guard.cache(CacheResult::Hit, Some(answer.age(now)));
                guard.saved(&answer.upstream, answer.usage);
                return Served::cached(call, &answer, (CacheResult::Hit, now), Report::default());
            }
            Lookup::Stale(answer) => Some(answer),
            Lookup::Nothing => None,
        };
        if call.cache.mode == CacheMode::OnlyIfCached {
            guard.cache(CacheResult::Miss, None);
            let report = Report { cache: Some(CacheResult::Miss), ..Report::default() };
            return Served::failed(call, ExtractError::NotCached, report);
        }
        self.fly(call, key, stale, guard).await
    }

    async fn fly(
        &self,
        call: &Call,
        key: CacheKey,
        stale: Option<Arc<CachedAnswer>>,
        guard: &mut CallGuard,
    ) -> Served {
        let Some(target) = self.target(call) else {
            return Served::failed(
                call,
                ExtractError::Internal { what: "no such upstream" },
                Report::default(),
            );
        };
        let flight_key = FlightKey::of(call, key);
        let (mut waiter, joined) = match self.flights.board(flight_key, call.deadline.instant()) {
            Boarding::Led(waiter, pilot) => {
                self.take_off(call, key, flight_key, &target, pilot, guard.span().clone());
                (waiter, false)
            }
            Boarding::Joined(waiter) => {
                guard.joined();
                (waiter, true)
            }
        };
        let result = match (reads_cache(call), joined) {
            (true, false) => CacheResult::Miss,
            (true, true) => CacheResult::Joined,
            (false, _) => CacheResult::Bypass,
        };
        guard.cache(result, None);
        let (landing, report) = self.land(call, &mut waiter, joined, result, guard).await;
        if landing.is_ok() && !joined && report.trail.attempts.is_empty() {
            // The flight found the answer in the cache before it took off.
            let now = Instant::now();
            if let Lookup::Fresh(answer) = self.answers.look_up(&key, now, None).await {
                guard.cache(CacheResult::Hit, Some(answer.age(now)));
                guard.saved(&answer.upstream, answer.usage);
                return Served::cached(call, &answer, (CacheResult::Hit, now), report);
            }
        }
        match (landing, stale) {
            (Err(error), Some(stale)) if excuses_staleness(error.verdict()) => {
                let now = Instant::now();
                guard.cache(CacheResult::Stale, Some(stale.age(now)));
                Served::cached(call, &stale, (CacheResult::Stale, now), report)
            }
            (Ok(extraction), _) => {
                if let (true, Some(upstream)) = (joined, &report.upstream) {
                    guard.saved(upstream, report.trail.useful);
                }
                Served::fresh(call, extraction, report)
            }
            (Err(error), _) => Served::failed(call, error, report),
        }
    }

    /// Waits for the flight and writes the report.
    async fn land(
        &self,
        call: &Call,
        waiter: &mut Waiter,
        joined: bool,
        result: CacheResult,
        guard: &mut CallGuard,
    ) -> (Landing, Report) {
        let since = Instant::now();
        let mut wait = Wait {
            span: joined.then(|| spans::joined(guard.span())),
            tenant: &call.tenant,
            observer: &*self.observer,
            guard,
            log: waiter.log().clone(),
            since,
            answered: false,
        };
        let outcome = waiter.wait(call.deadline.instant()).await;
        wait.answered = matches!(outcome, Waited::Landed(_));
        drop(wait);
        let now = Instant::now();
        let wait = if joined { now.saturating_duration_since(since) } else { Duration::ZERO };
        let trail = waiter.log().trail(now);
        let landing = match outcome {
            Waited::Landed(landing) => landing,
            Waited::DeadlinePassed => Err(deadline_exceeded(&trail, joined)),
        };
        let upstream = trail.attempts.last().map(|attempt| Arc::clone(&attempt.upstream));
        let model = upstream.as_ref().and_then(|name| self.targets.get(name));
        let report = Report {
            cache: Some(result),
            cache_age: None,
            model: model.map(|target| Arc::clone(&target.upstream.endpoint().model)),
            upstream,
            joined,
            wait,
            trail,
        };
        (landing, report)
    }

    fn take_off(
        &self,
        call: &Call,
        key: CacheKey,
        flight_key: FlightKey,
        target: &Arc<Target>,
        pilot: Pilot,
        span: Span,
    ) {
        let mut rng = self.seeds.fork();
        let endpoint = target.upstream.endpoint();
        let flight = Flight {
            id: format!("{:032x}", rng.random::<u128>()),
            question: Question { text: call.text.clone(), profile: Arc::clone(&call.profile), repair: None },
            target: Arc::clone(target),
            policy: Arc::clone(&self.policy),
            max_attempts: call.max_attempts,
            storable: flight_key.storable(),
            gathering: pilot.gathering().clone(),
            log: pilot.log().clone(),
            tenant: call.tenant.clone(),
            repairs: self.repair_purse(&call.tenant),
            orphans: Arc::clone(&self.orphans),
            observer: Arc::clone(&self.observer),
            clock: Arc::clone(&self.clock),
            rng,
            span,
        };
        let (answers, log) = (self.answers.clone(), flight.log.clone());
        let (upstream, model) = (Arc::clone(&endpoint.name), Arc::clone(&endpoint.model));
        let policy = call.profile.cache;
        let (rereads, max_age) = (reads_cache(call), call.cache.max_age);
        // Boxed: it takes some 5 KB, and spawning moves it several times.
        drop(self.tasks.spawn(Box::pin(async move {
            // An identical flight may have landed after this call had looked at the cache; it stored first.
            if rereads && let Lookup::Fresh(answer) = answers.look_up(&key, Instant::now(), max_age).await {
                return pilot.land(Ok(Arc::clone(&answer.extraction)));
            }
            let landing = flight.fly().await;
            if let (Ok(extraction), true) = (&landing, flight_key.storable()) {
                let now = Instant::now();
                let answer = CachedAnswer::new(
                    Arc::clone(extraction),
                    (upstream, model),
                    log.trail(now).useful,
                    policy,
                    now,
                );
                answers.store(key, answer).await;
            }
            pilot.land(landing);
        })));
    }

    /// The upstream to ask first.
    fn target(&self, call: &Call) -> Option<Arc<Target>> {
        self.targets.get(call.profile.route.first()?).map(Arc::clone)
    }

    fn repair_purse(&self, tenant: &Tenant) -> Arc<Budget> {
        match self.repairs.get(tenant) {
            Some(purse) => Arc::clone(purse),
            None => Arc::new(Budget::new(&BudgetPolicy { capacity: 0.0, reward: 0.0 }, Instant::now())),
        }
    }

    /// The cache, for its upkeep.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What is left of each upstream's retry budget, from 0 to 1.
    pub fn budgets(&self) -> impl Iterator<Item = (&Arc<Endpoint>, f64)> {
        let now = Instant::now();
        self.targets
            .values()
            .map(move |target| (target.upstream.endpoint(), target.budget.books().ratio_at(now)))
    }

    /// How many flights are in the air.
    pub fn flights(&self) -> usize {
        self.flights.len()
    }
}

/// A call's wait for a flight. When it ends, the call is told of the flight's attempts, and others of the
/// wait, even if it ends because the caller left.
struct Wait<'a> {
    guard: &'a mut CallGuard,
    observer: &'a dyn Observer,
    log: FlightLog,
    tenant: &'a Tenant,
    /// Of a call that joined.
    span: Option<Span>,
    since: Instant,
    answered: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.guard.trail(&self.log.trail(Instant::now()));
        if let Some(span) = &self.span {
            let (elapsed, flight) = (self.since.elapsed(), self.log.span());
            if let Some(flight) = &flight {
                self.guard.flight(flight);
            }
            let flight = flight.as_ref();
            let (answered, tenant) = (self.answered, self.tenant);
            self.observer.observe(&Event::FlightWaited { answered, elapsed, flight, tenant, span });
        }
    }
}

fn reads_cache(call: &Call) -> bool {
    call.cache.mode != CacheMode::NoCache && !call.profile.cache.ttl.is_zero()
}

/// Whether a call that ended this way may be answered with an expired answer instead: only if the
/// upstream is to blame.
fn excuses_staleness(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::UpstreamFailed | Verdict::RateLimited | Verdict::DeadlineExceeded)
}

fn deadline_exceeded(trail: &Trail, joined: bool) -> ExtractError {
    let cut = |attempt: &AttemptRecord| attempt.error_type == Some(ErrorType::DeadlineExceeded);
    let failed = trail
        .attempts
        .iter()
        .rev()
        .find(|attempt| attempt.outcome == Some(AttemptOutcome::Failure) && !cut(attempt));
    let phase = Phase::of(trail, joined);
    ExtractError::DeadlineExceeded { phase, last: failed.and_then(|attempt| attempt.error_type) }
}

impl Served {
    /// `how` is the outcome and when it was judged.
    fn cached(call: &Call, answer: &CachedAnswer, how: (CacheResult, Instant), report: Report) -> Self {
        let (result, judged) = how;
        let report = Report {
            cache: Some(result),
            cache_age: Some(answer.age(judged)),
            upstream: Some(Arc::clone(&answer.upstream)),
            model: Some(Arc::clone(&answer.model)),
            ..report
        };
        Self::fresh(call, Arc::clone(&answer.extraction), report)
    }

    fn fresh(call: &Call, extraction: Arc<Extraction>, report: Report) -> Self {
        Self { result: Ok(extraction), elapsed: call.received.elapsed(), report }
    }

    fn failed(call: &Call, error: ExtractError, report: Report) -> Self {
        Self { result: Err(error), elapsed: call.received.elapsed(), report }
    }
}

//! Remembers the last minutes and the last calls, for the live page: what metrics tell those who have
//! somewhere to send them.
//!
//! Memory is bounded: some 400 KB for calls, as much for each upstream that is used, 80 KB for each profile that has
//! answers, and what `calls_kept` calls take.
//! Recording takes one short lock and allocates once per call.

pub mod calls;
pub mod overview;
pub mod tokens;

mod counts;
mod faults;
mod late;
mod latencies;
mod tallies;
mod typical;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use tokio::time::Instant;

use self::{
    calls::{CallFilter, CallRing, LastCalls, RecordedCall},
    overview::{Overview, Span},
    tallies::{AnswerTally, AttemptEnd, CallTally, UpstreamTally},
    tokens::{TokenTally, Tokens},
};
use super::{
    catalogue::OTHER,
    event::{CacheResult, CallEnded, Event, Observer},
    settings::Configured,
};
use crate::{
    clock::{SystemClock, WallClock},
    extraction::Verdict,
};

/// What the live page shows. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    memory: Arc<Memory>,
}

struct Memory {
    since: Instant,
    /// The same by the wall clock, since 1970.
    born: Duration,
    calls: Mutex<CallTally>,
    ring: Mutex<CallRing>,
    upstreams: Named<UpstreamTally>,
    profiles: Named<AnswerTally>,
    tokens: TokenTally,
    clock: SystemClock,
}

/// A tally for each configured name, and one for all names that are not.
struct Named<T> {
    positions: HashMap<Arc<str>, usize>,
    /// In the order of the configuration; the last stands for names that are not in it.
    tallies: Vec<(Arc<str>, Mutex<T>)>,
}

impl<T> Named<T> {
    fn new(names: &[Arc<str>], tally: impl Fn() -> T) -> Self {
        let names = names.iter().cloned().chain([OTHER.into()]);
        let tallies: Vec<_> = names.map(|name| (name, Mutex::new(tally()))).collect();
        let positions = tallies.iter().enumerate().map(|(at, (name, _))| (Arc::clone(name), at)).collect();
        Self { positions, tallies }
    }

    /// Takes note of something of this name.
    fn note(&self, name: &str, note: impl FnOnce(&mut T)) {
        let at = self.positions.get(name).copied().unwrap_or(self.tallies.len() - 1);
        if let Some((_, tally)) = self.tallies.get(at) {
            note(&mut lock(tally));
        }
    }

    /// All of them, in the order of the configuration.
    fn each(&self) -> impl Iterator<Item = (&Arc<str>, MutexGuard<'_, T>)> {
        self.tallies.iter().map(|(name, tally)| (name, lock(tally)))
    }
}

impl Recorder {
    /// A recorder that has seen nothing.
    pub fn new(configured: &Configured) -> Self {
        let memory = Memory {
            since: Instant::now(),
            born: SystemClock.now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            calls: Mutex::new(CallTally::new()),
            ring: Mutex::new(CallRing::of(configured.calls_kept)),
            upstreams: Named::new(&configured.upstreams, UpstreamTally::new),
            profiles: Named::new(&configured.profiles, AnswerTally::new),
            tokens: TokenTally::default(),
            clock: SystemClock,
        };
        Self { memory: Arc::new(memory) }
    }

    /// The state of things, with figures of the last `span`.
    pub fn overview(&self, span: Span) -> Overview {
        let memory = &*self.memory;
        let now = Instant::now();
        let moment = overview::Moment { uptime: now.saturating_duration_since(memory.since), span };
        let mut overview = Overview::new(moment, self.unix(), &lock(&memory.calls));
        for (name, tally) in memory.upstreams.each() {
            if &**name != OTHER || tally.is_used() {
                overview.upstream(moment, Arc::clone(name), &tally);
            }
        }
        for (name, tally) in memory.profiles.each().filter(|(_, tally)| tally.is_used()) {
            overview.profile(moment, Arc::clone(name), &tally);
        }
        overview
    }

    /// The last calls that `filter` lets through, the latest first.
    pub fn calls(&self, filter: &CallFilter) -> LastCalls {
        let kept = lock(&self.memory.ring).kept();
        LastCalls::of(self.process(), &kept, filter)
    }

    /// Changes with each call that ends, with what is learnt of it later, and with the process.
    pub fn edition(&self) -> String {
        format!("{}-{}", self.process(), lock(&self.memory.ring).edition())
    }

    /// Never the same for two processes that started at different times.
    fn process(&self) -> String {
        format!("{:x}", self.memory.born.as_micros())
    }

    /// The wall-clock time, since 1970.
    fn unix(&self) -> Duration {
        self.memory.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The names of all upstreams, in the order of the configuration.
    pub fn upstreams(&self) -> impl Iterator<Item = &str> {
        self.memory.upstreams.tallies.iter().map(|(name, _)| &**name).filter(|name| *name != OTHER)
    }

    /// Tokens since the start.
    pub fn tokens(&self) -> Tokens {
        self.memory.tokens.now()
    }

    fn second(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.memory.since).as_secs()
    }

    fn call_ended(&self, call: &CallEnded<'_>) {
        let second = self.second(call.received + call.elapsed);
        lock(&self.memory.calls).ended(second, call);
        if let Some(profile) = call.profile.filter(|_| was_missed(call)) {
            self.memory.profiles.note(profile, |tally| tally.missed(second, call.elapsed));
        }
        if let Some(saved) = call.saved {
            self.memory.tokens.saved(saved.usage);
        }
        // Made before the lock is taken.
        let recorded = RecordedCall::of(call, self.unix());
        lock(&self.memory.ring).push(recorded);
    }

    fn in_upstream(&self, name: &str, note: impl FnOnce(&mut UpstreamTally)) {
        self.memory.upstreams.note(name, note);
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) {
        match *event {
            Event::CallStarted { .. } => lock(&self.memory.calls).started(),
            Event::CallEnded(ref call) => self.call_ended(call),
            Event::CacheLevel { entries, weight_bytes } => {
                lock(&self.memory.calls).cache_level(entries, weight_bytes);
            }
            Event::FlightStarted { .. } => lock(&self.memory.calls).flight_started(),
            Event::FlightEnded(_) => lock(&self.memory.calls).flight_ended(),
            Event::AttemptStarted(attempt) => {
                self.in_upstream(&attempt.endpoint.name, UpstreamTally::attempt_started);
            }
            Event::AttemptEnded {
                attempt,
                outcome,
                error_type,
                failure,
                http_status,
                usage,
                elapsed,
                ..
            } => {
                self.memory.tokens.took(usage);
                let second = self.second(Instant::now());
                let (kind, failure) = (attempt.kind, failure.cloned());
                let end = AttemptEnd { kind, outcome, error_type, failure, http_status, elapsed };
                self.in_upstream(&attempt.endpoint.name, |tally| tally.attempt_ended(second, &end));
                lock(&self.memory.ring).attempt_ended(&attempt.id, &end);
            }
            Event::RetryScheduled { endpoint, budget_ratio: ratio, .. }
            | Event::BudgetMoved { endpoint, ratio } => {
                self.in_upstream(&endpoint.name, |tally| tally.budget_moved(ratio));
            }
            Event::RetryWithheld { endpoint, reason, .. } => {
                let second = self.second(Instant::now());
                self.in_upstream(&endpoint.name, |tally| tally.withheld(second, reason));
            }
            Event::AnswerValidated { profile, result, .. } => {
                let second = self.second(Instant::now());
                self.memory.profiles.note(profile, |tally| tally.validated(second, result));
            }
            Event::EntityGrounded { profile, alignment, count } => {
                let second = self.second(Instant::now());
                self.memory.profiles.note(profile, |tally| tally.grounded(second, alignment, count));
            }
            Event::EntitiesLeftOut { .. }
            | Event::ServerStarted { .. }
            | Event::ConfigDoubted { .. }
            | Event::ServerDraining { .. }
            | Event::ServerStopped { .. }
            | Event::ConnectionOpened
            | Event::ConnectionClosed
            | Event::ConnectionRefused { .. }
            | Event::ConnectionsFull { .. }
            | Event::RequestLate { .. }
            | Event::RpcStarted { .. }
            | Event::RpcEnded { .. }
            | Event::CacheAnswered { .. }
            | Event::CacheEvicted { .. }
            | Event::FlightWaited { .. }
            | Event::RepairWithheld { .. }
            | Event::TokensFieldLearned { .. }
            | Event::TelemetryDropped { .. } => {}
        }
    }
}

/// Whether a call was served by an attempt of its own.
fn was_missed(call: &CallEnded<'_>) -> bool {
    call.verdict == Verdict::Ok && matches!(call.cache, Some(CacheResult::Miss | CacheResult::Bypass))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds, as all facts of the live page tell time, to the microsecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

//! Counts what the gateway reports.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use tidegate::{
    extraction::{AttemptKind, Verdict},
    telemetry::{Event, Observer, event::CacheResult},
};

/// An observer that counts.
#[derive(Default)]
pub struct Counts(Mutex<Totals>);

/// What was reported so far.
#[derive(Debug, Default)]
pub struct Totals {
    /// How often each attempt started and ended, by its id.
    pub attempts: HashMap<Arc<str>, (u32, u32)>,
    pub repairs: u32,
    pub retries: u32,
    pub flights_started: u32,
    pub flights_ended: u32,
    pub joined: u32,
    pub calls_started: u32,
    pub verdicts: HashMap<Verdict, u32>,
    /// The least and the most that was ever left of the budget.
    pub budget: Option<(f64, f64)>,
}

impl Totals {
    pub fn attempts_ended(&self) -> u32 {
        self.attempts.values().map(|(_, ended)| ended).sum()
    }
}

impl Counts {
    pub fn now(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap()
    }
}

impl Observer for Counts {
    fn observe(&self, event: &Event<'_>) {
        let mut totals = self.now();
        match event {
            Event::AttemptStarted(facts) => {
                totals.attempts.entry(Arc::clone(&facts.id)).or_default().0 += 1;
                totals.repairs += u32::from(facts.kind == AttemptKind::Repair);
                totals.retries += u32::from(facts.kind == AttemptKind::Retry);
            }
            Event::AttemptEnded { attempt, .. } => {
                totals.attempts.entry(Arc::clone(&attempt.id)).or_default().1 += 1;
            }
            Event::FlightStarted { .. } => totals.flights_started += 1,
            Event::FlightEnded(_) => totals.flights_ended += 1,
            Event::CacheAnswered { result: CacheResult::Joined, .. } => totals.joined += 1,
            Event::CallStarted { .. } => totals.calls_started += 1,
            Event::CallEnded(end) => *totals.verdicts.entry(end.verdict).or_default() += 1,
            Event::BudgetMoved { ratio, .. } => {
                let (least, most) = totals.budget.unwrap_or((*ratio, *ratio));
                totals.budget = Some((least.min(*ratio), most.max(*ratio)));
            }
            _ => {}
        }
    }
}

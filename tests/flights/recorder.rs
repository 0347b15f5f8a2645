//! Writes down what the gateway tells, lets tests wait for it, and acts at the very moment.

use std::sync::{Mutex, PoisonError};

use tidegate::{
    extraction::{AttemptKind, AttemptOutcome, ErrorType, Verdict},
    telemetry::{Event, FlightEnd, Observer},
};
use tokio::{sync::watch, time::timeout};

use crate::world::PATIENCE;

/// What was told of flights, in the tests' own words.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    FlightStarted,
    FlightEnded { end: FlightEnd, attempts: u32 },
    AttemptStarted { number: u32, kind: AttemptKind },
    AttemptEnded { number: u32, outcome: AttemptOutcome, error_type: Option<ErrorType> },
    RetryScheduled,
    BudgetMoved { ratio: f64 },
    CallEnded { verdict: Verdict },
}

impl Told {
    fn of(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::FlightStarted { .. } => Self::FlightStarted,
            Event::FlightEnded(flight) => Self::FlightEnded { end: flight.end, attempts: flight.attempts },
            Event::AttemptStarted(facts) => Self::AttemptStarted { number: facts.number, kind: facts.kind },
            Event::AttemptEnded { attempt, outcome, error_type, .. } => {
                Self::AttemptEnded { number: attempt.number, outcome: *outcome, error_type: *error_type }
            }
            Event::RetryScheduled { .. } => Self::RetryScheduled,
            Event::BudgetMoved { ratio, .. } => Self::BudgetMoved { ratio: *ratio },
            Event::CallEnded(end) => Self::CallEnded { verdict: end.verdict },
            _ => return None,
        })
    }

    pub fn is_of_attempts(&self) -> bool {
        matches!(self, Self::AttemptStarted { .. } | Self::AttemptEnded { .. })
    }

    pub fn ends_a_flight(&self) -> bool {
        matches!(self, Self::FlightEnded { .. })
    }
}

type When = fn(&Told) -> bool;
type Act = Box<dyn FnOnce() + Send>;

/// An observer that forgets nothing.
#[derive(Default)]
pub struct Recorder {
    log: watch::Sender<Vec<Told>>,
    moment: Mutex<Option<(When, Act)>>,
}

impl Recorder {
    /// Acts once, where the gateway tells the first fact that `when` picks, before it goes on.
    pub fn at(&self, when: When, act: impl FnOnce() + Send + 'static) {
        *self.moment.lock().unwrap() = Some((when, Box::new(act)));
    }

    /// How much has been told.
    pub fn mark(&self) -> usize {
        self.log.borrow().len()
    }

    /// Waits until something that `what` picks has been told after `mark`.
    pub async fn told_after(&self, mark: usize, what: When) {
        let mut log = self.log.subscribe();
        let told = log.wait_for(|log| log[mark..].iter().any(what));
        timeout(PATIENCE, told).await.unwrap().unwrap();
    }

    /// Everything told that `what` picks, in order.
    pub fn all(&self, what: When) -> Vec<Told> {
        self.log.borrow().iter().filter(|told| what(told)).cloned().collect()
    }

    /// What is left of the retry budget, as told last; full if it never moved.
    pub fn budget(&self) -> f64 {
        let log = self.log.borrow();
        let last = log.iter().rev().find_map(|told| match told {
            Told::BudgetMoved { ratio } => Some(*ratio),
            _ => None,
        });
        last.unwrap_or(1.0)
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) {
        let Some(told) = Told::of(event) else { return };
        let due = {
            // The gateway tells of panics while it unwinds.
            let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
            moment.take_if(|(when, _)| when(&told))
        };
        self.log.send_modify(|log| log.push(told));
        if let Some((_, act)) = due {
            act();
        }
    }
}

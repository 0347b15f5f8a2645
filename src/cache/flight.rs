//! Coalescing: identical calls that come while one is running share its flight.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::FlightKey;
use crate::{
    extraction::ExtractError,
    resilience::{Gathering, Landing, log::FlightLog},
};

/// The flights that are in the air. Bounded by the calls that may run at once and by the attempts that
/// may go on for nobody.
#[derive(Debug, Default)]
pub struct Flights {
    in_the_air: Mutex<HashMap<FlightKey, Arc<Running>>>,
}

/// What all who wait for one flight share.
#[derive(Debug)]
struct Running {
    gathering: Gathering,
    log: FlightLog,
    landing: watch::Sender<Option<Landing>>,
}

/// How a call got its seat.
pub enum Boarding {
    /// By starting a flight: the caller must fly it, in a task of its own.
    Led(Waiter, Pilot),
    /// By joining one.
    Joined(Waiter),
}

/// One call that waits for a flight. Dropping it leaves the flight, which harms nobody else.
pub struct Waiter {
    running: Arc<Running>,
    landing: watch::Receiver<Option<Landing>>,
}

/// Lands a flight. Dropping it without a landing tells all who wait that the flight was lost.
pub struct Pilot {
    flights: Arc<Flights>,
    key: FlightKey,
    running: Arc<Running>,
    landed: bool,
}

/// What came of waiting.
pub enum Waited {
    /// The flight landed.
    Landed(Landing),
    /// The waiter's own deadline passed first.
    DeadlinePassed,
}

impl Flights {
    /// A seat on the flight that `key` names, which is started if there is none.
    pub fn board(self: &Arc<Self>, key: FlightKey, deadline: Instant) -> Boarding {
        let mut in_the_air = self.in_the_air();
        if let Some(running) = in_the_air.get(&key)
            && running.gathering.join(deadline)
        {
            return Boarding::Joined(Waiter::of(Arc::clone(running)));
        }
        let running = Arc::new(Running {
            gathering: Gathering::of_one(deadline),
            log: FlightLog::default(),
            landing: watch::Sender::new(None),
        });
        in_the_air.insert(key, Arc::clone(&running));
        drop(in_the_air);
        let waiter = Waiter::of(Arc::clone(&running));
        Boarding::Led(waiter, Pilot { flights: Arc::clone(self), key, running, landed: false })
    }

    /// How many flights are in the air.
    pub fn len(&self) -> usize {
        self.in_the_air().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn remove(&self, key: &FlightKey, running: &Arc<Running>) {
        let mut in_the_air = self.in_the_air();
        if in_the_air.get(key).is_some_and(|other| Arc::ptr_eq(other, running)) {
            in_the_air.remove(key);
        }
    }

    fn in_the_air(&self) -> MutexGuard<'_, HashMap<FlightKey, Arc<Running>>> {
        self.in_the_air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    fn of(running: Arc<Running>) -> Self {
        let landing = running.landing.subscribe();
        Self { running, landing }
    }

    /// Waits for the landing, until `deadline`.
    pub async fn wait(&mut self, deadline: Instant) -> Waited {
        let landed = self.landing.wait_for(Option::is_some);
        match timeout_at(deadline, landed).await {
            Ok(Ok(landing)) => match &*landing {
                Some(landing) => Waited::Landed(landing.clone()),
                None => Waited::Landed(Err(lost())),
            },
            Ok(Err(_closed)) => Waited::Landed(Err(lost())),
            Err(_elapsed) => Waited::DeadlinePassed,
        }
    }

    /// What the flight has done so far.
    pub fn log(&self) -> &FlightLog {
        &self.running.log
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.running.gathering.leave(Instant::now());
    }
}

impl Pilot {
    /// Who waits.
    pub fn gathering(&self) -> &Gathering {
        &self.running.gathering
    }

    /// Where to write down the attempts.
    pub fn log(&self) -> &FlightLog {
        &self.running.log
    }

    /// Tells all who wait what came of the flight. The answer must be in the cache by now: from here on
    /// an identical call starts a new flight.
    pub fn land(mut self, landing: Landing) {
        self.finish(landing);
    }

    fn finish(&mut self, landing: Landing) {
        if std::mem::replace(&mut self.landed, true) {
            return;
        }
        self.running.gathering.close();
        self.flights.remove(&self.key, &self.running);
        self.running.landing.send_replace(Some(landing));
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.finish(Err(lost()));
    }
}

fn lost() -> ExtractError {
    ExtractError::Internal { what: "the flight was lost" }
}

//! Refuses in microseconds what can't be served.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::extraction::ExtractError;

/// When to call again after being refused because too many calls run.
const SATURATED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// When to call again after being refused because the gateway shuts down: another replica may answer at
/// once, a restarted one soon.
const DRAINING_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The limits at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// The most calls that run at once.
    pub in_flight_max: usize,
    /// The most bytes a text may have.
    pub text_bytes_max: usize,
    /// The longest timeout a caller can ask for; longer ones are cut to it.
    pub timeout_max: Duration,
}

/// The door.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    places_max: usize,
    draining: AtomicBool,
}

/// A place inside; dropping it frees the place.
#[derive(Debug)]
#[must_use = "the place is free again as soon as this is dropped"]
pub struct Admitted(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Admission {
    /// A door to as many places as the settings allow.
    pub fn new(settings: &AdmissionSettings) -> Self {
        let places_max = settings.in_flight_max;
        Self { places: Arc::new(Semaphore::new(places_max)), places_max, draining: AtomicBool::new(false) }
    }

    /// Lets a call in, or says at once why not.
    pub fn admit(&self) -> Result<Admitted, ExtractError> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Self::draining());
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(Admitted(place)),
            Err(_) => Err(ExtractError::Saturated { retry_after: SATURATED_RETRY_AFTER }),
        }
    }

    /// What is said to those who come, or are still inside, when the gateway shuts down.
    pub fn draining() -> ExtractError {
        ExtractError::Draining { retry_after: DRAINING_RETRY_AFTER }
    }

    /// How many calls are inside.
    pub fn running(&self) -> usize {
        self.places_max - self.places.available_permits()
    }

    /// Completes when nobody is inside.
    pub fn emptied(&self) -> impl Future<Output = ()> + Send {
        let all = u32::try_from(self.places_max).unwrap_or(u32::MAX);
        // Fails only if the semaphore were closed, which nobody does.
        self.places.acquire_many(all).map(drop)
    }

    /// Lets nobody in any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(in_flight_max: usize) -> Admission {
        Admission::new(&AdmissionSettings { in_flight_max, text_bytes_max: 1, timeout_max: Duration::MAX })
    }

    #[test]
    fn lets_in_as_many_as_there_are_places() {
        let door = door(1);
        let inside = door.admit().unwrap();
        assert!(matches!(door.admit(), Err(ExtractError::Saturated { .. })));
        drop(inside);
        assert!(door.admit().is_ok());
    }

    #[test]
    fn lets_nobody_in_while_draining() {
        let door = door(1);
        door.drain();
        assert!(matches!(door.admit(), Err(ExtractError::Draining { .. })));
    }
}

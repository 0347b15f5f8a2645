//! How an answer, or an error, came about.

use std::{sync::Arc, time::Duration};

use crate::{
    extraction::{ExtractError, Extraction, Trail},
    telemetry::event::CacheResult,
};

/// A call's end.
#[derive(Debug)]
pub struct Served {
    /// The answer, or why there is none.
    pub result: Result<Arc<Extraction>, ExtractError>,
    /// How it came about.
    pub report: Report,
    /// From receipt to now.
    pub elapsed: Duration,
}

/// How an answer, or an error, came about.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The cache's part in it; absent if the call did not get that far.
    pub cache: Option<CacheResult>,
    /// Age of the cached answer, if it was one.
    pub cache_age: Option<Duration>,
    /// The configured name of the upstream asked last.
    pub upstream: Option<Arc<str>>,
    /// The configured model asked last.
    pub model: Option<Arc<str>>,
    /// Whether the flight was another call's.
    pub joined: bool,
    /// Waiting for that other call's flight.
    pub wait: Duration,
    /// The attempts of the flight.
    pub trail: Trail,
}

/// Where a call's time went; the parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSplit {
    /// Waiting for another call's flight.
    pub wait: Duration,
    /// Waiting between attempts.
    pub backoff: Duration,
    /// Attempts.
    pub upstream: Duration,
    /// Validating and grounding.
    pub validation: Duration,
    /// All that is left.
    pub overhead: Duration,
}

impl TimeSplit {
    /// The time that others took: all but validation and the gateway's own.
    pub fn elsewhere(&self) -> Duration {
        self.wait + self.backoff + self.upstream
    }
}

impl Report {
    /// Splits `elapsed` by cause. A call that joined spent its time waiting, whatever the flight did.
    pub fn split(&self, elapsed: Duration) -> TimeSplit {
        let trail = &self.trail;
        let spent = if self.joined {
            TimeSplit { wait: self.wait, ..TimeSplit::default() }
        } else {
            TimeSplit {
                backoff: trail.backoff,
                upstream: trail.upstream,
                validation: trail.validation,
                ..TimeSplit::default()
            }
        };
        let sum = spent.wait + spent.backoff + spent.upstream + spent.validation;
        TimeSplit { overhead: elapsed.saturating_sub(sum), ..spent }
    }
}

//! The ways to call in which every lane is measured.

use crate::{lane::Lane, load::Workload};

/// What is measured of every lane, in this order.
pub const SETTINGS: [Setting; 4] = [
    Setting { workload: Workload::Hit, in_flight: 1, calls: 400 },
    Setting { workload: Workload::Hit, in_flight: 32, calls: 3200 },
    Setting { workload: Workload::Miss, in_flight: 1, calls: 400 },
    Setting { workload: Workload::Miss, in_flight: 32, calls: 3200 },
];

/// One way to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    pub workload: Workload,
    pub in_flight: usize,
    /// Per round.
    pub calls: usize,
}

/// What was measured in one round.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Processor time per call, in microseconds.
    pub cpu: f64,
    /// The median time that a caller waited, in microseconds.
    pub latency: f64,
}

impl Setting {
    /// Who takes part.
    pub fn lanes(self) -> &'static [Lane] {
        match self.workload {
            Workload::Hit => &[Lane::FloorHit, Lane::Off, Lane::Metrics, Lane::Logs, Lane::Some, Lane::All],
            Workload::Miss => &[
                Lane::FloorMiss,
                Lane::Off,
                Lane::Metrics,
                Lane::Logs,
                Lane::Some,
                Lane::All,
                Lane::Refused,
                Lane::Silent,
            ],
        }
    }
}

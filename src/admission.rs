//! Refuses in microseconds what can't be served.

use std::time::Duration;

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

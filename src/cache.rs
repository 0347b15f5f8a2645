//! Answers from memory, and one flight for identical calls.

pub mod answers;
pub mod flight;
pub mod key;

pub use answers::{Answers, CachedAnswer, Lookup};
pub use flight::{Boarding, Flights, Pilot, Waited, Waiter};
pub use key::{CacheKey, FlightKey};

/// The `[cache]` section, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// The most memory the answers may take, in bytes.
    pub bytes_max: u64,
}

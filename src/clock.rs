//! The one seam to the wall clock. Monotonic time is `tokio::time::Instant` everywhere.

#![expect(clippy::disallowed_types, reason = "this is the one place that reads the wall clock")]

pub use std::time::SystemTime;

/// Tells the wall-clock time: needed only to read dates that upstreams send, and for log lines.
pub trait WallClock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl WallClock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

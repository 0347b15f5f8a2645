//! When an answer must be there.

use std::time::Duration;

use tokio::time::Instant;

/// Least and greatest time kept back from the caller's timeout, so that the gateway's own
/// `DEADLINE_EXCEEDED` leaves before the transport gives up.
const GUARD_MIN: Duration = Duration::from_millis(10);
const GUARD_MAX: Duration = Duration::from_millis(250);

/// The instant by which the gateway must have answered a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline of a call that was received at `received` with the given `timeout`: the timeout
    /// minus a guard of 2 %, at least 10 ms and at most 250 ms (and never more than half of it). The guard has
    /// to cover the way there and back as well: the caller's own timer runs from before the call was sent.
    pub fn after(received: Instant, timeout: Duration) -> Self {
        let guard = (timeout / 50).clamp(GUARD_MIN, GUARD_MAX).min(timeout / 2);
        Self(received + timeout.saturating_sub(guard))
    }

    /// The last instant at which the gateway can still answer such a call before the transport does: half
    /// the guard after the deadline.
    pub fn last_call(received: Instant, timeout: Duration) -> Instant {
        let deadline = Self::after(received, timeout).0;
        deadline + (received + timeout).saturating_duration_since(deadline) / 2
    }

    /// The deadline at exactly `instant`.
    pub fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The instant.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// What is left at `now`; zero once it has passed.
    pub fn remaining(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Whether it has passed at `now`.
    pub fn passed(self, now: Instant) -> bool {
        now >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_back_two_percent_within_bounds() {
        let received = Instant::now();
        for (timeout_ms, guard_ms) in [(100_000, 250), (1_000, 20), (100, 10), (8, 4), (0, 0)] {
            let timeout = Duration::from_millis(timeout_ms);
            let deadline = Deadline::after(received, timeout);
            assert_eq!(
                received + timeout - deadline.instant(),
                Duration::from_millis(guard_ms),
                "{timeout_ms} ms"
            );
            let last_call = Deadline::last_call(received, timeout);
            assert!(deadline.instant() <= last_call && last_call <= received + timeout);
        }
    }
}

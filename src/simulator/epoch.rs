//! The wall clock, read once.

#![expect(
    clippy::disallowed_types,
    reason = "the log and HTTP dates tell wall-clock time to other processes"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Ties the monotonic clock to the wall clock at the simulator's start, so that the log's times never step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Epoch {
    start: Instant,
    unix: Duration,
}

impl Epoch {
    pub(super) fn now() -> Epoch {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Epoch { start: Instant::now(), unix }
    }

    /// Time from 1970 until `instant`.
    pub(super) fn unix(&self, instant: Instant) -> Duration {
        self.unix + instant.saturating_duration_since(self.start)
    }

    /// Milliseconds from 1970 until `instant`, with a fraction.
    pub(super) fn unix_ms(&self, instant: Instant) -> f64 {
        self.unix(instant).as_secs_f64() * 1e3
    }

    /// The first whole second not before `wait` from `now`: as an HTTP date, and how far off it is.
    pub(super) fn http_date(&self, now: Instant, wait: Duration) -> (String, Duration) {
        let now = self.unix(now);
        let then = now + wait;
        let up = u64::from(then.subsec_nanos() > 0);
        let then = Duration::from_secs(then.as_secs() + up);
        (httpdate::fmt_http_date(UNIX_EPOCH + then), then.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_never_before_the_wait_is_over() {
        let start = Instant::now();
        let epoch = Epoch { start, unix: Duration::from_millis(1_500) };
        let (date, off) = epoch.http_date(start, Duration::from_secs(2));
        assert_eq!(date, "Thu, 01 Jan 1970 00:00:04 GMT");
        assert_eq!(off, Duration::from_millis(2_500));
    }
}

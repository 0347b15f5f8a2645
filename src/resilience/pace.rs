//! How long a useful attempt typically takes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Weight of the newest success in the moving average.
const NEWEST_WEIGHT: f64 = 0.1;

/// Bounds of the time that must be left for another attempt to make sense.
const USEFUL_MIN: Duration = Duration::from_millis(50);
const USEFUL_MAX: Duration = Duration::from_secs(10);

/// A moving average of the latency of one upstream's successes.
#[derive(Debug, Default)]
pub struct Pace {
    /// Microseconds; zero until the first success.
    typical: AtomicU64,
}

impl Pace {
    /// Takes note of a success.
    pub fn succeeded(&self, latency: Duration) {
        let newest = latency.as_secs_f64() * 1e6;
        // A lost update of two concurrent successes costs one sample of a moving average.
        let before = self.typical.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^52 microseconds")]
        let after =
            if before == 0 { newest } else { before as f64 + NEWEST_WEIGHT * (newest - before as f64) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an average of non-negative latencies"
        )]
        self.typical.store((after as u64).max(1), Ordering::Relaxed);
    }

    /// The least time that must be left for another attempt to make sense: the typical latency, at least
    /// 50 ms and at most 10 s.
    pub fn min_useful(&self) -> Duration {
        Duration::from_micros(self.typical.load(Ordering::Relaxed)).clamp(USEFUL_MIN, USEFUL_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_latency_within_its_bounds() {
        let pace = Pace::default();
        assert_eq!(pace.min_useful(), USEFUL_MIN, "unknown: the least");
        pace.succeeded(Duration::from_secs(2));
        assert_eq!(pace.min_useful(), Duration::from_secs(2));
        for _ in 0..100 {
            pace.succeeded(Duration::from_millis(400));
        }
        let settled = pace.min_useful();
        assert!(settled > Duration::from_millis(390) && settled < Duration::from_millis(410), "{settled:?}");
        pace.succeeded(Duration::from_secs(3600));
        assert_eq!(pace.min_useful(), USEFUL_MAX);
    }
}

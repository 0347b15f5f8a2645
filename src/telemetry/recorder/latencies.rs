//! How long things took, in fixed memory.

use std::time::Duration;

use serde::Serialize;

use super::{counts::Counts, seconds};

/// Upper bounds in seconds, six to a decade: from a hit in the cache to the longest call. A quantile is off
/// by half the distance of two bounds at most, a quarter of its value.
const BOUNDS: [f64; 41] = [
    0.000_1, 0.000_15, 0.000_2, 0.000_3, 0.000_5, 0.000_7, 0.001, 0.001_5, 0.002, 0.003, 0.005, 0.007, 0.01,
    0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0,
    20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 300.0, 600.0,
];

/// A histogram of durations.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Latencies {
    /// The last counts what is beyond all bounds.
    counts: Counts<{ BOUNDS.len() + 1 }>,
    longest: Duration,
}

/// Quantiles, interpolated within the bucket they fall into; absent when there is nothing to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(super) struct Quantiles {
    /// Half took no longer.
    pub(super) p50: Option<f64>,
    /// 95 % took no longer.
    pub(super) p95: Option<f64>,
    /// 99 % took no longer.
    pub(super) p99: Option<f64>,
    /// The longest, exact.
    pub(super) max: Option<f64>,
}

/// One bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Bucket {
    /// Its upper bound, inclusive; absent for what is beyond all bounds.
    pub(super) le_seconds: Option<f64>,
    /// What lies between the bound before and this one.
    pub(super) count: u64,
}

impl Latencies {
    pub(super) fn record(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        self.counts.count(BOUNDS.partition_point(|bound| *bound < seconds));
        self.longest = self.longest.max(duration);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.longest = self.longest.max(other.longest);
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let max = (self.counts.sum() > 0).then(|| seconds(self.longest));
        Quantiles { p50: self.quantile(0.5), p95: self.quantile(0.95), p99: self.quantile(0.99), max }
    }

    /// The buckets between the first and the last that hold anything.
    pub(super) fn buckets(&self) -> Vec<Bucket> {
        let bounds = BOUNDS.iter().copied().map(Some).chain([None]);
        let all = bounds.enumerate().map(|(at, le_seconds)| Bucket { le_seconds, count: self.counts.of(at) });
        let mut buckets: Vec<_> = all.skip_while(|bucket| bucket.count == 0).collect();
        let last = buckets.iter().rposition(|bucket| bucket.count > 0);
        buckets.truncate(last.map_or(0, |last| last + 1));
        buckets
    }

    /// As Prometheus does it, but never beyond the longest.
    #[expect(clippy::cast_precision_loss, reason = "a window never counts to 2^52")]
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let longest = seconds(self.longest);
        let rank = q * self.counts.sum() as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (at, upper) in BOUNDS.iter().copied().chain([f64::INFINITY]).enumerate() {
            let within = self.counts.of(at) as f64;
            if within > 0.0 && below + within >= rank {
                let value = if upper.is_finite() {
                    lower + (upper - lower) * (rank - below) / within
                } else {
                    longest
                };
                return Some((value.min(longest) * 1e6).round() / 1e6);
            }
            below += within;
            lower = upper;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_has_no_quantiles() {
        assert_eq!(Latencies::default().quantiles(), Quantiles::default());
        assert_eq!(Latencies::default().buckets(), []);
    }

    #[test]
    fn what_is_beyond_all_bounds_is_told_by_the_longest() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::from_secs(1000));
        assert_eq!(latencies.quantile(0.5), Some(1000.0));
        assert_eq!(latencies.buckets(), [Bucket { le_seconds: None, count: 1 }]);
    }

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    proptest! {
        #[test]
        fn quantiles_are_near_and_in_order(
            micros in prop::collection::vec(100_u64..500_000_000, 1..300),
        ) {
            let mut latencies = Latencies::default();
            for micros in &micros {
                latencies.record(Duration::from_micros(*micros));
            }
            let mut exact: Vec<f64> = micros.iter().map(|micros| Duration::from_micros(*micros).as_secs_f64()).collect();
            exact.sort_by(f64::total_cmp);
            let Quantiles { p50, p95, p99, max } = latencies.quantiles();
            let (p50, p95, p99, max) = (p50.unwrap(), p95.unwrap(), p99.unwrap(), max.unwrap());
            prop_assert!(p50 <= p95 && p95 <= p99 && p99 <= max);
            prop_assert!((max - exact.last().unwrap()).abs() < 1e-6);
            for (told, thousandths) in [(p50, 500), (p95, 950), (p99, 990)] {
                let true_one = exact[(thousandths * exact.len()).div_ceil(1000) - 1];
                // Both lie in the same bucket.
                let bucket = |seconds: f64| BOUNDS.partition_point(|bound| *bound + 1e-9 < seconds);
                prop_assert!(bucket(told).abs_diff(bucket(true_one)) <= 1, "{told} for {true_one}");
            }
        }
    }
}

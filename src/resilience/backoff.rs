//! How long to wait before a retry.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::BackoffPolicy;
use crate::extraction::WaitSource;

/// The most that is added to a wait that an upstream asked for, and its share of that wait: callers
/// that were all told the same instant must not come back at the same instant.
const SPREAD_MAX: Duration = Duration::from_secs(1);
const SPREAD_SHARE: f64 = 0.25;

/// A wait and what set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// The wait.
    pub length: Duration,
    /// What set it.
    pub source: WaitSource,
}

impl BackoffPolicy {
    /// The wait before the next attempt, after `retries` waits that were not asked for by the upstream.
    ///
    /// Without `pushback`: full jitter, uniform in `[0, bound)`, where the bound doubles with each retry
    /// up to a cap (the least load among the jitter schemes compared in AWS's "Exponential Backoff and
    /// Jitter"). With it: never earlier than asked, plus a spread of up to a quarter of it.
    pub fn delay(
        &self,
        throttled: bool,
        retries: u32,
        pushback: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Delay {
        let jittered = self.bound(throttled, retries).mul_f64(rng.random());
        match pushback {
            None => Delay { length: jittered, source: WaitSource::Exponential },
            Some(asked) => {
                let spread = asked.mul_f64(SPREAD_SHARE).min(SPREAD_MAX).mul_f64(rng.random());
                Delay { length: asked.max(jittered) + spread, source: WaitSource::Pushback }
            }
        }
    }

    /// The bound below which the wait after `retries` earlier ones is drawn.
    pub fn bound(&self, throttled: bool, retries: u32) -> Duration {
        let base = if throttled { self.throttle_base } else { self.base };
        let doubled = 1_u32.checked_shl(retries).and_then(|factor| base.checked_mul(factor));
        doubled.unwrap_or(self.max).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};
    use serde_json::Value;

    use super::*;
    use crate::resilience::Policy;

    #[test]
    fn bound_doubles_up_to_the_cap_and_never_overflows() {
        let policy = Policy::default().backoff;
        let bounds: Vec<_> = (0..9).map(|i| policy.bound(false, i).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000]);
        assert_eq!(policy.bound(true, 0), Duration::from_secs(1));
        for retries in [31, 32, 33, 1100, u32::MAX] {
            assert_eq!(policy.bound(false, retries), policy.max, "after {retries} retries");
        }
    }

    #[test]
    fn full_jitter_agrees_with_envoy() {
        // Envoy draws a 64-bit number and takes it modulo the bound; the bound is what the two share.
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/envoy_retry_state.json")).unwrap();
        for table in vectors["full_jitter"].as_array().unwrap() {
            let ms = |key: &str| Duration::from_millis(table[key].as_u64().unwrap());
            let policy = BackoffPolicy { base: ms("base"), throttle_base: ms("base"), max: ms("max") };
            let bounds: Vec<_> =
                (0..10).map(|i| u64::try_from(policy.bound(false, i).as_millis()).unwrap()).collect();
            for (row, pair) in table["rnd_delay"].as_array().unwrap().iter().enumerate() {
                let (random, delay) = (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap());
                assert!(
                    bounds.iter().any(|bound| random % bound == delay),
                    "row {row} of base {:?}",
                    policy.base
                );
            }
        }
    }

    #[test]
    fn waits_stay_below_the_bound_and_fill_it() {
        let policy = Policy::default().backoff;
        let mut rng = StdRng::seed_from_u64(1);
        let waits: Vec<_> = (0..10_000).map(|_| policy.delay(false, 3, None, &mut rng).length).collect();
        let bound = policy.bound(false, 3);
        assert!(waits.iter().all(|wait| *wait < bound));
        assert!(waits.iter().any(|wait| *wait < bound / 20), "jitter must reach down to zero");
        assert!(waits.iter().any(|wait| *wait > bound * 19 / 20), "and up to the bound");
    }

    #[test]
    fn pushback_is_never_undercut_and_spread_over_a_window() {
        let policy = Policy::default().backoff;
        let mut rng = StdRng::seed_from_u64(2);
        for asked_ms in [1, 20, 400, 4_000, 60_000] {
            let asked = Duration::from_millis(asked_ms);
            let waits: Vec<_> =
                (0..1000).map(|_| policy.delay(true, 0, Some(asked), &mut rng).length).collect();
            assert!(waits.iter().all(|wait| *wait >= asked), "{asked:?} was undercut");
            let (least, greatest) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            let window = asked.mul_f64(SPREAD_SHARE).min(SPREAD_MAX);
            assert!(
                greatest.saturating_sub(*least) >= window.mul_f64(0.8),
                "{asked:?}: herd spread over {greatest:?}-{least:?}"
            );
        }
    }
}

//! How long things take.

use std::{f64::consts::TAU, time::Duration};

use rand::{Rng, RngExt as _};

/// The longest latency: ten minutes. What is drawn beyond is cut to it.
pub const DELAY_MAX: Duration = Duration::from_mins(10);

/// The normal distribution's 99th percentile, in standard deviations.
const Z_P99: f64 = 2.326_347_874;

/// A length of time, fixed or drawn anew for every arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Anything in between is as likely.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The long-tailed way of real services.
    Lognormal {
        /// Half are shorter.
        median: Duration,
        /// One in a hundred is longer.
        p99: Duration,
    },
}

impl Latency {
    /// One length of time.
    pub(in crate::simulator) fn draw(self, rng: &mut impl Rng) -> Duration {
        let seconds = match self {
            Latency::Fixed(latency) => latency.as_secs_f64(),
            Latency::Uniform { min, max } => {
                let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
                min + (max - min) * rng.random::<f64>()
            }
            Latency::Lognormal { median, p99 } => {
                let (median, p99) = (median.as_secs_f64(), p99.as_secs_f64());
                let sigma = if median > 0.0 { (p99 / median).ln() / Z_P99 } else { 0.0 };
                median * (sigma * normal(rng)).exp()
            }
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(DELAY_MAX).min(DELAY_MAX)
    }
}

/// A draw from the standard normal distribution, by Box and Muller.
fn normal(rng: &mut impl Rng) -> f64 {
    // From (0, 1], for the logarithm.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::Xoshiro256PlusPlus};

    use super::*;

    #[test]
    fn a_lognormal_latency_has_the_percentiles_it_was_given() {
        let (median, p99) = (Duration::from_millis(40), Duration::from_millis(400));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut drawn: Vec<_> =
            (0..20_000).map(|_| Latency::Lognormal { median, p99 }.draw(&mut rng)).collect();
        drawn.sort();
        let near = |got: Duration, want: Duration| (got.as_secs_f64() / want.as_secs_f64() - 1.0).abs() < 0.1;
        assert!(near(drawn[10_000], median), "median {:?}", drawn[10_000]);
        assert!(near(drawn[19_800], p99), "p99 {:?}", drawn[19_800]);
    }

    #[test]
    fn a_uniform_latency_stays_within_its_bounds_and_none_is_beyond_the_limit() {
        let (min, max) = (Duration::from_millis(20), Duration::from_millis(60));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for _ in 0..1_000 {
            let drawn = Latency::Uniform { min, max }.draw(&mut rng);
            assert!(min <= drawn && drawn <= max, "{drawn:?}");
        }
        assert_eq!(Latency::Fixed(Duration::MAX).draw(&mut rng), DELAY_MAX);
    }
}

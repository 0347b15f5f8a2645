//! What is typical of latencies, and what is normal for it.
//!
//! A mean of logarithms: one attempt that takes a hundred times as long hardly moves it, and it can be summed up second by
//! second. Why it is judged by: docs/adr/0020-norms-of-latency.md.

use std::time::Duration;

use super::{
    seconds,
    window::{Difference, Sum},
};

/// A week: what is so old weighs about a third of what happens now.
const FADING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Latencies that a norm needs at least.
const NORM_MIN: f64 = 50.0;

/// Shorter than any answer: the logarithm of nothing is no number.
const LEAST: Duration = Duration::from_micros(1);

/// Latencies, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Typical {
    count: u32,
    logs: f64,
}

/// What was typical before; the longer ago, the less it weighs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Norm {
    weight: f64,
    logs: f64,
    /// The second that has its full weight.
    until: u64,
}

impl Typical {
    pub(super) fn record(&mut self, latency: Duration) {
        self.count += 1;
        self.logs += latency.max(LEAST).as_secs_f64().ln();
    }

    pub(super) fn count(&self) -> u64 {
        self.count.into()
    }

    /// What latencies are typically, in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        (self.count > 0).then(|| told(self.logs / f64::from(self.count)))
    }
}

impl Norm {
    /// Adds what happened in a second, in whatever order they come.
    pub(super) fn add(&mut self, second: u64, typical: &Typical) {
        if second > self.until {
            let fade = fading(second - self.until);
            (self.weight, self.logs, self.until) = (self.weight * fade, self.logs * fade, second);
        }
        let fade = fading(self.until - second);
        self.weight += fade * f64::from(typical.count);
        self.logs += fade * typical.logs;
    }

    /// What is normal, in seconds; nothing before there is enough to tell.
    pub(super) fn seconds(&self) -> Option<f64> {
        (self.weight >= NORM_MIN).then(|| told(self.logs / self.weight))
    }
}

impl Sum for Typical {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.logs += other.logs;
    }
}

impl Difference for Typical {
    fn without(&self, other: &Self) -> Self {
        Self { count: self.count - other.count, logs: self.logs - other.logs }
    }
}

fn told(log: f64) -> f64 {
    Duration::try_from_secs_f64(log.exp()).map_or(f64::MAX, seconds)
}

/// What is left of a weight after so many seconds.
fn fading(age: u64) -> f64 {
    (-Duration::from_secs(age).div_duration_f64(FADING)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typical(count: u32, seconds: f64) -> Typical {
        Typical { count, logs: f64::from(count) * seconds.ln() }
    }

    fn near(told: Option<f64>, expected: f64) -> bool {
        told.is_some_and(|told| (told / expected - 1.0).abs() < 0.01)
    }

    #[test]
    fn one_that_takes_long_is_not_typical() {
        let mut latencies = Typical::default();
        assert_eq!(latencies.seconds(), None);
        for _ in 0..19 {
            latencies.record(Duration::from_millis(100));
        }
        latencies.record(Duration::from_secs(30));
        assert!(near(latencies.seconds(), 0.133), "{:?}", latencies.seconds());
        latencies.record(Duration::ZERO);
        assert!(latencies.seconds().is_some());
    }

    #[test]
    fn a_norm_needs_something_to_tell() {
        let mut norm = Norm::default();
        norm.add(0, &typical(49, 1.0));
        assert_eq!(norm.seconds(), None);
        norm.add(7, &typical(2, 1.0));
        assert!(near(norm.seconds(), 1.0));
    }

    #[test]
    fn a_slow_day_in_a_week_moves_a_norm_little_and_fades() {
        let mut norm = Norm::default();
        let day = 24 * 60 * 60;
        for second in (0..6 * day).step_by(60) {
            norm.add(second, &typical(10, 1.0));
        }
        for second in (6 * day..7 * day).step_by(60) {
            norm.add(second, &typical(10, 20.0));
        }
        assert!(norm.seconds().is_some_and(|norm| (1.5..2.0).contains(&norm)), "{:?}", norm.seconds());
        for second in (7 * day..21 * day).step_by(60) {
            norm.add(second, &typical(10, 1.0));
        }
        assert!(norm.seconds().is_some_and(|norm| norm < 1.1), "{:?}", norm.seconds());
    }

    #[test]
    fn the_order_in_which_seconds_are_added_does_not_matter() {
        let (mut forth, mut back) = (Norm::default(), Norm::default());
        let seconds: Vec<u64> = (0..500).map(|n| n * 3_000).collect();
        for second in &seconds {
            forth.add(*second, &typical(1, 1.0 + f64::from(u32::try_from(*second).unwrap())));
        }
        for second in seconds.iter().rev() {
            back.add(*second, &typical(1, 1.0 + f64::from(u32::try_from(*second).unwrap())));
        }
        assert!(near(forth.seconds(), back.seconds().unwrap()));
    }
}

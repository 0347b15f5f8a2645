//! Where figures change their colour: where the rules begin to count something, and half way there.

use super::palette::{GREEN, ORANGE, RED, YELLOW};
use crate::{
    extraction::norms::FASTEST_BURN,
    monitoring::rules::{Thresholds, health::DESCRIPTORS_SHARE, percent, slo::BURNS},
};

/// The least value of each colour but the first.
pub(super) type Steps = Vec<(f64, &'static str)>;

/// What the rules that stand beside the boards are made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits(pub(super) Thresholds);

/// Worth a look half way to the limit, and red at it.
fn towards(limit: f64) -> Steps {
    vec![(limit / 2.0, YELLOW), (limit, RED)]
}

/// Without the noise of adding floats.
fn rounded(figure: f64) -> f64 {
    (figure * 1e9).round() / 1e9
}

/// Two steps, or only the second where options have turned them round.
fn rising(low: (f64, &'static str), high: (f64, &'static str)) -> Steps {
    if low.0 < high.0 { vec![low, high] } else { vec![high] }
}

impl Limits {
    /// Calls that failed, of those that count: beyond the error budget, and where it burns fastest.
    pub(super) fn failed_calls(&self) -> Steps {
        vec![(self.0.error_budget(), YELLOW), (self.worst(), RED)]
    }

    /// Calls that ended well, of those that count: the other side of [`Self::failed_calls`], above red.
    pub(super) fn good_calls(&self) -> Steps {
        vec![(rounded(1.0 - self.worst()), YELLOW), (self.0.slo, GREEN)]
    }

    fn worst(&self) -> f64 {
        rounded(FASTEST_BURN * self.0.error_budget())
    }

    /// Calls that their callers gave up.
    pub(super) fn given_up(&self) -> Steps {
        towards(self.0.left_share)
    }

    /// Error budget left, above red.
    pub(super) fn error_budget_left() -> Steps {
        vec![(0.0, ORANGE), (0.25, YELLOW), (0.5, GREEN)]
    }

    /// How fast the error budget burns: at the slowest alert's rate, and at those of the two that page.
    pub(super) fn burn_rate() -> Steps {
        let [fastest, fast, .., slowest] = BURNS;
        vec![(slowest.rate, YELLOW), (fast.rate, ORANGE), (fastest.rate, RED)]
    }

    /// Seconds of a call, or of the part of one that makes it slow.
    pub(super) fn slow(&self) -> Steps {
        towards(self.0.slow_call)
    }

    /// A latency as a multiple of its norm.
    pub(super) fn against_norm(&self) -> Steps {
        rising((f64::midpoint(1.0, self.0.slow_factor), YELLOW), (self.0.slow_factor, RED))
    }

    /// Calls that are slow.
    pub(super) fn slow_calls(&self) -> Steps {
        towards(self.0.slow_share)
    }

    /// Seconds that the gateway itself takes.
    pub(super) fn overhead(&self) -> Steps {
        towards(self.0.overhead)
    }

    /// Retries per first attempt: a spike, and where they make a storm by themselves.
    pub(super) fn retry_ratio(&self) -> Steps {
        rising((self.0.retry_ratio, ORANGE), (rounded(self.0.amplification - 1.0), RED))
    }

    /// Attempts per first attempt: as many as a spike makes, and a storm.
    pub(super) fn amplification(&self) -> Steps {
        rising((rounded(1.0 + self.0.retry_ratio), ORANGE), (self.0.amplification, RED))
    }

    /// Retried flights that ended well, above red.
    pub(super) fn recovered(&self) -> Steps {
        let limit = self.0.recovered_share;
        vec![(limit, YELLOW), (f64::midpoint(limit, 1.0), GREEN)]
    }

    /// What is left of a retry budget, above red.
    pub(super) fn retry_budget() -> Steps {
        vec![(0.1, YELLOW), (0.5, GREEN)]
    }

    /// Attempts that failed.
    pub(super) fn failed_attempts(&self) -> Steps {
        towards(self.0.failed_share)
    }

    /// Answers in which nothing was found.
    pub(super) fn empty(&self) -> Steps {
        towards(self.0.empty_share)
    }

    /// Answers that can't be used: from where on one way of it may be beyond its own limit, and from where
    /// on one of them must be.
    pub(super) fn unusable(&self) -> Steps {
        let thresholds = &self.0;
        let ways = [
            thresholds.no_content_share,
            thresholds.truncated_share,
            thresholds.not_json_share,
            thresholds.schema_invalid_share,
            thresholds.refused_share,
        ];
        let (least, all) = (ways.iter().copied().fold(1.0, f64::min), ways.iter().sum::<f64>());
        vec![(least, YELLOW), (rounded(all), RED)]
    }

    /// Entities that do not stand in the text.
    pub(super) fn ungrounded(&self) -> Steps {
        towards(self.0.ungrounded_share)
    }

    /// File descriptors that are open.
    pub(super) fn descriptors() -> Steps {
        towards(DESCRIPTORS_SHARE)
    }

    /// The lowest step, as a share for people.
    pub(super) fn first(steps: &Steps) -> String {
        steps.first().map_or_else(String::new, |(least, _)| percent(*least))
    }

    /// The highest step, as a share for people.
    pub(super) fn last(steps: &Steps) -> String {
        steps.last().map_or_else(String::new, |(most, _)| percent(*most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_and_end_where_alerts_begin() {
        let limits = Limits(Thresholds::DEFAULT);
        let ends = |steps: &Steps| steps.last().map(|(most, _)| *most);
        for (steps, end) in [
            (limits.failed_calls(), 0.072),
            (limits.slow(), Thresholds::DEFAULT.slow_call),
            (limits.overhead(), Thresholds::DEFAULT.overhead),
            (limits.amplification(), Thresholds::DEFAULT.amplification),
            (limits.empty(), Thresholds::DEFAULT.empty_share),
            (limits.unusable(), 0.3),
            (limits.ungrounded(), Thresholds::DEFAULT.ungrounded_share),
            (limits.failed_attempts(), Thresholds::DEFAULT.failed_share),
        ] {
            assert_eq!(ends(&steps), Some(end));
            assert!(steps.is_sorted_by(|low, high| low.0 < high.0), "{steps:?}");
        }
    }

    #[test]
    fn options_that_turn_steps_round_leave_the_higher_one() {
        let limits = Limits(Thresholds { retry_ratio: 3.0, ..Thresholds::DEFAULT });
        assert_eq!(limits.amplification(), [(2.0, RED)]);
        assert_eq!(limits.retry_ratio(), [(1.0, RED)]);
    }
}

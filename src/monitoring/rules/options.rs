//! What can be set about the rules, with the values that they have otherwise.

use std::{ops::RangeInclusive, time::Duration};

use clap::Args;

use super::duration;
use crate::{
    extraction::norms,
    telemetry::catalogue::{Kind, Metric, list},
};

/// What rules are made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The `job` under which Prometheus scrapes gateways.
    pub job: String,
    /// Where the runbook can be read: alerts lead to their section of it by `#` and their name. Without it
    /// they only say where it stands among the sources.
    pub runbook_base: Option<String>,
    /// How much faster than in production everything goes.
    pub time_scale: TimeScale,
    /// From where on something is worth an alert.
    pub thresholds: Thresholds,
}

/// The largest SLO: six nines. A budget below that is lost in the rounding of what Prometheus computes.
const SLO_MAX: f64 = 0.999_999;

/// The largest factor. Beyond it an alert would never come, whatever the rest says.
const FACTOR_MAX: f64 = 1e6;

/// Divides every window, wait and interval; thresholds stay, as they are shares and rates per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeScale(u32);

/// From where on something is worth an alert. The reasons stand in `docs/runbook.md`.
#[derive(Debug, Clone, Copy, PartialEq, Args)]
#[command(next_help_heading = "Thresholds")]
pub struct Thresholds {
    /// The share of calls that must succeed
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.slo, value_parser = slo)]
    pub slo: f64,
    /// Fewer calls per second than this burn no error budget
    #[arg(long, value_name = "PER_SECOND", default_value_t = Self::DEFAULT.slo_traffic, value_parser = positive)]
    pub slo_traffic: f64,
    /// Fewer calls per second than this raise no other alert about shares of calls or attempts
    #[arg(long, value_name = "PER_SECOND", default_value_t = Self::DEFAULT.traffic, value_parser = positive)]
    pub traffic: f64,
    /// Fewer answers or entities per second of a profile than this raise no alert about them
    #[arg(long, value_name = "PER_SECOND", default_value_t = Self::DEFAULT.answer_traffic, value_parser = positive)]
    pub answer_traffic: f64,
    /// How many times its own norm a share must reach
    #[arg(long, value_name = "FACTOR", default_value_t = Self::DEFAULT.norm_factor, value_parser = factor)]
    pub norm_factor: f64,
    /// Retries per first attempt that make a spike
    #[arg(long, value_name = "RATIO", default_value_t = Self::DEFAULT.retry_ratio, value_parser = positive)]
    pub retry_ratio: f64,
    /// Attempts per first attempt that make a storm
    #[arg(long, value_name = "FACTOR", default_value_t = Self::DEFAULT.amplification, value_parser = factor)]
    pub amplification: f64,
    /// Retries per second that the budget withholds
    #[arg(long, value_name = "PER_SECOND", default_value_t = Self::DEFAULT.budget_withheld, value_parser = positive)]
    pub budget_withheld: f64,
    /// Fewer retried flights per second than this say nothing of whether retries help
    #[arg(long, value_name = "PER_SECOND", default_value_t = Self::DEFAULT.retried_traffic, value_parser = positive)]
    pub retried_traffic: f64,
    /// The share of retried flights below which retries do not help
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.recovered_share, value_parser = share)]
    pub recovered_share: f64,
    /// The share of attempts that fail
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.failed_share, value_parser = share)]
    pub failed_share: f64,
    /// The share of attempts that are told to slow down
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.rate_limited_share, value_parser = share)]
    pub rate_limited_share: f64,
    /// The share of attempts that are refused for a reason that only an operator can mend
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.misconfigured_share, value_parser = share)]
    pub misconfigured_share: f64,
    /// A call that takes longer is slow: a bound of the buckets of `tidegate_call_duration_seconds`
    #[arg(long, value_name = "SECONDS", default_value_t = Self::DEFAULT.slow_call, value_parser = call_bound)]
    pub slow_call: f64,
    /// The share of calls that are slow
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.slow_share, value_parser = share)]
    pub slow_share: f64,
    /// How many times its own norm a typical latency must be
    #[arg(long, value_name = "FACTOR", default_value_t = Self::DEFAULT.slow_factor, value_parser = factor)]
    pub slow_factor: f64,
    /// A shorter typical latency is never slow
    #[arg(long, value_name = "SECONDS", default_value_t = Self::DEFAULT.slow_typical, value_parser = positive)]
    pub slow_typical: f64,
    /// The share of calls that their callers give up
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.left_share, value_parser = share)]
    pub left_share: f64,
    /// The share of calls that their callers give up beyond which hardly anybody gets an answer
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.left_most_share, value_parser = share)]
    pub left_most_share: f64,
    /// The share of calls that are refused because the gateway is full
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.saturated_share, value_parser = share)]
    pub saturated_share: f64,
    /// What the gateway itself may take of a call, at the 99th percentile
    #[arg(long, value_name = "SECONDS", default_value_t = Self::DEFAULT.overhead, value_parser = overhead)]
    pub overhead: f64,
    /// The share of answers in which nothing was found
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.empty_share, value_parser = share)]
    pub empty_share: f64,
    /// The share of answers without any content
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.no_content_share, value_parser = share)]
    pub no_content_share: f64,
    /// The share of answers that end at the token limit
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.truncated_share, value_parser = share)]
    pub truncated_share: f64,
    /// The share of answers that are not JSON
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.not_json_share, value_parser = share)]
    pub not_json_share: f64,
    /// The share of answers that violate their schema
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.schema_invalid_share, value_parser = share)]
    pub schema_invalid_share: f64,
    /// The share of answers that are refusals
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.refused_share, value_parser = share)]
    pub refused_share: f64,
    /// The share of entities that do not stand in the text
    #[arg(long, value_name = "SHARE", default_value_t = Self::DEFAULT.ungrounded_share, value_parser = share)]
    pub ungrounded_share: f64,
}

impl Thresholds {
    /// Those of the committed rules.
    pub const DEFAULT: Self = Self {
        slo: norms::SLO,
        slo_traffic: 0.01,
        traffic: 0.1,
        answer_traffic: 0.05,
        norm_factor: 2.0,
        retry_ratio: 0.2,
        amplification: 2.0,
        budget_withheld: 0.05,
        retried_traffic: 0.05,
        recovered_share: 0.3,
        failed_share: norms::FAILED_SHARE,
        rate_limited_share: 0.05,
        misconfigured_share: 0.1,
        slow_call: 10.0,
        slow_share: 0.1,
        slow_factor: norms::SLOW_FACTOR,
        slow_typical: norms::SLOW_SECONDS,
        left_share: 0.2,
        left_most_share: 0.9,
        saturated_share: 0.01,
        overhead: 0.05,
        empty_share: norms::EMPTY_SHARE,
        no_content_share: norms::NO_CONTENT_SHARE,
        truncated_share: norms::TRUNCATED_SHARE,
        not_json_share: norms::NOT_JSON_SHARE,
        schema_invalid_share: norms::SCHEMA_INVALID_SHARE,
        refused_share: norms::REFUSED_SHARE,
        ungrounded_share: norms::UNGROUNDED_SHARE,
    };

    /// The share of calls that may fail, without the noise of subtracting floats.
    pub(in super::super) fn error_budget(&self) -> f64 {
        ((1.0 - self.slo) * 1e9).round() / 1e9
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TimeScale {
    /// Real time.
    pub const PRODUCTION: Self = Self(1);

    /// What a scale can be: beyond it the shortest interval would fall below 50 ms.
    pub const RANGE: RangeInclusive<u32> = 1..=600;

    /// A scale, if it is in [`Self::RANGE`].
    pub fn new(scale: u32) -> Option<Self> {
        Self::RANGE.contains(&scale).then_some(Self(scale))
    }
}

impl Options {
    /// A duration as Prometheus writes it, at the scale asked for.
    pub(super) fn time(&self, duration: Duration) -> String {
        duration::text(duration / self.time_scale.0)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            job: "tidegate".to_owned(),
            runbook_base: None,
            time_scale: TimeScale::PRODUCTION,
            thresholds: Thresholds::DEFAULT,
        }
    }
}

/// A share for people.
pub(in super::super) fn percent(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}

fn number(text: &str, fits: impl Fn(f64) -> bool, wanted: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number| fits(*number)).ok_or_else(|| format!("give {wanted}"))
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |share| share > 0.0 && share < 1.0, "a share between 0 and 1, both excluded")
}

/// With less, the fastest burn that is alerted on would need more calls to fail than there are.
fn slo(text: &str) -> Result<f64, String> {
    let least = 1.0 - 1.0 / norms::FASTEST_BURN;
    let fits = |slo| slo > least && slo <= SLO_MAX;
    number(text, fits, &format!("a share above {least:.3}, and {SLO_MAX} at most"))
}

/// What lies beyond the last bucket but one can't be told from what lies a little above it.
fn overhead(text: &str) -> Result<f64, String> {
    let Metric { kind: Kind::Histogram(bounds), .. } = &list::OVERHEAD_DURATION else {
        return Err("the gateway's own time has no histogram".to_owned());
    };
    let most = bounds.last().copied().unwrap_or_default();
    number(text, |seconds| seconds > 0.0 && seconds < most, &format!("seconds above 0 and below {most}"))
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0 && number.is_finite(), "a number above 0")
}

fn factor(text: &str) -> Result<f64, String> {
    number(text, |factor| (1.0..=FACTOR_MAX).contains(&factor), &format!("a factor from 1 to {FACTOR_MAX}"))
}

fn call_bound(text: &str) -> Result<f64, String> {
    let Metric { kind: Kind::Histogram(bounds), .. } = &list::CALL_DURATION else {
        return Err("calls have no histogram of their duration".to_owned());
    };
    let words: Vec<String> = bounds.iter().map(f64::to_string).collect();
    number(text, |seconds| bounds.contains(&seconds), &format!("one of {}", words.join(", ")))
}

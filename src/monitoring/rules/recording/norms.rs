//! What is normal for a share or a latency: its mean over a week, each moment weighted by its traffic.
//!
//! The mean of the share itself would let a night with one call an hour decide what is normal by day, and an average of
//! hours would make a fault its own norm before anybody has looked at it.

use std::time::Duration;

use super::{
    ANSWER_SHARE, ANSWERS, ANSWERS_BY_RESULT, CALLS, ENTITIES, ENTITIES_BY_ALIGNMENT, ENTITY_SHARE,
    FIRST_ATTEMPTS, LEFT_CALLS, LEFT_SHARE, Latency, RETRIES, RETRY_RATIO, SLOW_CALLS, SLOW_SHARE, SLOWLY,
    TIMED_CALLS,
};
use crate::monitoring::{
    query::Query,
    rules::{Group, Options, Rule},
};

/// A week: what is normal by night and on Sundays is in it.
const PERIOD: Duration = Duration::from_hours(7 * 24);

/// Moments are this far apart. A week of what is recorded each half minute would be 20,000 samples of each series.
const STEP: Duration = Duration::from_mins(5);

/// Up to this long ago, so that what just began does not hide itself.
const OFFSET: Duration = Duration::from_mins(15);

/// A recorded share of something that happens, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Retries per first attempt.
    Retries,
    /// Of calls, those that are slow.
    Slow,
    /// Of calls, those that are given up.
    Left,
    /// Of answers, those with one result.
    Answers,
    /// Of entities, those with one alignment.
    Entities,
}

impl Share {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Retries, Self::Slow, Self::Left, Self::Answers, Self::Entities];

    /// The share itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retries => RETRY_RATIO,
            Self::Slow => SLOW_SHARE,
            Self::Left => LEFT_SHARE,
            Self::Answers => ANSWER_SHARE,
            Self::Entities => ENTITY_SHARE,
        }
    }

    /// What is normal for it; absent in the first quarter of an hour.
    pub const fn norm(self) -> &'static str {
        match self {
            Self::Retries => "job_upstream:tidegate_upstream_retry_ratio:norm1w",
            Self::Slow => "job:tidegate_slow_calls_share:norm1w",
            Self::Left => "job_profile:tidegate_left_calls_share:norm1w",
            Self::Answers => "job_profile_result:tidegate_answers_share:norm1w",
            Self::Entities => "job_profile_alignment:tidegate_entities_share:norm1w",
        }
    }

    /// What it is a share of, per second.
    pub const fn whole(self) -> &'static str {
        match self {
            Self::Retries => FIRST_ATTEMPTS,
            Self::Slow => TIMED_CALLS,
            Self::Left => CALLS,
            Self::Answers => ANSWERS,
            Self::Entities => ENTITIES,
        }
    }

    /// The labels of the whole.
    pub const fn labels(self) -> &'static str {
        match self {
            Self::Retries => "job, upstream",
            Self::Slow => "job",
            Self::Left | Self::Answers | Self::Entities => "job, profile",
        }
    }

    const fn part(self) -> &'static str {
        match self {
            Self::Retries => RETRIES,
            Self::Slow => SLOW_CALLS,
            Self::Left => LEFT_CALLS,
            Self::Answers => ANSWERS_BY_RESULT,
            Self::Entities => ENTITIES_BY_ALIGNMENT,
        }
    }
}

pub(super) fn group(options: &Options) -> Group {
    let [period, step, offset] = [PERIOD, STEP, OFFSET].map(|duration| options.time(duration));
    let sum = |series: &str| format!("sum_over_time({series}[{period}:{step}] offset {offset})");
    let rules = Share::ALL.map(|share| {
        let (part, whole) = (sum(share.part()), sum(share.whole()));
        let expr = format!("{part}\n/ on ({}) group_left () ({whole} > 0)", share.labels());
        Rule::Record { name: share.norm().to_owned(), expr: Query::from(expr) }
    });
    let latencies = Latency::ALL.map(|latency| {
        let (log, whole) = (sum(latency.log()), sum(latency.whole()));
        let expr = format!("exp(\n  {log}\n  / ({whole} > 0)\n)");
        Rule::Record { name: latency.norm().to_owned(), expr: Query::from(expr) }
    });
    let rules = rules.into_iter().chain(latencies).collect();
    Group { name: "tidegate.recording.norms", interval: SLOWLY, rules }
}

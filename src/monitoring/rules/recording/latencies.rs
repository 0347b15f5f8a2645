//! How long upstreams take for an answer, and profiles for a call that is not in the cache.
//!
//! What is typical is the median. Its norm is made of logarithms: a mean of seconds would be ruled by the slowest hours,
//! which would then hide the next ones.

use super::{
    ANSWERED_ATTEMPTS, MISSED_CALLS, PROFILE_LATENCY, PROFILE_LATENCY_LOG, UPSTREAM_LATENCY,
    UPSTREAM_LATENCY_LOG,
};
use crate::{
    monitoring::{
        query::{Query, Selector, buckets, counts, quantile, sum_by},
        rules::{Group, INTERVAL, Options, Rule, WINDOW},
    },
    telemetry::{
        catalogue::{
            Metric,
            labels::{CACHE, NO_ANSWER},
            list,
        },
        event::CacheResult,
    },
};

/// Of calls that asked an upstream; those that joined a flight waited for a part of one.
const MISSED: &[&str] = &[CacheResult::Miss.as_str(), CacheResult::Bypass.as_str()];

/// A recorded latency, and what it is the latency of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// Of attempts that brought an answer.
    Upstream,
    /// Of calls that were not answered from the cache.
    Profile,
}

impl Latency {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Upstream, Self::Profile];

    /// The latency itself; absent where nothing happens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upstream => UPSTREAM_LATENCY,
            Self::Profile => PROFILE_LATENCY,
        }
    }

    /// What is normal for it; absent in the first quarter of an hour.
    pub const fn norm(self) -> &'static str {
        match self {
            Self::Upstream => "job_upstream:tidegate_upstream_latency_seconds:norm1w",
            Self::Profile => "job_profile:tidegate_missed_call_seconds:norm1w",
        }
    }

    /// What it is the latency of, per second.
    pub const fn whole(self) -> &'static str {
        match self {
            Self::Upstream => ANSWERED_ATTEMPTS,
            Self::Profile => MISSED_CALLS,
        }
    }

    /// Its logarithm, weighted by that.
    pub(super) const fn log(self) -> &'static str {
        match self {
            Self::Upstream => UPSTREAM_LATENCY_LOG,
            Self::Profile => PROFILE_LATENCY_LOG,
        }
    }

    const fn labels(self) -> [&'static str; 2] {
        match self {
            Self::Upstream => ["job", "upstream"],
            Self::Profile => ["job", "profile"],
        }
    }

    /// One part of the histogram, such as its buckets.
    fn part(self, part: impl Fn(&'static Metric) -> Selector) -> Selector {
        match self {
            Self::Upstream => part(&list::HTTP_DURATION).lacks(&NO_ANSWER),
            Self::Profile => part(&list::CALL_DURATION).one_of(&CACHE, MISSED),
        }
    }
}

pub(super) fn group(options: &Options) -> Group {
    let window = options.time(WINDOW);
    let rules = Latency::ALL.into_iter().flat_map(|latency| {
        let labels = latency.labels();
        let (name, whole) = (latency.name(), latency.whole());
        let median = quantile(0.5, &labels, &latency.part(buckets), &window);
        [
            (whole, sum_by(&labels, latency.part(counts).rate(&window))),
            // Of nothing there is no number, and one that is none would be in the norm for a week.
            (name, Query::from(format!("{median}\nand {whole} > 0"))),
            (latency.log(), Query::from(format!("ln({name}) * {whole}"))),
        ]
    });
    let rules = rules.map(|(name, expr)| Rule::Record { name: name.to_owned(), expr });
    Group { name: "tidegate.recording.latencies", interval: INTERVAL, rules: rules.collect() }
}

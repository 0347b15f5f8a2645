//! The state of things in one look, as `/api/overview` tells it. What the fields mean stands in
//! docs/live-page.md.

mod answers;
mod judges;
pub mod states;

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use self::{
    answers::{Answers, ProfileSeen},
    judges::{Answered, Attempted, Rated},
    states::{CallersState, UpstreamState},
};
use super::{
    counts::{ByWord, Number},
    faults::Health,
    latencies::{Bucket, Quantiles},
    seconds,
    tallies::{
        AnswerCounts, AnswerSums, AnswerTally, AttemptCounts, AttemptSums, CallCounts, CallSums, CallTally,
        UpstreamTally,
    },
    window::steps_end,
};
use crate::{
    extraction::{AttemptKind, AttemptOutcome, ErrorType, Verdict, Withheld},
    telemetry::event::CacheResult,
};

/// How many points every series has.
const POINTS: u64 = 60;

/// What time the figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The last minute.
    Minute,
    /// The last five.
    FiveMinutes,
    /// All that is remembered.
    QuarterOfAnHour,
}

/// A moment in the life of the gateway.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) uptime: Duration,
    pub(super) span: Span,
}

/// The whole.
#[derive(Debug, Serialize)]
pub struct Overview {
    version: &'static str,
    time_unix_seconds: f64,
    uptime_seconds: f64,
    window_seconds: u64,
    quantiles: &'static str,
    calls: CallsSeen,
    attempts: Attempts,
    answers: Answers,
    cache: CacheLevel,
    flights_running: u64,
    upstreams: Vec<UpstreamSeen>,
    profiles: Vec<ProfileSeen>,
    series: CallSeries,
    #[serde(skip)]
    all: AttemptCounts,
    #[serde(skip)]
    all_ever: AttemptCounts<u64>,
    #[serde(skip)]
    answered: AnswerCounts,
    #[serde(skip)]
    answered_ever: AnswerCounts<u64>,
}

#[derive(Debug, Serialize)]
struct CallsSeen {
    running: u64,
    window: CallWindow,
    since_start: CallTotals,
}

#[derive(Debug, Serialize)]
struct CallWindow {
    count: u64,
    per_second: f64,
    ok_share: Option<f64>,
    rated: u64,
    failed: u64,
    served_share: Option<f64>,
    #[serde(flatten)]
    health: Health<CallersState>,
    retried: u64,
    recovered: u64,
    by_verdict: ByWord,
    by_cache: ByWord,
    latency_seconds: Quantiles,
    histogram: Vec<Bucket>,
}

#[derive(Debug, Serialize)]
struct CallTotals {
    count: u64,
    retried: u64,
    recovered: u64,
    by_verdict: ByWord,
    by_cache: ByWord,
}

#[derive(Debug, Serialize)]
struct Attempts {
    window: AttemptWindow,
    since_start: AttemptTotals,
}

#[derive(Debug, Serialize)]
struct AttemptWindow {
    per_second: f64,
    success_share: Option<f64>,
    retry_ratio: Option<f64>,
    amplification: Option<f64>,
    #[serde(flatten)]
    totals: AttemptTotals,
}

#[derive(Debug, Serialize)]
struct AttemptTotals {
    count: u64,
    by_outcome: ByWord,
    by_kind: ByWord,
    by_error_type: ByWord,
    withheld_by_reason: ByWord,
}

#[derive(Debug, Serialize)]
struct CacheLevel {
    entries: u64,
    weight_bytes: u64,
}

#[derive(Debug, Serialize)]
struct UpstreamSeen {
    name: Arc<str>,
    #[serde(flatten)]
    health: Health<UpstreamState>,
    in_flight: u64,
    budget_ratio: f64,
    latency_seconds: Quantiles,
    typical_seconds: Option<f64>,
    norm_seconds: Option<f64>,
    window: AttemptWindow,
    since_start: AttemptTotals,
    series: AttemptSeries,
}

#[derive(Debug, Serialize)]
struct CallSeries {
    step_seconds: u64,
    end_uptime_seconds: u64,
    ok: Vec<u64>,
    failed: Vec<u64>,
    p50_seconds: Vec<Option<f64>>,
    p95_seconds: Vec<Option<f64>>,
    p99_seconds: Vec<Option<f64>>,
}

#[derive(Debug, Serialize)]
struct AttemptSeries {
    success: Vec<u64>,
    failure: Vec<u64>,
    retries: Vec<u64>,
    p95_seconds: Vec<Option<f64>>,
}

impl Span {
    /// How long it is.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::QuarterOfAnHour => 900,
        }
    }

    /// The span of so many seconds, if there is one.
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        [Self::Minute, Self::FiveMinutes, Self::QuarterOfAnHour]
            .into_iter()
            .find(|span| span.seconds() == seconds)
    }
}

impl Moment {
    fn second(self) -> u64 {
        self.uptime.as_secs()
    }

    fn step(self) -> u64 {
        self.span.seconds() / POINTS
    }

    /// A rate over the span, or over the gateway's life while that is shorter.
    #[expect(clippy::cast_precision_loss, reason = "a window never counts to 2^52")]
    fn rate(self, count: u64) -> f64 {
        // The running second is counted too, and is not over.
        let life = self.uptime.as_secs_f64().max(1.0);
        let fraction = life.fract();
        rounded(count as f64 / life.min((self.span.seconds() - 1) as f64 + fraction))
    }
}

impl Overview {
    pub(super) fn new(moment: Moment, unix: Duration, calls: &CallTally) -> Self {
        let lately = calls.lately.sum(moment.second(), moment.span.seconds());
        let (all, all_ever) = <(AttemptCounts, AttemptCounts<u64>)>::default();
        let (answered, answered_ever) = <(AnswerCounts, AnswerCounts<u64>)>::default();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            time_unix_seconds: seconds(unix),
            uptime_seconds: seconds(moment.uptime),
            window_seconds: moment.span.seconds(),
            quantiles: "interpolated",
            calls: CallsSeen {
                running: calls.running,
                window: CallWindow::of(moment, &lately, callers(moment, calls)),
                since_start: CallTotals::of(&calls.ever),
            },
            attempts: Attempts {
                window: AttemptWindow::of(moment, &all),
                since_start: AttemptTotals::of(&all_ever),
            },
            answers: Answers::of(moment, &answered, &answered_ever),
            cache: CacheLevel { entries: calls.cache_entries, weight_bytes: calls.cache_bytes },
            flights_running: calls.flights,
            upstreams: Vec::new(),
            profiles: Vec::new(),
            series: CallSeries::of(moment, calls),
            all,
            all_ever,
            answered,
            answered_ever,
        }
    }

    /// Adds an upstream, and what was asked of it to the sums.
    pub(super) fn upstream(&mut self, moment: Moment, name: Arc<str>, tally: &UpstreamTally) {
        let lately: AttemptSums = tally.lately.sum(moment.second(), moment.span.seconds());
        let seconds = tally.lately.seconds(moment.second(), |sums| Attempted::from(sums));
        let norm = tally.norm(moment.second(), moment.span.seconds());
        let judge = judges::Upstream { in_flight: tally.running, norm };
        self.all.add(&lately.counts);
        self.all_ever.add(&tally.ever);
        self.attempts.window = AttemptWindow::of(moment, &self.all);
        self.attempts.since_start = AttemptTotals::of(&self.all_ever);
        self.upstreams.push(UpstreamSeen {
            name,
            health: Health::of(&judge, &seconds, moment.span.seconds()),
            in_flight: tally.running,
            budget_ratio: tally.budget_ratio,
            latency_seconds: lately.latencies.quantiles(),
            typical_seconds: lately.typical.seconds(),
            norm_seconds: norm,
            window: AttemptWindow::of(moment, &lately.counts),
            since_start: AttemptTotals::of(&tally.ever),
            series: AttemptSeries::of(moment, tally),
        });
    }

    /// Adds a profile, and its answers to the sums.
    pub(super) fn profile(&mut self, moment: Moment, name: Arc<str>, tally: &AnswerTally) {
        let lately: AnswerSums = tally.lately.sum(moment.second(), moment.span.seconds());
        self.answered.add(&lately.counts);
        self.answered_ever.add(&tally.ever);
        self.answers = Answers::of(moment, &self.answered, &self.answered_ever);
        let seconds = tally.lately.seconds(moment.second(), |counts| Answered::from(counts));
        let norm = tally.norm(moment.second(), moment.span.seconds());
        let health = Health::of(&judges::Answers { norm }, &seconds, moment.span.seconds());
        self.profiles.push(ProfileSeen::of(moment, name, (health, norm), (&lately, &tally.ever)));
    }
}

/// How callers do.
fn callers(moment: Moment, calls: &CallTally) -> Health<CallersState> {
    let seconds = calls.lately.seconds(moment.second(), |sums| Rated::from(&sums.counts));
    Health::of(&judges::Callers, &seconds, moment.span.seconds())
}

impl CallWindow {
    fn of(moment: Moment, sums: &CallSums, health: Health<CallersState>) -> Self {
        let CallTotals { count, retried, recovered, by_verdict, by_cache } = CallTotals::of(&sums.counts);
        let Rated { rated, failed } = Rated::from(&sums.counts);
        Self {
            count,
            per_second: moment.rate(count),
            ok_share: share(sums.counts.verdicts.of(Verdict::Ok as usize), count),
            rated,
            failed,
            served_share: share(rated - failed, rated),
            health,
            retried,
            recovered,
            by_verdict,
            by_cache,
            latency_seconds: sums.latencies.quantiles(),
            histogram: sums.latencies.buckets(),
        }
    }
}

impl CallTotals {
    fn of<T: Number>(counts: &CallCounts<T>) -> Self {
        Self {
            count: counts.verdicts.sum(),
            retried: counts.retried.sum(),
            recovered: counts.retried.of(1),
            by_verdict: counts.verdicts.by(Verdict::LABELS),
            by_cache: counts.cache.by(CacheResult::LABELS),
        }
    }
}

impl AttemptWindow {
    fn of(moment: Moment, counts: &AttemptCounts) -> Self {
        let totals = AttemptTotals::of(counts);
        Self {
            per_second: moment.rate(totals.count),
            success_share: share(counts.succeeded(), counts.judged()),
            retry_ratio: share(counts.retries(), counts.fresh()),
            amplification: share(totals.count, counts.fresh()),
            totals,
        }
    }
}

impl AttemptTotals {
    fn of<T: Number>(counts: &AttemptCounts<T>) -> Self {
        Self {
            count: counts.outcomes.sum(),
            by_outcome: counts.outcomes.by(AttemptOutcome::LABELS),
            by_kind: counts.kinds.by(AttemptKind::LABELS),
            by_error_type: counts.errors.by(ErrorType::LABELS),
            withheld_by_reason: counts.withheld.by(Withheld::LABELS),
        }
    }
}

impl CallSeries {
    fn of(moment: Moment, calls: &CallTally) -> Self {
        let steps = calls.lately.steps(moment.second(), moment.step(), POINTS);
        let ok = |step: &CallSums| step.counts.verdicts.of(Verdict::Ok as usize);
        Self {
            step_seconds: moment.step(),
            end_uptime_seconds: steps_end(moment.second(), moment.step()),
            ok: steps.iter().map(ok).collect(),
            failed: steps.iter().map(|step| step.counts.verdicts.sum() - ok(step)).collect(),
            p50_seconds: steps.iter().map(|step| step.latencies.quantile(0.5)).collect(),
            p95_seconds: steps.iter().map(|step| step.latencies.quantile(0.95)).collect(),
            p99_seconds: steps.iter().map(|step| step.latencies.quantile(0.99)).collect(),
        }
    }
}

impl AttemptSeries {
    fn of(moment: Moment, tally: &UpstreamTally) -> Self {
        let steps = tally.lately.steps(moment.second(), moment.step(), POINTS);
        let outcome = |step: &AttemptSums, outcome| step.counts.outcomes.of(outcome as usize);
        Self {
            success: steps.iter().map(|step| outcome(step, AttemptOutcome::Success)).collect(),
            failure: steps.iter().map(|step| outcome(step, AttemptOutcome::Failure)).collect(),
            retries: steps.iter().map(|step| step.counts.retries()).collect(),
            p95_seconds: steps.iter().map(|step| step.latencies.quantile(0.95)).collect(),
        }
    }
}

/// A share from 0 on, or nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "a window never counts to 2^52")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64))
}

fn rounded(ratio: f64) -> f64 {
    (ratio * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests;

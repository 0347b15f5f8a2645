//! Figures that more than one board shows, so that they mean the same everywhere.

use super::scope::{self, counts, rate_by, series, share};
use crate::{
    extraction::{AttemptKind, AttemptOutcome, Verdict},
    monitoring::{
        party::{Party, verdicts_of},
        query::{Query, Selector},
        rules::Thresholds,
    },
    telemetry::{
        catalogue::{Label, labels, list},
        event::CacheResult,
    },
};

/// Retries per first attempt above which somebody should look: what a retry budget of 20 % allows.
pub(super) const RETRY_RATIO_HIGH: f64 = Thresholds::DEFAULT.retry_ratio;
/// Retries per first attempt at which the load on an upstream has doubled.
pub(super) const RETRY_RATIO_STORM: f64 = 1.0;
/// Attempts per first attempt above which somebody should look.
pub(super) const AMPLIFICATION_HIGH: f64 = 1.3;
/// Attempts per first attempt at which the load on an upstream has doubled.
pub(super) const AMPLIFICATION_STORM: f64 = Thresholds::DEFAULT.amplification;
/// The gateway's own time above which it is the gateway that is slow.
pub(super) const OVERHEAD_HIGH: f64 = Thresholds::DEFAULT.overhead;
/// The share of retried flights below which retries only add load.
pub(super) const RECOVERED_LOW: f64 = Thresholds::DEFAULT.recovered_share;
/// The share of failed calls that an SLO of 99.5 % allows.
pub(super) const FAILED_SHARE_FINE: f64 = 0.005;
/// The share of failed calls that everybody notices.
pub(super) const FAILED_SHARE_BAD: f64 = 0.05;

/// Calls that ended well or that somebody else than the caller is to blame for.
pub(super) fn rated_calls() -> Selector {
    calls(&[Party::Nobody, Party::Gateway, Party::Upstream])
}

/// Calls whose end is the doing of these.
pub(super) fn calls(parties: &[Party]) -> Selector {
    series(&list::CALLS).one_of(&labels::VERDICT, &verdicts_of(parties))
}

/// The share of rated calls that ended well.
pub(super) fn success_share() -> Query {
    share(&[], &series(&list::CALLS).is(&labels::VERDICT, Verdict::Ok.as_str()), &rated_calls())
}

/// The share of rated calls that failed by the doing of these.
pub(super) fn failed_share(parties: &[Party]) -> Query {
    share(&[], &calls(parties), &rated_calls())
}

/// Attempts that no failure caused.
pub(super) fn first_attempts() -> Selector {
    let kinds = [AttemptKind::Initial, AttemptKind::Rerun, AttemptKind::Fallback].map(AttemptKind::as_str);
    series(&list::ATTEMPTS).one_of(&labels::KIND, &kinds)
}

/// Retries per first attempt.
pub(super) fn retry_ratio(by: &[&Label]) -> Query {
    share(by, &series(&list::ATTEMPTS).is(&labels::KIND, AttemptKind::Retry.as_str()), &first_attempts())
}

/// Attempts per first attempt.
pub(super) fn amplification(by: &[&Label]) -> Query {
    share(by, &series(&list::ATTEMPTS), &first_attempts())
}

/// The share of attempts that failed, of those that were not given up.
pub(super) fn failing(by: &[&Label]) -> Query {
    let ended = [AttemptOutcome::Success, AttemptOutcome::Failure].map(AttemptOutcome::as_str);
    share(
        by,
        &series(&list::ATTEMPTS).is(&labels::OUTCOME, AttemptOutcome::Failure.as_str()),
        &series(&list::ATTEMPTS).one_of(&labels::OUTCOME, &ended),
    )
}

/// The share of retried flights that got a valid answer in the end.
pub(super) fn recovered(by: &[&Label]) -> Query {
    let retried = || counts(&list::FLIGHT_RETRIES);
    share(by, &retried().is(&labels::OUTCOME, AttemptOutcome::Success.as_str()), &retried())
}

/// The share of calls that could be answered without an attempt of their own.
pub(super) fn hit_ratio() -> Query {
    let answered = [CacheResult::Hit, CacheResult::Joined, CacheResult::Stale].map(CacheResult::as_str);
    share(
        &[],
        &series(&list::CACHE_REQUESTS).one_of(&labels::CACHE_RESULT, &answered),
        &series(&list::CACHE_REQUESTS).is_not(&labels::CACHE_RESULT, CacheResult::Bypass.as_str()),
    )
}

/// What is left of the retry budget, of the gateway that has least.
pub(super) fn retry_budget(by: &[&Label]) -> Query {
    scope::min_by(by, &scope::gauge(&list::BUDGET))
}

/// Calls per second by verdict.
pub(super) fn calls_by_verdict() -> Query {
    rate_by(&[&labels::VERDICT], &series(&list::CALLS))
}

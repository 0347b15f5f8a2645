//! Figures that more than one board shows, so that they mean the same everywhere.

use super::scope::{self, counts, rate_by, series, share};
use crate::{
    extraction::{
        Alignment, AttemptKind, AttemptOutcome, Phase, Verdict,
        party::{Party, SPENT_ON_UPSTREAMS, verdicts_of},
    },
    monitoring::{
        query::{Query, Selector, name},
        rules::{
            recording::{Latency, upstreams::telling},
            retries,
        },
    },
    telemetry::{
        catalogue::{Label, labels, list},
        event::{CacheResult, ValidationResult},
    },
};

/// Calls that ended well or that somebody else than the caller is to blame for.
pub(super) fn rated_calls() -> Selector {
    calls(Party::RATED)
}

/// Calls whose end is the doing of these.
pub(super) fn calls(parties: &[Party]) -> Selector {
    series(&list::CALLS).one_of(&labels::VERDICT, &verdicts_of(parties))
}

/// The share of rated calls that ended well.
pub(super) fn success_share() -> Query {
    share(&[], &series(&list::CALLS).is(&labels::VERDICT, Verdict::Ok.as_str()), &rated_calls())
}

/// The share of rated calls that failed because an upstream failed, or was still at it when time was up.
pub(super) fn failed_by_upstreams() -> Query {
    let late = Verdict::DeadlineExceeded.as_str();
    let verdicts: Vec<_> =
        verdicts_of(&[Party::Upstream]).into_iter().filter(|verdict| *verdict != late).collect();
    let failed = rate_by(&[], &series(&list::CALLS).one_of(&labels::VERDICT, &verdicts));
    failed.plus(&rate_by(&[], &late_calls(SPENT_ON_UPSTREAMS))).over(&rate_by(&[], &rated_calls()))
}

/// The share of rated calls that the gateway refused or broke.
pub(super) fn failed_by_gateway() -> Query {
    share(&[], &calls(&[Party::Gateway]), &rated_calls())
}

/// The share of rated calls whose deadline passed before anything could be sent for them.
pub(super) fn short_of_time() -> Query {
    let unsent: Vec<_> =
        Phase::ALL.iter().copied().filter(|phase| !SPENT_ON_UPSTREAMS.contains(phase)).collect();
    share(&[], &late_calls(&unsent), &rated_calls())
}

/// How many times its own norm a typical latency is.
pub(super) fn against_norm(latency: Latency, by: &Label) -> Query {
    let of = |series: &str| Query::from(format!("{series}{{job=~\"$job\",{0}=~\"${0}\"}}", by.name));
    Query::from(format!("{} / {}", of(latency.name()), of(latency.norm())))
}

/// The profiles whose callers give up most, as the alert counts them.
pub(super) fn most_given_up(floor: f64) -> Query {
    let given_up = series(&list::CALLS).is(&labels::VERDICT, Verdict::Cancelled.as_str());
    let share = share(&[&labels::PROFILE], &given_up, &series(&list::CALLS));
    worst(&labels::PROFILE, &share, &series(&list::CALLS), floor)
}

/// Calls whose deadline passed while they were doing one of these.
fn late_calls(phases: &[Phase]) -> Selector {
    let phases: Vec<_> = phases.iter().map(|phase| phase.as_str()).collect();
    series(&list::CALLS_LATE).one_of(&labels::PHASE, &phases)
}

/// The share of answers that came to one of these.
pub(super) fn came_to(by: &[&Label], results: &[ValidationResult]) -> Query {
    let words: Vec<_> = results.iter().map(|result| result.as_str()).collect();
    share(
        by,
        &series(&list::VALIDATION_TOTAL).one_of(&labels::VALIDATION, &words),
        &series(&list::VALIDATION_TOTAL),
    )
}

/// The share of entities that do not stand in the text.
pub(super) fn ungrounded(by: &[&Label]) -> Query {
    let not_found = Alignment::NotFound.as_str();
    share(
        by,
        &series(&list::ENTITIES_TOTAL).is(&labels::ALIGNMENT, not_found),
        &series(&list::ENTITIES_TOTAL),
    )
}

/// How many are named as the worst: one that is bad as its norm must not hide another that has just become so.
const NAMED: u8 = 3;

/// Those with the highest ratios, of those that come to more than `floor` of `whole` per second: a share of a few
/// means nothing, to the alerts neither.
pub(super) fn worst(by: &Label, share: &Query, whole: &Selector, floor: f64) -> Query {
    let judged = share.and_on(&[&name(by)], &Query::from(format!("{} > {floor}", rate_by(&[by], whole))));
    Query::from(format!("topk({NAMED}, {judged})"))
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

/// The upstreams with the most retries per first attempt.
pub(super) fn most_retried(floor: f64) -> Query {
    worst(&labels::UPSTREAM, &retry_ratio(&[&labels::UPSTREAM]), &first_attempts(), floor)
}

/// Attempts per first attempt.
pub(super) fn amplification(by: &[&Label]) -> Query {
    share(by, &series(&list::ATTEMPTS), &first_attempts())
}

/// The share of attempts that failed, of those that tell of the upstream's health, as the alert counts it.
pub(super) fn failing(by: &[&Label]) -> Query {
    let failed = telling(series(&list::ATTEMPTS)).is(&labels::OUTCOME, AttemptOutcome::Failure.as_str());
    share(by, &failed, &ended_attempts())
}

/// The upstreams with the highest shares of attempts that failed.
pub(super) fn worst_upstreams(floor: f64) -> Query {
    worst(&labels::UPSTREAM, &failing(&[&labels::UPSTREAM]), &ended_attempts(), floor)
}

/// Attempts that tell of the upstream's health.
fn ended_attempts() -> Selector {
    telling(series(&list::ATTEMPTS)).is_not(&labels::OUTCOME, AttemptOutcome::Cancelled.as_str())
}

/// The share of retried flights that got a valid answer in the end, as the alert counts it.
pub(super) fn recovered(by: &[&Label]) -> Query {
    retries::recovered(&counts(&list::FLIGHT_RETRIES), |flights| rate_by(by, flights), 0.0)
}

/// The share of calls that could be answered without an attempt of their own. Not so `stale`: it is given when
/// the flight has failed.
pub(super) fn hit_ratio() -> Query {
    let answered = [CacheResult::Hit, CacheResult::Joined].map(CacheResult::as_str);
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

//! `[retry]`: waits, limits and the purses of retries and repairs.

use std::time::Duration;

use super::{
    form::{Count, Number, Span},
    reader::Section,
};
use crate::resilience::{BackoffPolicy, BudgetPolicy, Policy};

/// The most attempts that one flight can be let make.
const ATTEMPTS_MAX: u32 = 5;
/// The shortest bound of a wait.
const WAIT_MIN: Duration = Duration::from_millis(1);
/// The longest bound of a wait between attempts.
const BACKOFF_MAX: Duration = Duration::from_mins(10);
/// The longest wait that an upstream can be let ask for.
const PUSHBACK_MAX: Duration = Duration::from_hours(1);
/// The fewest tokens of a purse for retries: `max_attempts` switches retries off.
const BUDGET_CAPACITY_MIN: f64 = 1.0;
/// The most tokens of a purse.
const BUDGET_CAPACITY_MAX: f64 = 1_000_000.0;
/// The least that a success must bring: with nothing an empty purse would stay empty for ever.
const BUDGET_REWARD_MIN: f64 = 0.001;

/// Reads `[retry]`.
pub(super) fn read(root: &mut Section<'_>) -> Policy {
    let default = Policy::default();
    let mut retry = root.section("retry");
    let span = Span(WAIT_MIN..=BACKOFF_MAX);
    let policy = Policy {
        max_attempts: retry.or("max_attempts", &Count(1..=ATTEMPTS_MAX), default.max_attempts),
        backoff: BackoffPolicy {
            base: retry.or("backoff_base", &span, default.backoff.base),
            throttle_base: retry.or("throttle_base", &span, default.backoff.throttle_base),
            max: retry.or("backoff_max", &span, default.backoff.max),
        },
        pushback_max: retry.or("pushback_max", &Span(WAIT_MIN..=PUSHBACK_MAX), default.pushback_max),
        budget: budget(retry.section("budget"), BUDGET_CAPACITY_MIN, &default.budget),
        repair_budget: budget(retry.section("repair_budget"), 0.0, &default.repair_budget),
    };
    let BackoffPolicy { base, throttle_base, max } = policy.backoff;
    for (key, bound) in [("backoff_base", base), ("throttle_base", throttle_base)] {
        let remedy = "lower it or raise backoff_max";
        retry.law(&[key, "backoff_max"], bound <= max, "must not be longer than backoff_max", remedy);
    }
    retry.finish();
    policy
}

fn budget(mut section: Section<'_>, capacity_min: f64, default: &BudgetPolicy) -> BudgetPolicy {
    let budget = BudgetPolicy {
        capacity: section.or("capacity", &Number(capacity_min..=BUDGET_CAPACITY_MAX), default.capacity),
        reward: section.or("reward", &Number(BUDGET_REWARD_MIN..=1.0), default.reward),
    };
    section.finish();
    budget
}

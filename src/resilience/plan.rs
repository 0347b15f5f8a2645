//! What to do next in one flight.
//!
//! Pure: time, randomness and the purses are arguments, so that every rule below is a plain test. The
//! checks stand in the order of their cost to others; the purse comes last, so that a retry withheld for
//! another reason costs nothing (docs/adr/0003).

use std::{sync::Arc, time::Duration};

use rand::Rng;
use tokio::time::Instant;

use super::{
    Policy,
    backoff::Delay,
    budget::{INVITED_RETRY_COST, Purse, RETRY_COST, Stake},
    classify::{Class, Permission},
    retry_budget::Books,
};
use crate::extraction::{AttemptKind, BudgetLimit, Tenant, Withheld};

/// The least time that must be left for a first attempt to be sent at all.
pub(super) const FIRST_ATTEMPT_MIN: Duration = Duration::from_millis(2);

/// Decides for one flight.
#[derive(Debug)]
pub struct Plan {
    policy: Arc<Policy>,
    max_attempts: u32,
    attempts: u32,
    /// Waits since the last one that the upstream asked for.
    backoffs: u32,
    /// Whether an attempt was made at once because the one before was not looked at.
    nack_used: bool,
    /// Whether one was made at once because the request is now in other words.
    reworded: bool,
    repair_used: bool,
}

/// What the last attempt brought, and how things stand.
#[derive(Debug, Clone, Copy)]
pub struct Observation {
    /// What the failure means.
    pub class: Class,
    /// Whether asking again is allowed after it.
    pub permission: Permission,
    /// Whether the answer was of a kind that a repair may mend.
    pub mendable: bool,
    /// The wait the upstream asked for.
    pub pushback: Option<Duration>,
    /// The latest deadline of those who wait.
    pub deadline: Instant,
    /// The least time that must be left for another attempt to make sense.
    pub min_useful: Duration,
    /// Whether anybody still waits.
    pub awaited: bool,
}

/// What extra attempts are paid from.
#[derive(Debug)]
pub struct Purses<'a> {
    /// Who spends.
    pub tenant: &'a Tenant,
    /// Of the upstream, for retries.
    pub retry: &'a mut Books,
    /// Of the tenant, for repairs.
    pub repair: &'a mut Purse,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Make another attempt.
    Attempt(Next),
    /// Give up.
    Stop(Stop),
}

/// Another attempt.
#[derive(Debug, PartialEq, Eq)]
pub struct Next {
    /// Its number, counted from 1.
    pub number: u32,
    /// Why it is made.
    pub kind: AttemptKind,
    /// The wait before it.
    pub wait: Option<Delay>,
    /// What was set aside for it, from the purse that fits its kind.
    pub stake: Option<Stake>,
}

/// Why the flight ends without an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// Why no further attempt is made although the failure's class allows one.
    pub withheld: Option<Withheld>,
    /// Which limit of the budget stood against it, if that was the reason.
    pub budget_limit: Option<BudgetLimit>,
    /// Why an answer that a repair may have mended was not mended. No retry is withheld then: the same question is not
    /// asked again.
    pub repair_withheld: Option<Withheld>,
    /// When calling again may help.
    pub retry_after: Option<Duration>,
}

impl Plan {
    /// A plan that makes at most `max_attempts`, and never more than the policy's own limit.
    pub fn new(policy: Arc<Policy>, max_attempts: Option<u32>) -> Self {
        let max_attempts = max_attempts.map_or(policy.max_attempts, |lower| lower.min(policy.max_attempts));
        Self {
            policy,
            max_attempts,
            attempts: 0,
            backoffs: 0,
            nack_used: false,
            reworded: false,
            repair_used: false,
        }
    }

    /// The first attempt, unless the deadline is too near for any.
    pub fn first(&mut self, now: Instant, deadline: Instant) -> Step {
        if deadline.saturating_duration_since(now) < FIRST_ATTEMPT_MIN {
            return Stop::default().into();
        }
        self.attempt(AttemptKind::Initial, None, None)
    }

    /// What to do after a failed attempt.
    pub fn next(
        &mut self,
        now: Instant,
        seen: &Observation,
        purses: &mut Purses<'_>,
        rng: &mut impl Rng,
    ) -> Step {
        match seen.permission {
            Permission::Retry if seen.class == Class::Reworded && self.reworded => {
                return Stop::default().into();
            }
            Permission::Retry => {}
            Permission::Forbidden if seen.mendable => return self.repair(now, seen, purses.repair),
            Permission::Forbidden => return self.give_up(seen).into(),
            Permission::Ambiguous => return withhold(Withheld::Ambiguous, None),
        }
        if seen.pushback.is_some_and(|asked| asked > self.policy.pushback_max) {
            return withhold(Withheld::PushbackTooLong, seen.pushback);
        }
        if self.attempts >= self.max_attempts {
            return withhold(Withheld::MaxAttempts, seen.pushback);
        }
        if !seen.awaited {
            return withhold(Withheld::Orphaned, seen.pushback);
        }
        if self.is_free(seen.class) {
            return self.transparent(now, seen);
        }
        self.retry(now, seen, purses, rng)
    }

    /// The end, as the class says. When a used-up quota is there again is told if that is far off: the short waits that
    /// servers send beside it are those of another limit.
    fn give_up(&self, seen: &Observation) -> Stop {
        let far_off = seen.pushback.filter(|asked| *asked > self.policy.pushback_max);
        Stop { retry_after: far_off.filter(|_| seen.class == Class::Quota), ..Stop::default() }
    }

    /// Whether an attempt at once costs nothing, because the upstream did no work so far. Each reason counts once.
    fn is_free(&self, class: Class) -> bool {
        match class {
            Class::Nack => !self.nack_used,
            Class::Reworded => !self.reworded,
            Class::NotSent
            | Class::Throttle
            | Class::Transient
            | Class::Ambiguous
            | Class::Quota
            | Class::Terminal
            | Class::Content => false,
        }
    }

    fn transparent(&mut self, now: Instant, seen: &Observation) -> Step {
        if now + seen.min_useful > seen.deadline {
            return withhold(Withheld::Deadline, None);
        }
        self.nack_used |= seen.class == Class::Nack;
        self.reworded |= seen.class == Class::Reworded;
        self.attempt(AttemptKind::Transparent, None, None)
    }

    fn retry(
        &mut self,
        now: Instant,
        seen: &Observation,
        purses: &mut Purses<'_>,
        rng: &mut impl Rng,
    ) -> Step {
        let throttled = seen.class == Class::Throttle;
        let delay = self.policy.backoff.delay(throttled, self.backoffs, seen.pushback, rng);
        if now + delay.length + seen.min_useful > seen.deadline {
            return withhold(Withheld::Deadline, Some(delay.length));
        }
        let invited = throttled && seen.pushback.is_some();
        let cost = if invited { INVITED_RETRY_COST } else { RETRY_COST };
        let stake = match purses.retry.set_aside(now, purses.tenant, cost) {
            Ok(stake) => stake,
            Err(limit) => return Stop::over_budget(limit, seen.pushback).into(),
        };
        self.backoffs = if seen.pushback.is_some() { 0 } else { self.backoffs + 1 };
        self.attempt(AttemptKind::Retry, Some(delay), Some(stake))
    }

    /// One further attempt to mend an answer that is invalid by its content.
    fn repair(&mut self, now: Instant, seen: &Observation, purse: &mut Purse) -> Step {
        if self.repair_used {
            return Stop::default().into();
        }
        match self.stake_for_repair(now, seen, purse) {
            Ok(stake) => {
                self.repair_used = true;
                self.attempt(AttemptKind::Repair, None, Some(stake))
            }
            Err(reason) => Stop::without_repair(reason).into(),
        }
    }

    fn stake_for_repair(
        &self,
        now: Instant,
        seen: &Observation,
        purse: &mut Purse,
    ) -> Result<Stake, Withheld> {
        if self.attempts >= self.max_attempts {
            return Err(Withheld::MaxAttempts);
        }
        if !seen.awaited {
            return Err(Withheld::Orphaned);
        }
        if now + seen.min_useful > seen.deadline {
            return Err(Withheld::Deadline);
        }
        purse.set_aside(now, RETRY_COST).ok_or(Withheld::Budget)
    }

    fn attempt(&mut self, kind: AttemptKind, wait: Option<Delay>, stake: Option<Stake>) -> Step {
        self.attempts += 1;
        Step::Attempt(Next { number: self.attempts, kind, wait, stake })
    }
}

impl Stop {
    /// The budget does not allow another attempt.
    pub fn over_budget(limit: BudgetLimit, retry_after: Option<Duration>) -> Self {
        Self { withheld: Some(Withheld::Budget), budget_limit: Some(limit), retry_after, ..Self::default() }
    }

    /// An answer that might have been mended is not.
    pub fn without_repair(reason: Withheld) -> Self {
        Self { repair_withheld: Some(reason), ..Self::default() }
    }
}

impl From<Stop> for Step {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn withhold(reason: Withheld, retry_after: Option<Duration>) -> Step {
    Stop { withheld: Some(reason), retry_after, ..Stop::default() }.into()
}

#[cfg(test)]
mod tests;

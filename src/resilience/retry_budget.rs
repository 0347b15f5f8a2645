//! What bounds the retries of all flights to one upstream: a purse, and two guards beside it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{
    BudgetPolicy,
    budget::{Millitokens, Purse, Stake},
    shares::Shares,
    traffic::Traffic,
};
use crate::extraction::{AttemptKind, BudgetLimit, Tenant};

/// The retry budget of one upstream, shared by its flights.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Books>);

/// The purse, how much of it each tenant drained, and how many of the attempts in flight are retries.
#[derive(Debug)]
pub struct Books {
    purse: Purse,
    shares: Shares,
    traffic: Traffic,
}

/// An attempt in flight, for as long as this lives.
#[derive(Debug)]
#[must_use = "the attempt counts as in flight only as long as this lives"]
pub struct Seat<'a> {
    budget: &'a RetryBudget,
    tenant: Tenant,
    kind: AttemptKind,
}

impl RetryBudget {
    /// A full budget.
    pub fn new(policy: &BudgetPolicy, now: Instant) -> Self {
        Self(Mutex::new(Books::new(policy, now)))
    }

    /// The books, for one decision. Never hold them across an await.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an attempt of `tenant` be sent; a retry only if there are not too many in flight. The guard
    /// is asked again here because those that were decided together may have waited for the same instant.
    pub fn enter(&self, now: Instant, tenant: &Tenant, kind: AttemptKind) -> Option<Seat<'_>> {
        let mut books = self.books();
        if kind == AttemptKind::Retry && books.traffic.is_crowded() {
            return None;
        }
        books.traffic.enter(kind);
        books.shares.enter(now, tenant);
        Some(Seat { budget: self, tenant: tenant.clone(), kind })
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut books = self.budget.books();
        books.traffic.leave(self.kind);
        books.shares.leave(&self.tenant);
    }
}

impl Books {
    /// A full purse that nobody has spent of.
    pub fn new(policy: &BudgetPolicy, now: Instant) -> Self {
        Self { purse: Purse::new(policy, now), shares: Shares::new(now), traffic: Traffic::default() }
    }

    /// Sets `cost` aside for a retry of `tenant`; else says which limit it would break.
    pub fn set_aside(
        &mut self,
        now: Instant,
        tenant: &Tenant,
        cost: Millitokens,
    ) -> Result<Stake, BudgetLimit> {
        if self.traffic.is_crowded() {
            return Err(BudgetLimit::InFlight);
        }
        let left = self.purse.left(now);
        if left < cost {
            return Err(BudgetLimit::Empty);
        }
        if !self.shares.allows(now, tenant, cost, left) {
            return Err(BudgetLimit::TenantShare);
        }
        let stake = self.purse.set_aside(now, cost).ok_or(BudgetLimit::Empty)?;
        self.shares.spent(now, tenant, cost);
        Ok(stake)
    }

    /// The retry is being sent.
    pub fn spend(&mut self, stake: Stake) {
        self.purse.spend(stake);
    }

    /// The retry of `tenant` is not made after all.
    pub fn give_back(&mut self, now: Instant, tenant: &Tenant, stake: Stake) {
        self.shares.given_back(now, tenant, stake.amount(), stake.since());
        self.purse.give_back(stake);
    }

    /// An attempt of `tenant` succeeded.
    pub fn reward(&mut self, now: Instant, tenant: &Tenant) {
        let earned = self.purse.reward(now);
        self.shares.earned(now, tenant, earned);
    }

    /// What is left of the purse now, from 0 to 1.
    pub fn ratio_at(&mut self, now: Instant) -> f64 {
        self.purse.ratio_at(now)
    }

    /// What was left of the purse at the last look, from 0 to 1.
    pub fn ratio(&self) -> f64 {
        self.purse.ratio()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::budget::RETRY_COST;

    const POLICY: BudgetPolicy = BudgetPolicy { capacity: 100.0, reward: 0.5 };

    fn crowded(budget: &RetryBudget, now: Instant) -> Vec<Seat<'_>> {
        std::iter::from_fn(|| budget.enter(now, &Tenant::default(), AttemptKind::Retry)).collect()
    }

    #[test]
    fn retries_in_flight_are_bounded_where_they_are_decided_and_where_they_are_sent() {
        let now = Instant::now();
        let budget = RetryBudget::new(&POLICY, now);
        let tenant = Tenant::default();
        let seats = crowded(&budget, now);
        assert!(!seats.is_empty());
        assert_eq!(budget.books().set_aside(now, &tenant, RETRY_COST), Err(BudgetLimit::InFlight));
        let others = [AttemptKind::Initial, AttemptKind::Transparent, AttemptKind::Repair];
        for kind in others {
            assert!(budget.enter(now, &tenant, kind).is_some(), "{kind:?} is not a paid retry");
        }
        drop(seats);
        assert!(budget.books().set_aside(now, &tenant, RETRY_COST).is_ok());
    }

    #[test]
    fn a_retry_that_is_not_sent_gives_the_tenant_its_share_back() {
        let now = Instant::now();
        let budget = RetryBudget::new(&POLICY, now);
        let (one, other) = (Tenant::configured("one"), Tenant::configured("other"));
        drop(budget.enter(now, &other, AttemptKind::Initial));
        let mut books = budget.books();
        let mut stakes = Vec::new();
        let limit = loop {
            match books.set_aside(now, &one, RETRY_COST) {
                Ok(stake) => stakes.push(stake),
                Err(limit) => break limit,
            }
        };
        assert_eq!((limit, stakes.len()), (BudgetLimit::TenantShare, 50));
        books.give_back(now, &one, stakes.pop().unwrap());
        assert!(books.set_aside(now, &one, RETRY_COST).is_ok());
    }

    #[test]
    fn an_empty_purse_is_told_from_a_share_that_is_used_up() {
        let now = Instant::now();
        let mut books = Books::new(&BudgetPolicy { capacity: 0.5, reward: 0.5 }, now);
        assert_eq!(books.set_aside(now, &Tenant::default(), RETRY_COST), Err(BudgetLimit::Empty));
    }

    #[test]
    fn what_a_full_purse_can_not_take_is_not_earned() {
        let now = Instant::now();
        let mut books = Books::new(&POLICY, now);
        let (busy, other) = (Tenant::configured("busy"), Tenant::configured("other"));
        books.shares.enter(now, &other);
        for _ in 0..1_000 {
            books.reward(now, &busy);
        }
        let spent = std::iter::from_fn(|| books.set_aside(now, &busy, RETRY_COST).ok()).count();
        assert_eq!(spent, 50, "a good past buys no more than half of the purse");
    }
}

//! The purse that pays for extra attempts.
//!
//! Why a purse at all: `max_attempts` bounds one call, not the load that a thousand failing calls put
//! on an upstream that is down. Why filled by successes: a purse filled by requests lets a dead
//! upstream be retried at that rate for ever, while one filled by successes runs dry in an outage and
//! yet pays every retry as long as no more than a third of the attempts fail (docs/adr/0006).

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::BudgetPolicy;

/// Thousandths of a token, so that shares of a token add up exactly.
pub type Millitokens = u64;

/// What a retry costs.
pub const RETRY_COST: Millitokens = 1000;

/// What a retry costs whose instant the upstream chose itself: 5/14 of a retry, as in AWS's standard
/// retry mode 2.1.
pub const INVITED_RETRY_COST: Millitokens = 350;

/// Below this level an idle purse refills by itself, so that an upstream with little traffic can be
/// retried at all.
const IDLE_FLOOR: Millitokens = 10_000;

/// How much the idle refill adds per second: one of the cheapest retries. So retries in an outage of
/// `t` seconds are at most `capacity / cheapest cost + t`.
const IDLE_REFILL_PER_SECOND: Millitokens = INVITED_RETRY_COST;

/// The budget of one upstream, shared by its flights.
#[derive(Debug)]
pub struct Budget(Mutex<Purse>);

impl Budget {
    /// A full budget.
    pub fn new(policy: &BudgetPolicy, now: Instant) -> Self {
        Self(Mutex::new(Purse::new(policy, now)))
    }

    /// The purse, for one decision. Never hold it across an await.
    pub fn purse(&self) -> MutexGuard<'_, Purse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens and what is set aside of them.
#[derive(Debug, Clone)]
pub struct Purse {
    capacity: Millitokens,
    reward: Millitokens,
    tokens: Millitokens,
    /// Taken out for retries that have not been sent yet. Counts against the capacity, so that what is
    /// still to be sent and what is left are never more than a full purse.
    set_aside: Millitokens,
    refilled_at: Instant,
}

/// Tokens set aside for one retry: to be spent when it is sent, or given back.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "spend it when the retry is sent, or give it back"]
pub struct Stake {
    amount: Millitokens,
    since: Instant,
}

impl Stake {
    /// How much is set aside.
    pub fn amount(&self) -> Millitokens {
        self.amount
    }

    /// Since when.
    pub fn since(&self) -> Instant {
        self.since
    }
}

impl Purse {
    /// A full purse.
    pub fn new(policy: &BudgetPolicy, now: Instant) -> Self {
        let capacity = millitokens(policy.capacity);
        Self {
            capacity,
            reward: millitokens(policy.reward),
            tokens: capacity,
            set_aside: 0,
            refilled_at: now,
        }
    }

    /// What is left now.
    pub fn left(&mut self, now: Instant) -> Millitokens {
        self.refill(now);
        self.tokens
    }

    /// Sets `cost` aside for a retry; nothing if there is not enough.
    pub fn set_aside(&mut self, now: Instant, cost: Millitokens) -> Option<Stake> {
        self.refill(now);
        self.tokens = self.tokens.checked_sub(cost)?;
        self.set_aside += cost;
        Some(Stake { amount: cost, since: now })
    }

    /// The retry is being sent.
    #[expect(clippy::needless_pass_by_value, reason = "a stake can be used only once")]
    pub fn spend(&mut self, stake: Stake) {
        self.set_aside = self.set_aside.saturating_sub(stake.amount);
    }

    /// The retry is not made after all.
    #[expect(clippy::needless_pass_by_value, reason = "a stake can be used only once")]
    pub fn give_back(&mut self, stake: Stake) {
        self.set_aside = self.set_aside.saturating_sub(stake.amount);
        self.tokens += stake.amount;
    }

    /// An attempt succeeded. Says how much that put in: nothing if the purse is full.
    pub fn reward(&mut self, now: Instant) -> Millitokens {
        self.refill(now);
        let before = self.tokens;
        self.tokens = (before + self.reward).min(self.capacity - self.set_aside);
        self.tokens - before
    }

    /// What is left now, from 0 to 1.
    pub fn ratio_at(&mut self, now: Instant) -> f64 {
        self.refill(now);
        self.ratio()
    }

    /// What was left at the last look, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a purse never holds more than 2^52 thousandths")]
    pub fn ratio(&self) -> f64 {
        if self.capacity == 0 { 0.0 } else { self.tokens as f64 / self.capacity as f64 }
    }

    fn refill(&mut self, now: Instant) {
        let floor = IDLE_FLOOR.min(self.capacity.saturating_sub(self.set_aside));
        let elapsed = now.saturating_duration_since(self.refilled_at);
        if self.tokens >= floor {
            self.refilled_at = now;
            return;
        }
        let due = elapsed.as_micros() * u128::from(IDLE_REFILL_PER_SECOND) / 1_000_000;
        let due = Millitokens::try_from(due).unwrap_or(Millitokens::MAX);
        if due > 0 {
            self.tokens = self.tokens.saturating_add(due).min(floor);
            self.refilled_at += Duration::from_micros(due.saturating_mul(1_000_000) / IDLE_REFILL_PER_SECOND);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the configuration keeps tokens between 0 and a million"
)]
fn millitokens(tokens: f64) -> Millitokens {
    (tokens * 1000.0).round() as Millitokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn purse(capacity: f64, reward: f64) -> (Purse, Instant) {
        let now = Instant::now();
        (Purse::new(&BudgetPolicy { capacity, reward }, now), now)
    }

    #[test]
    fn pays_until_empty_and_is_filled_by_successes() {
        let (mut purse, now) = purse(2.0, 0.5);
        for _ in 0..2 {
            let stake = purse.set_aside(now, RETRY_COST).unwrap();
            purse.spend(stake);
        }
        assert_eq!(purse.set_aside(now, RETRY_COST), None);
        purse.reward(now);
        assert_eq!(purse.set_aside(now, RETRY_COST), None, "half a token pays no retry");
        purse.reward(now);
        assert!(purse.set_aside(now, RETRY_COST).is_some());
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let (mut purse, now) = purse(1.0, 0.5);
        let stake = purse.set_aside(now, RETRY_COST).unwrap();
        purse.give_back(stake);
        assert!((purse.ratio() - 1.0).abs() < f64::EPSILON);
        assert!(purse.set_aside(now, RETRY_COST).is_some());
    }

    #[test]
    fn successes_do_not_refill_what_is_set_aside() {
        let (mut purse, now) = purse(1.0, 0.5);
        let stake = purse.set_aside(now, RETRY_COST).unwrap();
        for _ in 0..10 {
            purse.reward(now);
        }
        assert_eq!(purse.set_aside(now, RETRY_COST), None, "one full purse is out already");
        purse.spend(stake);
    }

    #[test]
    fn idle_refill_stops_at_its_floor() {
        let (mut purse, now) = purse(100.0, 0.5);
        for _ in 0..100 {
            let stake = purse.set_aside(now, RETRY_COST).unwrap();
            purse.spend(stake);
        }
        assert_eq!(purse.set_aside(now + Duration::from_millis(900), INVITED_RETRY_COST), None);
        let stake = purse.set_aside(now + Duration::from_secs(1), INVITED_RETRY_COST).unwrap();
        purse.spend(stake);
        let mut later = 0;
        while let Some(stake) = purse.set_aside(now + Duration::from_secs(10_000), RETRY_COST) {
            purse.spend(stake);
            later += 1;
        }
        assert_eq!(later, 10);
    }

    #[derive(Debug, Clone)]
    enum Act {
        SetAside(Millitokens),
        Spend,
        GiveBack,
        Reward,
        Pass(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            prop_oneof![Just(RETRY_COST), Just(INVITED_RETRY_COST)].prop_map(Act::SetAside),
            Just(Act::Spend),
            Just(Act::GiveBack),
            Just(Act::Reward),
            (0_u64..5_000).prop_map(Act::Pass),
        ]
    }

    proptest! {
        #[test]
        fn never_more_than_a_full_purse_is_out_or_left(acts in prop::collection::vec(act(), 1..400)) {
            let (mut purse, mut now) = purse(5.0, 0.5);
            let mut stakes = Vec::new();
            for act in acts {
                match act {
                    Act::SetAside(cost) => stakes.extend(purse.set_aside(now, cost)),
                    Act::Spend => stakes.pop().into_iter().for_each(|stake| purse.spend(stake)),
                    Act::GiveBack => stakes.pop().into_iter().for_each(|stake| purse.give_back(stake)),
                    Act::Reward => drop(purse.reward(now)),
                    Act::Pass(ms) => now += Duration::from_millis(ms),
                }
                let out: Millitokens = stakes.iter().map(|stake| stake.amount).sum();
                prop_assert_eq!(out, purse.set_aside);
                prop_assert!(purse.tokens + out <= purse.capacity);
            }
        }

        #[test]
        fn an_outage_is_retried_at_most_capacity_plus_refill(gaps in prop::collection::vec(0_u64..200, 1..2_000)) {
            let (mut purse, start) = purse(10.0, 0.5);
            let mut now = start;
            let mut sent = 0_u64;
            for gap in gaps {
                now += Duration::from_millis(gap);
                if let Some(stake) = purse.set_aside(now, INVITED_RETRY_COST) {
                    purse.spend(stake);
                    sent += 1;
                }
            }
            let bound = 10_000 / INVITED_RETRY_COST + (now - start).as_secs() + 1;
            prop_assert!(sent <= bound, "{} retries, bound {}", sent, bound);
        }
    }
}

//! How much of an upstream's purse each tenant has drained lately.
//!
//! A tenant drains the purse by what its retries cost beyond what its own successes put in. While others
//! use the upstream too, one tenant may drain half of what there was to drain: its trouble then never
//! leaves the others without a token, and a tenant that earns what it spends is never held back, whatever
//! its share of the traffic (docs/adr/0006).

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::budget::Millitokens;
use crate::extraction::Tenant;

/// How long spending is remembered, and how long a tenant counts as present, in slots.
const WINDOW: u64 = 10;

/// The window's resolution.
const SLOT: Duration = Duration::from_secs(1);

/// One tenant may drain one of this many parts.
const PARTS: Millitokens = 2;

/// What the tenants of one upstream have drained. Holds no more tenants than are configured.
#[derive(Debug)]
pub struct Shares {
    start: Instant,
    tenants: HashMap<Tenant, Account>,
}

/// One tenant's spending less its earnings, by slot. The newest slot is the last and is never missing.
#[derive(Debug, Default)]
struct Account {
    drained: VecDeque<(u64, i64)>,
    /// Its attempts in flight: as long as there is one, it is present.
    in_flight: u32,
}

impl Shares {
    /// Nobody has spent anything.
    pub fn new(now: Instant) -> Self {
        Self { start: now, tenants: HashMap::new() }
    }

    /// An attempt of `tenant` is being sent.
    pub fn enter(&mut self, now: Instant, tenant: &Tenant) {
        let account = self.add(now, tenant, 0);
        account.in_flight = account.in_flight.saturating_add(1);
    }

    /// An attempt of `tenant` that entered has ended.
    pub fn leave(&mut self, tenant: &Tenant) {
        if let Some(account) = self.tenants.get_mut(tenant) {
            account.in_flight = account.in_flight.saturating_sub(1);
        }
    }

    /// `tenant` has spent `cost`.
    pub fn spent(&mut self, now: Instant, tenant: &Tenant, cost: Millitokens) {
        let _ = self.add(now, tenant, signed(cost));
    }

    /// `tenant` has been given back what it had spent at `since`; what is forgotten already is no income.
    pub fn given_back(&mut self, now: Instant, tenant: &Tenant, amount: Millitokens, since: Instant) {
        if self.slot(since) + WINDOW > self.slot(now) {
            self.earned(now, tenant, amount);
        }
    }

    /// `tenant` has earned `amount`.
    pub fn earned(&mut self, now: Instant, tenant: &Tenant, amount: Millitokens) {
        let _ = self.add(now, tenant, -signed(amount));
    }

    /// Whether `tenant` may spend `cost` while `left` tokens are left. One that has drained nothing may: what
    /// stops it is that the purse is empty, not its share.
    pub fn allows(&mut self, now: Instant, tenant: &Tenant, cost: Millitokens, left: Millitokens) -> bool {
        let slot = self.slot(now);
        self.tenants.retain(|_, account| account.is_present(slot));
        if !self.tenants.keys().any(|present| present != tenant) {
            return true;
        }
        let drained: Millitokens = self.tenants.values().map(|account| account.drained(slot)).sum();
        let own = self.tenants.get(tenant).map_or(0, |account| account.drained(slot));
        own == 0 || own + cost <= (left + drained) / PARTS
    }

    fn add(&mut self, now: Instant, tenant: &Tenant, amount: i64) -> &mut Account {
        let slot = self.slot(now);
        let account = self.tenants.entry(tenant.clone()).or_default();
        account.add(slot, amount);
        account
    }

    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs()
    }
}

impl Account {
    fn add(&mut self, slot: u64, amount: i64) {
        self.drained.retain(|(written, _)| written + WINDOW > slot);
        match self.drained.back_mut() {
            Some((written, drained)) if *written >= slot => *drained = drained.saturating_add(amount),
            _ => self.drained.push_back((slot, amount)),
        }
    }

    fn is_present(&self, slot: u64) -> bool {
        self.in_flight > 0 || self.drained.back().is_some_and(|(written, _)| written + WINDOW > slot)
    }

    fn drained(&self, slot: u64) -> Millitokens {
        let recent = self.drained.iter().filter(|(written, _)| written + WINDOW > slot);
        let drained: i64 = recent.map(|(_, drained)| drained).sum();
        Millitokens::try_from(drained).unwrap_or(0)
    }
}

fn signed(amount: Millitokens) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: Millitokens = 1000;

    fn tenant(name: &str) -> Tenant {
        Tenant::configured(name)
    }

    fn seen(shares: &mut Shares, now: Instant, tenant: &Tenant) {
        shares.enter(now, tenant);
        shares.leave(tenant);
    }

    /// Two tenants, both present.
    fn shares(now: Instant) -> (Shares, Tenant, Tenant) {
        let mut shares = Shares::new(now);
        let (noisy, quiet) = (tenant("noisy"), tenant("quiet"));
        seen(&mut shares, now, &noisy);
        seen(&mut shares, now, &quiet);
        (shares, noisy, quiet)
    }

    #[test]
    fn a_tenant_alone_may_spend_everything() {
        let now = Instant::now();
        let mut shares = Shares::new(now);
        let alone = tenant("alone");
        seen(&mut shares, now, &alone);
        shares.spent(now, &alone, 99 * TOKEN);
        assert!(shares.allows(now, &alone, TOKEN, TOKEN));
    }

    #[test]
    fn a_tenant_beside_others_may_drain_half() {
        let now = Instant::now();
        let (mut shares, noisy, quiet) = shares(now);
        let mut left = 100 * TOKEN;
        while shares.allows(now, &noisy, TOKEN, left) {
            shares.spent(now, &noisy, TOKEN);
            left -= TOKEN;
        }
        assert_eq!(left, 50 * TOKEN);
        assert!(shares.allows(now, &quiet, TOKEN, left), "the other half is for the others");
    }

    #[test]
    fn what_a_tenant_earns_it_may_spend() {
        let now = Instant::now();
        let (mut shares, busy, _) = shares(now);
        for _ in 0..1_000 {
            shares.earned(now, &busy, TOKEN);
            assert!(shares.allows(now, &busy, TOKEN, 2 * TOKEN));
            shares.spent(now, &busy, TOKEN);
        }
    }

    #[test]
    fn spending_and_presence_are_forgotten_after_the_window() {
        let now = Instant::now();
        let (mut shares, noisy, quiet) = shares(now);
        shares.spent(now, &noisy, 60 * TOKEN);
        assert!(!shares.allows(now, &noisy, TOKEN, 40 * TOKEN));
        let later = now + Duration::from_secs(9);
        seen(&mut shares, later, &quiet);
        assert!(!shares.allows(later, &noisy, TOKEN, 40 * TOKEN), "still within the window");
        let forgotten = now + Duration::from_secs(10);
        assert!(shares.allows(forgotten, &noisy, TOKEN, 40 * TOKEN));
        let alone = later + Duration::from_secs(10);
        shares.spent(alone, &noisy, 40 * TOKEN);
        assert!(shares.allows(alone, &noisy, TOKEN, TOKEN), "the other has gone");
        assert_eq!(shares.tenants.len(), 1, "nobody is remembered for ever");
    }

    #[test]
    fn a_tenant_that_has_drained_nothing_is_stopped_by_an_empty_purse_only() {
        let now = Instant::now();
        let (mut shares, noisy, quiet) = shares(now);
        assert!(shares.allows(now, &quiet, TOKEN, TOKEN), "a small purse pays as well");
        shares.spent(now, &noisy, TOKEN);
        assert!(shares.allows(now, &quiet, TOKEN, TOKEN));
    }

    #[test]
    fn a_tenant_is_present_while_it_waits_for_an_answer() {
        let now = Instant::now();
        let (mut shares, noisy, quiet) = shares(now);
        shares.enter(now, &quiet);
        let later = now + Duration::from_secs(60);
        shares.spent(later, &noisy, 60 * TOKEN);
        assert!(!shares.allows(later, &noisy, TOKEN, 40 * TOKEN));
        shares.leave(&quiet);
        let much_later = later + Duration::from_secs(10);
        shares.spent(much_later, &noisy, 60 * TOKEN);
        assert!(shares.allows(much_later, &noisy, TOKEN, TOKEN), "nobody else is there");
    }

    #[test]
    fn what_is_given_back_late_is_no_income() {
        let now = Instant::now();
        let (mut shares, noisy, quiet) = shares(now);
        shares.spent(now, &noisy, 50 * TOKEN);
        let later = now + Duration::from_secs(11);
        shares.enter(later, &quiet);
        shares.given_back(later, &noisy, 50 * TOKEN, now);
        shares.spent(later, &noisy, 50 * TOKEN);
        assert!(!shares.allows(later, &noisy, TOKEN, 50 * TOKEN));
    }

    proptest! {
        /// However one tenant spends, the other one always finds at least as much as the first has drained
        /// within the window, until it spends it.
        #[test]
        fn one_tenant_never_drains_more_than_it_leaves(
            steps in prop::collection::vec((0_u64..3_000, 1_u64..2_000, any::<bool>()), 1..500),
        ) {
            let start = Instant::now();
            let (mut shares, noisy, quiet) = shares(start);
            let (mut now, mut left) = (start, 100 * TOKEN);
            for (pause, cost, earns) in steps {
                now += Duration::from_millis(pause);
                seen(&mut shares, now, &quiet);
                if earns {
                    shares.earned(now, &noisy, cost);
                    left += cost;
                } else if cost <= left && shares.allows(now, &noisy, cost, left) {
                    shares.spent(now, &noisy, cost);
                    left -= cost;
                    let drained = shares.tenants[&noisy].drained(shares.slot(now));
                    // One that had drained nothing may take the last token.
                    prop_assert!(drained <= left.max(cost), "{} drained, {} left", drained, left);
                }
                prop_assert!(shares.tenants.values().all(|account| account.drained.len() <= 10));
            }
        }
    }
}

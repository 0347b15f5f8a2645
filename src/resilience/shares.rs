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
struct Account(VecDeque<(u64, i64)>);

impl Shares {
    /// Nobody has spent anything.
    pub fn new(now: Instant) -> Self {
        Self { start: now, tenants: HashMap::new() }
    }

    /// `tenant` uses the upstream.
    pub fn seen(&mut self, now: Instant, tenant: &Tenant) {
        self.add(now, tenant, 0);
    }

    /// `tenant` has spent `cost`.
    pub fn spent(&mut self, now: Instant, tenant: &Tenant, cost: Millitokens) {
        self.add(now, tenant, signed(cost));
    }

    /// `tenant` has earned `amount`, or was given it back.
    pub fn earned(&mut self, now: Instant, tenant: &Tenant, amount: Millitokens) {
        self.add(now, tenant, -signed(amount));
    }

    /// Whether `tenant` may spend `cost` while `left` tokens are left.
    pub fn allows(&mut self, now: Instant, tenant: &Tenant, cost: Millitokens, left: Millitokens) -> bool {
        let slot = self.slot(now);
        self.tenants.retain(|_, account| account.is_present(slot));
        if !self.tenants.keys().any(|present| present != tenant) {
            return true;
        }
        let drained: Millitokens = self.tenants.values().map(|account| account.drained(slot)).sum();
        let own = self.tenants.get(tenant).map_or(0, |account| account.drained(slot));
        own + cost <= (left + drained) / PARTS
    }

    fn add(&mut self, now: Instant, tenant: &Tenant, amount: i64) {
        let slot = self.slot(now);
        match self.tenants.get_mut(tenant) {
            Some(account) => account.add(slot, amount),
            None => drop(self.tenants.insert(tenant.clone(), Account::new(slot, amount))),
        }
    }

    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs()
    }
}

impl Account {
    fn new(slot: u64, amount: i64) -> Self {
        Self(VecDeque::from([(slot, amount)]))
    }

    fn add(&mut self, slot: u64, amount: i64) {
        self.0.retain(|(written, _)| written + WINDOW > slot);
        match self.0.back_mut() {
            Some((written, drained)) if *written >= slot => *drained = drained.saturating_add(amount),
            _ => self.0.push_back((slot, amount)),
        }
    }

    fn is_present(&self, slot: u64) -> bool {
        self.0.back().is_some_and(|(written, _)| written + WINDOW > slot)
    }

    fn drained(&self, slot: u64) -> Millitokens {
        let recent = self.0.iter().filter(|(written, _)| written + WINDOW > slot);
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

    /// Two tenants, both present.
    fn shares(now: Instant) -> (Shares, Tenant, Tenant) {
        let mut shares = Shares::new(now);
        let (noisy, quiet) = (tenant("noisy"), tenant("quiet"));
        shares.seen(now, &noisy);
        shares.seen(now, &quiet);
        (shares, noisy, quiet)
    }

    #[test]
    fn a_tenant_alone_may_spend_everything() {
        let now = Instant::now();
        let mut shares = Shares::new(now);
        let alone = tenant("alone");
        shares.seen(now, &alone);
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
        shares.seen(later, &quiet);
        assert!(!shares.allows(later, &noisy, TOKEN, 40 * TOKEN), "still within the window");
        let forgotten = now + Duration::from_secs(10);
        assert!(shares.allows(forgotten, &noisy, TOKEN, 40 * TOKEN));
        let alone = later + Duration::from_secs(10);
        shares.spent(alone, &noisy, 40 * TOKEN);
        assert!(shares.allows(alone, &noisy, TOKEN, TOKEN), "the other has gone");
        assert_eq!(shares.tenants.len(), 1, "nobody is remembered for ever");
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
                shares.seen(now, &quiet);
                if earns {
                    shares.earned(now, &noisy, cost);
                    left += cost;
                } else if shares.allows(now, &noisy, cost, left) {
                    shares.spent(now, &noisy, cost);
                    left -= cost;
                    let drained = shares.tenants[&noisy].drained(shares.slot(now));
                    prop_assert!(drained <= left, "{} drained, {} left", drained, left);
                }
                prop_assert!(shares.tenants.values().all(|account| account.0.len() <= 10));
            }
        }
    }
}

//! What of resilience can be configured.

use std::time::Duration;

/// The `[retry]` section, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The most attempts of one flight: retries, hedges, fallbacks and repairs included.
    pub max_attempts: u32,
    /// The waits between attempts.
    pub backoff: BackoffPolicy,
    /// The longest wait an upstream may ask for.
    pub pushback_max: Duration,
    /// The purse for extra attempts.
    pub budget: BudgetPolicy,
    /// The purse of each tenant for repairs: an impossible schema must not double that tenant's load.
    pub repair_budget: BudgetPolicy,
}

/// The waits between attempts: full jitter below a doubling, capped bound (docs/adr/0006).
#[derive(Debug, Clone, PartialEq)]
pub struct BackoffPolicy {
    /// The first bound after a failure.
    pub base: Duration,
    /// The first bound after being asked to slow down.
    pub throttle_base: Duration,
    /// The greatest bound.
    pub max: Duration,
}

/// The purse for extra attempts (docs/adr/0006). One token pays one retry.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetPolicy {
    /// The most tokens the purse holds, and what it starts with.
    pub capacity: f64,
    /// Tokens put in per success.
    pub reward: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            backoff: BackoffPolicy {
                base: Duration::from_millis(100),
                throttle_base: Duration::from_secs(1),
                max: Duration::from_secs(8),
            },
            pushback_max: Duration::from_mins(1),
            budget: BudgetPolicy { capacity: 100.0, reward: 0.5 },
            repair_budget: BudgetPolicy { capacity: 10.0, reward: 0.05 },
        }
    }
}

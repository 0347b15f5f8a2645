//! What the flights to one upstream share.

use std::sync::Arc;

use tokio::time::Instant;

use super::{BudgetPolicy, pace::Pace, retry_budget::RetryBudget};
use crate::upstream::Upstream;

/// One upstream, with what its flights share.
pub struct Target {
    /// The upstream itself.
    pub upstream: Arc<dyn Upstream>,
    /// What bounds its retries.
    pub budget: RetryBudget,
    /// How long its successes take.
    pub pace: Pace,
}

impl Target {
    /// An upstream with a full budget.
    pub fn new(upstream: Arc<dyn Upstream>, budget: &BudgetPolicy, now: Instant) -> Self {
        Self { upstream, budget: RetryBudget::new(budget, now), pace: Pace::default() }
    }
}

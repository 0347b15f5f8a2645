//! Lines about retries, made and withheld.

use tracing::{dispatcher, level_filters::LevelFilter};

use super::{Logs, ids, milliseconds};
use crate::{extraction::BudgetLimit, telemetry::event::Event};

impl Logs {
    pub(super) fn retry(&self, event: &Event<'_>) {
        if let Event::RetryScheduled {
            endpoint,
            reason,
            source,
            delay,
            next_number,
            budget_ratio,
            remaining,
            tenant,
            span,
        } = *event
        {
            line!(
                self,
                INFO,
                "tidegate.retry.scheduled",
                "retry scheduled",
                span = span,
                tidegate.tenant = tenant.as_str(),
                tidegate.upstream = &*endpoint.name,
                tidegate.attempt.number = next_number,
                reason = reason.as_str(),
                tidegate.attempt.wait_ms = milliseconds(delay),
                tidegate.attempt.wait_source = source.as_str(),
                budget_ratio,
                deadline_remaining_ms = milliseconds(remaining),
            );
        }
        if let Event::RetryWithheld { endpoint, error_type, reason, budget_limit, tenant, span } = *event {
            line!(
                self,
                WARN,
                "tidegate.retry.withheld",
                "retry withheld",
                span = span,
                tidegate.tenant = tenant.as_str(),
                tidegate.upstream = &*endpoint.name,
                reason = reason.as_str(),
                tidegate.retry.budget_limit = budget_limit.map(BudgetLimit::as_str),
                "error.type" = error_type.as_str(),
            );
        }
        if let Event::RepairWithheld { profile, error_type, reason, tenant, span } = *event {
            line!(
                self,
                WARN,
                "tidegate.repair.withheld",
                "repair withheld",
                span = span,
                tidegate.tenant = tenant.as_str(),
                tidegate.profile = &**profile,
                reason = reason.as_str(),
                "error.type" = error_type.as_str(),
            );
        }
    }
}

//! Attempts, retries and what they cost.

use super::{Metric, Unit, counter, gauge, histogram};
use crate::telemetry::catalogue::{
    buckets::{RETRIES, RETRY_DELAY},
    labels::{
        BACKOFF, DIRECTION, ERROR_TYPE, KIND, OUTCOME, REASON, UPSTREAM, USEFUL, WITHHELD,
    },
};

catalogue! { "Upstreams":
    ATTEMPTS = counter("tidegate.upstream.attempts", Unit::Count("{attempt}"), &[UPSTREAM, KIND, OUTCOME, ERROR_TYPE],
        "Attempts, each exactly once when it ended; error.type is there if the outcome is failure.");
    RETRIES_SCHEDULED = counter("tidegate.upstream.retries", Unit::Count("{retry}"), &[UPSTREAM, REASON, BACKOFF],
        "Retries decided, by what went wrong before and by what set the wait.");
    RETRIES_WITHHELD = counter("tidegate.upstream.retries.withheld", Unit::Count("{retry}"), &[UPSTREAM, WITHHELD],
        "Retries that the failure allowed and that were not made; one that was decided and then not sent counts among the decided too.");
    FLIGHT_RETRIES = histogram("tidegate.upstream.call.retries", RETRIES, Unit::Count("{retry}"), &[UPSTREAM, OUTCOME],
        "Retries of one flight; flights without any are not recorded.");
    RETRY_DELAY_DURATION = histogram("tidegate.upstream.call.retry_delay", RETRY_DELAY, Unit::Seconds, &[UPSTREAM],
        "Time of one flight in which no attempt was running; flights without any are not recorded.");
    INFLIGHT = gauge("tidegate.upstream.inflight", Unit::Count("{attempt}"), &[UPSTREAM],
        "Attempts running.");
    FAILURES_RUNNING = gauge("tidegate.upstream.consecutive_failures", Unit::Count("{attempt}"), &[UPSTREAM],
        "Attempts that failed since the last one that succeeded; cancelled ones, and texts that are too long or \
         refused, say nothing.");
    BUDGET = gauge("tidegate.retry_budget.ratio", Unit::Ratio, &[UPSTREAM],
        "What is left of the purse for extra attempts, 0 to 1.");
    TOKENS_TOTAL = counter("tidegate.tokens", Unit::Count("{token}"), &[UPSTREAM, DIRECTION, USEFUL],
        "Tokens as the upstream reported them; useful if the attempt brought a valid answer.");
    COST_TOTAL = counter("tidegate.cost", Unit::Count("{currency}"), &[UPSTREAM, USEFUL],
        "What those tokens cost, in the currency of the configured prices; only for upstreams that have prices.");
}

//! Recorded series: what alerts and dashboards would otherwise each compute for themselves.
//!
//! A name says `level:what:operation`. The windows in names are those of production; at another time scale
//! the windows shrink and the names stay.

mod answers;
mod latencies;
mod norms;
mod slo;
pub mod upstreams;

use std::time::Duration;

use super::{Group, Options};

/// Attempts per second, by `job` and `upstream`.
pub const ATTEMPTS: &str = "job_upstream:tidegate_upstream_attempts:rate5m";
/// First attempts per second: those that no failure caused (`initial`, `rerun`, `fallback`).
pub const FIRST_ATTEMPTS: &str = "job_upstream:tidegate_upstream_first_attempts:rate5m";
/// Retries per second.
pub const RETRIES: &str = "job_upstream:tidegate_upstream_retries:rate5m";
/// Retries per first attempt.
pub const RETRY_RATIO: &str = "job_upstream:tidegate_upstream_retry_ratio:rate5m";
/// Attempts per first attempt.
pub const AMPLIFICATION: &str = "job_upstream:tidegate_upstream_amplification:rate5m";
/// Attempts per second whose end tells of the upstream's health.
pub const TELLING_ATTEMPTS: &str = "job_upstream:tidegate_upstream_telling_attempts:rate5m";
/// The share of those that failed.
pub const FAILED_SHARE: &str = "job_upstream:tidegate_upstream_failed_share:rate5m";

/// Attempts per second that brought an answer, by `job` and `upstream`.
pub const ANSWERED_ATTEMPTS: &str = "job_upstream:tidegate_upstream_answered_attempts:rate5m";
/// The median of their latencies.
pub const UPSTREAM_LATENCY: &str = "job_upstream:tidegate_upstream_latency_seconds:median5m";
/// Its logarithm, times how many there are.
pub const UPSTREAM_LATENCY_LOG: &str = "job_upstream:tidegate_upstream_latency_log:rate5m";

/// Calls per second that were not answered from the cache, by `job` and `profile`.
pub const MISSED_CALLS: &str = "job_profile:tidegate_missed_calls:rate5m";
/// The median of their latencies.
pub const PROFILE_LATENCY: &str = "job_profile:tidegate_missed_call_seconds:median5m";
/// Its logarithm, times how many there are.
pub const PROFILE_LATENCY_LOG: &str = "job_profile:tidegate_missed_call_log:rate5m";

/// Calls per second that the SLO is about, by `job`: all but those that failed by their caller's doing.
pub const RATED_CALLS: &str = "job:tidegate_rated_calls:rate5m";
/// Those among them, per second, that failed.
pub const FAILED_CALLS: &str = "job:tidegate_failed_calls:rate5m";
/// The share of rated calls that may fail: 1 - SLO.
pub const ERROR_BUDGET: &str = "job:tidegate_error_budget:share";
/// The share of the last 30 days' error budget that is left; below 0 if overdrawn.
pub const ERROR_BUDGET_LEFT: &str = "job:tidegate_error_budget_left:share30d";
/// Calls per second whose time was taken, by `job`.
pub const TIMED_CALLS: &str = "job:tidegate_timed_calls:rate5m";
/// Those among them, per second, that took longer than is fine.
pub const SLOW_CALLS: &str = "job:tidegate_slow_calls:rate5m";
/// Their share.
pub const SLOW_SHARE: &str = "job:tidegate_slow_calls_share:rate5m";

/// Calls per second, by `job` and `profile`.
pub const CALLS: &str = "job_profile:tidegate_calls:rate5m";
/// Those among them, per second, whose caller left before there was an answer.
pub const LEFT_CALLS: &str = "job_profile:tidegate_left_calls:rate5m";
/// Their share, by `job` and `profile`.
pub const LEFT_SHARE: &str = "job_profile:tidegate_left_calls_share:rate5m";

/// Answers per second, by `job` and `profile`.
pub const ANSWERS: &str = "job_profile:tidegate_answers:rate15m";
/// The same, by `result` too.
pub const ANSWERS_BY_RESULT: &str = "job_profile_result:tidegate_answers:rate15m";
/// The share of answers that had a `result`, by `job`, `profile` and `result`.
pub const ANSWER_SHARE: &str = "job_profile_result:tidegate_answers_share:rate15m";
/// Entities per second, by `job` and `profile`.
pub const ENTITIES: &str = "job_profile:tidegate_entities:rate15m";
/// The same, by `alignment` too.
pub const ENTITIES_BY_ALIGNMENT: &str = "job_profile_alignment:tidegate_entities:rate15m";
/// The share of entities that had an `alignment`, by `job`, `profile` and `alignment`.
pub const ENTITY_SHARE: &str = "job_profile_alignment:tidegate_entities_share:rate15m";

pub use latencies::Latency;
pub use norms::Share;
pub use slo::{Window, error_ratio};

/// How often series are recorded that move slowly and take in much. Well within the five minutes after which
/// Prometheus forgets a sample.
const SLOWLY: Duration = Duration::from_mins(2);

/// The groups of all recorded series.
pub(super) fn groups(options: &Options) -> Vec<Group> {
    let mut groups = vec![upstreams::group(options)];
    groups.extend(slo::groups(options));
    groups.push(answers::group(options));
    groups.push(latencies::group(options));
    groups.push(norms::group(options));
    groups
}

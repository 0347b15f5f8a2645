//! Upstreams that fail, slow us down, or wait for their operator.

use std::time::Duration;

use super::{
    Alert, Group, Options, Severity, WINDOW,
    options::percent,
    recording::{ATTEMPTS, FAILED_SHARE, TELLING_ATTEMPTS},
};
use crate::{
    extraction::ErrorType,
    monitoring::query::{Query, series, sum_by},
    telemetry::catalogue::{labels::ERROR_TYPE, list},
};

const DASHBOARD: &str = "tidegate-upstreams";

/// What no waiting and no retry mends: credential, model or path, credit, certificate.
const OPERATORS: &[&str] = &[
    ErrorType::Unauthorized.as_str(),
    ErrorType::NotFound.as_str(),
    ErrorType::QuotaExhausted.as_str(),
    ErrorType::Tls.as_str(),
];

/// Long enough to see more than one attempt where they are rare.
const QUIET_WINDOW: Duration = Duration::from_hours(1);

/// More than one, and less than two: Prometheus' increases are no whole numbers.
const LONE_REFUSAL: f64 = 1.5;

pub(super) fn group(options: &Options) -> Group {
    Group::of_alerts("tidegate.upstreams", [failing(options), rate_limited(options), misconfigured(options)])
}

fn failing(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    Alert {
        name: "TidegateUpstreamFailing",
        expr: Query::from(format!(
            "{FAILED_SHARE} > {}\nand {TELLING_ATTEMPTS} > {}",
            thresholds.failed_share, thresholds.traffic
        )),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: "{{ $value | humanizePercentage }} of attempts at {{ $labels.upstream }} fail".to_owned(),
        description: format!(
            "More than {} of the attempts at {{{{ $labels.upstream }}}} fail, texts that it refuses or that are too \
             long for it left out. Their error types tell whether it is the upstream, the way to it, too little time, \
             or answers that can't be used.",
            percent(thresholds.failed_share)
        ),
        dashboard: DASHBOARD,
    }
}

fn rate_limited(options: &Options) -> Alert {
    let limited = series(&list::ATTEMPTS).is(&ERROR_TYPE, ErrorType::RateLimited.as_str());
    let limited = sum_by(&["job", "upstream"], limited.rate(&options.time(WINDOW)));
    let thresholds = &options.thresholds;
    Alert {
        name: "TidegateUpstreamRateLimited",
        expr: Query::from(format!(
            "{limited}\n/ ({ATTEMPTS} > {})\n> {}",
            thresholds.traffic, thresholds.rate_limited_share
        )),
        after: Duration::from_mins(10),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: "{{ $labels.upstream }} tells {{ $value | humanizePercentage }} of attempts to slow down"
            .to_owned(),
        description: format!(
            "More than {} of the attempts at {{{{ $labels.upstream }}}} are told to slow down: its rate limit \
             bounds the gateway. Who else uses it up, and whether it was lowered, only its provider knows.",
            percent(thresholds.rate_limited_share)
        ),
        dashboard: DASHBOARD,
    }
}

/// Where there is next to no traffic, an hour is looked at, and more than one refusal asked for.
fn misconfigured(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    let (share, traffic) = (thresholds.misconfigured_share, thresholds.traffic);
    let refused = series(&list::ATTEMPTS).one_of(&ERROR_TYPE, OPERATORS);
    let by_type = |refused: Query| sum_by(&["job", "upstream", "error_type"], refused);
    let soon = by_type(refused.rate(&options.time(WINDOW)));
    let long = options.time(QUIET_WINDOW);
    let late = by_type(refused.rate(&long));
    let few = sum_by(&["job", "upstream"], series(&list::ATTEMPTS).rate(&long));
    let refusals = by_type(refused.increase(&long));
    let part_of = "/ on (job, upstream) group_left ()";
    Alert {
        name: "TidegateUpstreamMisconfigured",
        expr: Query::from(format!(
            "{soon}\n  {part_of} ({ATTEMPTS} > 0) > {share}\nor (\n  {late}\n    {part_of} (({few} > 0) < {traffic}) \
             > {share}\n  and {refusals} > {LONE_REFUSAL}\n)"
        )),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(10),
        severity: Severity::Critical,
        labels: vec![],
        summary: "{{ $labels.upstream }} refuses the gateway: {{ $labels.error_type }}".to_owned(),
        description: "{{ $value | humanizePercentage }} of attempts at {{ $labels.upstream }} end with {{ \
            $labels.error_type }}. Waiting and retrying seldom help: look at credential, \
            model, path, credit and certificate."
            .to_owned(),
        dashboard: DASHBOARD,
    }
}

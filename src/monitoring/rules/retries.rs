//! Retries: too many, in vain, or not affordable.

use std::time::Duration;

use super::{
    Alert, Group, Options, Severity, WINDOW,
    norm::{NEWS, Unusual},
    options::percent,
    recording::{AMPLIFICATION, FIRST_ATTEMPTS, Share},
};
use crate::{
    extraction::{AttemptOutcome, Withheld},
    monitoring::query::{Query, Selector, counts, series, sum_by},
    telemetry::catalogue::{
        labels::{OUTCOME, WITHHELD},
        list,
    },
};

const DASHBOARD: &str = "tidegate-retries";

/// Retried flights are few: a share of them needs time to mean something.
const RECOVERY_WINDOW: Duration = Duration::from_mins(15);

pub(super) fn group(options: &Options) -> Group {
    Group::of_alerts(
        "tidegate.retries",
        [spike(options), storm(options), budget_exhausted(options), ineffective(options)],
    )
}

fn spike(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    let unusual = Unusual {
        share: Share::Retries,
        matchers: "",
        above: thresholds.retry_ratio,
        traffic_above: thresholds.traffic,
    };
    Alert {
        name: "TidegateRetrySpike",
        expr: unusual.query(options),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary:
            "Retry spike on {{ $labels.upstream }}: {{ $value | printf \"%.2f\" }} retries per first attempt"
                .to_owned(),
        description: format!(
            "Upstream {{{{ $labels.upstream }}}} makes the gateway retry \
             {{{{ $value | humanizePercentage }}}} of first attempts: more than {}, {NEWS}.",
            percent(thresholds.retry_ratio)
        ),
        dashboard: DASHBOARD,
    }
}

fn storm(options: &Options) -> Alert {
    let (amplification, traffic) = (options.thresholds.amplification, options.thresholds.traffic);
    Alert {
        name: "TidegateRetryStorm",
        expr: Query::from(format!("{AMPLIFICATION} > {amplification}\nand {FIRST_ATTEMPTS} > {traffic}")),
        after: Duration::from_mins(3),
        lingers: Duration::from_mins(5),
        severity: Severity::Critical,
        labels: vec![],
        summary: "Retry storm: {{ $labels.upstream }} receives {{ $value | humanize }} times the load that \
            was asked for"
            .to_owned(),
        description: format!(
            "More than {amplification} attempts per first attempt go to {{{{ $labels.upstream }}}}: retries \
             and repairs multiply its load."
        ),
        dashboard: DASHBOARD,
    }
}

fn budget_exhausted(options: &Options) -> Alert {
    let withheld = series(&list::RETRIES_WITHHELD).is(&WITHHELD, Withheld::Budget.as_str());
    let withheld = sum_by(&["job", "upstream"], withheld.rate(&options.time(WINDOW)));
    Alert {
        name: "TidegateRetryBudgetExhausted",
        expr: Query::from(format!("{withheld} > {}", options.thresholds.budget_withheld)),
        after: Duration::from_mins(5),
        lingers: Duration::ZERO,
        severity: Severity::Warning,
        labels: vec![],
        summary: "The retry budget of {{ $labels.upstream }} withholds {{ $value | printf \"%.2f\" }} \
            retries per second"
            .to_owned(),
        description: "Retries that might have mended failures of {{ $labels.upstream }} are not made, \
            because its budget does not allow them."
            .to_owned(),
        dashboard: DASHBOARD,
    }
}

/// The share of retried flights that ended well, where more than `above` were retried per second: zero, not nothing,
/// as long as none has. What callers gave up says nothing of whether retries help.
pub(in super::super) fn recovered(
    flights: &Selector,
    rate: impl Fn(&Selector) -> Query,
    above: f64,
) -> Query {
    let (success, failure) = (AttemptOutcome::Success.as_str(), AttemptOutcome::Failure.as_str());
    let ended = |outcomes: &[&str]| rate(&flights.clone().one_of(&OUTCOME, outcomes));
    let (recovered, retried) = (ended(&[success]), ended(&[success, failure]));
    Query::from(format!("(\n  {recovered}\n  or 0 * {retried}\n)\n/ ({retried} > {above})"))
}

fn ineffective(options: &Options) -> Alert {
    let window = options.time(RECOVERY_WINDOW);
    let rate = |flights: &Selector| sum_by(&["job", "upstream"], flights.rate(&window));
    let recovered = recovered(&counts(&list::FLIGHT_RETRIES), rate, options.thresholds.retried_traffic);
    Alert {
        name: "TidegateRetriesIneffective",
        expr: Query::from(format!("{recovered}\n< {}", options.thresholds.recovered_share)),
        after: Duration::from_mins(15),
        lingers: Duration::ZERO,
        severity: Severity::Warning,
        labels: vec![],
        summary:
            "Only {{ $value | humanizePercentage }} of retried flights to {{ $labels.upstream }} end well"
                .to_owned(),
        description: format!(
            "Retries cost {{{{ $labels.upstream }}}} load and callers time, and mend less than {} of the \
             flights they are made for.",
            percent(options.thresholds.recovered_share)
        ),
        dashboard: DASHBOARD,
    }
}

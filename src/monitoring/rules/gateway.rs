//! The gateway itself: full, slow, or at fault.

use std::time::Duration;

use super::{Alert, Group, Options, Severity, WINDOW, options::percent};
use crate::{
    extraction::Verdict,
    monitoring::query::{Query, buckets, counts, quantile, series, sum_by},
    telemetry::catalogue::{labels::VERDICT, list},
};

pub(super) fn group(options: &Options) -> Group {
    Group::of_alerts("tidegate.gateway", [saturated(options), overhead(options), internal_faults(options)])
}

fn saturated(options: &Options) -> Alert {
    let window = options.time(WINDOW);
    let calls = series(&list::CALLS);
    let refused = sum_by(&["job"], calls.clone().is(&VERDICT, Verdict::Saturated.as_str()).rate(&window));
    let all = sum_by(&["job"], calls.rate(&window));
    let thresholds = &options.thresholds;
    Alert {
        name: "TidegateSaturated",
        expr: Query::from(format!(
            "{refused}\n/ ({all} > {})\n> {}",
            thresholds.traffic, thresholds.saturated_share
        )),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: "The gateway is full and refuses {{ $value | humanizePercentage }} of calls".to_owned(),
        description: format!(
            "More than {} of calls are refused at the door, because as many as are allowed are running.",
            percent(thresholds.saturated_share)
        ),
        dashboard: "tidegate-overview",
    }
}

fn overhead(options: &Options) -> Alert {
    let window = options.time(WINDOW);
    let p99 = quantile(0.99, &["job"], &buckets(&list::OVERHEAD_DURATION), &window);
    let calls = sum_by(&["job"], counts(&list::OVERHEAD_DURATION).rate(&window));
    let thresholds = &options.thresholds;
    Alert {
        name: "TidegateOverheadHigh",
        expr: Query::from(format!("{p99} > {}\nand {calls} > {}", thresholds.overhead, thresholds.traffic)),
        after: Duration::from_mins(10),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: "The gateway itself takes {{ $value | humanizeDuration }} of its slowest calls".to_owned(),
        description: format!(
            "One call in a hundred spends more than {} seconds inside the gateway, upstreams and waits not \
             counted. Look at processor time first, then at what it validates.",
            thresholds.overhead
        ),
        dashboard: "tidegate-runtime",
    }
}

fn internal_faults(options: &Options) -> Alert {
    let faults = series(&list::CALLS).is(&VERDICT, Verdict::Internal.as_str());
    let faults = sum_by(&["job", "profile"], faults.increase(&options.time(WINDOW)));
    Alert {
        name: "TidegateInternalFaults",
        expr: Query::from(format!("{faults} > 0")),
        after: Duration::ZERO,
        lingers: Duration::from_mins(10),
        severity: Severity::Warning,
        labels: vec![],
        summary: "Calls for {{ $labels.profile }} fail by a fault of the gateway's own".to_owned(),
        description: "Calls for profile {{ $labels.profile }} fail though nothing outside of the gateway \
            made them fail: a defect worth a report."
            .to_owned(),
        dashboard: "tidegate-overview",
    }
}

//! Whether users are hurt: burn rates of the error budget, latency, and callers that give up.

use std::time::Duration;

use super::{
    Alert, Group, Options, Severity,
    norm::{NEWS, Unusual},
    options::percent,
    recording::{CALLS, LEFT_SHARE, RATED_CALLS, Share, Window, error_ratio},
};
use crate::{extraction::norms::FASTEST_BURN, monitoring::query::Query};

const DASHBOARD: &str = "tidegate-slo";

/// How fast the error budget burns, seen over a long window, and a short one that ends the alert soon.
pub(in super::super) struct Burn {
    /// 1 spends exactly the budget.
    pub(in super::super) rate: f64,
    long: Window,
    short: Window,
    after: Duration,
    severity: Severity,
}

/// The windows and rates of "Alerting on SLOs" in Google's Site Reliability Workbook: 2 % of a 30-day budget within
/// an hour, 5 % within 6 hours, 10 % within a day or three.
pub(in super::super) const BURNS: [Burn; 4] = [
    Burn {
        rate: FASTEST_BURN,
        long: Window::H1,
        short: Window::M5,
        after: Duration::from_mins(2),
        severity: Severity::Critical,
    },
    Burn {
        rate: 6.0,
        long: Window::H6,
        short: Window::M30,
        after: Duration::from_mins(15),
        severity: Severity::Critical,
    },
    Burn {
        rate: 3.0,
        long: Window::D1,
        short: Window::H2,
        after: Duration::from_hours(1),
        severity: Severity::Warning,
    },
    Burn {
        rate: 1.0,
        long: Window::D3,
        short: Window::H6,
        after: Duration::from_hours(3),
        severity: Severity::Warning,
    },
];

pub(super) fn group(options: &Options) -> Group {
    let burns = BURNS.iter().map(|burn| error_budget_burn(options, burn));
    let others = [calls_slow(options), callers_leaving(options), all_callers_leaving(options)];
    Group::of_alerts("tidegate.slo", burns.chain(others))
}

fn error_budget_burn(options: &Options, burn: &Burn) -> Alert {
    let thresholds = &options.thresholds;
    let above = format!("> {} * {}", burn.rate, thresholds.error_budget());
    let (long, short) = (error_ratio(burn.long), error_ratio(burn.short));
    let longer = options.time(burn.long.length());
    Alert {
        name: "TidegateErrorBudgetBurn",
        expr: Query::from(format!(
            "{long} {above}\nand {short} {above}\nand avg_over_time({RATED_CALLS}[{longer}]) > {}",
            thresholds.slo_traffic
        )),
        after: burn.after,
        lingers: Duration::ZERO,
        severity: burn.severity,
        labels: vec![("long_window", burn.long.name()), ("short_window", burn.short.name())],
        summary: format!(
            "Error budget burning: {{{{ $value | humanizePercentage }}}} of calls failed over {}",
            burn.long.name()
        ),
        description: format!(
            "The burn rate is above {} over {} and over {} alike; at 1, the error budget of the SLO of {} \
             lasts exactly its 30 days.",
            burn.rate,
            burn.long.name(),
            burn.short.name(),
            percent(thresholds.slo)
        ),
        dashboard: DASHBOARD,
    }
}

fn calls_slow(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    let unusual = Unusual {
        share: Share::Slow,
        matchers: "",
        above: thresholds.slow_share,
        traffic_above: thresholds.traffic,
    };
    Alert {
        name: "TidegateCallsSlow",
        expr: unusual.query(options),
        after: Duration::from_mins(10),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: format!(
            "{{{{ $value | humanizePercentage }}}} of calls take longer than {} seconds",
            thresholds.slow_call
        ),
        description: format!(
            "More than {} of calls take longer than {} seconds, {NEWS}.",
            percent(thresholds.slow_share),
            thresholds.slow_call
        ),
        dashboard: "tidegate-overview",
    }
}

/// A call that its caller gave up is nobody's failure by its verdict. When nothing comes back at all, and callers have
/// no deadline but lose patience, this alone tells.
fn callers_leaving(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    let unusual = Unusual {
        share: Share::Left,
        matchers: "",
        above: thresholds.left_share,
        traffic_above: thresholds.traffic,
    };
    Alert {
        name: "TidegateCallersLeaving",
        expr: unusual.query(options),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: "Callers give up {{ $value | humanizePercentage }} of calls for {{ $labels.profile }}"
            .to_owned(),
        description: format!(
            "More than {} of the calls for profile {{{{ $labels.profile }}}} are given up by their callers \
             before there is an answer, {NEWS}. None of them burns the error \
             budget: who left can't be failed any more.",
            percent(thresholds.left_share)
        ),
        dashboard: "tidegate-overview",
    }
}

/// The same when hardly anybody stays: an outage, whatever is normal.
fn all_callers_leaving(options: &Options) -> Alert {
    let thresholds = &options.thresholds;
    Alert {
        expr: Query::from(format!(
            "{LEFT_SHARE} > {}\nand {CALLS} > {}",
            thresholds.left_most_share, thresholds.traffic
        )),
        after: Duration::from_mins(10),
        severity: Severity::Critical,
        description: format!(
            "More than {} of the calls for profile {{{{ $labels.profile }}}} are given up by their callers before \
             there is an answer: hardly anybody gets one. None of them burns the error budget: who left can't be \
             failed any more.",
            percent(thresholds.left_most_share)
        ),
        ..callers_leaving(options)
    }
}

//! Calls, as the SLO judges them.

use std::time::Duration;

use super::{
    CALLS, ERROR_BUDGET, ERROR_BUDGET_LEFT, FAILED_CALLS, LEFT_CALLS, LEFT_SHARE, RATED_CALLS, SLOW_CALLS,
    SLOW_SHARE, SLOWLY, TIMED_CALLS,
};
use crate::{
    extraction::{
        Verdict,
        party::{Party, verdicts_of},
    },
    monitoring::{
        query::{Query, Selector, buckets, counts, name, series, sum_by},
        rules::{Group, INTERVAL, Options, Rule},
    },
    telemetry::catalogue::{
        labels::{PROFILE, VERDICT},
        list,
    },
};

/// A window that burn rates are measured over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// 5 minutes.
    M5,
    /// 30 minutes.
    M30,
    /// One hour.
    H1,
    /// Two hours.
    H2,
    /// Six hours.
    H6,
    /// One day.
    D1,
    /// Three days.
    D3,
}

/// The share of rated calls that failed within `window`, by `job`; absent where there were no calls.
pub fn error_ratio(window: Window) -> String {
    format!("job:tidegate_call_error_ratio:rate{}", window.name())
}

impl Window {
    /// Every window, the shortest first.
    pub const ALL: &'static [Self] = &[Self::M5, Self::M30, Self::H1, Self::H2, Self::H6, Self::D1, Self::D3];

    /// Its length in production, as Prometheus writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M5 => "5m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H2 => "2h",
            Self::H6 => "6h",
            Self::D1 => "1d",
            Self::D3 => "3d",
        }
    }

    /// Its length in production.
    pub const fn length(self) -> Duration {
        match self {
            Self::M5 => Duration::from_mins(5),
            Self::M30 => Duration::from_mins(30),
            Self::H1 => Duration::from_hours(1),
            Self::H2 => Duration::from_hours(2),
            Self::H6 => Duration::from_hours(6),
            Self::D1 => Duration::from_hours(24),
            Self::D3 => Duration::from_hours(72),
        }
    }
}

/// What the error budget is for.
const BUDGET_PERIOD: Duration = Duration::from_hours(30 * 24);

/// The longest window over which calls themselves are looked at. In longer ones it is what was recorded of them: two
/// series, however many there are of calls.
const RAW_MAX: Duration = Duration::from_hours(1);

pub(super) fn groups(options: &Options) -> [Group; 2] {
    let record = |name: &str, expr: Query| Rule::Record { name: name.to_owned(), expr };
    let budget = options.thresholds.error_budget();
    let mut rules = vec![
        record(RATED_CALLS, rated(options, Window::M5)),
        record(FAILED_CALLS, failed(options, Window::M5)),
        record(ERROR_BUDGET, Query::from(format!("0 * {RATED_CALLS} + {budget}"))),
        record(TIMED_CALLS, timed(options, &counts(&list::CALL_DURATION))),
        record(SLOW_CALLS, slow(options)),
        record(SLOW_SHARE, Query::from(format!("{SLOW_CALLS}\n/ ({TIMED_CALLS} > 0)"))),
        record(CALLS, by_profile(options, &series(&list::CALLS))),
        record(LEFT_CALLS, left(options)),
        record(LEFT_SHARE, Query::from(format!("{LEFT_CALLS}\n/ ({CALLS} > 0)"))),
    ];
    rules.extend(Window::ALL.iter().map(|window| record(&error_ratio(*window), ratio(options, *window))));
    let period = options.time(BUDGET_PERIOD);
    let left = format!(
        "1 - sum_over_time({FAILED_CALLS}[{period}])\n/ (sum_over_time({RATED_CALLS}[{period}]) > 0)\n/ {budget}"
    );
    [
        Group { name: "tidegate.recording.slo", interval: INTERVAL, rules },
        Group {
            name: "tidegate.recording.budget",
            interval: SLOWLY,
            rules: vec![record(ERROR_BUDGET_LEFT, Query::from(left))],
        },
    ]
}

fn ratio(options: &Options, window: Window) -> Query {
    if window.length() <= RAW_MAX {
        let (failed, rated) = (failed(options, window), rated(options, window));
        return Query::from(format!("(\n  {failed}\n)\n/ ({rated} > 0)"));
    }
    let length = options.time(window.length());
    Query::from(format!(
        "sum_over_time({FAILED_CALLS}[{length}])\n/ (sum_over_time({RATED_CALLS}[{length}]) > 0)"
    ))
}

fn rated(options: &Options, window: Window) -> Query {
    calls(options, window, &verdicts_of(Party::RATED))
}

/// Zero, not nothing, where no call has failed yet.
fn failed(options: &Options, window: Window) -> Query {
    let failed = calls(options, window, &verdicts_of(Party::FAILING));
    Query::from(format!("{failed}\n  or 0 * {}", rated(options, window)))
}

fn calls(options: &Options, window: Window, verdicts: &[&str]) -> Query {
    let calls = series(&list::CALLS).one_of(&VERDICT, verdicts);
    sum_by(&["job"], calls.rate(&options.time(window.length())))
}

fn slow(options: &Options) -> Query {
    // `10` in the classic format, `10.0` in that of OpenMetrics and since Prometheus 3.
    let bound = options.thresholds.slow_call.to_string();
    let bound = if bound.contains('.') { bound.replace('.', r"\.") } else { bound + r"(\.0)?" };
    let fast = timed(options, &buckets(&list::CALL_DURATION).matching("le", "=~", &bound));
    Query::from(format!("{TIMED_CALLS}\n- {fast}"))
}

fn timed(options: &Options, calls: &Selector) -> Query {
    sum_by(&["job"], calls.rate(&options.time(Window::M5.length())))
}

/// Zero, not nothing, where no caller has left yet.
fn left(options: &Options) -> Query {
    let left = by_profile(options, &series(&list::CALLS).is(&VERDICT, Verdict::Cancelled.as_str()));
    Query::from(format!("{left}\nor 0 * {CALLS}"))
}

fn by_profile(options: &Options, calls: &Selector) -> Query {
    sum_by(&["job", &name(&PROFILE)], calls.rate(&options.time(Window::M5.length())))
}

//! Recording and alert rules for Prometheus, one file per subject.
//!
//! A new part of the gateway brings a file with its alerts and a line in [`render`], and its recorded series in
//! `recording`. Each alert needs a section in `docs/runbook.md` and cases in `grafana/prometheus/rules.test.yaml`.

pub mod options;
pub mod recording;

mod answers;
mod duration;
mod gateway;
pub(super) mod health;
mod latency;
mod norm;
pub(super) mod retries;
pub(super) mod slo;
mod upstreams;
mod yaml;

use std::time::Duration;

pub(super) use options::percent;
pub use options::{Options, Thresholds, TimeScale};

use super::query::Query;

/// The rule file, ready to be loaded by Prometheus 2.42 or later.
pub fn render(options: &Options) -> String {
    let mut groups = recording::groups(options);
    groups.extend([
        retries::group(options),
        upstreams::group(options),
        latency::group(options),
        slo::group(options),
        answers::group(options),
        gateway::group(options),
        health::group(options),
    ]);
    yaml::render(options, &groups)
}

/// How often rules are evaluated, unless they need less.
const INTERVAL: Duration = Duration::from_secs(30);

/// What "now" means, unless it needs more to mean something.
const WINDOW: Duration = Duration::from_mins(5);

/// Rules that are evaluated one after the other.
struct Group {
    name: &'static str,
    interval: Duration,
    rules: Vec<Rule>,
}

impl Group {
    fn of_alerts(name: &'static str, alerts: impl IntoIterator<Item = Alert>) -> Self {
        Self { name, interval: INTERVAL, rules: alerts.into_iter().map(Rule::Alert).collect() }
    }
}

enum Rule {
    Record { name: String, expr: Query },
    Alert(Alert),
}

/// A condition that somebody must hear of. What it says holds no times, so that it is the same at any scale.
struct Alert {
    name: &'static str,
    expr: Query,
    /// How long the condition must hold before it fires.
    after: Duration,
    /// How long it goes on firing when the condition is over.
    lingers: Duration,
    severity: Severity,
    labels: Vec<(&'static str, &'static str)>,
    summary: String,
    description: String,
    /// The `uid` of the dashboard to look at first.
    dashboard: &'static str,
}

#[derive(Clone, Copy)]
enum Severity {
    /// Somebody must act now.
    Critical,
    /// Somebody must look at it today.
    Warning,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

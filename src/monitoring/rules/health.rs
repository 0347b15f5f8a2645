//! Whether gateways run, and whether what is seen of them is the truth.

use std::time::Duration;

use super::{Alert, Group, Options, Severity, WINDOW};
use crate::{
    monitoring::query::{Query, name, series, sum_by},
    telemetry::catalogue::{labels::SIGNAL, list},
};

const DASHBOARD: &str = "tidegate-runtime";

/// A loop of crashes is told from a deployment by how often it comes within this. Whoever restarts what crashes waits
/// longer each time, up to five minutes or so.
const RESTARTS_WINDOW: Duration = Duration::from_hours(1);

/// One instance starts at most so often within that window in a deployment that has to be tried three times.
const RESTARTS: u32 = 3;

/// An instance that comes and goes is told from one that is up by how much of this it was there.
const PRESENCE_WINDOW: Duration = Duration::from_mins(15);

/// The share of descriptors beyond which little is left for what nobody thought of.
pub(in super::super) const DESCRIPTORS_SHARE: f64 = 0.8;

pub(super) fn group(options: &Options) -> Group {
    Group::of_alerts(
        "tidegate.health",
        [
            down(options),
            instance_down(options),
            restarting(options),
            descriptors_low(options),
            metrics_missing(options),
            telemetry_dropping(options),
            series_left_out(),
        ],
    )
}

fn alert(name: &'static str, expr: String, minutes: u64, severity: Severity) -> Alert {
    Alert {
        name,
        expr: Query::from(expr),
        after: Duration::from_mins(minutes),
        lingers: Duration::ZERO,
        severity,
        labels: vec![],
        summary: String::new(),
        description: String::new(),
        dashboard: DASHBOARD,
    }
}

/// The series that Prometheus itself makes of every target.
fn up(options: &Options) -> String {
    format!("up{{job={}}}", serde_json::Value::from(options.job.as_str()))
}

fn down(options: &Options) -> Alert {
    Alert {
        summary: "No gateway of {{ $labels.job }} is up".to_owned(),
        description: "Prometheus can scrape no instance: either none runs, or none can be found or reached \
            from Prometheus."
            .to_owned(),
        ..alert(
            "TidegateDown",
            format!("sum by (job) ({up}) == 0\nor absent({up})", up = up(options)),
            3,
            Severity::Critical,
        )
    }
}

fn instance_down(options: &Options) -> Alert {
    let (window, recent) = (options.time(PRESENCE_WINDOW), options.time(WINDOW));
    Alert {
        summary: "{{ $labels.instance }} is down".to_owned(),
        description:
            "Prometheus can't scrape {{ $labels.instance }}, or hardly ever. Others carry its calls, if \
            there are others."
                .to_owned(),
        ..alert(
            "TidegateInstanceDown",
            format!(
                "{up} == 0\nor (\n  avg_over_time({up}[{window}]) < 0.5\n  and min_over_time({up}[{recent}]) == 0\n  \
                 and {up} >= 0\n)",
                up = up(options)
            ),
            5,
            Severity::Warning,
        )
    }
}

fn restarting(options: &Options) -> Alert {
    let starts = series(&list::PROCESS_START).matching("job", "=", &options.job);
    let window = options.time(RESTARTS_WINDOW);
    Alert {
        summary: "{{ $labels.instance }} restarted {{ $value }} times in a row".to_owned(),
        description: "{{ $labels.instance }} ends and starts over and over; each time its running calls and \
            its cache are lost."
            .to_owned(),
        ..alert(
            "TidegateRestarting",
            format!("changes({starts}[{window}]) > {RESTARTS}"),
            0,
            Severity::Warning,
        )
    }
}

fn descriptors_low(options: &Options) -> Alert {
    let [open, max] = [&list::PROCESS_FDS, &list::PROCESS_FDS_MAX]
        .map(|metric| series(metric).matching("job", "=", &options.job));
    Alert {
        summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its file descriptors open"
            .to_owned(),
        description:
            "When none is left, {{ $labels.instance }} can accept no connection and open none to an upstream."
                .to_owned(),
        ..alert(
            "TidegateDescriptorsLow",
            format!("{open}\n/ {max}\n> {DESCRIPTORS_SHARE}"),
            10,
            Severity::Warning,
        )
    }
}

/// Guards the other alerts: a metric that is renamed, relabelled away or never registered makes them silent.
fn metrics_missing(options: &Options) -> Alert {
    let (calls, attempts) = (series(&list::CALLS), series(&list::ATTEMPTS));
    Alert {
        summary: "{{ $labels.instance }} is up, but its calls or attempts are not to be seen".to_owned(),
        description:
            "{{ $labels.instance }} is scraped and lacks metrics that alerts need: they can't fire for it."
                .to_owned(),
        ..alert(
            "TidegateMetricsMissing",
            format!(
                "{up} == 1 unless on (job, instance) {calls}\nor {up} == 1 unless on (job, instance) \
                 {attempts}",
                up = up(options)
            ),
            10,
            Severity::Warning,
        )
    }
}

fn telemetry_dropping(options: &Options) -> Alert {
    let dropped = series(&list::DROPPED).rate(&options.time(WINDOW));
    let dropped = sum_by(&["job", "instance", &name(&SIGNAL)], dropped);
    Alert {
        summary: "{{ $labels.instance }} drops {{ $labels.signal }}".to_owned(),
        description: "{{ $labels.instance }} loses {{ $labels.signal }} at {{ $value | printf \"%.2f\" }} \
            per second. Whether the collector can be reached and keeps up, its own log tells."
            .to_owned(),
        ..alert("TidegateTelemetryDropping", format!("{dropped} > 0"), 10, Severity::Warning)
    }
}

/// A series that there was no room for is missing until the gateway starts again, so the count itself is
/// looked at and not how fast it grows.
fn series_left_out() -> Alert {
    let left_out = sum_by(&["job", "instance"], series(&list::SERIES_OVERFLOW));
    Alert {
        summary: "{{ $labels.instance }} has no room for {{ $value | humanize }} series".to_owned(),
        description: "{{ $labels.instance }} has as many series as it may have: some upstreams, profiles or \
            durations are not counted, and alerts about them can't fire, until it is started with fewer."
            .to_owned(),
        ..alert("TidegateSeriesLeftOut", format!("{left_out} > 0"), 5, Severity::Warning)
    }
}

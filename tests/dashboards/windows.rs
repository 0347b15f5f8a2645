//! Tiles and tables judge as long a time as the alerts do, whatever time the board shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::Duration,
};

use serde_json::{Value, json};
use tidegate::{
    monitoring::rules::{self, Options},
    telemetry::catalogue::{Kind, Metric},
};

use crate::{
    board::{first_panel, list, number, targets, word},
    promql,
    rules::{Breach, Rule},
    vocabulary,
};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// What somebody may look at.
const SHOWN: [Duration; 4] = [Duration::from_mins(5), DAY, DAY.saturating_mul(30), DAY.saturating_mul(90)];

/// What the provisioned data source says of scrapes, and the slowest ones that the alerts allow.
const SCRAPES: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(30)];

/// As wide as a screen: how many points Grafana asks for, unless a panel says so.
const WIDTH: u32 = 1000;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "window-of-the-alerts",
        check: as_the_alerts,
        breach: |board| {
            first_panel(board)["targets"][0].as_object_mut().unwrap().remove("interval");
        },
    },
    Rule {
        name: "window-of-the-alerts-at-any-range",
        check: as_the_alerts,
        breach: |board| first_panel(board)["maxDataPoints"] = json!(WIDTH),
    },
];

/// Over what the rules take the rate of each metric, at the shortest.
static OF_ALERTS: LazyLock<BTreeMap<String, Duration>> = LazyLock::new(|| {
    let rules: Value = serde_saphyr::from_str(&rules::render(&Options::default())).unwrap();
    let rules = list(&rules, "groups").iter().flat_map(|group| list(group, "rules"));
    let mut found = BTreeMap::new();
    for rule in rules {
        for (metric, window) in rates(word(rule, "expr")) {
            let least = found.entry(metric.prometheus_name()).or_insert(window);
            *least = window.min(*least);
        }
    }
    found
});

/// Everything that counts up in an expression, and how far back it is looked at.
fn rates(expr: &str) -> Vec<(&'static Metric, Duration)> {
    let expr = promql::parse(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
    let windows = promql::windows(&expr).into_iter();
    let known =
        windows.filter_map(|(series, window)| Some((vocabulary::metric(series.name.as_deref()?)?, window)));
    known.filter(|(metric, _)| !matches!(metric.kind, Kind::Gauge)).collect()
}

/// What Grafana makes of `$__rate_interval`, as its documentation says. Points may be twice as far apart as they have to
/// be: it rounds.
fn rate_interval(panel: &Value, target: &Value, shown: Duration, scrapes: Duration) -> Duration {
    let points = u32::try_from(number(panel, "maxDataPoints")).unwrap();
    let distance = (shown / if points == 0 { WIDTH } else { points } * 2).max(scrapes);
    let step = word(target, "interval").strip_suffix('s').and_then(|seconds| seconds.parse().ok());
    let step = step.map_or(scrapes, Duration::from_secs);
    (distance + step).max(4 * step)
}

fn as_the_alerts(board: &Value) -> Vec<Breach> {
    let of_now = targets(board).filter(|(_, target)| target["instant"] == json!(true));
    let wrong = of_now.filter_map(|(panel, target)| Some((panel, otherwise(panel, target)?)));
    wrong.map(|(panel, how)| Breach::at(word(panel, "title"), how)).collect()
}

/// How a query looks back otherwise than the alerts, at some time shown, if it does.
fn otherwise(panel: &Value, target: &Value) -> Option<String> {
    let cases = SHOWN.iter().flat_map(|shown| SCRAPES.map(|scrapes| (*shown, scrapes)));
    let windows: BTreeSet<_> =
        cases.map(|(shown, scrapes)| rate_interval(panel, target, shown, scrapes)).collect();
    windows.into_iter().find_map(|window| {
        let expr = word(target, "expr").replace("$__rate_interval", &format!("{}s", window.as_secs()));
        let wrong = rates(&expr).into_iter().find(|(metric, window)| {
            OF_ALERTS.get(&metric.prometheus_name()).unwrap_or(&(5 * MINUTE)) != window
        });
        wrong.map(|(metric, window)| format!("looks back {window:?} at {}", metric.prometheus_name()))
    })
}

#[test]
fn the_alerts_say_how_far_to_look_back() {
    for (metric, minutes) in [
        ("tidegate_calls_total", 5),
        ("tidegate_upstream_attempts_total", 5),
        ("tidegate_upstream_call_retries", 15),
        ("tidegate_extract_validation_total", 15),
        ("tidegate_extract_entities_total", 15),
    ] {
        assert_eq!(OF_ALERTS.get(metric), Some(&(minutes * MINUTE)), "{metric}");
    }
}

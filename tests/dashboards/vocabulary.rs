//! No query names what the catalogue does not: metrics, labels, and values of closed labels.

use std::sync::LazyLock;

use promql_parser::parser::VectorSelector;
use serde_json::{Value, json};
use tidegate::{
    monitoring::rules::{self, Options},
    telemetry::catalogue::{ALL, Kind, Label, Metric, Values},
};

use crate::{
    board::{first_panel, first_query, list, targets, word},
    promql,
    rules::{Breach, Rule},
};

/// Labels that Prometheus adds to every series.
const OF_PROMETHEUS: &[&str] = &["job", "instance", "le"];

/// What Prometheus itself says of every target, with no label of its own.
const UP: &str = "up";

/// What Prometheus itself says of alerts, and the labels that it and the rules give them.
const ALERTS: (&str, &[&str]) = ("ALERTS", &["alertname", "alertstate", "severity"]);

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "known-metrics",
        check: |board| each(board, metric_problem),
        breach: |board| *first_query(board) = json!("tidegate_call_total"),
    },
    Rule {
        name: "known-labels",
        check: |board| each(board, label_problem),
        breach: |board| *first_query(board) = json!("tidegate_calls_total{result=\"ok\"}"),
    },
    Rule {
        name: "known-values",
        check: |board| each(board, value_problem),
        breach: |board| *first_query(board) = json!("tidegate_calls_total{verdict=~\"ok|fine\"}"),
    },
    Rule {
        name: "known-groups",
        check: groups,
        breach: |board| *first_query(board) = json!("sum by (result) (tidegate_calls_total)"),
    },
    Rule {
        name: "known-legends",
        check: legends,
        breach: |board| first_panel(board)["targets"][0]["legendFormat"] = json!("{{result}}"),
    },
];

/// The metric that a series belongs to.
pub(crate) fn metric(series: &str) -> Option<&'static Metric> {
    ALL.iter().copied().find(|metric| {
        let name = metric.prometheus_name();
        match metric.kind {
            Kind::Histogram(_) => {
                ["_bucket", "_count", "_sum"].iter().any(|part| series == format!("{name}{part}"))
            }
            Kind::Counter | Kind::Gauge => series == name,
        }
    })
}

/// The labels of a recorded series, if the rules record it: its name begins with them.
fn recorded(series: &str) -> Option<Vec<String>> {
    static RULES: LazyLock<String> = LazyLock::new(|| rules::render(&Options::default()));
    let (level, _) = series.split_once(':')?;
    let made = RULES.lines().any(|line| line.trim().trim_start_matches("- ") == format!("record: {series}"));
    made.then(|| level.split('_').map(str::to_owned).collect())
}

/// Every expression of a board with where it stands: panels, marks and variables.
fn expressions(board: &Value) -> Vec<(String, String)> {
    let of_panels = targets(board).map(|(panel, target)| (word(panel, "title"), word(target, "expr")));
    let of_marks =
        list(&board["annotations"], "list").iter().map(|mark| (word(mark, "name"), word(mark, "expr")));
    let of_variables = list(&board["templating"], "list").iter().filter_map(|variable| {
        let (series, _) = promql::label_values(word(&variable["query"], "query"))?;
        Some((word(variable, "name"), series))
    });
    of_panels.chain(of_marks).chain(of_variables).map(|(at, expr)| (at.to_owned(), expr.to_owned())).collect()
}

fn each(board: &Value, problem: fn(&VectorSelector) -> Option<String>) -> Vec<Breach> {
    let mut found = Vec::new();
    for (at, expr) in expressions(board) {
        let Ok(expr) = promql::parse(&expr) else { continue };
        let problems = promql::selectors(&expr).into_iter().filter_map(|(selector, _)| problem(selector));
        found.extend(problems.map(|how| Breach::at(&at, how)));
    }
    found
}

/// What is wrong with a selector, if anything.
pub(crate) fn problem(selector: &VectorSelector) -> Option<String> {
    metric_problem(selector).or_else(|| label_problem(selector)).or_else(|| value_problem(selector))
}

fn metric_problem(selector: &VectorSelector) -> Option<String> {
    let name = selector.name.as_deref().unwrap_or_default();
    let of_prometheus = [ALERTS.0, UP].contains(&name);
    (!of_prometheus && metric(name).is_none() && recorded(name).is_none())
        .then(|| format!("neither the catalogue nor the rules have {name}"))
}

fn label_problem(selector: &VectorSelector) -> Option<String> {
    let known = known_labels(selector.name.as_deref()?);
    let unknown = selector.matchers.matchers.iter().find(|matcher| !known.contains(&matcher.name));
    unknown.map(|matcher| format!("{} has no label {}", selector, matcher.name))
}

fn value_problem(selector: &VectorSelector) -> Option<String> {
    let metric = metric(selector.name.as_deref()?)?;
    selector.matchers.matchers.iter().find_map(|matcher| {
        let label = metric.labels.iter().find(|label| label.prometheus_name() == matcher.name)?;
        let unknown = promql::values(matcher).into_iter().find(|value| !says(label, value));
        unknown.map(|value| format!("{} is never {value}", matcher.name))
    })
}

fn says(label: &Label, value: &str) -> bool {
    !matches!(label.values, Values::Closed(_)) || label.allows(value)
}

fn known_labels(series: &str) -> Vec<String> {
    if let Some(labels) = recorded(series) {
        return labels;
    }
    let own = metric(series).map(|metric| metric.labels).unwrap_or_default();
    let own = own.iter().map(Label::prometheus_name);
    let of_alerts = if series == ALERTS.0 { ALERTS.1 } else { &[] };
    own.chain(OF_PROMETHEUS.iter().chain(of_alerts).map(|name| (*name).to_owned())).collect()
}

/// Labels that any series of the expression has.
fn labels_within(expr: &promql_parser::parser::Expr) -> Vec<String> {
    promql::selectors(expr).iter().filter_map(|(s, _)| s.name.as_deref()).flat_map(known_labels).collect()
}

fn groups(board: &Value) -> Vec<Breach> {
    let mut found = Vec::new();
    for (at, expr) in expressions(board) {
        let Ok(expr) = promql::parse(&expr) else { continue };
        let known = labels_within(&expr);
        let unknown = promql::grouped(&expr).into_iter().filter(|label| !known.contains(label));
        found.extend(unknown.map(|label| Breach::at(&at, format!("nothing has a label {label}"))));
    }
    found
}

fn legends(board: &Value) -> Vec<Breach> {
    let mut found = Vec::new();
    for (panel, target) in targets(board) {
        let Ok(expr) = promql::parse(word(target, "expr")) else { continue };
        let known = labels_within(&expr);
        let named =
            word(target, "legendFormat").split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        let unknown = named.filter(|label| !known.iter().any(|known| known == label));
        found.extend(
            unknown.map(|label| Breach::at(word(panel, "title"), format!("its legend names {label}"))),
        );
    }
    found
}

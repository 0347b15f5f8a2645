//! Rules on queries.

use promql_parser::parser::VectorSelector;
use serde_json::{Value, json};

use crate::{
    board::{first_panel, first_query, targets, word},
    promql::{self, Around, selectors},
    rules::{Breach, Rule},
};

/// Series that carry the traces of single calls, by what stands in a query for them.
const WITH_EXEMPLARS: &[&str] = &["_bucket{", "tidegate_upstream_retries_total{"];

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "target-promql-rule",
        check: reads,
        breach: |board| *first_query(board) = json!("sum(rate(up{job=~\"$job\"}[$__rate_interval])"),
    },
    Rule {
        name: "target-job-rule",
        check: |board| matched(board, "job"),
        breach: |board| replace(board, "job=~\"$job\"", "job=\"tidegate\""),
    },
    Rule {
        name: "target-instance-rule",
        check: |board| matched(board, "instance"),
        breach: |board| replace(board, ",instance=~\"$instance\"", ""),
    },
    Rule {
        name: "target-rate-interval-rule",
        check: windows,
        breach: |board| replace(board, "$__rate_interval", "5m"),
    },
    Rule {
        name: "target-counter-agg-rule",
        check: counters,
        breach: |board| {
            *first_query(board) = json!("sum(tidegate_calls_total{job=~\"$job\",instance=~\"$instance\"})");
        },
    },
    Rule {
        name: "no-invented-zero",
        check: invented,
        breach: |board| *first_query(board) = json!("sum(up) or vector(0)"),
    },
    Rule {
        name: "worst-upstreams",
        check: averaged,
        breach: |board| {
            *first_query(board) =
                json!("sum(rate(tidegate_cost_total{upstream=~\"$upstream\"}[$__rate_interval]))");
        },
    },
    Rule {
        name: "processors-of-how-many",
        check: processors,
        breach: |board| *first_query(board) = json!("max(rate(process_cpu_seconds_total[$__rate_interval]))"),
    },
    Rule {
        name: "given-up",
        check: given_up,
        breach: |board| {
            *first_query(board) = json!(
                "sum by (le) (rate(gen_ai_client_operation_duration_seconds_bucket[$__rate_interval]))"
            );
        },
    },
    Rule { name: "exemplars", check: exemplars, breach: lose_exemplars },
];

pub(crate) fn replace(board: &mut Value, from: &str, to: &str) {
    let expr = first_query(board);
    *expr = json!(expr.as_str().unwrap().replace(from, to));
}

fn each(board: &Value, wrong: impl Fn(&str) -> Option<String>) -> Vec<Breach> {
    let found = targets(board).filter_map(|(panel, target)| {
        wrong(word(target, "expr")).map(|how| Breach::at(word(panel, "title"), how))
    });
    found.collect()
}

/// As [`each`], for every selector of every query that can be read.
fn each_selector(board: &Value, wrong: impl Fn(&VectorSelector, Around) -> Option<String>) -> Vec<Breach> {
    each(board, |expr| {
        let expr = promql::parse(expr).ok()?;
        selectors(&expr).into_iter().find_map(|(selector, around)| wrong(selector, around))
    })
}

fn reads(board: &Value) -> Vec<Breach> {
    each(board, |expr| promql::parse(expr).err().map(|error| format!("{error}: {expr}")))
}

pub(crate) fn has(selector: &VectorSelector, label: &str) -> bool {
    let choice = format!("${label}");
    selector
        .matchers
        .matchers
        .iter()
        .any(|m| m.name == label && m.value == choice && m.op.to_string() == "=~")
}

fn matched(board: &Value, label: &str) -> Vec<Breach> {
    each_selector(board, |selector, _| {
        (!has(selector, label)).then(|| format!("{selector} is of any {label}"))
    })
}

/// Counters have the window that fits their scrapes; what looks at all that is shown looks at gauges.
fn windows(board: &Value) -> Vec<Breach> {
    each(board, |expr| {
        let mut windows = expr.split('[').skip(1).filter_map(|rest| rest.split(']').next());
        let all = expr.contains("_over_time(") && !expr.contains("rate(") && !expr.contains("increase(");
        windows
            .find(|window| *window != "$__rate_interval" && !(all && *window == "$__range"))
            .map(|window| format!("a window of {window}: {expr}"))
    })
}

fn counters(board: &Value) -> Vec<Breach> {
    each_selector(board, |selector, around| {
        let name = selector.name.as_deref().unwrap_or_default();
        let counts = ["_total", "_bucket", "_count", "_sum"].iter().any(|ending| name.ends_with(ending));
        let grows = matches!(around, Around::Function("rate" | "increase"));
        (counts && !grows).then(|| format!("{name} outside of rate and increase"))
    })
}

fn invented(board: &Value) -> Vec<Breach> {
    each(board, |expr| expr.contains("vector(").then(|| format!("invents a value: {expr}")))
}

/// Alerts judge each upstream. In a sum over them, as a tile of the overview would show it, one that is in trouble and has
/// little traffic is lost.
fn averaged(board: &Value) -> Vec<Breach> {
    if word(board, "uid") != "tidegate-overview" {
        return Vec::new();
    }
    let tiles = targets(board).filter(|(panel, _)| word(panel, "type") == "stat");
    let summed = tiles.filter(|(_, target)| {
        let Ok(expr) = promql::parse(word(target, "expr")) else { return false };
        let of_upstreams = selectors(&expr)
            .into_iter()
            .any(|(selector, around)| around == Around::Function("rate") && has(selector, "upstream"));
        of_upstreams && !promql::grouped(&expr).iter().any(|label| label == "upstream")
    });
    summed.map(|(panel, _)| Breach::at(word(panel, "title"), "sums over upstreams")).collect()
}

/// One processor is all of a small machine and little of a large one.
fn processors(board: &Value) -> Vec<Breach> {
    each(board, |expr| {
        let absolute =
            expr.contains("process_cpu_seconds_total") && !expr.contains("/ (tidegate_runtime_workers");
        absolute.then(|| format!("processors, not a share of those there are: {expr}"))
    })
}

/// How long something took until it was given up is no latency, unless a panel says that it counts.
fn given_up(board: &Value) -> Vec<Breach> {
    let mixed = targets(board).filter(|(panel, target)| {
        let Ok(expr) = promql::parse(word(target, "expr")) else { return false };
        let counts = word(panel, "description").contains("given up count");
        !counts && selectors(&expr).into_iter().any(|(selector, _)| mixes(selector))
    });
    mixed.map(|(panel, _)| Breach::at(word(panel, "title"), "counts what was given up")).collect()
}

/// Whether these are buckets of durations, with those in them that were given up.
fn mixes(selector: &VectorSelector) -> bool {
    let name = selector.name.as_deref().unwrap_or_default();
    let labels = crate::vocabulary::metric(name).map(|metric| metric.labels).unwrap_or_default();
    let tells = labels.iter().any(|label| label.name == "error.type" && label.allows("cancelled"));
    let excluded = selector
        .matchers
        .matchers
        .iter()
        .any(|m| m.name == "error_type" && m.value == "cancelled" && m.op.to_string() == "!=");
    name.ends_with("_bucket") && tells && !excluded
}

fn exemplars(board: &Value) -> Vec<Breach> {
    let wanted = targets(board).filter(|(panel, target)| {
        word(panel, "type") == "timeseries"
            && WITH_EXEMPLARS.iter().any(|name| word(target, "expr").contains(name))
    });
    let bare = wanted.filter(|(_, target)| target["exemplar"] != json!(true));
    bare.map(|(panel, _)| Breach::at(word(panel, "title"), "does not mark traces")).collect()
}

fn lose_exemplars(board: &mut Value) {
    *first_query(board) = json!("sum(rate(tidegate_call_duration_seconds_bucket{}[$__rate_interval]))");
    first_panel(board)["type"] = json!("timeseries");
}

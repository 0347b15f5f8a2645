//! What is measured is shown: every metric of the catalogue on some board.

use std::collections::BTreeSet;

use tidegate::telemetry::catalogue::{ALL, Metric};

use crate::{
    board::{boards, targets, word},
    promql, vocabulary,
};

/// Metrics that no panel asks for, and why.
const NOT_SHOWN: &[(&str, &str)] = &[];

fn shown() -> BTreeSet<String> {
    let boards = boards();
    let asked = boards.iter().flat_map(targets).map(|(_, target)| word(target, "expr").to_owned());
    let series = asked.flat_map(|expr| {
        let expr = promql::parse(&expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
        promql::selectors(&expr).into_iter().filter_map(|(s, _)| s.name.clone()).collect::<Vec<_>>()
    });
    series.filter_map(|name| vocabulary::metric(&name)).map(Metric::prometheus_name).collect()
}

#[test]
fn every_metric_is_on_a_board_or_has_a_reason_why_not() {
    let shown = shown();
    let missing = ALL.iter().map(|metric| metric.prometheus_name()).filter(|name| !shown.contains(name));
    let missing: BTreeSet<String> = missing.collect();
    let excused: BTreeSet<String> = NOT_SHOWN.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(missing, excused, "on no board, and excused although on one or unknown");
}

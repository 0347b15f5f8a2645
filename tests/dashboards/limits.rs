//! Figures change their colour where alerts begin to count, whatever the rules were made with.

use serde_json::Value;
use tidegate::monitoring::{
    dashboards::{self, Options},
    rules::Thresholds,
};

use crate::board::{list, shown, word};

/// The value at which a panel turns to the last of its colours.
fn last_step(boards: &[Value], board: &str, panel: &str) -> f64 {
    let board = boards.iter().find(|found| word(found, "uid") == board).unwrap();
    let panel = shown(board).find(|found| word(found, "title") == panel).unwrap();
    let steps = list(&panel["fieldConfig"]["defaults"]["thresholds"], "steps");
    steps.last().unwrap()["value"].as_f64().unwrap()
}

#[test]
fn boards_follow_the_thresholds_of_the_rules() {
    let thresholds = Thresholds {
        slo: 0.99,
        empty_share: 0.6,
        ungrounded_share: 0.4,
        slow_call: 2.5,
        slow_share: 0.35,
        slow_factor: 5.0,
        overhead: 0.2,
        left_share: 0.5,
        failed_share: 0.8,
        amplification: 5.0,
        no_content_share: 0.05,
        truncated_share: 0.1,
        not_json_share: 0.07,
        schema_invalid_share: 0.2,
        refused_share: 0.3,
        ..Thresholds::DEFAULT
    };
    let boards = dashboards::all(&Options { thresholds, ..Options::default() });
    let boards: Vec<Value> = boards.iter().map(|board| serde_json::to_value(board).unwrap()).collect();
    for (board, panel, expected) in [
        ("tidegate-overview", "Calls answered well", 0.99),
        ("tidegate-overview", "Failed by an upstream", 0.144),
        ("tidegate-overview", "Given up by callers", 0.5),
        ("tidegate-overview", "Valid but empty", 0.6),
        ("tidegate-overview", "Not usable", 0.72),
        ("tidegate-overview", "Not in the text", 0.4),
        ("tidegate-overview", "Call p95", 2.5),
        ("tidegate-overview", "Gateway's own p99", 0.2),
        ("tidegate-overview", "Worst upstreams", 0.8),
        ("tidegate-overview", "Worst retry ratios", 4.0),
        ("tidegate-answers", "Valid but empty", 0.6),
        ("tidegate-answers", "Valid but empty, by profile", 0.6),
        ("tidegate-answers", "Typical latency against its norm, by profile", 5.0),
        ("tidegate-retries", "Attempts per first attempt", 5.0),
        ("tidegate-slo", "Slow calls", 0.35),
        ("tidegate-upstreams", "Typical latency against its norm", 5.0),
        ("tidegate-upstreams", "Failed share by upstream", 0.8),
    ] {
        let found = last_step(&boards, board, panel);
        assert!((found - expected).abs() < 1e-9, "{board}: {panel} turns at {found}, not at {expected}");
    }
}

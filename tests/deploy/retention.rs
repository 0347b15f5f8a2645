//! Prometheus keeps what the rules look back at.

use crate::{
    none, read,
    stack::{COMPOSE, Stack, list},
};

const FLAG: &str = "--storage.tsdb.retention.time=";

/// How many days back the rules look at most.
fn looked_back(rules: &str) -> u32 {
    let windows = rules.split('[').skip(1).filter_map(|rest| rest.split_once("d]"));
    windows.filter_map(|(days, _)| days.parse().ok()).max().unwrap()
}

/// What is forgotten too soon. A day is left for blocks, which go as a whole.
fn forgotten(stack: &Stack, days: u32) -> Vec<String> {
    let command = &stack.service("prometheus").body["command"];
    let kept = list(command).find_map(|word| word.strip_prefix(FLAG)?.strip_suffix('d')?.parse().ok());
    match kept {
        Some(kept) if days < kept => Vec::new(),
        Some(kept) => vec![format!("{kept} days are kept, and rules look back {days}")],
        None => vec!["nothing says how many days are kept".to_owned()],
    }
}

#[test]
fn prometheus_keeps_what_the_rules_look_back_at() {
    let days = looked_back(&read("grafana/prometheus/rules.yaml"));
    none(&forgotten(&Stack::real(), days));
    for (from, to) in [("time=31d", "time=30d"), ("time=31d", "time=7d"), (FLAG, "--storage.tsdb.")] {
        assert_eq!(forgotten(&Stack::edited(COMPOSE, from, to), days).len(), 1, "{from} -> {to}");
    }
}

#[test]
fn those_with_a_prometheus_of_their_own_are_told() {
    let flag = format!("`{FLAG}{}d`", looked_back(&read("grafana/prometheus/rules.yaml")) + 1);
    assert!(read("grafana/README.md").contains(&flag), "grafana/README.md does not say {flag}");
}

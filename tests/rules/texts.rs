//! What alerts say, and what stands beside them.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate::monitoring::rules::Options;

use crate::{alert_names, read, rules, rules_of, yaml};

/// The boards of `grafana/dashboards`.
const DASHBOARDS: &[&str] = &[
    "tidegate-overview",
    "tidegate-retries",
    "tidegate-upstreams",
    "tidegate-cache",
    "tidegate-answers",
    "tidegate-slo",
    "tidegate-runtime",
];

#[test]
fn every_alert_says_what_is_needed_at_night() {
    for rule in rules().iter().filter(|rule| rule.is_alert) {
        let (alert, name) = (&rule.all, &rule.name);
        assert!(name.starts_with("Tidegate"), "{name}");
        assert!(matches!(alert["labels"]["severity"].as_str(), Some("critical" | "warning")), "{name}");
        for annotation in ["summary", "description"] {
            let text = alert["annotations"][annotation].as_str().unwrap_or_default();
            assert!(!text.is_empty() && !text.contains("  "), "{name}: {annotation}: {text}");
        }
        let runbook = format!("docs/runbook.md#{}, among Tidegate's sources", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook"], runbook.as_str());
        assert!(alert["annotations"]["runbook_url"].is_null(), "{name}: a link that leads nowhere");
        let dashboard = alert["annotations"]["dashboard_uid"].as_str().unwrap();
        assert!(DASHBOARDS.contains(&dashboard), "{name}: {dashboard}");
    }
}

#[test]
fn a_runbook_of_ones_own_is_linked_to() {
    let wiki = Options { runbook_base: Some("https://wiki/run".to_owned()), ..Options::default() };
    for rule in rules_of(&wiki).iter().filter(|rule| rule.is_alert) {
        let link = format!("https://wiki/run#{}", rule.name.to_lowercase());
        assert_eq!(rule.all["annotations"]["runbook_url"], link.as_str());
        assert!(rule.all["annotations"]["runbook"].is_null(), "{}", rule.name);
    }
}

#[test]
fn templates_name_labels_that_the_rule_keeps() {
    let named = regex::Regex::new(r"\$labels\.(\w+)").unwrap();
    for rule in rules().iter().filter(|rule| rule.is_alert) {
        for text in rule.all["annotations"].as_object().unwrap().values() {
            for found in named.captures_iter(text.as_str().unwrap()) {
                let by = regex::Regex::new(&format!(
                    r"by \([^)]*\b{0}\b|\w*{0}\w*:tidegate|\bup\{{|process_",
                    &found[1]
                ));
                assert!(by.unwrap().is_match(&rule.expr), "{}: {}", rule.name, &found[0]);
            }
        }
    }
}

#[test]
fn every_alert_is_seen_to_fire_and_not_to_fire() {
    let tests = yaml(&read("grafana/prometheus/rules.test.yaml"));
    let cases = tests["tests"].as_array().unwrap().iter();
    let cases: Vec<&Value> =
        cases.flat_map(|test| test["alert_rule_test"].as_array().into_iter().flatten()).collect();
    let of = |fires: bool| -> BTreeSet<String> {
        let cases = cases.iter().filter(|case| case["exp_alerts"].is_array() == fires);
        cases.map(|case| case["alertname"].as_str().unwrap().to_owned()).collect()
    };
    let alerts: BTreeSet<String> = alert_names().into_iter().collect();
    assert_eq!(of(true), alerts, "alerts that fire in a case");
    assert_eq!(of(false), alerts, "alerts that do not fire in a case");
}

#[test]
fn alertmanager_knows_the_alerts_it_inhibits() {
    let config = yaml(&read("grafana/prometheus/alertmanager.yaml"));
    let named = regex::Regex::new(r"Tidegate[A-Z]\w+").unwrap();
    let alerts = alert_names();
    let rules = config["inhibit_rules"].to_string();
    assert!(named.is_match(&rules));
    for found in named.find_iter(&rules) {
        assert!(alerts.iter().any(|alert| alert == found.as_str()), "{}", found.as_str());
    }
}

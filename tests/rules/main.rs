//! Rules for Prometheus: what they name exists, and whoever is paged by one finds help.
//!
//! Whether they fire is asked of promtool (`grafana/prometheus/rules.test.yaml`, run by `.ci/run`).

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod claims;
mod command;
mod expressions;
mod names;
mod runbook;
mod scale;
mod texts;

use serde_json::Value;
use tidegate::monitoring::rules::{Options, render};

/// One rule of the file.
pub(crate) struct Rule {
    pub(crate) group: String,
    /// An alert's or a recorded series' name.
    pub(crate) name: String,
    pub(crate) is_alert: bool,
    pub(crate) expr: String,
    pub(crate) all: Value,
}

pub(crate) fn rules_of(options: &Options) -> Vec<Rule> {
    let file = yaml(&render(options));
    let groups = file["groups"].as_array().unwrap().iter();
    let rules = groups.flat_map(|group| {
        let name = group["name"].as_str().unwrap().to_owned();
        group["rules"].as_array().unwrap().iter().map(move |rule| (name.clone(), rule))
    });
    let rules = rules.map(|(group, rule)| {
        let alert = rule["alert"].as_str();
        Rule {
            group,
            name: alert.or(rule["record"].as_str()).unwrap().to_owned(),
            is_alert: alert.is_some(),
            expr: rule["expr"].as_str().unwrap().to_owned(),
            all: rule.clone(),
        }
    });
    rules.collect()
}

pub(crate) fn rules() -> Vec<Rule> {
    rules_of(&Options::default())
}

pub(crate) fn alert_names() -> Vec<String> {
    let mut names: Vec<_> = rules().into_iter().filter(|rule| rule.is_alert).map(|rule| rule.name).collect();
    names.dedup();
    names
}

pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

//! The runbook: a section for each alert, and no query in it that finds nothing.

use std::collections::BTreeSet;

use tidegate::extraction::{
    Verdict,
    party::{Party, verdicts_of},
};

use crate::{alert_names, expressions, names, read};

const RUNBOOK: &str = "docs/runbook.md";

#[test]
fn every_alert_has_its_section_and_every_section_its_alert() {
    let runbook = read(RUNBOOK);
    let sections = runbook.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned);
    let sections: Vec<String> = sections.collect();
    let (found, alerts): (BTreeSet<_>, BTreeSet<_>) =
        (sections.iter().cloned().collect(), alert_names().into_iter().collect());
    assert_eq!(found, alerts);
    assert_eq!(sections.len(), found.len(), "a section stands there twice");
}

#[test]
fn every_section_says_why_where_to_look_and_what_to_do() {
    for section in read(RUNBOOK).split("\n### ").skip(1) {
        for part in ["**Means.**", "**Threshold.**", "**Look at.**", "**Do.**", "**Tune.**"] {
            assert!(section.contains(part), "{part} is missing: {section}");
        }
    }
}

/// The words in backticks between two places of the runbook.
fn words_between<'a>(runbook: &'a str, from: &str, to: &str) -> BTreeSet<&'a str> {
    let (_, rest) = runbook.split_once(from).unwrap_or_else(|| panic!("the runbook lacks {from}"));
    let (said, _) = rest.split_once(to).unwrap_or_else(|| panic!("the runbook lacks {to} after {from}"));
    said.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_runbook_tells_failed_verdicts_from_others_as_the_code_does() {
    let runbook = read(RUNBOOK);
    let failed = words_between(&runbook, "A call is *failed* by its verdict:", ". What callers do");
    assert_eq!(failed, verdicts_of(Party::FAILING).into_iter().collect());
    let callers = words_between(&runbook, "counts neither way:", ". The gRPC");
    assert_eq!(callers, verdicts_of(&[Party::Caller]).into_iter().collect());
    assert_eq!(failed.len() + callers.len() + 1, Verdict::ALL.len(), "and `ok`");
    let section = runbook.split("\n### ").find(|s| s.starts_with("TidegateErrorBudgetBurn")).unwrap();
    let told = words_between(section, "**Do.** By verdict.", "**Tune.**");
    assert_eq!(told, failed, "what to do about each");
}

#[test]
fn what_compares_with_a_norm_says_how() {
    for section in read(RUNBOOK).split("\n### ").skip(1) {
        let compares = section.contains("--norm-factor");
        let says = section.contains("(#the-norm)");
        assert_eq!(compares, says, "{section}");
    }
}

#[test]
fn every_query_finds_what_it_names() {
    let runbook = read(RUNBOOK);
    let queries = runbook.split("```promql\n").skip(1).filter_map(|rest| rest.split("```").next());
    let queries: Vec<&str> = queries.flat_map(|block| block.split("\n\n")).map(str::trim).collect();
    assert!(!queries.is_empty());
    for query in queries {
        assert_eq!(expressions::problems(query), [""; 0], "{query}");
    }
}

#[test]
fn every_series_and_label_named_in_passing_exists() {
    let series = regex::Regex::new(r"`([a-z][a-z0-9_:]+)(?:\{([a-z_]+)[^`]*\})?`").unwrap();
    for found in series.captures_iter(&read(RUNBOOK)) {
        let name = &found[1];
        if names::is_series_like(name) {
            let labels = names::labels_of(name).unwrap_or_else(|| panic!("no series {name}"));
            let label = found.get(2).map_or("job", |label| label.as_str());
            assert!(labels.contains(label), "{name} has no label {label}");
        }
    }
}

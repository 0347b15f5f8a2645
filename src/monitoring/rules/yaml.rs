//! The rule file's text.
//!
//! Written by hand: serialisers fold long expressions or quote them into one line, and these are read by people.

use std::fmt::Write as _;

use super::{Alert, Group, Options, Rule};

const HEAD: &str = "# Made by `tidegate rules`: change its options or src/monitoring/rules, not this file.\n";

pub(super) fn render(options: &Options, groups: &[Group]) -> String {
    let mut yaml = format!("{HEAD}groups:\n");
    for group in groups {
        let interval = options.time(group.interval);
        push(&mut yaml, format_args!("  - name: {}\n    interval: {interval}\n    rules:\n", group.name));
        for rule in &group.rules {
            match rule {
                Rule::Record { name, expr } => {
                    push(&mut yaml, format_args!("      - record: {name}\n{}", block(expr)));
                }
                Rule::Alert(alert) => alert_rule(&mut yaml, options, alert),
            }
        }
    }
    yaml
}

fn alert_rule(yaml: &mut String, options: &Options, alert: &Alert) {
    push(yaml, format_args!("      - alert: {}\n{}", alert.name, block(&alert.expr)));
    for (key, duration) in [("for", alert.after), ("keep_firing_for", alert.lingers)] {
        if !duration.is_zero() {
            push(yaml, format_args!("        {key}: {}\n", options.time(duration)));
        }
    }
    push(yaml, format_args!("        labels:\n          severity: {}\n", alert.severity.as_str()));
    for (name, value) in &alert.labels {
        push(yaml, format_args!("          {name}: {}\n", quoted(value)));
    }
    let section = alert.name.to_lowercase();
    let (runbook, place) = match &options.runbook_base {
        Some(base) => ("runbook_url", format!("{base}#{section}")),
        // A link that leads nowhere is worse than none.
        None => ("runbook", format!("docs/runbook.md#{section}, among Tidegate's sources")),
    };
    push(yaml, format_args!("        annotations:\n"));
    for (name, value) in [
        ("summary", &*alert.summary),
        ("description", &alert.description),
        (runbook, &place),
        ("dashboard_uid", alert.dashboard),
    ] {
        push(yaml, format_args!("          {name}: {}\n", quoted(value)));
    }
}

fn block(expr: &impl std::fmt::Display) -> String {
    let mut block = "        expr: |-\n".to_owned();
    for line in expr.to_string().lines() {
        push(&mut block, format_args!("          {line}\n"));
    }
    block
}

/// YAML reads the strings of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn push(yaml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = yaml.write_fmt(text);
}

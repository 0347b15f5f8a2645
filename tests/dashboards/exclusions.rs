//! Where a rule can't hold, and why. `grafana/dashboards/.lint` is made from this, for the linter itself.

use std::{collections::BTreeMap, fmt::Write as _};

/// A panel that may break a rule.
pub(crate) struct Exclusion {
    pub(crate) rule: &'static str,
    pub(crate) board: &'static str,
    pub(crate) panel: &'static str,
    pub(crate) reason: &'static str,
}

const OF_A_JOB: &str = "Some alerts speak of a whole job or of its absence, so they carry no instance.";

const fn alerts(panel: &'static str) -> Exclusion {
    Exclusion { rule: "target-instance-rule", board: "Tidegate / Overview", panel, reason: OF_A_JOB }
}

const RECORDED: &str = "What the rules record speaks of a whole job, so it carries no instance.";

const fn recorded(board: &'static str, panel: &'static str) -> Exclusion {
    Exclusion { rule: "target-instance-rule", board, panel, reason: RECORDED }
}

const LEFT_OUT: &str = "A series is left out once and until the next start, but its rate is soon zero again.";

/// All of them.
pub(crate) const EXCLUSIONS: &[Exclusion] = &[
    alerts("Alerts firing"),
    alerts("Which alerts fire"),
    recorded("Tidegate / Overview", "Error budget left"),
    recorded("Tidegate / Upstreams & tokens", "Typical latency against its norm"),
    recorded("Tidegate / Answer quality", "Typical latency against its norm, by profile"),
    recorded("Tidegate / SLO", "Error budget left"),
    recorded("Tidegate / SLO", "Burn rate of the last hour"),
    recorded("Tidegate / SLO", "Slow calls"),
    recorded("Tidegate / SLO", "Calls that count"),
    recorded("Tidegate / SLO", "Burn rates"),
    recorded("Tidegate / SLO", "Error budget left, over time"),
    recorded("Tidegate / SLO", "Calls that count, over time"),
    Exclusion {
        rule: "target-counter-agg-rule",
        board: "Tidegate / Runtime",
        panel: "Series left out",
        reason: LEFT_OUT,
    },
];

/// Whether this panel may break this rule.
pub(crate) fn excludes(rule: &str, board: &str, panel: &str) -> bool {
    EXCLUSIONS
        .iter()
        .any(|exclusion| exclusion.rule == rule && exclusion.board == board && exclusion.panel == panel)
}

/// The same for Grafana's dashboard-linter.
pub(crate) fn lint_file() -> String {
    let mut by_rule: BTreeMap<&str, Vec<&Exclusion>> = BTreeMap::new();
    for exclusion in EXCLUSIONS {
        by_rule.entry(exclusion.rule).or_default().push(exclusion);
    }
    let mut text = "# Made by tests/dashboards; UPDATE_DOCS=1 renews it.\nexclusions:\n".to_owned();
    for (rule, exclusions) in by_rule {
        let mut reasons: Vec<_> = exclusions.iter().map(|exclusion| exclusion.reason).collect();
        reasons.dedup();
        write!(text, "  {rule}:\n    reason: {}\n    entries:\n", reasons.join(" ")).unwrap();
        for exclusion in exclusions {
            writeln!(text, "      - dashboard: {}\n        panel: {}", exclusion.board, exclusion.panel)
                .unwrap();
        }
    }
    text
}

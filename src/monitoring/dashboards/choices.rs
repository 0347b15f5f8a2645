//! What is chosen above a board, and which panels heed it: found in what they ask, so that words can't drift from it.

use super::model::{Panel, Variable};

/// How Grafana says that neither a variable nor its name is shown.
const HIDDEN: u8 = 2;

/// Hides what no panel heeds. Links carry it along all the same.
pub(super) fn offered(variables: Vec<Variable>, panels: &[Panel]) -> Vec<Variable> {
    let idle =
        |variable: &Variable| is_choice(variable) && !panels.iter().any(|panel| heeds(panel, variable));
    let hide = |variable: Variable| Variable { hide: HIDDEN, ..variable };
    variables.into_iter().map(|variable| if idle(&variable) { hide(variable) } else { variable }).collect()
}

/// Ends a panel's description with the choices offered that change nothing about it.
pub(super) fn told(mut panel: Panel, variables: &[Variable]) -> Panel {
    let unheeded: Vec<String> = variables
        .iter()
        .filter(|variable| is_choice(variable) && variable.hide != HIDDEN && !heeds(&panel, variable))
        .map(|variable| format!("all {}s", variable.name))
        .collect();
    if !panel.targets.is_empty() && !unheeded.is_empty() {
        let all = unheeded.join(", ");
        panel.description = format!("{} Shows {all}, whatever is chosen above.", panel.description);
    }
    panel
}

/// Not the data source, which every query asks.
fn is_choice(variable: &Variable) -> bool {
    variable.kind == "query"
}

fn heeds(panel: &Panel, variable: &Variable) -> bool {
    let choice = format!("\"${}\"", variable.name);
    panel.targets.iter().any(|target| target.expr.contains(&choice))
}

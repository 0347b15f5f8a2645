//! A choice above a board changes a panel, or the panel says that it does not, or there is no such choice.

use serde_json::{Value, json};

use crate::{
    board::{first_panel, list, shown, variable, word},
    promql,
    rules::{Breach, Rule},
    targets::{has, replace},
    vocabulary,
};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "no-idle-choice",
        check: idle,
        breach: |board| variable(board, "upstream")["hide"] = json!(2),
    },
    Rule {
        name: "told-choices",
        check: told,
        breach: |board| first_panel(board)["description"] = json!("The share of calls that ended well."),
    },
    Rule {
        name: "narrowed-alike",
        check: alike,
        breach: |board| {
            let mut other = first_panel(board)["targets"][0].clone();
            other["expr"] = json!("sum(tidegate_calls_active{job=~\"$job\",instance=~\"$instance\"})");
            first_panel(board)["targets"].as_array_mut().unwrap().push(other);
        },
    },
    Rule {
        name: "chosen-upstream-and-profile",
        check: forgotten,
        breach: |board| replace(board, ",profile=~\"$profile\"", ""),
    },
];

/// The names of the choices that a board has, and whether each is shown.
fn choices(board: &Value) -> impl Iterator<Item = (&str, bool)> {
    let variables = list(&board["templating"], "list").iter();
    let choices = variables.filter(|variable| word(variable, "type") == "query");
    choices.map(|variable| (word(variable, "name"), variable["hide"] == json!(0)))
}

/// For each query of a panel, whether any of its selectors heeds a choice.
fn heeding(panel: &Value, choice: &str) -> Vec<bool> {
    let heeds = |target: &Value| {
        let expr = promql::parse(word(target, "expr"));
        expr.is_ok_and(|expr| promql::selectors(&expr).iter().any(|(selector, _)| has(selector, choice)))
    };
    list(panel, "targets").iter().map(heeds).collect()
}

fn says_all(panel: &Value, choice: &str) -> bool {
    word(panel, "description").contains(&format!("all {choice}s"))
}

fn idle(board: &Value) -> Vec<Breach> {
    let wrong = choices(board).filter(|(name, offered)| {
        let used = shown(board).any(|panel| heeding(panel, name).contains(&true));
        used != *offered
    });
    wrong.map(|(name, _)| Breach::at(name, "is shown and unused, or used and hidden")).collect()
}

fn each(board: &Value, wrong: impl Fn(&Value, &str) -> Option<String>) -> Vec<Breach> {
    let offered: Vec<_> = choices(board).filter(|(_, offered)| *offered).collect();
    let pairs = shown(board).flat_map(|panel| offered.iter().map(move |(name, _)| (panel, *name)));
    pairs
        .filter_map(|(panel, name)| wrong(panel, name).map(|how| Breach::at(word(panel, "title"), how)))
        .collect()
}

fn told(board: &Value) -> Vec<Breach> {
    each(board, |panel, choice| {
        let heeds = heeding(panel, choice).contains(&true);
        (heeds == says_all(panel, choice)).then(|| format!("{choice}: heeds it and denies it, or neither"))
    })
}

/// Figures side by side of which only some are narrowed can't be held against each other.
fn alike(board: &Value) -> Vec<Breach> {
    each(board, |panel, choice| {
        let heeding = heeding(panel, choice);
        (heeding.contains(&true) && heeding.contains(&false))
            .then(|| format!("only some of its queries heed the choice of {choice}"))
    })
}

/// What could heed a choice does, unless its panel says otherwise.
fn forgotten(board: &Value) -> Vec<Breach> {
    each(board, |panel, choice| {
        let exprs =
            list(panel, "targets").iter().filter_map(|target| promql::parse(word(target, "expr")).ok());
        let forgotten = exprs.into_iter().find_map(|expr| {
            let selectors = promql::selectors(&expr).into_iter().map(|(selector, _)| selector);
            let mut able = selectors.filter(|selector| {
                let metric = selector.name.as_deref().and_then(vocabulary::metric);
                metric.is_some_and(|metric| metric.labels.iter().any(|label| label.name == choice))
            });
            able.find(|selector| !has(selector, choice)).map(ToString::to_string)
        })?;
        (!says_all(panel, choice)).then(|| format!("{forgotten} is of any {choice}"))
    })
}

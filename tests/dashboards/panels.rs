//! Rules on panels.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate::monitoring::dashboards::COLUMNS;

use crate::{
    board::{first_panel, list, number, shown, word},
    rules::{Breach, Rule},
};

/// Units of Grafana that the boards use.
const UNITS: &[&str] = &["short", "percentunit", "s", "bytes", "ops", "reqps", "dateTimeFromNow"];

/// What a description must be long enough for: what it shows, when to worry, what to do next.
const DESCRIPTION_MIN: usize = 80;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "panel-datasource-rule",
        check: data_source,
        breach: |board| first_panel(board)["targets"][0]["datasource"]["uid"] = json!("prometheus"),
    },
    Rule {
        name: "panel-title-description-rule",
        check: words,
        breach: |board| first_panel(board)["description"] = json!("Rate."),
    },
    Rule {
        name: "panel-units-rule",
        check: units,
        breach: |board| first_panel(board)["fieldConfig"]["defaults"]["unit"] = json!("per cent"),
    },
    Rule {
        name: "panel-no-targets-rule",
        check: asks,
        breach: |board| first_panel(board)["targets"] = json!([]),
    },
    Rule {
        name: "present",
        check: present,
        breach: |board| first_panel(board)["targets"][0]["instant"] = json!(false),
    },
    Rule { name: "unique-ids", check: ids, breach: |board| first_panel(board)["id"] = json!(1) },
    Rule {
        name: "unique-refs",
        check: refs,
        breach: |board| {
            let target = first_panel(board)["targets"][0].clone();
            first_panel(board)["targets"].as_array_mut().unwrap().push(target);
        },
    },
    Rule {
        name: "unique-titles",
        check: titles,
        breach: |board| first_panel(board)["title"] = json!("Call p95"),
    },
    Rule { name: "grid", check: grid, breach: |board| first_panel(board)["gridPos"]["w"] = json!(9) },
    Rule {
        name: "thresholds",
        check: thresholds,
        breach: |board| first_panel(board)["fieldConfig"]["defaults"]["thresholds"]["steps"] = json!([]),
    },
    Rule {
        name: "legends",
        check: legends,
        breach: |board| first_panel(board)["targets"][0]["legendFormat"] = json!(""),
    },
    Rule {
        name: "runbook",
        check: runbook,
        breach: |board| board["panels"].as_array_mut().unwrap().retain(|panel| word(panel, "type") != "text"),
    },
];

fn each(board: &Value, wrong: impl Fn(&Value) -> Option<String>) -> Vec<Breach> {
    shown(board).filter_map(|panel| wrong(panel).map(|how| Breach::at(word(panel, "title"), how))).collect()
}

fn data_source(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let chosen = |value: &Value| word(&value["datasource"], "uid") == "${datasource}";
        let all = chosen(panel) && list(panel, "targets").iter().all(chosen);
        (!all).then(|| "asks another data source than the chosen one".to_owned())
    })
}

fn words(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let description = word(panel, "description");
        let said = description.len() >= DESCRIPTION_MIN && description.contains("Next: ");
        (word(panel, "title").is_empty() || !said).then(|| format!("does not say enough: {description:?}"))
    })
}

fn units(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let unit = word(&panel["fieldConfig"]["defaults"], "unit");
        (!UNITS.contains(&unit)).then(|| format!("{unit:?} is no unit"))
    })
}

fn asks(board: &Value) -> Vec<Breach> {
    each(board, |panel| list(panel, "targets").is_empty().then(|| "asks nothing".to_owned()))
}

/// One value speaks of now: the last of a range would stay after the gateway that told it is gone.
fn present(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let now = |target: &Value| target["instant"] == json!(true) && target["range"] == json!(false);
        let told = list(panel, "targets").iter().all(now);
        (matches!(word(panel, "type"), "stat" | "table") && !told).then(|| "shows what is past".to_owned())
    })
}

fn ids(board: &Value) -> Vec<Breach> {
    let mut seen = BTreeSet::new();
    let again = list(board, "panels")
        .iter()
        .filter(|panel| number(panel, "id") == 0 || !seen.insert(number(panel, "id")));
    again.map(|panel| Breach::at(word(panel, "title"), "its id is there twice")).collect()
}

fn refs(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let mut seen = BTreeSet::new();
        let again = list(panel, "targets").iter().any(|target| !seen.insert(word(target, "refId")));
        again.then(|| "two queries have the same letter".to_owned())
    })
}

fn titles(board: &Value) -> Vec<Breach> {
    let mut seen = BTreeSet::new();
    let again = shown(board).filter(|panel| !seen.insert(word(panel, "title").to_owned()));
    again.map(|panel| Breach::at(word(panel, "title"), "there are two of this title")).collect()
}

fn grid(board: &Value) -> Vec<Breach> {
    let place = |panel: &Value| {
        let at = &panel["gridPos"];
        (number(at, "x"), number(at, "y"), number(at, "w"), number(at, "h"))
    };
    let panels = list(board, "panels");
    let mut found = Vec::new();
    for (at, panel) in panels.iter().enumerate() {
        let (x, y, w, h) = place(panel);
        if w == 0 || h == 0 || x + w > u64::from(COLUMNS) {
            found.push(Breach::at(word(panel, "title"), "does not stand on the grid"));
        }
        for other in &panels[..at] {
            let (ox, oy, ow, oh) = place(other);
            if x < ox + ow && ox < x + w && y < oy + oh && oy < y + h {
                found.push(Breach::at(word(panel, "title"), format!("covers {}", word(other, "title"))));
            }
        }
    }
    found
}

fn thresholds(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let defaults = &panel["fieldConfig"]["defaults"];
        let steps = list(&defaults["thresholds"], "steps");
        let rising = steps
            .windows(2)
            .all(|pair| pair[0]["value"].is_null() || pair[0]["value"].as_f64() < pair[1]["value"].as_f64());
        let drawn = word(panel, "type") != "timeseries"
            || steps.len() < 2
            || word(&defaults["custom"]["thresholdsStyle"], "mode") != "off";
        let begins = steps.first().is_some_and(|first| first["value"].is_null());
        (!(begins && rising && drawn))
            .then(|| "has no thresholds, or they are out of order or not drawn".to_owned())
    })
}

fn legends(board: &Value) -> Vec<Breach> {
    each(board, |panel| {
        let bare = list(panel, "targets").iter().any(|target| word(target, "legendFormat").is_empty());
        (bare && word(panel, "type") != "table").then(|| "a series has no name".to_owned())
    })
}

fn runbook(board: &Value) -> Vec<Breach> {
    let mut texts = list(board, "panels").iter().filter(|panel| word(panel, "type") == "text");
    let said = texts.any(|panel| word(&panel["options"], "content").contains("docs/runbook.md"));
    if said { Vec::new() } else { vec![Breach::at("text", "no panel says where the runbook is")] }
}

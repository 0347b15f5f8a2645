//! Rules on a board as a whole and on its variables.

use serde_json::{Value, json};

use crate::{
    board::{list, variable, word},
    promql,
    rules::{Breach, Rule},
};

/// What must be there to choose from, and what people read.
const CHOICES: &[(&str, &str)] =
    &[("job", "Job"), ("instance", "Instance"), ("upstream", "Upstream"), ("profile", "Profile")];

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "template-datasource-rule",
        check: data_source,
        breach: |board| variable(board, "datasource")["name"] = json!("source"),
    },
    Rule {
        name: "template-job-rule",
        check: |board| choice(board, 0),
        breach: |board| variable(board, "job")["allValue"] = json!(".*"),
    },
    Rule {
        name: "template-instance-rule",
        check: |board| choice(board, 1),
        breach: |board| variable(board, "instance")["multi"] = json!(false),
    },
    Rule {
        name: "template-upstream",
        check: |board| choice(board, 2),
        breach: |board| variable(board, "upstream")["label"] = json!(""),
    },
    Rule {
        name: "template-profile",
        check: |board| choice(board, 3),
        breach: |board| variable(board, "profile")["includeAll"] = json!(false),
    },
    Rule {
        name: "template-label-promql-rule",
        check: queries,
        breach: |board| variable(board, "job")["query"]["query"] = json!("label_values(up{, job)"),
    },
    Rule {
        name: "template-on-time-change-reload-rule",
        check: reloads,
        breach: |board| variable(board, "profile")["refresh"] = json!(1),
    },
    Rule {
        name: "uneditable-dashboard-rule",
        check: uneditable,
        breach: |board| board["editable"] = json!(true),
    },
    Rule { name: "format", check: format, breach: |board| board["schemaVersion"] = json!(42) },
    Rule { name: "links", check: links, breach: |board| board["links"][0]["keepTime"] = json!(false) },
    Rule {
        name: "marks",
        check: marks,
        breach: |board| board["annotations"]["list"][0]["expr"] = json!("process_start_time_seconds{"),
    },
];

fn variables(board: &Value) -> &[Value] {
    list(&board["templating"], "list")
}

fn data_source(board: &Value) -> Vec<Breach> {
    let is = |v: &&Value| {
        (word(v, "type"), word(v, "name"), word(v, "label"), word(v, "query"))
            == ("datasource", "datasource", "Data source", "prometheus")
    };
    let found = variables(board).iter().filter(is).count();
    if found == 1 {
        Vec::new()
    } else {
        vec![Breach::at("datasource", "is missing or not set as it should be")]
    }
}

fn choice(board: &Value, at: usize) -> Vec<Breach> {
    let (name, label) = CHOICES[at];
    let Some(found) = variables(board).iter().find(|variable| word(variable, "name") == name) else {
        return vec![Breach::at(name, "is missing")];
    };
    let holds = [
        ("type is query", word(found, "type") == "query"),
        ("the label is its name", word(found, "label") == label),
        ("several can be chosen", found["multi"] == json!(true)),
        ("all can be chosen", found["includeAll"] == json!(true)),
        ("all is .+", word(found, "allValue") == ".+"),
        ("it asks the chosen data source", word(&found["datasource"], "uid") == "${datasource}"),
    ];
    holds
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(what, _)| Breach::at(name, format!("not so: {what}")))
        .collect()
}

fn queries(board: &Value) -> Vec<Breach> {
    let asked = variables(board).iter().filter(|variable| word(variable, "type") == "query");
    asked
        .filter_map(|variable| {
            let query = word(&variable["query"], "query");
            let (series, label) = promql::label_values(query)?;
            let known = promql::parse(series).is_ok() && label == word(variable, "name");
            (!known).then(|| Breach::at(word(variable, "name"), query))
        })
        .collect()
}

fn reloads(board: &Value) -> Vec<Breach> {
    let asked = variables(board).iter().filter(|variable| word(variable, "type") == "query");
    asked
        .filter(|variable| variable["refresh"] != json!(2))
        .map(|variable| Breach::at(word(variable, "name"), "does not reload when the time range changes"))
        .collect()
}

fn uneditable(board: &Value) -> Vec<Breach> {
    if board["editable"] == json!(false) { Vec::new() } else { vec![Breach::at("editable", "is not false")] }
}

fn format(board: &Value) -> Vec<Breach> {
    let holds = [
        (
            "schemaVersion",
            board["schemaVersion"].as_u64().is_some_and(|version| (39..=41).contains(&version)),
        ),
        ("id", board["id"].is_null()),
        ("uid", word(board, "uid").starts_with("tidegate-") && word(board, "uid").len() <= 40),
        ("title", word(board, "title").starts_with("Tidegate / ")),
        ("description", word(board, "description").ends_with('?')),
        ("tags", board["tags"] == json!(["tidegate"])),
    ];
    holds
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(what, _)| Breach::at(what, board[what].to_string()))
        .collect()
}

fn links(board: &Value) -> Vec<Breach> {
    let own = list(board, "links").iter();
    let of_panels = list(board, "panels").iter().flat_map(|panel| list(panel, "links"));
    let uids: Vec<String> =
        crate::board::boards().iter().map(|board| word(board, "uid").to_owned()).collect();
    let leads_nowhere = |link: &Value| {
        let url = word(link, "url");
        !url.is_empty() && !uids.iter().any(|uid| url.starts_with(&format!("/d/{uid}?")))
    };
    own.chain(of_panels)
        .filter(|link| {
            link["keepTime"] != json!(true) || link["includeVars"] != json!(true) || leads_nowhere(link)
        })
        .map(|link| Breach::at(word(link, "title"), link.to_string()))
        .chain(list(board, "links").is_empty().then(|| Breach::at("links", "are missing")))
        .collect()
}

fn marks(board: &Value) -> Vec<Breach> {
    let marks = list(&board["annotations"], "list");
    let wrong = marks.iter().filter(|mark| promql::parse(word(mark, "expr")).is_err());
    let wrong: Vec<_> = wrong.map(|mark| Breach::at(word(mark, "name"), word(mark, "expr"))).collect();
    if marks.len() < 2 { vec![Breach::at("annotations", "starts or alerts are missing")] } else { wrong }
}

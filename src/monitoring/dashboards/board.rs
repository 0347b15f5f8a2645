//! What all boards have in common: variables, links to each other, marks for starts and alerts.

use serde_json::json;

use super::{
    Brief, choices,
    grid::{Row, flow, row},
    links::{TAG, to_all_boards},
    model::{Annotation, Dashboard, List, SCHEMA_VERSION, TimeRange, Variable},
    panels::{CHOSEN_SOURCE, text},
};
use crate::{
    monitoring::query,
    telemetry::catalogue::{Label, Metric, labels, list},
};

/// Firing alerts of Tidegate in the chosen jobs. Found by name, as some speak of a whole job.
pub(super) const FIRING: &str = r#"ALERTS{alertstate="firing",alertname=~"Tidegate.+",job=~"$job"}"#;

/// A board's name, the question it answers, and its rows.
pub(super) fn board(
    uid: &'static str,
    title: &'static str,
    question: &'static str,
    rows: Vec<Row>,
) -> Dashboard {
    let panels = flow(rows);
    let variables = choices::offered(variables(), &panels);
    let panels = panels.into_iter().map(|panel| choices::told(panel, &variables)).collect();
    Dashboard {
        id: None,
        uid,
        title,
        description: question,
        tags: vec![TAG],
        schema_version: SCHEMA_VERSION,
        version: 1,
        editable: false,
        graph_tooltip: 1,
        refresh: "30s",
        time: TimeRange { from: "now-1h", to: "now" },
        timezone: "browser",
        templating: List { list: variables },
        annotations: List { list: vec![starts(), alerts()] },
        links: vec![to_all_boards()],
        panels,
    }
}

/// The end of a board: where to read what to do.
pub(super) fn what_to_do(brief: &Brief) -> Row {
    let words = format!(
        "Every panel's description says when to worry and where to look next. What to do about an alert \
         stands in the runbook: {}.",
        brief.runbook
    );
    row("What to do", vec![text("What to do", &words)])
}

fn variables() -> Vec<Variable> {
    let source = Variable {
        kind: "datasource",
        name: "datasource",
        label: "Data source",
        datasource: None,
        query: json!("prometheus"),
        current: json!({}),
        multi: false,
        include_all: false,
        all_value: None,
        refresh: 1,
        sort: 0,
        regex: "",
        hide: 0,
    };
    let build = list::BUILD.prometheus_name();
    let within = |metric: &Metric| {
        query::series(metric)
            .matching("job", "=~", "$job")
            .matching("instance", "=~", "$instance")
            .to_string()
    };
    let instances = query::series(&list::BUILD).matching("job", "=~", "$job").to_string();
    vec![
        source,
        choice("job", "Job", &build, "job"),
        choice("instance", "Instance", &instances, "instance"),
        choice(labels::UPSTREAM.name, "Upstream", &within(&list::ATTEMPTS), &value_of(&labels::UPSTREAM)),
        choice(labels::PROFILE.name, "Profile", &within(&list::CALLS), &value_of(&labels::PROFILE)),
    ]
}

fn value_of(label: &Label) -> String {
    query::name(label)
}

fn choice(name: &'static str, label: &'static str, series: &str, of: &str) -> Variable {
    Variable {
        kind: "query",
        name,
        label,
        datasource: Some(CHOSEN_SOURCE),
        query: json!({
            "query": format!("label_values({series}, {of})"),
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        }),
        current: json!({ "selected": true, "text": ["All"], "value": ["$__all"] }),
        multi: true,
        include_all: true,
        all_value: Some(".+"),
        refresh: 2,
        sort: 1,
        regex: "",
        hide: 0,
    }
}

/// A start stands at the moment that the process itself names, so it is marked once, and where it belongs.
fn starts() -> Annotation {
    let of_chosen =
        |metric| query::series(metric).matching("job", "=~", "$job").matching("instance", "=~", "$instance");
    let version = query::name(&labels::VERSION);
    let expr = format!(
        "1000 * {} * on (job, instance) group_left({version}) {}",
        of_chosen(&list::PROCESS_START),
        of_chosen(&list::BUILD),
    );
    Annotation {
        name: "Starts and deploys",
        datasource: CHOSEN_SOURCE,
        enable: true,
        icon_color: "blue",
        expr,
        step: "60s",
        use_value_for_time: true,
        title_format: "Started",
        text_format: "{{instance}}, version {{version}}",
    }
}

fn alerts() -> Annotation {
    Annotation {
        name: "Alerts",
        datasource: CHOSEN_SOURCE,
        enable: true,
        icon_color: "red",
        expr: FIRING.to_owned(),
        step: "60s",
        use_value_for_time: false,
        title_format: "{{alertname}}",
        text_format: "{{severity}} {{upstream}} {{profile}}",
    }
}

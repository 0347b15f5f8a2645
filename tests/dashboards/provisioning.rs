//! What Grafana is told of data sources and boards agrees with itself and with the boards.

use std::fs;

use serde_json::Value;

use crate::{
    board::{list, word},
    promql, vocabulary,
};

fn yaml(name: &str) -> Value {
    let path = format!("grafana/provisioning/{name}/tidegate.yaml");
    serde_saphyr::from_str(&fs::read_to_string(&path).unwrap())
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn data_sources_refer_to_each_other_by_their_uids() {
    let sources = yaml("datasources");
    let by_uid = |uid: &str| {
        let found = list(&sources, "datasources").iter().find(|source| word(source, "uid") == uid);
        found.unwrap_or_else(|| panic!("no data source {uid}")).clone()
    };
    let (prometheus, tempo) = (by_uid("prometheus"), by_uid("tempo"));
    let exemplars = &list(&prometheus["jsonData"], "exemplarTraceIdDestinations")[0];
    assert_eq!((word(exemplars, "name"), word(exemplars, "datasourceUid")), ("trace_id", "tempo"));
    assert_eq!((word(&prometheus, "type"), word(&tempo, "type")), ("prometheus", "tempo"));
    assert_eq!(word(&tempo["jsonData"]["tracesToMetrics"], "datasourceUid"), "prometheus");
    assert_eq!(word(&by_uid("alertmanager")["jsonData"], "implementation"), "prometheus");
}

#[test]
fn queries_from_spans_name_what_the_catalogue_has() {
    let sources = yaml("datasources");
    let tempo = list(&sources, "datasources").iter().find(|source| word(source, "uid") == "tempo").unwrap();
    let queries = list(&tempo["jsonData"]["tracesToMetrics"], "queries");
    assert!(!queries.is_empty());
    for query in queries {
        // A span may have none of the tags.
        for tags in ["upstream=\"u\"", ""] {
            let query = word(query, "query").replace("$$__tags", tags).replace("$$", "$");
            let expr = promql::parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
            for (selector, _) in promql::selectors(&expr) {
                assert_eq!(vocabulary::problem(selector), None, "{query}");
            }
        }
    }
}

#[test]
fn boards_are_found_and_not_edited() {
    let provider = &list(&yaml("dashboards"), "providers")[0].clone();
    assert_eq!(word(&provider["options"], "path"), "/var/lib/grafana/dashboards");
    assert_eq!(provider["allowUiUpdates"], Value::Bool(false));
}

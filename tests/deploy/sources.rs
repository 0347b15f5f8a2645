//! Grafana's data sources are those that boards ask for, and samples and deployed settings say the same.

use std::fs;

use serde_json::Value;

use crate::{none, parse, read, stack::Stack};

const SOURCES: &str = "grafana/provisioning/datasources/tidegate.yaml";

/// Uids that something refers to and that no data source has.
fn unknown(sources: &Value, referring: &[Value]) -> Vec<String> {
    let known: Vec<_> = sources["datasources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["uid"].as_str().unwrap())
        .collect();
    let mut found = Vec::new();
    for value in referring {
        referred(value, &mut found);
    }
    // Boards name a variable where the user chooses, and Grafana itself for annotations of its own.
    found.retain(|uid| !uid.starts_with('$') && uid != "-- Grafana --" && uid != "grafana");
    found.retain(|uid| !known.contains(&uid.as_str()));
    found
}

/// `datasourceUid`, and `uid` within `datasource`, anywhere.
fn referred(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let uids =
                [fields.get("datasourceUid"), fields.get("datasource").and_then(|source| source.get("uid"))];
            found.extend(uids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| referred(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, found)),
        _ => {}
    }
}

fn boards() -> Vec<Value> {
    let entries = fs::read_dir("grafana/dashboards").unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.map(|path| serde_json::from_str(&read(path.to_str().unwrap())).unwrap()).collect()
}

#[test]
fn boards_and_data_sources_refer_to_data_sources_that_are_there() {
    let sources = parse(SOURCES, &read(SOURCES));
    let mut referring = boards();
    assert!(!referring.is_empty());
    referring.push(sources.clone());
    none(&unknown(&sources, &referring));
    for uid in ["prometheus", "tempo"] {
        let renamed =
            parse(SOURCES, &read(SOURCES).replace(&format!("    uid: {uid}\n"), "    uid: other\n"));
        assert!(unknown(&renamed, &referring).contains(&uid.to_owned()), "{uid}");
    }
    let foreign = serde_json::json!({ "panels": [{ "datasource": { "type": "loki", "uid": "loki" } }] });
    assert_eq!(unknown(&sources, &[foreign]), ["loki"]);
}

/// Each data source is the service of its name.
#[test]
fn data_sources_are_services() {
    let stack = Stack::real();
    let sources = &stack.service("grafana").settings[SOURCES];
    for source in sources["datasources"].as_array().unwrap() {
        let (uid, url) = (source["uid"].as_str().unwrap(), source["url"].as_str().unwrap());
        assert!(url.starts_with(&format!("http://{uid}:")), "{uid}: {url}");
        let image = stack.service(uid).body["image"].as_str().unwrap();
        assert!(image.contains(source["type"].as_str().unwrap()), "{uid}: {image}");
    }
    // Tempo has two ports, and one of them answers no queries.
    let port = &stack.service("tempo").settings["deploy/tempo.yaml"]["server"]["http_listen_port"];
    assert_eq!(sources["datasources"][1]["url"], format!("http://tempo:{port}"));
}

/// Without it Prometheus takes the marks and throws them away.
#[test]
fn prometheus_keeps_exemplars() {
    let stack = Stack::real();
    let command = stack.service("prometheus").body["command"].clone();
    assert!(command.as_array().unwrap().contains(&Value::from("--enable-feature=exemplar-storage")));
}

/// The sample tells a webhook, which nobody answers here; all else has to be the same.
#[test]
fn alerts_are_grouped_and_held_back_as_in_the_sample() {
    let settings = |path: &str| parse(path, &read(path));
    let (sample, deployed) =
        (settings("grafana/prometheus/alertmanager.yaml"), settings("deploy/alertmanager.yaml"));
    for key in ["route", "inhibit_rules"] {
        assert!(!sample[key].is_null());
        assert_eq!(sample[key], deployed[key], "{key}");
    }
    assert_eq!(sample["receivers"][0]["name"], deployed["receivers"][0]["name"]);
}

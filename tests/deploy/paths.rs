//! What is named is there.

use std::path::Path;

use crate::{
    none,
    stack::{COMPOSE, Service, Stack, list},
    strings,
};

/// Sources of mounts that are not in the repository, and mounts that could be written to.
fn bad_mounts(stack: &Stack) -> Vec<String> {
    let mut problems = Vec::new();
    for service in &stack.services {
        for mount in &service.mounts {
            if !Path::new(&mount.source).exists() {
                problems.push(format!("{} mounts {}, which does not exist", service.name, mount.source));
            }
            if mount.options != "ro" {
                problems.push(format!("{} could write to {}", service.name, mount.source));
            }
        }
    }
    problems
}

/// Named volumes that are used and not declared, or declared and not used.
fn bad_volumes(stack: &Stack) -> Vec<String> {
    let entries = stack.services.iter().flat_map(|service| list(&service.body["volumes"]));
    let used: Vec<_> = entries
        .map(|entry| entry.split(':').next().unwrap())
        .filter(|source| !source.starts_with('.'))
        .collect();
    let declared: Vec<_> = stack.compose["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    let undeclared = used.iter().filter(|name| !declared.contains(name));
    undeclared
        .chain(declared.iter().filter(|name| !used.contains(name)))
        .map(|name| (*name).to_owned())
        .collect()
}

/// The files that a service is told to read, as it sees them.
fn told(service: &Service) -> Vec<String> {
    let keys = ["command", "entrypoint", "environment"];
    let words = keys.iter().flat_map(|key| strings(&service.body[*key])).map(|(_, word)| word);
    let paths = words.filter_map(|word| word.find('/').map(|at| word[at..].to_owned()));
    let is_file =
        |path: &String| [".yaml", ".toml", ".json", ".sh"].iter().any(|ending| path.ends_with(ending));
    let mut told: Vec<_> = paths.filter(is_file).collect();
    // What Prometheus reads further stands beside its settings, and Grafana's boards where their provider says.
    for (path, settings) in &service.settings {
        let mount = service.mounts.iter().find(|mount| mount.source == *path);
        let directory = mount.and_then(|mount| mount.target.rsplit_once('/')).map(|(directory, _)| directory);
        told.extend(list(&settings["rule_files"]).map(|file| format!("{}/{file}", directory.unwrap())));
        let providers = settings["providers"].as_array().into_iter().flatten();
        told.extend(providers.map(|provider| provider["options"]["path"].as_str().unwrap().to_owned()));
    }
    told
}

/// Files that a service is told to read and can't see.
fn unseen(stack: &Stack) -> Vec<String> {
    let of_service = |service: &Service| -> Vec<String> {
        let is_seen = |path: &str| service.source_of(path).is_some_and(|source| Path::new(&source).exists());
        let unseen = told(service).into_iter().filter(|path| !is_seen(path));
        unseen.map(|path| format!("{} can't see {path}", service.name)).collect()
    };
    stack.services.iter().flat_map(of_service).collect()
}

#[test]
fn what_is_mounted_exists_and_stays_as_it_is() {
    none(&bad_mounts(&Stack::real()));
    for (from, to) in [("./faults.toml:", "./nothing.toml:"), ("tempo.yaml:ro", "tempo.yaml")] {
        assert_eq!(bad_mounts(&Stack::edited(COMPOSE, from, to)).len(), 1, "{from} -> {to}");
    }
}

#[test]
fn volumes_are_declared_and_used() {
    none(&bad_volumes(&Stack::real()));
    for (from, to) in
        [("- tempo:/var/tempo", "- traces:/var/tempo"), ("\n  tempo:\n  grafana:\n", "\n  grafana:\n")]
    {
        assert!(!bad_volumes(&Stack::edited(COMPOSE, from, to)).is_empty(), "{from} -> {to}");
    }
}

#[test]
fn every_file_that_a_service_is_told_to_read_is_mounted() {
    let stack = Stack::real();
    none(&unseen(&stack));
    for (service, files) in [
        ("ai", 1),
        ("tidegate", 1),
        ("load", 1),
        ("prometheus", 2),
        ("alertmanager", 1),
        ("tempo", 1),
        ("grafana", 2),
    ] {
        assert_eq!(told(stack.service(service)).len(), files, "{service}");
    }
    let prometheus = "grafana/prometheus/prometheus.yaml";
    for (file, from, to) in [
        (COMPOSE, "--script, /etc/tidegate/faults.toml", "--script, /etc/faults.toml"),
        (COMPOSE, "-config.file=/etc/tempo/tempo.yaml", "-config.file=/etc/tempo.yaml"),
        (COMPOSE, "tidegate-overview.json", "overview.json"),
        (COMPOSE, "dashboards:/var/lib/grafana/dashboards", "dashboards:/var/lib/boards"),
        (prometheus, "- rules.yaml", "- alerts.yaml"),
    ] {
        assert!(!unseen(&Stack::edited(file, from, to)).is_empty(), "{file}: {from} -> {to}");
    }
}

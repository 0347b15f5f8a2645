//! Who is asked listens there.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::{
    none,
    stack::{COMPOSE, Service, Stack, list},
    strings,
};

/// A URL, `host:port` alone or as the value of an option, and what bash takes for a connection.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"^(?<scheme>https?)://(?<h1>[^/:@]+)(?::(?<p1>\d+))?(?:/|$)",
        r"^(?:--?[a-z.-]+=)?(?<h2>[a-z][a-z0-9-]*|127\.0\.0\.1):(?<p2>\d+)$",
        r"/dev/tcp/(?<h3>[^/]+)/(?<p3>\d+)",
    ];
    Regex::new(&forms.join("|")).unwrap()
});

/// What a service asks for: host and port.
fn asked(text: &str) -> Option<(String, u16)> {
    let found = ADDRESS.captures(text)?;
    let group = |names: [&str; 3]| names.iter().find_map(|name| found.name(name)).map(|part| part.as_str());
    let default =
        if found.name("scheme").is_some_and(|scheme| scheme.as_str() == "https") { 443 } else { 80 };
    let port = group(["p1", "p2", "p3"]).map_or(default, |port| port.parse().unwrap());
    Some((group(["h1", "h2", "h3"])?.to_owned(), port))
}

/// Everything that says how a service is started and what it is to do.
fn said(service: &Service) -> Vec<(String, String)> {
    let body = ["command", "entrypoint", "environment", "healthcheck"];
    let body = body.iter().flat_map(|key| strings(&service.body[*key]));
    body.chain(service.settings.values().flat_map(strings)).collect()
}

/// The ports on which others reach a service. Loopback of a container is reached by nobody else.
fn listens(service: &Service) -> Vec<u16> {
    let port = |(key, text): (String, String)| {
        let by_key = key.ends_with("listen_port") || key == "GF_SERVER_HTTP_PORT";
        let port =
            if by_key { Some(text.as_str()) } else { text.rsplit_once("0.0.0.0:").map(|(_, port)| port) };
        port?.parse().ok()
    };
    said(service).into_iter().filter_map(port).collect()
}

/// Addresses that no service answers at.
fn unanswered(stack: &Stack) -> Vec<String> {
    let mut problems = Vec::new();
    for service in &stack.services {
        for (host, port) in said(service).iter().filter_map(|(_, text)| asked(text)) {
            let own = ["localhost", "127.0.0.1"].contains(&host.as_str());
            let name = if own { &service.name } else { &host };
            match stack.services.iter().find(|service| service.name == *name) {
                None => problems.push(format!("{} asks {host}:{port}, which is no service", service.name)),
                Some(asked) if !listens(asked).contains(&port) => {
                    problems.push(format!("{} asks {host}:{port}, where nobody listens", service.name));
                }
                Some(_) => {}
            }
        }
        for published in list(&service.body["ports"]) {
            let port = published.rsplit_once(':').unwrap().1.parse().unwrap();
            if !listens(service).contains(&port) {
                problems.push(format!("{} publishes {port}, where nobody listens", service.name));
            }
        }
    }
    problems
}

#[test]
fn every_address_is_one_that_a_service_listens_on() {
    none(&unanswered(&Stack::real()));
}

#[test]
fn an_address_that_nobody_answers_at_is_found_wherever_it_stands() {
    let sources = "grafana/provisioning/datasources/tidegate.yaml";
    for (file, from, to) in [
        (COMPOSE, "[\"tidegate:50051\"]", "[\"gateway:50051\"]"),
        (COMPOSE, "/dev/tcp/127.0.0.1/8080", "/dev/tcp/127.0.0.1/8081"),
        (COMPOSE, "127.0.0.1:9093/-/ready", "127.0.0.1:9094/-/ready"),
        (COMPOSE, "0.0.0.0:8080", "127.0.0.1:8080"),
        (COMPOSE, "0.0.0.0:9090", "0.0.0.0:9091"),
        (COMPOSE, "127.0.0.1:3000:3000", "127.0.0.1:3000:3001"),
        ("deploy/tidegate.toml", "http://ai:8080", "http://ai:8081"),
        ("deploy/tidegate.toml", "http://ai:8080", "http://ai"),
        ("deploy/tidegate.toml", "http://tempo:4317", "http://collector:4317"),
        ("deploy/tidegate.toml", "0.0.0.0:9464", "127.0.0.1:9464"),
        ("deploy/tempo.yaml", "4317", "4318"),
        ("deploy/tempo.yaml", "http_listen_port: 3200", "http_listen_port: 80"),
        ("grafana/prometheus/prometheus.yaml", "tidegate:9464", "tidegate:9090"),
        ("grafana/prometheus/prometheus.yaml", "alertmanager:9093", "alerts:9093"),
        (sources, "http://tempo:3200", "http://tempo:3201"),
        (sources, "http://alertmanager:9093", "https://alertmanager"),
        (
            "deploy/alertmanager.yaml",
            "- name: operators\n",
            "- name: operators\n    webhook_configs: [{ url: \"http://localhost:9095/alerts\" }]\n",
        ),
    ] {
        let problems = unanswered(&Stack::edited(file, from, to));
        assert!(!problems.is_empty(), "{file}: {from} -> {to}");
    }
}

/// Every address that was meant to be looked at is recognised as one.
#[test]
fn everybody_asks_somebody() {
    let stack = Stack::real();
    let asks = |name: &str| -> Vec<_> {
        let said = said(stack.service(name));
        said.iter().filter_map(|(_, text)| asked(text)).filter(|(host, _)| host != "127.0.0.1").collect()
    };
    let to = |host: &str, port: u16| (host.to_owned(), port);
    assert_eq!(asks("tidegate"), [to("tempo", 4317), to("ai", 8080)]);
    assert_eq!(asks("load"), [to("tidegate", 50051)]);
    assert_eq!(asks("prometheus"), [to("alertmanager", 9093), to("tidegate", 9464)]);
    assert_eq!(asks("grafana"), [to("prometheus", 9090), to("tempo", 3200), to("alertmanager", 9093)]);
    for name in ["ai", "alertmanager", "tempo"] {
        assert_eq!(asks(name), [], "{name}");
    }
}

/// Tempo takes spans only; metrics sent to it would be dropped, and the gateway would say so in an alert.
#[test]
fn the_gateway_sends_traces_alone() {
    let stack = Stack::real();
    let telemetry = &stack.service("tidegate").settings["deploy/tidegate.toml"]["telemetry"];
    let keys = ["otlp_endpoint", "otlp_metrics_endpoint"].map(|key| telemetry[key].clone());
    assert_eq!(keys, [Value::Null, Value::Null]);
    assert!(telemetry["otlp_traces_endpoint"].is_string());
}

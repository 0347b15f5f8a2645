//! The same images each time, nothing beyond this machine, no more rights than are needed, and a beginning in order.

use serde_json::Value;

use crate::{
    none, read,
    stack::{COMPOSE, Stack, list},
};

/// Images that another day may be others.
fn unpinned(stack: &Stack) -> Vec<String> {
    let images = stack.services.iter().map(|service| service.body["image"].as_str().unwrap_or_default());
    images.filter(|image| !is_pinned(image)).map(str::to_owned).collect()
}

/// Whether it has a tag, and not one that moves from release to release.
pub(crate) fn is_pinned(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    matches!(name.split_once(':'), Some((_, tag)) if !["", "latest", "main", "stable"].contains(&tag))
}

/// Ports that others than this machine reach.
fn exposed(stack: &Stack) -> Vec<String> {
    let ports = stack.services.iter().flat_map(|service| list(&service.body["ports"]));
    ports.filter(|port| !port.starts_with("127.0.0.1:")).map(str::to_owned).collect()
}

/// Services that could do more than they have to.
fn powerful(stack: &Stack) -> Vec<String> {
    let is_bound = |body: &Value| {
        body["read_only"] == Value::Bool(true)
            && list(&body["cap_drop"]).eq(["ALL"])
            && list(&body["security_opt"]).eq(["no-new-privileges:true"])
            && ["privileged", "cap_add", "network_mode", "user", "pid"].iter().all(|key| body[*key].is_null())
    };
    let powerful = stack.services.iter().filter(|service| !is_bound(&service.body));
    powerful.map(|service| service.name.clone()).collect()
}

/// Services that wait for nothing they could see: for nobody, or for the health of one that has no check.
fn waiting_forever(stack: &Stack, dockerfile: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for service in &stack.services {
        for (name, how) in service.body["depends_on"].as_object().into_iter().flatten() {
            let other = stack.services.iter().find(|other| other.name == *name);
            let has_check = other.is_some_and(|other| {
                let own = other.body["healthcheck"]["test"].is_array();
                own || other.body["image"] == "tidegate:local"
                    && other.body["healthcheck"].is_null()
                    && dockerfile.contains("\nHEALTHCHECK ")
            });
            if !has_check || how["condition"] != "service_healthy" {
                problems.push(format!("{} waits for {name}", service.name));
            }
        }
    }
    problems
}

#[test]
fn images_are_pinned() {
    none(&unpinned(&Stack::real()));
    for to in ["grafana/tempo", "grafana/tempo:latest", "registry.example:5000/tempo", "grafana/tempo:"] {
        assert_eq!(unpinned(&Stack::edited(COMPOSE, "grafana/tempo:2.8.1", &format!("\"{to}\""))), [to]);
    }
}

/// Whoever has no section `build` runs the image that another one builds.
#[test]
fn one_service_builds_the_image_of_three() {
    let stack = Stack::real();
    let of_image: Vec<_> =
        stack.services.iter().filter(|service| service.body["image"] == "tidegate:local").collect();
    assert_eq!(
        of_image.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(),
        ["ai", "tidegate", "load"]
    );
    let builders: Vec<_> = stack.services.iter().filter(|service| !service.body["build"].is_null()).collect();
    assert_eq!(builders.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["tidegate"]);
}

#[test]
fn nothing_is_published_beyond_this_machine() {
    none(&exposed(&Stack::real()));
    for to in ["9464:9464", "0.0.0.0:9464:9464"] {
        assert_eq!(exposed(&Stack::edited(COMPOSE, "127.0.0.1:9464:9464", to)), [to]);
    }
}

#[test]
fn no_service_can_do_more_than_it_has_to() {
    none(&powerful(&Stack::real()));
    for (from, to) in [
        ("read_only: true", "read_only: false"),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        ("init: true", "init: true\n    privileged: true"),
    ] {
        assert!(!powerful(&Stack::edited(COMPOSE, from, to)).is_empty(), "{from} -> {to}");
    }
}

#[test]
fn whoever_waits_waits_for_health_that_is_asked_for() {
    let dockerfile = read("deploy/Dockerfile");
    none(&waiting_forever(&Stack::real(), &dockerfile));
    for (from, to) in [
        ("ai: { condition: service_healthy }", "api: { condition: service_healthy }"),
        ("ai: { condition: service_healthy }", "ai: { condition: service_started }"),
        ("ai: { condition: service_healthy }", "load: { condition: service_healthy }"),
    ] {
        assert_eq!(
            waiting_forever(&Stack::edited(COMPOSE, from, to), &dockerfile).len(),
            1,
            "{from} -> {to}"
        );
    }
    assert_eq!(waiting_forever(&Stack::real(), "FROM scratch\n"), ["load waits for tidegate"]);
}

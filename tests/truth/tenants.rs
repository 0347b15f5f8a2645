//! Log lines and spans name the tenant: as it is configured, and only once it is known.

use std::collections::HashMap;

use serde_json::Value;
use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Over, Rule},
    },
};
use tokio::task::JoinSet;
use tonic::Request;

use crate::{
    stage::{BLOCKER, Blocker, Curtain, LONG, Section, Stage, info},
    support::{info_of, request},
};

/// The SHA-256 of `red-key`.
const RED: Section<'_> = (
    "auth.tenants.red",
    "key_sha256 = [\"af6bbab6e4aed4aacdfac7ff89ced445c2613aa1454bdc670a49b2fad78bc0b3\"]",
);
/// The SHA-256 of `blue-key`.
const BLUE: Section<'_> = (
    "auth.tenants.blue",
    "key_sha256 = [\"da71e267b3b77b50077da29f7322e9317a1f629a410f782a1a970f97e2548377\"]",
);
const DEBUG: Section<'_> = ("telemetry", "log_level = \"debug\"");

/// What lines about a call and what it sets going begin with.
const SUBJECTS: [&str; 5] =
    ["tidegate.call.", "tidegate.flight.", "tidegate.attempt.", "tidegate.retry.", "tidegate.repair."];

fn by(tenant: &str, text: &str) -> Request<proto::ExtractRequest> {
    let mut request = request(text, LONG);
    request.metadata_mut().insert("authorization", format!("Bearer {tenant}-key").parse().unwrap());
    request
}

impl Curtain {
    /// The event and the tenant of every line about a call, in this trace.
    fn tenants_of(&self, trace: &str) -> Vec<(String, Option<String>)> {
        let about_a_call = |event: &str| SUBJECTS.iter().any(|subject| event.starts_with(subject));
        let lines = self.log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let text = |line: &Value, key: &str| line[key].as_str().map(str::to_owned);
        lines
            .filter(|line| line["trace_id"] == *trace)
            .filter_map(|line| Some((text(&line, "event")?, text(&line, "tidegate.tenant"))))
            .filter(|(event, _)| about_a_call(event))
            .collect()
    }

    /// The tenants that spans of this name have in this trace.
    fn tenants_of_spans(&self, trace: &str, name: &str) -> Vec<Option<&str>> {
        let spans = self.spans.iter().filter(|span| span.trace_id == trace && span.name.starts_with(name));
        spans.map(|span| span.attribute("tidegate.tenant")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_about_a_call_names_who_called_as_configured() {
    let script = Script::of([Rule::new(Fault::status(500))]);
    let stage = Stage::set(script, &[RED, BLUE, DEBUG, ("retry", "max_attempts = 2")]).await;
    let mut traces = Vec::new();
    for tenant in ["red", "blue"] {
        let failure = stage.call_with(by(tenant, "Ada Lovelace.")).await.unwrap_err();
        traces.push((tenant, info_of(&failure).trace_id));
    }
    let curtain = stage.close().await;
    for (tenant, trace) in traces {
        let lines = curtain.tenants_of(&trace);
        let events: Vec<&str> = lines.iter().map(|(event, _)| event.as_str()).collect();
        let expected = [
            "tidegate.attempt.failed",
            "tidegate.retry.scheduled",
            "tidegate.attempt.failed",
            "tidegate.retry.withheld",
            "tidegate.flight.finished",
            "tidegate.call.finished",
        ];
        assert_eq!(events, expected);
        assert!(lines.iter().all(|(_, named)| named.as_deref() == Some(tenant)), "{lines:?}");
        assert_eq!(curtain.tenants_of_spans(&trace, "tidegate.v1."), [Some(tenant)]);
        assert_eq!(curtain.tenants_of_spans(&trace, "chat "), [Some(tenant)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_not_known_has_no_tenant_whatever_it_calls_itself() {
    let stage = Stage::set(Script::default(), &[RED]).await;
    let mut stranger = by("purple", "Ada Lovelace.");
    for header in ["x-tenant", "tidegate.tenant", "x-tidegate-tenant"] {
        stranger.metadata_mut().insert(header, "purple".parse().unwrap());
    }
    stage.call_with(stranger).await.unwrap_err();
    let curtain = stage.close().await;
    let [line] = &curtain.lines("tidegate.call.finished")[..] else { panic!("one call, one line") };
    assert_eq!(line["tidegate.call.verdict"], "unauthenticated");
    assert!(line.get("tidegate.tenant").is_none(), "{line}");
    assert!(curtain.log.iter().all(|line| !line.contains("purple")), "{:#?}", curtain.log);
    let attributes =
        |span: &crate::sink::Span| span.attributes.values().any(|value| value.contains("purple"));
    assert!(!curtain.spans.iter().any(attributes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_flight_is_the_tenants_who_started_it() {
    let script = Script::of([Rule::new(Fault::Silent).matching(BLOCKER)]).capacity(1, Over::Queue);
    let shared = ("profiles.entities.cache", "scope = \"shared\"");
    let stage = Stage::set(script, &[RED, BLUE, DEBUG, shared]).await;
    let blocker = Blocker::take_the_place(&stage).await;
    let client = stage.gateway.client().await;
    let mut calls = JoinSet::new();
    let extract = |calls: &mut JoinSet<_>, tenant: &'static str| {
        let mut client = client.clone();
        calls.spawn(async move { (tenant, client.extract(by(tenant, "Ada Lovelace.")).await) });
    };
    extract(&mut calls, "red");
    stage.arrivals_when(|arrivals| arrivals.len() == 2).await;
    extract(&mut calls, "blue");
    stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_server_active_calls", &[]) >= 2.0).await;
    // A later call on the same connection has been answered: the second one has got its seat.
    let mut later = by("red", "Another text.");
    later.get_mut().cache =
        Some(proto::CacheControl { mode: proto::CacheMode::OnlyIfCached.into(), max_age: None });
    client.clone().extract(later).await.unwrap_err();
    drop(blocker);
    let outcomes: HashMap<_, _> = calls.join_all().await.into_iter().collect();
    let (leader, joiner) = (info(&outcomes["red"]), info(&outcomes["blue"]));
    assert_eq!(joiner.cache(), proto::CacheOutcome::Joined);

    let curtain = stage.close().await;
    let named = |trace: &str| {
        let lines = curtain.tenants_of(trace).into_iter();
        lines.map(|(event, tenant)| format!("{event} {}", tenant.unwrap_or_default())).collect::<Vec<_>>()
    };
    let led = ["tidegate.attempt.finished red", "tidegate.flight.finished red", "tidegate.call.finished red"];
    assert_eq!(named(&leader.trace_id), led);
    assert_eq!(named(&joiner.trace_id), ["tidegate.flight.waited blue", "tidegate.call.finished blue"]);
    assert_eq!(curtain.tenants_of_spans(&leader.trace_id, "chat "), [Some("red")]);
    assert_eq!(curtain.tenants_of_spans(&joiner.trace_id, "tidegate.v1."), [Some("blue")]);
}

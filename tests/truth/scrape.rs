//! The page of metrics: well-formed, complete from the start, and no larger for what callers make up.

use std::collections::BTreeSet;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Rule},
    },
};
use tokio::task::JoinSet;
use tonic::{Code, Request, transport::Channel};

use crate::{
    page::Page,
    stage::{LONG, Stage},
    support::request,
};

/// Calls with made-up names, of each kind: ten thousand names in all.
const MADE_UP: usize = 2000;

/// How many of each kind are under way at once.
const AT_ONCE: usize = 20;

/// Where the names come from: those of the warm-up, and the others.
const SEEDS: [u64; 2] = [7, 8];

async fn page(stage: &Stage) -> Page {
    Page::read(&stage.gateway.metrics().await)
}

fn script() -> Script {
    let unfit = Rule::new(Fault::WrongSchema).matching("does not fit");
    Script::of([Rule::new(Fault::status(500)).matching("fails"), unfit])
}

/// A call of each kind that this page can tell of, so that nothing is new any more.
async fn warm_up(stage: &Stage) {
    stage.call("Ada Lovelace met Charles Babbage.").await.unwrap();
    stage.call("Ada Lovelace met Charles Babbage.").await.unwrap();
    stage.call(" ").await.unwrap_err();
    stage.call("fails").await.unwrap_err();
    stage.call("does not fit").await.unwrap_err();
    make_up(stage, SEEDS[0], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_has_a_type_and_help_and_none_is_a_summary() {
    let stage = Stage::set(script(), &[]).await;
    warm_up(&stage).await;
    let page = page(&stage).await;
    assert!(page.types.len() > 25, "{:#?}", page.types);
    for (family, kind) in &page.types {
        assert!(["counter", "gauge", "histogram"].contains(&kind.as_str()), "{family} is a {kind}");
        assert!(page.helps.get(family).is_some_and(|help| help.len() > 5), "{family} has no help");
    }
    for (name, labels) in page.samples.keys() {
        let family = page.family(name).unwrap_or_else(|| panic!("{name} has no type"));
        let histogram = page.types[family] == "histogram";
        assert_eq!(histogram, family != name, "{name} of {family}");
        assert!(!labels.contains_key("quantile"), "{name}");
        assert_eq!(page.types[family] == "counter", name.ends_with("_total"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_there_before_the_first_call() {
    let stage = Stage::set(script(), &[]).await;
    let before = page(&stage).await;
    for (name, labels) in [
        ("tidegate_calls_total", [("profile", "entities"), ("verdict", "ok")]),
        ("tidegate_calls_total", [("profile", "inline"), ("verdict", "upstream_failed")]),
        ("tidegate_upstream_attempts_total", [("upstream", "primary"), ("kind", "initial")]),
        ("tidegate_upstream_attempts_total", [("upstream", "primary"), ("error_type", "server_error")]),
        ("tidegate_upstream_retries_total", [("upstream", "primary"), ("backoff", "pushback")]),
        ("tidegate_upstream_retries_withheld_total", [("upstream", "primary"), ("reason", "budget")]),
        ("tidegate_tokens_total", [("upstream", "primary"), ("useful", "false")]),
        ("tidegate_extract_validation_total", [("profile", "entities"), ("result", "schema_invalid")]),
    ] {
        let carries = |all: &std::collections::BTreeMap<String, String>| {
            labels.iter().all(|(label, value)| all.get(*label).is_some_and(|found| found == value))
        };
        let zero = before.samples.iter().filter(|((found, all), _)| found == name && carries(all));
        let values: Vec<f64> = zero.map(|(_, value)| *value).collect();
        assert!(!values.is_empty(), "{name}{labels:?} is not there");
        assert!(values.iter().all(|value| value.abs() < 0.5), "{name}{labels:?}: {values:?}");
    }
    // Each part of each schema could be broken by each keyword: what breaks is counted from one on, and alerts stand on
    // the validation counters.
    let grown = ["tidegate_extract_schema_violations_total"];
    let counters = |page: &Page| -> BTreeSet<_> {
        let is_made_at_start = |name: &str| name.ends_with("_total") && !grown.contains(&name);
        page.samples.keys().filter(|(name, _)| is_made_at_start(name)).cloned().collect()
    };
    warm_up(&stage).await;
    let after = page(&stage).await;
    let new: Vec<_> = counters(&after).difference(&counters(&before)).cloned().collect();
    assert!(new.is_empty(), "the first increase of these can't be seen: {new:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_make_up_adds_no_series() {
    let stage = Stage::set(script(), &[]).await;
    warm_up(&stage).await;
    stage.metrics_at_rest(9).await;
    let before: BTreeSet<_> = page(&stage).await.samples.into_keys().collect();
    make_up(&stage, SEEDS[1], MADE_UP).await;
    let after = page(&stage).await;
    let refused = after.samples.iter().filter(|((name, labels), _)| {
        name == "tidegate_calls_total" && labels.get("profile").is_some_and(|profile| profile == "other")
    });
    let refused: f64 = refused.map(|(_, calls)| calls).sum();
    assert!(refused >= crate::stage::count(MADE_UP), "only {refused} strangers were counted");
    let after: BTreeSet<_> = after.samples.into_keys().collect();
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert_eq!(after.len(), before.len());
}

/// Makes `count` calls of each kind of made-up name: profile, service, method, what stands for a model, and
/// the fields of a schema.
async fn make_up(stage: &Stage, seed: u64, count: usize) {
    let channel = tonic::transport::Endpoint::new(format!("http://{}", stage.gateway.grpc)).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut names = StdRng::seed_from_u64(seed);
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let name = format!("made-up-{:x}", names.random::<u64>());
        for (path, request, code) in made_up(&name) {
            calls.spawn(unary(channel.clone(), path, request, code));
        }
        while calls.len() > AT_ONCE * made_up("").len() {
            calls.join_next().await.unwrap().unwrap();
        }
    }
    calls.join_all().await;
}

/// A call of each kind, and what comes of it.
fn made_up(name: &str) -> [(String, Request<proto::ExtractRequest>, Code); 5] {
    const EXTRACT: &str = "/tidegate.v1.ExtractionService/Extract";
    let mut profile = request("Ada Lovelace.", LONG);
    profile.get_mut().profile = name.into();
    let mut model = request("Ada Lovelace.", LONG);
    model.metadata_mut().insert("x-model", name.parse().unwrap());
    let mut inline = request("Ada Lovelace.", LONG);
    let schema = format!(r#"{{"type":"object","properties":{{"{name}":{{"type":"string"}}}}}}"#);
    inline.get_mut().inline =
        Some(proto::InlineProfile { schema, instructions: format!("Find the {name}.") });
    [
        (EXTRACT.to_owned(), profile, Code::InvalidArgument),
        (format!("/made.up.{name}/Extract"), request("Ada.", LONG), Code::Unimplemented),
        (format!("{EXTRACT}{name}"), request("Ada.", LONG), Code::Unimplemented),
        (EXTRACT.to_owned(), model, Code::Ok),
        (EXTRACT.to_owned(), inline, Code::Ok),
    ]
}

async fn unary(channel: Channel, path: String, request: Request<proto::ExtractRequest>, code: Code) {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<proto::ExtractRequest, proto::ExtractResponse>::default();
    let answer = client.unary(request, path.parse().unwrap(), codec).await;
    let answered = answer.map_or_else(|status| status.code(), |_| Code::Ok);
    assert_eq!(answered, code, "{path}");
}

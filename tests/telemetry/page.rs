//! What stands on `/metrics`, and in the document about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use http::HeaderMap;
use tidegate::{
    extraction::{AttemptKind, Entry, HeadStatus, Withheld},
    telemetry::{
        AttemptGuard, CallGuard,
        catalogue::{self, Kind, Metric},
        document,
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::script::{METHOD, endpoint, facts, late_call, mended_call, quiet, the_rest};

pub(crate) type Labels = BTreeMap<String, String>;

/// The value of a series on the page.
pub(crate) fn value(page: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let wanted: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    samples(page).into_iter().find(|(n, l, _)| n == name && *l == wanted).map(|(.., value)| value)
}

/// Every sample of the page.
pub(crate) fn samples(page: &str) -> Vec<(String, Labels, f64)> {
    page.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
            let labels = labels.map(|label| {
                let (key, value) = label.split_once('=').unwrap();
                (key.to_owned(), value.trim_matches('"').to_owned())
            });
            (name.to_owned(), labels.collect(), value.parse().unwrap())
        })
        .collect()
}

fn family_of(sample: &str, families: &BTreeMap<String, &'static Metric>) -> String {
    let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
        let family = sample.strip_suffix(suffix)?;
        matches!(families.get(family)?.kind, Kind::Histogram(_)).then(|| family.to_owned())
    });
    histogram.unwrap_or_else(|| sample.to_owned())
}

#[test]
fn the_page_knows_its_size() {
    let telemetry = quiet();
    mended_call(&telemetry, &HeaderMap::new());
    late_call(&telemetry);
    the_rest(&telemetry);
    let page = telemetry.page().render();
    let lines = u32::try_from(samples(&page).len()).unwrap();
    assert_eq!(value(&page, "tidegate_telemetry_series", &[]), Some(lines.into()));
    assert_eq!(value(&page, "tidegate_telemetry_series_overflow_total", &[]), Some(0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runtime_and_the_build_are_told_of() {
    let telemetry = quiet();
    let page = telemetry.page().render();
    assert_eq!(value(&page, "tidegate_runtime_workers", &[]), Some(2.0));
    let (_, build, one) =
        samples(&page).into_iter().find(|(name, ..)| name == "tidegate_build_info").unwrap();
    assert_eq!((build["version"].as_str(), one), (env!("CARGO_PKG_VERSION"), 1.0));
    assert!(build["rustc"].starts_with("1."), "{build:?}");
    assert!(!build["commit"].is_empty(), "{build:?}");
}

#[test]
fn processor_time_has_fractions() {
    let telemetry = quiet();
    let fraction = || value(&telemetry.page().render(), "process_cpu_seconds_total", &[]).unwrap().fract();
    // One hundredth passes sooner or later, but a whole second only after hundred.
    let (start, before) = (Instant::now(), fraction());
    while cfg!(target_os = "linux") && (fraction() - before).abs() < 0.001 {
        assert!(start.elapsed() < Duration::from_secs(60), "it stays at {before}");
    }
}

#[test]
fn page_and_catalogue_agree() {
    let telemetry = quiet();
    mended_call(&telemetry, &HeaderMap::new());
    late_call(&telemetry);
    the_rest(&telemetry);
    let page = telemetry.page().render();
    let families: BTreeMap<_, _> = catalogue::ALL.iter().map(|m| (m.prometheus_name(), *m)).collect();

    let mut seen = BTreeSet::new();
    for (name, labels, _) in samples(&page) {
        let family = family_of(&name, &families);
        let metric = families.get(&family).unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        for (label, value) in labels.iter().filter(|(label, _)| *label != "le") {
            let known = metric.labels.iter().find(|l| catalogue::prometheus_label(l.name) == *label);
            let known = known.unwrap_or_else(|| panic!("{name}: label {label} is not in the catalogue"));
            assert!(known.allows(value), "{name}: {label} can't be {value:?}");
        }
        seen.insert(family);
    }
    let listed: BTreeSet<_> = families.keys().cloned().collect();
    assert_eq!(seen, listed, "every family of the catalogue is on the page");
    for line in page.lines().filter(|line| line.starts_with("# TYPE")) {
        assert!(!line.ends_with("summary"), "{line}");
    }
}

#[test]
fn counters_start_at_zero() {
    let page = quiet().page().render();
    for upstream in ["primary", "second"] {
        for kind in ["initial", "retry", "transparent", "repair"] {
            let labels = [("upstream", upstream), ("kind", kind), ("outcome", "success")];
            assert_eq!(value(&page, "tidegate_upstream_attempts_total", &labels), Some(0.0), "{labels:?}");
        }
        for reason in Withheld::LABELS {
            let labels = [("upstream", upstream), ("reason", *reason)];
            assert_eq!(value(&page, "tidegate_upstream_retries_withheld_total", &labels), Some(0.0));
        }
        assert_eq!(value(&page, "tidegate_retry_budget_ratio", &[("upstream", upstream)]), Some(1.0));
    }
    let labels = [("entry", "unary"), ("profile", "inline"), ("verdict", "cancelled")];
    assert_eq!(value(&page, "tidegate_calls_total", &labels), Some(0.0));
    let labels = [("entry", "unary"), ("profile", "other"), ("verdict", "invalid")];
    assert_eq!(value(&page, "tidegate_calls_total", &labels), Some(0.0), "the first stranger must be seen");
    assert!(!page.contains("upstream=\"other\""), "there are no upstreams but the configured ones");
    for (label, value) in
        [("entry", "job"), ("entry", "stream_item"), ("kind", "hedge"), ("kind", "fallback")]
    {
        let label = format!("{label}=\"{value}\"");
        assert!(!page.contains(&label), "nothing has {label} yet");
    }
    assert!(!page.contains("_bucket"), "histograms come with what they tell of");
    assert_eq!(value(&page, "tidegate_calls_limit", &[]), Some(64.0));
}

#[test]
fn events_arrive_in_their_series() {
    let telemetry = quiet();
    mended_call(&telemetry, &HeaderMap::new());
    late_call(&telemetry);
    the_rest(&telemetry);
    let page = telemetry.page().render();
    let expect = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(value(&page, name, labels), Some(expected), "{name} {labels:?}");
    };
    let attempts = "tidegate_upstream_attempts_total";
    expect(attempts, &[("upstream", "primary"), ("kind", "retry"), ("outcome", "success")], 1.0);
    let failed = [("upstream", "primary"), ("kind", "initial"), ("outcome", "failure")];
    expect(attempts, &[&failed[..], &[("error_type", "overloaded")]].concat(), 1.0);
    expect(attempts, &[("upstream", "second"), ("kind", "hedge"), ("outcome", "cancelled")], 1.0);
    expect(attempts, &[("upstream", "other"), ("kind", "initial"), ("outcome", "cancelled")], 1.0);
    for (name, labels, _) in samples(&page).iter().filter(|(name, ..)| name == attempts) {
        assert_eq!(labels.contains_key("error_type"), labels["outcome"] == "failure", "{name} {labels:?}");
    }
    expect("tidegate_calls_total", &[("entry", "unary"), ("profile", "entities"), ("verdict", "ok")], 1.0);
    let late = "tidegate_calls_deadline_exceeded_total";
    expect(late, &[("profile", "entities"), ("phase", "attempt")], 1.0);
    expect(late, &[("profile", "entities"), ("phase", "admission")], 0.0);
    let retries = [("upstream", "primary"), ("reason", "overloaded"), ("backoff", "exponential")];
    expect("tidegate_upstream_retries_total", &retries, 1.0);
    let tokens = [("upstream", "primary"), ("direction", "input"), ("useful", "true")];
    expect("tidegate_tokens_total", &tokens, 120.0);
    let cost = [("upstream", "primary"), ("useful", "true")];
    expect("tidegate_cost_total", &cost, (120.0 * 0.15 + 30.0 * 0.6) / 1e6);
    expect("tidegate_cost_total", &[("upstream", "primary"), ("useful", "false")], 0.0);
    assert!(!page.contains("tidegate_cost_total{upstream=\"second\""), "it has no prices");
    expect("tidegate_extract_entities_left_out_total", &[("profile", "entities")], 2.0);
    expect("tidegate_extract_entities_total", &[("profile", "entities"), ("alignment", "exact")], 3.0);
    expect("tidegate_telemetry_dropped_total", &[("signal", "spans")], 2.0);
    expect("tidegate_retry_budget_ratio", &[("upstream", "primary")], 0.5);
    let ok = [("rpc_system_name", "grpc"), ("rpc_method", METHOD), ("rpc_response_status_code", "OK")];
    expect("rpc_server_call_duration_seconds_count", &ok, 1.0);
    let failures = "tidegate_upstream_consecutive_failures";
    expect(failures, &[("upstream", "primary")], 0.0);
    expect(failures, &[("upstream", "second")], 1.0);
    for gauge in [
        "tidegate_calls_active",
        "tidegate_flights_active",
        "tidegate_server_active_calls",
        "tidegate_upstream_inflight",
    ] {
        let of_gauge = samples(&page).into_iter().filter(|(name, ..)| name == gauge);
        let values: Vec<f64> = of_gauge.map(|(.., value)| value).collect();
        assert!(!values.is_empty() && values.iter().all(|value| *value == 0.0), "{gauge}: {values:?}");
    }
}

#[test]
fn gauges_show_what_is_running() {
    let telemetry = quiet();
    let facts = facts(&Span::none(), &endpoint("primary"), 1, AttemptKind::Initial);
    let running = AttemptGuard::begin(telemetry.observer(), facts, HeadStatus::default());
    let inflight = |page: &str| value(page, "tidegate_upstream_inflight", &[("upstream", "primary")]);
    assert_eq!(inflight(&telemetry.page().render()), Some(1.0));
    let mut call =
        CallGuard::begin(telemetry.observer(), Entry::Unary, Span::none(), CancellationToken::new());
    call.accepted(&"entities".into());
    let refused =
        CallGuard::begin(telemetry.observer(), Entry::Unary, Span::none(), CancellationToken::new());
    let active = |page: &str| value(page, "tidegate_calls_active", &[]);
    assert_eq!(active(&telemetry.page().render()), Some(1.0), "who was not let in takes no place");
    drop((running, call, refused));
    let page = telemetry.page().render();
    assert_eq!((inflight(&page), active(&page)), (Some(0.0), Some(0.0)));
}

#[test]
fn document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/telemetry.md");
    let expected = document::telemetry_md();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/telemetry.md is not what the catalogue says: UPDATE_DOCS=1 renews it");
}

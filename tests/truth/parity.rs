//! The page and the collector say the same: every series of the whole catalogue, after every kind of trouble.

use std::{collections::BTreeMap, time::Duration};

use opentelemetry_proto::tonic::metrics::v1::{Metric as Exported, metric::Data};
use tidegate::{
    proto,
    simulator::{
        Script,
        script::{Fault, Place, Rule},
    },
    telemetry::catalogue::{self, Kind, Metric},
};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    page::{Page, Samples, metrics_of, samples_of},
    stage::{LONG, Section, Stage},
    support::{PATIENCE, request},
};

/// What moves by itself, so that two looks at it are never the same.
const RESTLESS: [&str; 2] = ["process_", "tidegate_runtime_"];

const SECTIONS: &[Section<'_>] = &[
    ("telemetry", "otlp_metrics_interval = \"200ms\""),
    ("upstreams.primary", "attempt_timeout = \"500ms\""),
    ("upstreams.primary.prices", "input_per_million = 0.15\noutput_per_million = 0.6"),
    ("retry", "max_attempts = 3"),
];

/// A fault for each way in which an attempt can end, each struck by a text that names it.
fn faults() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [400, 401, 404, 409, 413, 429, 500, 503, 529].map(Fault::status).into();
    faults.extend([
        Fault::Silent,
        Fault::Reset,
        Fault::Close,
        Fault::Cut,
        Fault::Malformed { place: Place::Body },
        Fault::Malformed { place: Place::Content },
        Fault::Html,
        Fault::Huge { bytes: 8 << 20 },
        Fault::Prose,
        Fault::WrongSchema,
        Fault::Invented,
        Fault::ZeroEntities,
        Fault::Truncated,
        Fault::Refused,
        Fault::Empty { null: true },
    ]);
    faults
}

fn text(number: usize, times: &str) -> String {
    format!("Ada Lovelace met fault <{number}> {times}.")
}

/// Every fault strikes for good, and one attempt only.
fn script() -> Script {
    let rules = faults().into_iter().enumerate().flat_map(|(number, fault)| {
        let always = Rule::new(fault.clone()).matching(text(number, "for good"));
        let once = Rule::new(fault).matching(text(number, "once")).first(1);
        [always, once]
    });
    Script::of(rules)
}

async fn load(stage: &Stage) {
    let texts = (0..faults().len()).flat_map(|n| [text(n, "for good"), text(n, "once")]);
    stage.calls(texts).await;
    for text in ["Grace Hopper found a moth.", "Grace Hopper found a moth.", " "] {
        let _ = stage.call(text).await;
    }
    let mut stranger = request("Ada.", LONG);
    stranger.get_mut().profile = "made-up".into();
    stage.call_with(stranger).await.unwrap_err();
    let mut past_the_cache = request("Grace Hopper found a moth.", LONG);
    past_the_cache.get_mut().cache =
        Some(proto::CacheControl { mode: proto::CacheMode::NoCache.into(), max_age: None });
    stage.call_with(past_the_cache).await.unwrap();
    share_and_leave(stage).await;
}

/// One call waits for a silent API, one joins it, one runs out of time, and one leaves.
async fn share_and_leave(stage: &Stage) {
    let silent = faults().iter().position(|fault| *fault == Fault::Silent).unwrap();
    let text = format!("{} Again.", text(silent, "for good"));
    let (seen, mut calls) = (stage.simulator.log().len(), JoinSet::new());
    let client = stage.gateway.client().await;
    let call = |timeout| {
        let (mut client, request) = (client.clone(), request(&text, timeout));
        async move { client.extract(request).await }
    };
    calls.spawn(call(LONG));
    stage.arrivals_when(|arrivals| arrivals.len() > seen).await;
    calls.spawn(call(LONG));
    calls.spawn(call(Duration::from_millis(100)));
    let leaver = calls.spawn(call(LONG));
    stage.gateway.metrics_when(|metrics| metrics.sum("tidegate_calls_active", &[]) > 2.5).await;
    leaver.abort();
    while calls.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_collector_agree_on_every_series() {
    let stage = Stage::set(script(), SECTIONS).await;
    load(&stage).await;
    stage.metrics_at_rest(faults().len() * 2).await;
    let give_up = Instant::now() + PATIENCE;
    let (page, exported) = loop {
        let page = Page::read(&stage.gateway.metrics().await);
        let exported: Vec<Exported> =
            stage.sink.last_metrics().iter().flat_map(metrics_of).cloned().collect();
        let differences = differences(&page.samples, &samples_of(exported.iter()));
        if differences.is_empty() {
            break (page, exported);
        }
        assert!(Instant::now() < give_up, "{} differ: {differences:#?}", differences.len());
        tokio::task::yield_now().await;
    };
    assert!(page.samples.len() > 1000, "{}", page.samples.len());
    assert_page(&page);
    let exported: BTreeMap<&str, &Exported> = exported.iter().map(|e| (e.name.as_str(), e)).collect();
    assert_eq!(exported.len(), catalogue::ALL.len(), "{:?}", exported.keys());
    for metric in catalogue::ALL {
        assert_exported(metric, exported[metric.name]);
    }
    let lines = page.samples.len();
    let series = page.samples[&("tidegate_telemetry_series".to_owned(), BTreeMap::new())];
    assert!((series - crate::stage::count(lines)).abs() < 0.5, "{series} of {lines}");
}

/// Every series that is on one side only, or has another value there.
fn differences(page: &Samples, exported: &Samples) -> Vec<String> {
    let keys = page.keys().chain(exported.keys().filter(|key| !page.contains_key(key)));
    let differ = keys.filter(|key| match (page.get(key), exported.get(key)) {
        (Some(one), Some(other)) => {
            let restless = RESTLESS.iter().any(|name| key.0.starts_with(name));
            // Sums may have been added up in another order.
            !restless && (one - other).abs() > 1e-9 * one.abs().max(1.0)
        }
        _ => true,
    });
    differ.map(|key| format!("{key:?}: {:?} and {:?}", page.get(key), exported.get(key))).collect()
}

/// The page holds the catalogue, the whole catalogue, and nothing but the catalogue.
fn assert_page(page: &Page) {
    let known: BTreeMap<String, &Metric> =
        catalogue::ALL.iter().map(|metric| (metric.prometheus_name(), *metric)).collect();
    assert_eq!(page.types.keys().collect::<Vec<_>>(), known.keys().collect::<Vec<_>>());
    for (family, metric) in &known {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!(page.types[family], kind, "{family}");
        assert_eq!(page.helps[family], metric.help, "{family}");
    }
    for (name, labels) in page.samples.keys() {
        let metric = known[page.family(name).unwrap()];
        for (label, value) in labels.iter().filter(|(label, _)| *label != "le") {
            let found = metric.labels.iter().find(|known| known.prometheus_name() == *label);
            let found = found.unwrap_or_else(|| panic!("{name} can't have {label}"));
            assert!(found.allows(value), "{name}: {label} can't be {value}");
        }
    }
}

/// The collector was told of the metric as the catalogue has it.
fn assert_exported(metric: &Metric, exported: &Exported) {
    assert_eq!((exported.unit.as_str(), exported.description.as_str()), (metric.unit.ucum(), metric.help));
    let attributes: Vec<_> = match (metric.kind, exported.data.as_ref().unwrap()) {
        (Kind::Counter, Data::Sum(sum)) => sum.data_points.iter().map(|point| &point.attributes).collect(),
        (Kind::Gauge, Data::Gauge(gauge)) => {
            gauge.data_points.iter().map(|point| &point.attributes).collect()
        }
        (Kind::Histogram(bounds), Data::Histogram(histogram)) => {
            assert!(histogram.data_points.iter().all(|point| point.explicit_bounds == bounds));
            histogram.data_points.iter().map(|point| &point.attributes).collect()
        }
        (_, data) => panic!("{} came as {data:?}", metric.name),
    };
    for attribute in attributes.into_iter().flatten() {
        assert!(
            metric.labels.iter().any(|label| label.name == attribute.key),
            "{}: {attribute:?}",
            metric.name
        );
    }
}

//! Where telemetry is exported to, and that it is not exported unasked.

use std::collections::BTreeSet;

use tidegate::simulator::{
    Script,
    script::{Fault, Over, Rule},
};
use tokio::task::JoinSet;

use crate::{
    page::exported,
    sink::{Sink, Span},
    stage::{BLOCKER, Blocker, LONG, Section, Stage, config, lines},
    support::{Gateway, request, simulator},
};

const TEXT: &str = "Ada Lovelace met Charles Babbage in London.";

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_endpoint_gets_traces_and_metrics() {
    let stage = Stage::set(Script::default(), &[("telemetry", "otlp_metrics_interval = \"20ms\"")]).await;
    stage.call(TEXT).await.unwrap();
    let spans = stage.sink.spans_when(|spans| spans.len() == 3).await;
    assert!(spans.iter().any(Span::is_attempt));
    let curtain = stage.close().await;
    assert_eq!(curtain.spans.len(), 3, "nothing is exported twice");
    assert!(curtain.taken.metrics.len() > 1, "metrics come at every interval, and at the end");
    for resource in curtain.taken.traces.iter().flat_map(|request| &request.resource_spans) {
        let resource = crate::sink::attributes(&resource.resource.clone().unwrap().attributes);
        assert_eq!(resource["service.name"], "tidegate");
        assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    }
}

/// The ids by which a gateway's traces and metrics say where they come from.
async fn instance_ids(sections: &[Section<'_>]) -> BTreeSet<String> {
    let stage = Stage::set(Script::default(), sections).await;
    stage.call(TEXT).await.unwrap();
    let taken = stage.close().await.taken;
    let traces = taken.traces.iter().flat_map(|request| &request.resource_spans).map(|spans| &spans.resource);
    let metrics = taken.metrics.iter().flat_map(|request| &request.resource_metrics).map(|all| &all.resource);
    let attributes = traces.chain(metrics).map(|resource| &resource.as_ref().unwrap().attributes);
    attributes.map(|attributes| crate::sink::attributes(attributes)["service.instance.id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_can_be_told_apart() {
    let (one, other) = (instance_ids(&[]).await, instance_ids(&[]).await);
    assert_eq!((one.len(), other.len()), (1, 1), "traces and metrics of a process agree");
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
    let uuid: Vec<usize> = one.first().unwrap().split('-').map(str::len).collect();
    assert_eq!(uuid, [8, 4, 4, 4, 12], "{one:?}");
    let named = ("telemetry.resource", "\"service.instance.id\" = \"gate-1\"");
    assert_eq!(instance_ids(&[named]).await, BTreeSet::from(["gate-1".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlasts_the_signal_to_end_is_exported_whole() {
    let script = Script::of([Rule::new(Fault::Silent).matching(BLOCKER)]).capacity(1, Over::Queue);
    let stage = Stage::set(script, &[]).await;
    let blocker = Blocker::take_the_place(&stage).await;
    let mut client = stage.gateway.client().await;
    let mut call = JoinSet::new();
    call.spawn(async move { client.extract(request(TEXT, LONG)).await });
    stage.arrivals_when(|arrivals| arrivals.len() == 2).await;
    stage.gateway.terminate();
    stage.logged("tidegate.server.draining").await;
    drop(blocker);
    let answer = call.join_next().await.unwrap().unwrap().unwrap();
    let curtain = stage.closed().await;
    assert!(curtain.status.success());
    assert_eq!(curtain.spans.len(), 3, "{:#?}", curtain.spans);
    let trace_id = answer.into_inner().info.unwrap().trace_id;
    assert!(curtain.spans.iter().all(|span| span.trace_id == trace_id));
    let calls =
        ("tidegate_calls_total".to_owned(), [("entry", "unary"), ("profile", "entities"), ("verdict", "ok")]);
    let calls = (calls.0, calls.1.map(|(label, value)| (label.to_owned(), value.to_owned())).into());
    assert_eq!(exported(&curtain.taken.metrics).get(&calls), Some(&1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_variable_names_the_endpoint_as_well() {
    let (simulator, sink) = (simulator(Script::default()).await, Sink::start().await);
    let endpoint = sink.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_SERVICE_NAME", "extraction"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    let gateway = Gateway::start_with(&config(&simulator.base_url(), &[]), &variables).await;
    gateway.client().await.extract(request(TEXT, LONG)).await.unwrap();
    gateway.terminate();
    gateway.ended().await;
    let taken = sink.taken();
    assert_eq!(taken.spans().len(), 3);
    assert!(!taken.metrics.is_empty());
    let resources = taken.metrics.iter().flat_map(|request| &request.resource_metrics);
    for resource in resources {
        let resource = crate::sink::attributes(&resource.resource.clone().unwrap().attributes);
        assert_eq!(resource["service.name"], "extraction");
        assert_eq!(resource["deployment.environment.name"], "test");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_goes_where_its_variable_says() {
    let (simulator, traces, metrics) =
        (simulator(Script::default()).await, Sink::start().await, Sink::start().await);
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces.endpoint()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", metrics.endpoint()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20YTpi".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let gateway = Gateway::start_with(&config(&simulator.base_url(), &[]), &variables).await;
    gateway.client().await.extract(request(TEXT, LONG)).await.unwrap();
    gateway.terminate();
    gateway.ended().await;
    let (traces, metrics) = (traces.taken(), metrics.taken());
    assert_eq!((traces.spans().len(), traces.metrics.len()), (3, 0));
    assert!(metrics.traces.is_empty() && !metrics.metrics.is_empty());
    let credentials: Vec<_> = traces.credentials.iter().chain(&metrics.credentials).collect();
    assert!(credentials.iter().all(|one| one.as_deref() == Some("Basic YTpi")), "{credentials:?}");
}

/// Lets a gateway with these variables answer one call and end; gives its log.
async fn one_call(variables: &[(&str, &str)]) -> Vec<String> {
    let simulator = simulator(Script::default()).await;
    let gateway = Gateway::start_with(&config(&simulator.base_url(), &[]), variables).await;
    gateway.client().await.extract(request(TEXT, LONG)).await.unwrap();
    gateway.terminate();
    gateway.ended().await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_is_compressed_as_its_variable_says() {
    let (traces, metrics) = (Sink::start().await, Sink::start().await);
    let (to_traces, to_metrics) = (traces.endpoint(), metrics.endpoint());
    one_call(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &to_traces),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &to_metrics),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
    ])
    .await;
    let (traces, metrics) = (traces.taken(), metrics.taken());
    assert_eq!(traces.spans().len(), 3, "what was compressed can be read");
    assert!(!metrics.metrics.is_empty());
    assert!(traces.encodings.iter().all(|one| one.as_deref() == Some("gzip")), "{:?}", traces.encodings);
    assert!(metrics.encodings.iter().all(Option::is_none), "{:?}", metrics.encodings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_trusted_by_the_certificate_that_the_variable_names() {
    let [own, other] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap());
    let directory = tempfile::tempdir().unwrap();
    for (name, certificate, spans) in [("own.pem", &own.cert, 3), ("other.pem", &other.cert, 0)] {
        let sink = Sink::start_with_tls(&own.cert.pem(), &own.signing_key.serialize_pem()).await;
        let path = directory.path().join(name);
        std::fs::write(&path, certificate.pem()).unwrap();
        let log = one_call(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint()),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", path.to_str().unwrap()),
        ])
        .await;
        assert_eq!(sink.spans().len(), spans, "{name}: {log:#?}");
        assert_eq!(lines(&log, "tidegate.telemetry.export_failed").is_empty(), spans > 0, "{name}: {log:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_needs_no_scheme_where_it_is_said_to_be_insecure() {
    let sink = Sink::start().await;
    let bare = sink.addr.to_string();
    one_call(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &bare), ("OTEL_EXPORTER_OTLP_INSECURE", "true")]).await;
    assert_eq!(sink.spans().len(), 3);
    assert!(!sink.taken().metrics.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_endpoint_wins_over_the_variable() {
    let (simulator, wanted, other) =
        (simulator(Script::default()).await, Sink::start().await, Sink::start().await);
    let export = format!("otlp_endpoint = \"{}\"", wanted.endpoint());
    let config = config(&simulator.base_url(), &[("telemetry", export.as_str())]);
    let gateway =
        Gateway::start_with(&config, &[("OTEL_EXPORTER_OTLP_ENDPOINT", other.endpoint().as_str())]).await;
    gateway.client().await.extract(request(TEXT, LONG)).await.unwrap();
    gateway.terminate();
    gateway.ended().await;
    assert_eq!(wanted.spans().len(), 3);
    assert!(other.taken().traces.is_empty() && other.taken().metrics.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_nothing_is_exported() {
    let (simulator, sink) = (simulator(Script::default()).await, Sink::start().await);
    let endpoint = sink.endpoint();
    // Switched off by the standard's own switch.
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_SDK_DISABLED", "true")];
    for variables in [&variables[..], &[]] {
        let gateway = Gateway::start_with(&config(&simulator.base_url(), &[]), variables).await;
        let reply = gateway.client().await.extract(request(TEXT, LONG)).await.unwrap().into_inner();
        assert_eq!(reply.info.unwrap().trace_id.len(), 32, "a call has a trace id all the same");
        gateway.terminate();
        let (status, log) = gateway.ended().await;
        assert!(status.success());
        assert_eq!(lines(&log, "tidegate.telemetry.export_failed"), Vec::<serde_json::Value>::new());
    }
    assert!(sink.taken().traces.is_empty() && sink.taken().metrics.is_empty());
}

//! The standard `OTEL_*` variables.

use std::{fs, time::Duration};

use tidegate::telemetry::{OtlpCompression, OtlpSettings, TelemetrySettings};

use crate::{MINIMAL, load_in, load_with, only_problem};

/// Where traces and metrics go.
fn endpoints(settings: &TelemetrySettings) -> [Option<&str>; 2] {
    exports(settings).map(|export| export.map(|export| export.endpoint.as_str()))
}

/// How traces and metrics are exported.
fn exports(settings: &TelemetrySettings) -> [Option<&OtlpSettings>; 2] {
    [settings.traces.as_ref(), settings.metrics.as_ref()]
}

/// What is true of both exports.
fn of_both<T>(variables: &[(&str, &str)], of: impl Fn(&OtlpSettings) -> T) -> [T; 2] {
    of_both_with(MINIMAL, variables, of)
}

fn of_both_with<T>(text: &str, variables: &[(&str, &str)], of: impl Fn(&OtlpSettings) -> T) -> [T; 2] {
    let settings = load_with(text, variables).unwrap().telemetry;
    exports(&settings).map(|export| of(export.unwrap()))
}

const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4317");
const TRACES: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4317");
const METRICS: (&str, &str) = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics:4317");
const NO_TRACES: (&str, &str) = ("OTEL_TRACES_EXPORTER", "none");

#[test]
fn each_signal_can_have_an_endpoint_of_its_own_or_none() {
    const EVERYWHERE: Option<&str> = Some("http://all:4317/");
    for (variables, traces, metrics) in [
        (vec![ALL, TRACES], Some("http://traces:4317/"), EVERYWHERE),
        (vec![ALL, METRICS], EVERYWHERE, Some("http://metrics:4317/")),
        (vec![METRICS], None, Some("http://metrics:4317/")),
        (vec![ALL, NO_TRACES], None, EVERYWHERE),
        (vec![TRACES, NO_TRACES], None, None),
        (vec![ALL, ("OTEL_METRICS_EXPORTER", "prometheus")], EVERYWHERE, None),
        (vec![ALL, ("OTEL_METRICS_EXPORTER", "prometheus, otlp")], EVERYWHERE, EVERYWHERE),
        // An empty variable counts as none at all.
        (vec![ALL, ("OTEL_TRACES_EXPORTER", "")], EVERYWHERE, EVERYWHERE),
        // A protocol of one signal wins over that of all, and does not matter where nothing is exported.
        (
            vec![
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
                ALL,
                NO_TRACES,
            ],
            None,
            EVERYWHERE,
        ),
    ] {
        let settings = load_with(MINIMAL, &variables).unwrap().telemetry;
        assert_eq!(endpoints(&settings), [traces, metrics], "{variables:?}");
    }
}

#[test]
fn the_file_has_the_last_word_on_endpoints() {
    let own = format!("{MINIMAL}[telemetry]\notlp_metrics_endpoint = \"none\"\n");
    let variables = [ALL, METRICS, TRACES];
    let settings = load_with(&own, &variables).unwrap().telemetry;
    assert_eq!(endpoints(&settings), [Some("http://traces:4317/"), None]);
    let everything = format!("{own}otlp_endpoint = \"http://own:1\"");
    let settings = load_with(&everything, &[TRACES, NO_TRACES]).unwrap().telemetry;
    assert_eq!(endpoints(&settings), [Some("http://own:1/"), None]);
}

#[test]
fn milliseconds_need_no_unit_there() {
    let variables = [("OTEL_METRIC_EXPORT_INTERVAL", "60000")];
    let open = load_with(MINIMAL, &variables).unwrap().telemetry;
    assert_eq!(open.otlp_metrics_interval, Duration::from_mins(1));
    let text = format!("{MINIMAL}[telemetry]\notlp_metrics_interval = \"2s\"");
    let closed = load_with(&text, &variables).unwrap().telemetry;
    assert_eq!(closed.otlp_metrics_interval, Duration::from_secs(2));
}

#[test]
fn each_signal_can_have_a_timeout_of_its_own() {
    const SHARED: (&str, &str) = ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500");
    const OWN: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1000");
    let milliseconds = |text: &str, variables: &[(&str, &str)]| {
        of_both_with(&format!("{MINIMAL}[telemetry]\n{text}"), variables, |export| export.timeout.as_millis())
    };
    assert_eq!(milliseconds("", &[ALL]), [5000; 2]);
    assert_eq!(milliseconds("", &[ALL, SHARED]), [2500; 2]);
    assert_eq!(milliseconds("", &[ALL, SHARED, OWN]), [1000, 2500]);
    assert_eq!(milliseconds("", &[ALL, ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1")]), [5000, 1]);
    assert_eq!(milliseconds("otlp_timeout = \"3s\"", &[ALL, SHARED, OWN]), [3000; 2]);
    assert_eq!(milliseconds("otlp_traces_timeout = \"3s\"", &[ALL, SHARED, OWN]), [3000, 2500]);
    let neither = load_with(MINIMAL, &[(SHARED.0, "soon")]);
    assert!(neither.is_ok(), "nothing is exported");
}

#[test]
fn each_signal_can_be_compressed() {
    use OtlpCompression::{Gzip, None};
    const SHARED: (&str, &str) = ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    let compression = |text: &str, variables: &[(&str, &str)]| {
        of_both_with(&format!("{MINIMAL}[telemetry]\n{text}"), variables, |export| export.compression)
    };
    assert_eq!(compression("", &[ALL]), [None; 2]);
    assert_eq!(compression("", &[ALL, SHARED]), [Gzip; 2]);
    assert_eq!(compression("", &[ALL, (SHARED.0, "GZIP")]), [Gzip; 2]);
    assert_eq!(
        compression("", &[ALL, SHARED, ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none")]),
        [None, Gzip]
    );
    assert_eq!(compression("", &[ALL, ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip")]), [None, Gzip]);
    assert_eq!(compression("otlp_compression = \"gzip\"", &[ALL, (SHARED.0, "none")]), [Gzip; 2]);
    // The exporter's library would follow the variable.
    let torn = load_with(&format!("{MINIMAL}[telemetry]\notlp_compression = \"none\""), &[ALL, SHARED]);
    assert_eq!(only_problem(torn).path, SHARED.0);
}

#[test]
fn each_signal_can_have_certificates_to_trust() {
    const SHARED: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
    let directory = tempfile::tempdir().unwrap();
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let [sound, no_certificate] = ["ca.pem", "ca.txt"].map(|name| directory.path().join(name));
    fs::write(&sound, &certificate).unwrap();
    fs::write(&no_certificate, "a text").unwrap();
    let [sound, no_certificate] = [&sound, &no_certificate].map(|path| path.to_str().unwrap());
    let trusts = |variables: &[(&str, &str)]| {
        of_both(variables, |export| export.ca_pem.as_deref() == Some(certificate.as_bytes()))
    };
    assert_eq!(trusts(&[ALL]), [false; 2]);
    assert_eq!(trusts(&[ALL, (SHARED, sound)]), [true; 2]);
    assert_eq!(trusts(&[ALL, ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", sound)]), [false, true]);
    let key = format!("{MINIMAL}[telemetry]\notlp_ca_file = \"ca.pem\"");
    let settings = load_in(&directory, &key, &[ALL, (SHARED, "/nowhere")]).unwrap().telemetry;
    assert_eq!(settings.traces.unwrap().ca_pem.as_deref(), Some(certificate.as_bytes()));
    for path in [no_certificate, "/nowhere"] {
        let problem = only_problem(load_with(MINIMAL, &[ALL, (SHARED, path)]));
        assert_eq!((&*problem.path, problem.set_by.as_deref()), ("telemetry.otlp_ca_file", Some(SHARED)));
        assert!(load_with(MINIMAL, &[(SHARED, path)]).is_ok(), "nothing is exported");
    }
}

#[test]
fn an_endpoint_without_a_scheme_is_tls_unless_it_is_said_to_be_insecure() {
    const BARE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "all:4317");
    const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
    const OWN: &str = "OTEL_EXPORTER_OTLP_METRICS_INSECURE";
    const TRACES: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "[::1]:4317");
    let (http, https) = ("http://all:4317/", "https://all:4317/");
    for (variables, traces, metrics) in [
        (vec![BARE], https, https),
        (vec![BARE, (INSECURE, "true")], http, http),
        (vec![BARE, (INSECURE, "yes")], https, https),
        (vec![BARE, (OWN, "TRUE")], https, http),
        (vec![BARE, (INSECURE, "true"), (OWN, "false")], http, https),
        (vec![BARE, TRACES], "https://[::1]:4317/", https),
        (vec![ALL, (INSECURE, "false")], http, http),
    ] {
        let settings = load_with(MINIMAL, &variables).unwrap().telemetry;
        assert_eq!(endpoints(&settings), [Some(traces), Some(metrics)], "{variables:?}");
    }
}

#[test]
fn an_exporter_that_is_asked_for_by_name_has_a_default_endpoint() {
    const DEFAULT: Option<&str> = Some("http://localhost:4317/");
    const ASKED: (&str, &str) = ("OTEL_TRACES_EXPORTER", "otlp");
    const HTTP: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    for (variables, traces, metrics) in [
        (vec![ASKED], DEFAULT, None),
        (vec![("OTEL_METRICS_EXPORTER", "prometheus,otlp")], None, DEFAULT),
        (vec![ASKED, ALL], Some("http://all:4317/"), Some("http://all:4317/")),
        (vec![ASKED, METRICS], DEFAULT, Some("http://metrics:4317/")),
        (vec![ASKED, ("OTEL_SDK_DISABLED", "true")], None, None),
        (vec![HTTP], None, None),
    ] {
        let settings = load_with(MINIMAL, &variables).unwrap().telemetry;
        assert_eq!(endpoints(&settings), [traces, metrics], "{variables:?}");
    }
    let remedy = only_problem(load_with(MINIMAL, &[ASKED, HTTP])).remedy;
    assert!(remedy.contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "{remedy}");
    assert!(remedy.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{remedy}");
}

#[test]
fn finished_spans_wait_as_the_variables_say() {
    let variables = [
        ("OTEL_BSP_SCHEDULE_DELAY", "5000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "2048"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "256"),
    ];
    let spans = |text: &str, variables: &[(&str, &str)]| {
        let settings = load_with(&format!("{MINIMAL}[telemetry]\n{text}"), variables).unwrap().telemetry;
        (settings.spans_delay.as_millis(), settings.spans_waiting_max, settings.spans_per_export_max)
    };
    assert_eq!(spans("", &[]), (2000, 16_384, 512));
    assert_eq!(spans("", &variables), (5000, 2048, 256));
    let keys = "spans_delay = \"1s\"\nspans_waiting_max = 4096\nspans_per_export_max = 64";
    assert_eq!(spans(keys, &variables), (1000, 4096, 64));
    assert_eq!(spans("spans_waiting_max = 100", &[]), (2000, 100, 100), "as many as can wait go together");
}

#[test]
fn callers_traces_are_joined_by_tracecontext_or_not_at_all() {
    const PROPAGATORS: &str = "OTEL_PROPAGATORS";
    for (propagators, joined, warnings) in [
        ("", true, 0),
        ("tracecontext", true, 0),
        ("baggage, tracecontext", true, 0),
        ("none", false, 0),
        ("baggage", false, 0),
        ("b3,tracecontext", true, 1),
    ] {
        let config = load_with(MINIMAL, &[(PROPAGATORS, propagators)]).unwrap();
        assert_eq!(config.telemetry.trace_join_callers, joined, "{propagators}");
        assert_eq!(config.warnings.len(), warnings, "{propagators}");
    }
    for (word, variable) in [("true", "none"), ("false", "tracecontext"), ("true", "b3")] {
        let text = format!("{MINIMAL}[telemetry]\ntrace_join_callers = {word}");
        let settings = load_with(&text, &[(PROPAGATORS, variable)]).unwrap().telemetry;
        assert_eq!(settings.trace_join_callers.to_string(), word);
    }
}

#[test]
fn a_boolean_that_is_none_counts_as_false_and_is_told() {
    for variable in ["OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"]
    {
        let config = load_with(MINIMAL, &[ALL, (variable, "yes")]).unwrap();
        assert_eq!(endpoints(&config.telemetry), [Some("http://all:4317/"); 2]);
        let paths: Vec<&str> = config.warnings.iter().map(|warning| warning.path.as_str()).collect();
        assert_eq!(paths, [variable]);
        for word in ["true", "False", ""] {
            assert!(load_with(MINIMAL, &[ALL, (variable, word)]).unwrap().warnings.is_empty());
        }
    }
}

#[test]
fn the_standard_variables_fill_what_is_left_open() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
        ("OTEL_SERVICE_NAME", "gate"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other, zone=a%20b,empty=,team=x"),
    ];
    let open = load_with(MINIMAL, &variables).unwrap().telemetry;
    assert_eq!(endpoints(&open), [Some("http://collector:4317/"); 2]);
    assert_eq!(open.service_name, "gate");
    assert!((open.trace_ratio - 0.25).abs() < f64::EPSILON && open.trace_trust_callers);
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(open.resource, [pair("team", "x"), pair("zone", "a b")]);

    let text = format!(
        "{MINIMAL}[telemetry]\notlp_endpoint = \"http://own:1\"\ntrace_ratio = 0.5\nservice_name = \"own\"\n\
         resource = {{ zone = \"own\" }}"
    );
    let closed = load_with(&text, &variables).unwrap().telemetry;
    assert_eq!(endpoints(&closed), [Some("http://own:1/"); 2]);
    assert_eq!(closed.service_name, "own");
    assert!((closed.trace_ratio - 0.5).abs() < f64::EPSILON);
    assert_eq!(closed.resource, [pair("team", "x"), pair("zone", "own")]);

    let disabled = [("OTEL_SDK_DISABLED", "true"), variables[0], ("OTEL_TRACES_SAMPLER", "always_off")];
    let disabled = load_with(MINIMAL, &disabled).unwrap().telemetry;
    assert_eq!(endpoints(&disabled), [None; 2]);
    assert!(disabled.trace_ratio.abs() < f64::EPSILON && !disabled.trace_trust_callers);
    let text = format!("{MINIMAL}[telemetry]\ntrace_trust_callers = true");
    assert!(load_with(&text, &[("OTEL_TRACES_SAMPLER", "always_on")]).unwrap().telemetry.trace_trust_callers);
}

#[test]
fn standard_variables_that_cant_be_followed_are_problems() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    for (variables, path) in [
        (vec![endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (
            vec![endpoint, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        ),
        (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")], "telemetry.otlp_endpoint"),
        (vec![("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "collector")], "telemetry.otlp_metrics_endpoint"),
        (vec![endpoint, ("OTEL_TRACES_EXPORTER", "zipkin")], "OTEL_TRACES_EXPORTER"),
        (vec![endpoint, ("OTEL_TRACES_EXPORTER", "prometheus")], "OTEL_TRACES_EXPORTER"),
        (vec![endpoint, ("OTEL_METRICS_EXPORTER", "otlp,console")], "OTEL_METRICS_EXPORTER"),
        (vec![endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")], "OTEL_EXPORTER_OTLP_TIMEOUT"),
        (vec![endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "1s5")], "OTEL_EXPORTER_OTLP_TIMEOUT"),
        (vec![endpoint, ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1s")], "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"),
        (vec![endpoint, ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")], "OTEL_EXPORTER_OTLP_COMPRESSION"),
        (vec![("OTEL_METRIC_EXPORT_INTERVAL", "2.5")], "OTEL_METRIC_EXPORT_INTERVAL"),
        (vec![("OTEL_METRIC_EXPORT_INTERVAL", "0")], "telemetry.otlp_metrics_interval"),
        (vec![("OTEL_TRACES_SAMPLER", "jaeger_remote")], "OTEL_TRACES_SAMPLER"),
        (
            vec![("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "x")],
            "telemetry.trace_ratio",
        ),
        (vec![("OTEL_RESOURCE_ATTRIBUTES", "zone")], "OTEL_RESOURCE_ATTRIBUTES"),
        (vec![("OTEL_RESOURCE_ATTRIBUTES", "zone=%zz")], "OTEL_RESOURCE_ATTRIBUTES"),
        (vec![("OTEL_RESOURCE_ATTRIBUTES", "zone=%+1")], "OTEL_RESOURCE_ATTRIBUTES"),
        (vec![("OTEL_PROPAGATORS", "b3")], "OTEL_PROPAGATORS"),
        (vec![("OTEL_PROPAGATORS", "xray,baggage")], "OTEL_PROPAGATORS"),
        (vec![("OTEL_BSP_SCHEDULE_DELAY", "1s")], "OTEL_BSP_SCHEDULE_DELAY"),
        (vec![("OTEL_BSP_SCHEDULE_DELAY", "0")], "telemetry.spans_delay"),
        (vec![("OTEL_BSP_MAX_QUEUE_SIZE", "-1")], "OTEL_BSP_MAX_QUEUE_SIZE"),
        (vec![("OTEL_BSP_MAX_QUEUE_SIZE", "262145")], "telemetry.spans_waiting_max"),
        (
            vec![("OTEL_BSP_MAX_QUEUE_SIZE", "100"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "101")],
            "telemetry.spans_per_export_max",
        ),
        (vec![("OTEL_SPAN_LINK_COUNT_LIMIT", " 5")], "OTEL_SPAN_LINK_COUNT_LIMIT"),
    ] {
        let (problem, value) =
            (only_problem(load_with(MINIMAL, &variables)), variables[variables.len() - 1].1);
        assert_eq!(problem.path, path);
        assert!(problem.value.as_ref().is_some_and(|shown| shown.contains(value)), "{problem}");
    }
}

#[test]
fn headers_of_an_export_must_be_readable_and_are_not_shown() {
    const SHARED: &str = "OTEL_EXPORTER_OTLP_HEADERS";
    const OWN: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
    let sound = "authorization=Bearer%20canary, x-tenant=a=b,";
    for (variables, path) in [
        (vec![ALL, (SHARED, "canary")], Some(SHARED)),
        (vec![ALL, (SHARED, "key=canary%2")], Some(SHARED)),
        (vec![ALL, (SHARED, "not a name=canary")], Some(SHARED)),
        (vec![ALL, (SHARED, "canary=")], Some(SHARED)),
        (vec![ALL, (OWN, "canary"), (SHARED, sound)], Some(OWN)),
        (vec![ALL, (SHARED, sound)], None),
        // The signal's own variable is read in the place of the shared one, and nothing for what is not exported.
        (vec![TRACES, (OWN, sound), (SHARED, "canary")], None),
        (vec![METRICS, (OWN, "canary")], None),
        (vec![(SHARED, "canary")], None),
    ] {
        let outcome = load_with(MINIMAL, &variables);
        let said =
            outcome.as_ref().map_or_else(ToString::to_string, |config| format!("{:?}", config.warnings));
        assert!(!said.contains("canary"), "{said}");
        match path {
            Some(path) => assert_eq!(only_problem(outcome).path, path, "{variables:?}"),
            None => assert!(outcome.is_ok(), "{variables:?}: {said}"),
        }
    }
    let file = format!("{MINIMAL}[telemetry]\notlp_endpoint = \"http://own:1\"");
    assert_eq!(only_problem(load_with(&file, &[(SHARED, "canary")])).path, SHARED);
}

#[test]
fn standard_variables_that_do_nothing_are_told() {
    let told = |variables: &[(&str, &str)]| {
        let warnings = load_with(MINIMAL, variables).unwrap().warnings;
        warnings.iter().map(|warning| warning.path.clone()).collect::<Vec<_>>()
    };
    let nothing: Vec<String> = Vec::new();
    let followed = [
        ALL,
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=b"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "10"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_PROPAGATORS", "tracecontext,baggage"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_ENDPONT", ""),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
    ];
    assert_eq!(told(&followed), nothing);
    assert_eq!(told(&[("OTEL_EXPORTER_OTLP_ENDPONT", "http://all:4317")]), ["OTEL_EXPORTER_OTLP_ENDPONT"]);
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client.pem"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "10000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "10000"),
        ("OTEL_PROPAGATORS", "b3,tracecontext"),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
    ] {
        assert_eq!(told(&[(variable, value)]), [variable]);
    }
    let many: Vec<String> = (1..=10).map(|n| format!("OTEL_{n:02}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "x")).collect();
    let paths = told(&many);
    assert_eq!(paths.len(), 1, "one warning for all");
    assert!(paths[0].starts_with("OTEL_01, OTEL_02,") && paths[0].ends_with("and 2 more"), "{paths:?}");
}

//! `[telemetry]`: metrics, traces and logs.

use std::time::Duration;

use url::Url;

use super::{
    form::{Count, Flag, Number, Span, Text, WebUrl, WebUrlOrNone, Word},
    problem::Complaint,
    reader::Section,
};
use crate::telemetry::{LogFormat, LogLevel, OtlpCompression, OtlpSettings, TelemetrySettings};

/// The longest that one export can be let take.
const OTLP_TIMEOUT_MAX: Duration = Duration::from_mins(1);
/// The longest that a finished span can be let wait for company.
const SPANS_DELAY_MAX: Duration = Duration::from_mins(5);
/// The most finished spans that can be let wait: room for them all is made at the start.
const SPANS_WAITING_MAX: usize = 262_144;
/// The longest that metrics can be held back.
const METRICS_INTERVAL_MAX: Duration = Duration::from_hours(1);
/// The most attributes of the resource.
const RESOURCE_ATTRIBUTES_MAX: usize = 64;
/// The longest name or attribute.
const WORD_BYTES_MAX: usize = 1024;

const OTLP_TIMEOUT: Span = Span(Duration::from_millis(1)..=OTLP_TIMEOUT_MAX);
const OTLP_COMPRESSION: Word<OtlpCompression> =
    Word(&[("none", OtlpCompression::None), ("gzip", OtlpCompression::Gzip)]);
const LOG_FORMAT: Word<LogFormat> =
    Word(&[("auto", LogFormat::Auto), ("json", LogFormat::Json), ("text", LogFormat::Text)]);
const LOG_LEVEL: Word<LogLevel> = Word(&[
    ("off", LogLevel::Off),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
]);

/// Reads `[telemetry]`.
pub(super) fn read(root: &mut Section<'_>) -> TelemetrySettings {
    let mut telemetry = root.section("telemetry");
    let word = Text { bytes_max: WORD_BYTES_MAX };
    let (traces, metrics) = exports(&mut telemetry);
    let (spans_delay, spans_waiting_max, spans_per_export_max) = spans(&mut telemetry);
    let settings = TelemetrySettings {
        traces,
        metrics,
        spans_delay,
        spans_waiting_max,
        spans_per_export_max,
        otlp_metrics_interval: telemetry.or(
            "otlp_metrics_interval",
            &Span(Duration::from_millis(1)..=METRICS_INTERVAL_MAX),
            Duration::from_secs(15),
        ),
        trace_ratio: telemetry.or("trace_ratio", &Number(0.0..=1.0), 1.0),
        trace_join_callers: telemetry.or("trace_join_callers", &Flag, true),
        trace_trust_callers: telemetry.or("trace_trust_callers", &Flag, true),
        service_name: telemetry.or("service_name", &word, "tidegate".to_owned()),
        resource: resource(telemetry.section("resource"), &word),
        log_format: telemetry.or("log_format", &LOG_FORMAT, LogFormat::Auto),
        log_level: telemetry.or("log_level", &LOG_LEVEL, LogLevel::Info),
    };
    telemetry.finish();
    settings
}

/// What holds for all exports, unless a signal's own keys say otherwise.
struct Shared {
    endpoint: Option<Url>,
    timeout: Duration,
    compression: OtlpCompression,
    ca_pem: Option<Vec<u8>>,
}

/// The keys of one signal.
struct SignalKeys {
    endpoint: &'static str,
    timeout: &'static str,
    compression: &'static str,
    ca_file: &'static str,
}

const TRACES: SignalKeys = SignalKeys {
    endpoint: "otlp_traces_endpoint",
    timeout: "otlp_traces_timeout",
    compression: "otlp_traces_compression",
    ca_file: "otlp_traces_ca_file",
};

const METRICS: SignalKeys = SignalKeys {
    endpoint: "otlp_metrics_endpoint",
    timeout: "otlp_metrics_timeout",
    compression: "otlp_metrics_compression",
    ca_file: "otlp_metrics_ca_file",
};

/// How traces and how metrics are exported.
fn exports(telemetry: &mut Section<'_>) -> (Option<OtlpSettings>, Option<OtlpSettings>) {
    let shared = Shared {
        endpoint: telemetry.optional("otlp_endpoint", &WebUrl),
        timeout: telemetry.or("otlp_timeout", &OTLP_TIMEOUT, Duration::from_secs(5)),
        compression: telemetry.or("otlp_compression", &OTLP_COMPRESSION, OtlpCompression::None),
        ca_pem: telemetry.certificates_file("otlp_ca_file"),
    };
    (export(telemetry, &shared, &TRACES), export(telemetry, &shared, &METRICS))
}

fn export(telemetry: &mut Section<'_>, shared: &Shared, keys: &SignalKeys) -> Option<OtlpSettings> {
    let endpoint = telemetry.optional(keys.endpoint, &WebUrlOrNone);
    let timeout = telemetry.optional(keys.timeout, &OTLP_TIMEOUT);
    let compression = telemetry.optional(keys.compression, &OTLP_COMPRESSION);
    let ca_pem = telemetry.certificates_file(keys.ca_file);
    Some(OtlpSettings {
        endpoint: endpoint.unwrap_or_else(|| shared.endpoint.clone())?.into(),
        timeout: timeout.unwrap_or(shared.timeout),
        compression: compression.unwrap_or(shared.compression),
        ca_pem: ca_pem.or_else(|| shared.ca_pem.clone()),
    })
}

/// How finished spans wait for their export, how many may, and how many go together. What goes together is cut to
/// what may wait, unless it is written: then it must fit.
fn spans(telemetry: &mut Section<'_>) -> (Duration, usize, usize) {
    const KEYS: [&str; 2] = ["spans_per_export_max", "spans_waiting_max"];
    let delay = Span(Duration::from_millis(1)..=SPANS_DELAY_MAX);
    let delay = telemetry.or("spans_delay", &delay, Duration::from_secs(2));
    let count = Count(1..=SPANS_WAITING_MAX);
    let waiting_max = telemetry.or("spans_waiting_max", &count, 16_384);
    let per_export_max = telemetry.or("spans_per_export_max", &count, waiting_max.min(512));
    let what = "must not be greater than spans_waiting_max";
    telemetry.law(&KEYS, per_export_max <= waiting_max, what, "lower it or raise spans_waiting_max");
    (delay, waiting_max, per_export_max)
}

fn resource(mut section: Section<'_>, word: &Text) -> Vec<(String, String)> {
    let keys = section.keys();
    if keys.len() > RESOURCE_ATTRIBUTES_MAX {
        let what = format!("has {} entries, and at most {RESOURCE_ATTRIBUTES_MAX} are allowed", keys.len());
        section.complain_here(Complaint::new(what, "remove those that are not needed"));
    }
    let mut attributes = Vec::new();
    for key in keys {
        if key == "service.name" {
            section.refuse(&key, "has a key of its own", "set telemetry.service_name");
        } else if section.has_table(&key) {
            let remedy = r#"write keys with dots in quotes: { "service.namespace" = ".." }"#;
            section.refuse(&key, "must be a string, not a table", remedy);
        } else {
            attributes.extend(section.optional(&key, word).map(|value| (key.clone(), value)));
        }
    }
    section.finish();
    attributes
}

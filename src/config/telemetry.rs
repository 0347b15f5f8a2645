//! `[telemetry]`: metrics, traces and logs.

use std::time::Duration;

use super::{
    form::{Flag, Number, Span, Text, WebUrl, WebUrlOrNone, Word},
    problem::Complaint,
    reader::Section,
};
use crate::telemetry::{LogFormat, LogLevel, TelemetrySettings};

/// The longest that one export can be let take.
const OTLP_TIMEOUT_MAX: Duration = Duration::from_mins(1);
/// The longest that metrics can be held back.
const METRICS_INTERVAL_MAX: Duration = Duration::from_hours(1);
/// The most attributes of the resource.
const RESOURCE_ATTRIBUTES_MAX: usize = 64;
/// The longest name or attribute.
const WORD_BYTES_MAX: usize = 1024;

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
    let shared = telemetry.optional("otlp_endpoint", &WebUrl);
    let mut endpoint = |key| {
        let own = telemetry.optional(key, &WebUrlOrNone);
        own.unwrap_or_else(|| shared.clone()).map(String::from)
    };
    let settings = TelemetrySettings {
        traces_endpoint: endpoint("otlp_traces_endpoint"),
        metrics_endpoint: endpoint("otlp_metrics_endpoint"),
        otlp_timeout: telemetry.or(
            "otlp_timeout",
            &Span(Duration::from_millis(1)..=OTLP_TIMEOUT_MAX),
            Duration::from_secs(5),
        ),
        otlp_metrics_interval: telemetry.or(
            "otlp_metrics_interval",
            &Span(Duration::from_millis(1)..=METRICS_INTERVAL_MAX),
            Duration::from_secs(15),
        ),
        trace_ratio: telemetry.or("trace_ratio", &Number(0.0..=1.0), 1.0),
        trace_trust_callers: telemetry.or("trace_trust_callers", &Flag, true),
        service_name: telemetry.or("service_name", &word, "tidegate".to_owned()),
        resource: resource(telemetry.section("resource"), &word),
        log_format: telemetry.or("log_format", &LOG_FORMAT, LogFormat::Auto),
        log_level: telemetry.or("log_level", &LOG_LEVEL, LogLevel::Info),
    };
    telemetry.finish();
    settings
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

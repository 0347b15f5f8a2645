//! What of telemetry can be configured.

use std::{sync::Arc, time::Duration};

use crate::upstream::settings::Prices;

/// The `[telemetry]` section, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetrySettings {
    /// How traces are exported; absent: they go nowhere.
    pub traces: Option<OtlpSettings>,
    /// How metrics are exported; absent: they go nowhere but to those who ask for them.
    pub metrics: Option<OtlpSettings>,
    /// How long a finished span waits for company before it is exported.
    pub spans_delay: Duration,
    /// The most finished spans that wait for export or for its end; further ones are dropped and counted.
    pub spans_waiting_max: usize,
    /// The most spans of one export; at most `spans_waiting_max`.
    pub spans_per_export_max: usize,
    /// How often metrics are exported over OTLP.
    pub otlp_metrics_interval: Duration,
    /// Share of traces that are sampled when no caller has decided, 0 to 1.
    pub trace_ratio: f64,
    /// Whether a caller's trace is joined; if not, every call begins a trace of its own.
    pub trace_join_callers: bool,
    /// Whether a caller's decision on sampling is followed; if not, `trace_ratio` decides in all cases.
    pub trace_trust_callers: bool,
    /// `service.name` of the resource.
    pub service_name: String,
    /// Further resource attributes.
    pub resource: Vec<(String, String)>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// The least level that is logged.
    pub log_level: LogLevel,
}

/// How one signal is exported as OTLP over gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpSettings {
    /// Where it goes.
    pub endpoint: String,
    /// The longest one export may take.
    pub timeout: Duration,
    /// How exports are made smaller.
    pub compression: OtlpCompression,
    /// The certificates that are trusted in place of the system's, as PEM text.
    pub ca_pem: Option<Vec<u8>>,
}

/// How exports are made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtlpCompression {
    /// Not at all.
    #[default]
    None,
    /// With gzip.
    Gzip,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// Readable lines.
    Text,
}

/// The least level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What needs somebody's attention.
    Error,
    /// And what may need it.
    Warn,
    /// And each call.
    #[default]
    Info,
    /// And each step.
    Debug,
    /// Everything.
    Trace,
}

/// What the telemetry must know beforehand of the configured parts: the values that labels can take, and
/// what is a fact from the start.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// Names of all upstreams.
    pub upstreams: Vec<Arc<str>>,
    /// What those upstreams charge that have prices.
    pub prices: Vec<(Arc<str>, Prices)>,
    /// Names of all profiles, `inline` among them.
    pub profiles: Vec<Arc<str>>,
    /// By profile, the places of its schema that an answer can break; none for schemas that callers bring.
    pub places: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// The most calls that are let in at once.
    pub in_flight_max: usize,
    /// How many of the last calls the recorder keeps.
    pub calls_kept: usize,
}

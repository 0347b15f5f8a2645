//! The standard `OTEL_*` variables: they fill what the file and `TIDEGATE__*` leave open.

mod checks;

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    environment::Environment,
    form::shortened,
    path::KeyPath,
    problem::{Complaint, Problem},
    reader::Origin,
};

const SECTION: &str = "telemetry";
const METRICS_KEY: &str = "otlp_metrics_endpoint";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
/// The sampler that takes a ratio, alone or after `parentbased_`.
const BY_RATIO: &str = "traceidratio";

/// What is exported, and the variables that are about it alone.
struct OtelSignal {
    key: &'static str,
    exporter: &'static str,
    endpoint: &'static str,
    protocol: &'static str,
    headers: &'static str,
    insecure: &'static str,
}

const SIGNALS: [OtelSignal; 2] = [
    OtelSignal {
        key: "otlp_traces_endpoint",
        exporter: "OTEL_TRACES_EXPORTER",
        endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        insecure: "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    },
    OtelSignal {
        key: METRICS_KEY,
        exporter: "OTEL_METRICS_EXPORTER",
        endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
        insecure: "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
    },
];

enum Exporter {
    Otlp,
    None,
}

/// What is to be said of the variables.
#[derive(Default)]
pub(super) struct Said {
    /// Variables that are wrong.
    pub(super) problems: Vec<Problem>,
    /// Variables that do nothing.
    pub(super) warnings: Vec<Problem>,
}

/// Fills the open keys of `[telemetry]`.
pub(super) fn fill(
    table: &mut Table,
    environment: &Environment,
    origins: &mut BTreeMap<KeyPath, Origin>,
) -> Said {
    let section = table.entry(SECTION).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else { return Said::default() };
    let mut filling = Filling { section, environment, origins, problems: Vec::new(), warnings: Vec::new() };
    filling.endpoints();
    filling.headers();
    filling.milliseconds("otlp_timeout", "OTEL_EXPORTER_OTLP_TIMEOUT");
    filling.milliseconds("otlp_metrics_interval", "OTEL_METRIC_EXPORT_INTERVAL");
    filling.sampler();
    filling.service_name();
    filling.resource();
    filling.numbers();
    filling.without_effect();
    Said { problems: filling.problems, warnings: filling.warnings }
}

struct Filling<'a> {
    section: &'a mut Table,
    environment: &'a Environment,
    origins: &'a mut BTreeMap<KeyPath, Origin>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Filling<'_> {
    /// An endpoint in the configuration is meant for everything, whatever the variables say of it.
    fn endpoints(&mut self) {
        if self.is_disabled() || self.section.contains_key("otlp_endpoint") {
            return;
        }
        for signal in &SIGNALS {
            if !self.section.contains_key(signal.key) {
                self.endpoint(signal);
            }
        }
    }

    fn endpoint(&mut self, signal: &OtelSignal) {
        match self.exporter(signal) {
            Some(Exporter::Otlp) => {}
            Some(Exporter::None) => return self.set(signal.key, Value::from("none"), signal.exporter),
            None => return,
        }
        let Some((variable, endpoint)) = self.first_filled([signal.endpoint, ENDPOINT]) else { return };
        match self.first_filled([signal.protocol, PROTOCOL]) {
            None | Some((_, "grpc")) => {
                let key = if variable == ENDPOINT { "otlp_endpoint" } else { signal.key };
                self.set(key, Value::from(endpoint), variable);
            }
            Some((protocol, _)) => self.complain(
                protocol,
                "must be grpc: no other protocol is available in this version",
                "set telemetry.otlp_endpoint to an endpoint that speaks gRPC (most often port 4317)",
            ),
        }
    }

    /// Which exporter is asked for; `None` if there is no such exporter. `/metrics` is served in any case, so
    /// that nothing is left to do for `prometheus`.
    fn exporter(&mut self, signal: &OtelSignal) -> Option<Exporter> {
        let Some(exporters) = self.environment.get_filled(signal.exporter) else {
            return Some(Exporter::Otlp);
        };
        let mut chosen = Exporter::None;
        for exporter in exporters.split(',').map(str::trim) {
            match exporter {
                "otlp" => chosen = Exporter::Otlp,
                "none" => {}
                "prometheus" if signal.key == METRICS_KEY => {}
                _ => {
                    let what = "names an exporter that is not available";
                    self.complain(signal.exporter, what, "use otlp or none; /metrics is served in any case");
                    return None;
                }
            }
        }
        Some(chosen)
    }

    /// The first of these variables that says something.
    fn first_filled<const N: usize>(&self, names: [&'static str; N]) -> Option<(&'static str, &str)> {
        names.into_iter().find_map(|name| Some((name, self.environment.get_filled(name)?)))
    }

    /// Milliseconds, without a unit.
    fn milliseconds(&mut self, key: &str, variable: &str) {
        if self.section.contains_key(key) {
            return;
        }
        match self.environment.get_filled(variable).map(str::parse::<u64>) {
            None => {}
            Some(Ok(number)) => self.set(key, Value::from(format!("{number}ms")), variable),
            Some(Err(_)) => {
                let what = "must be a whole number of milliseconds";
                self.complain(variable, what, "write it without a unit, like 10000");
            }
        }
    }

    /// The parent-based samplers follow callers that have decided, the others do not.
    fn sampler(&mut self) {
        if self.section.contains_key("trace_ratio") {
            return;
        }
        let Some(sampler) = self.environment.get_filled(SAMPLER) else { return };
        let (root, trust_callers) = match sampler.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (sampler, false),
        };
        match root {
            "always_on" => self.set("trace_ratio", Value::from(1.0), SAMPLER),
            "always_off" => self.set("trace_ratio", Value::from(0.0), SAMPLER),
            BY_RATIO => {
                if let Some(ratio) = self.environment.get_filled(RATIO) {
                    let value = ratio.parse().map_or_else(|_| Value::from(ratio), Value::Float);
                    self.set("trace_ratio", value, RATIO);
                }
            }
            _ => {
                return self.complain(
                    SAMPLER,
                    "names a sampler that is not available",
                    "use always_on, always_off or traceidratio, each also with parentbased_ before it, or set \
                     telemetry.trace_ratio",
                );
            }
        }
        if !self.section.contains_key("trace_trust_callers") {
            self.set("trace_trust_callers", Value::from(trust_callers), SAMPLER);
        }
    }

    fn service_name(&mut self) {
        const NAME: &str = "OTEL_SERVICE_NAME";
        if let Some(name) = self.environment.get_filled(NAME)
            && !self.section.contains_key("service_name")
        {
            self.set("service_name", Value::from(name), NAME);
        }
    }

    fn resource(&mut self) {
        const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let Some(attributes) = self.environment.get_filled(ATTRIBUTES) else { return };
        for pair in attributes.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let decoded =
                pair.split_once('=').map(|(key, value)| (decoded(key.trim()), decoded(value.trim())));
            let Some((Some(key), Some(value))) = decoded else {
                self.complain(ATTRIBUTES, "is no list of attributes", "write it like key=value,key=value");
                return;
            };
            if value.is_empty() {
                continue;
            }
            if key == "service.name" {
                if !self.section.contains_key("service_name") {
                    self.set("service_name", Value::from(value), ATTRIBUTES);
                }
                continue;
            }
            let resource = self.section.entry("resource").or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(resource) = resource
                && !resource.contains_key(&key)
            {
                let path = [SECTION, "resource", &key].map(str::to_owned).into_iter().collect();
                self.origins.insert(path, Origin { variable: ATTRIBUTES.into(), raw: value.clone() });
                resource.insert(key, Value::from(value));
            }
        }
    }

    fn set(&mut self, key: &str, value: Value, variable: &str) {
        let raw = self.environment.get(variable).unwrap_or_default().to_owned();
        let path = [SECTION, key].map(str::to_owned).into_iter().collect();
        self.origins.insert(path, Origin { variable: variable.into(), raw });
        self.section.insert(key.into(), value);
    }

    /// Says what is wrong with a variable that holds no secret.
    fn complain(&mut self, variable: &str, what: &str, remedy: &str) {
        let value = self.environment.get(variable).map(|raw| shortened(&Value::from(raw).to_string()));
        self.complain_of(variable, value, Complaint::new(what, remedy));
    }

    /// Says so once, however many signals it is about.
    fn complain_of(&mut self, variable: &str, value: Option<String>, complaint: Complaint) {
        if self.problems.iter().all(|problem| problem.path != variable) {
            self.problems.push(Problem { value, ..Problem::at(variable, complaint) });
        }
    }
}

/// The text with its `%20`s resolved; `None` if they are ill-formed.
fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        let digits = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(digits.then(|| u8::from_str_radix(hex, 16).ok()).flatten()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

//! The variables about exports: where each signal goes, and how.

use std::path;

use toml::Value;

use super::{Filling, Read, checks::is_true, milliseconds};
use crate::config::problem::Complaint;

/// Where exports go that are asked for without a word about where (OTLP exporter, "endpoint").
const DEFAULT_ENDPOINT: &str = "http://localhost:4317";

/// What the variables about all exports begin with. A signal's own name the signal after it.
const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

const ENDPOINT: &str = "ENDPOINT";
const PROTOCOL: &str = "PROTOCOL";
const INSECURE: &str = "INSECURE";
const COMPRESSION: &str = "COMPRESSION";
pub(super) const HEADERS: &str = "HEADERS";

/// All that can be said of exports.
const SUBJECTS: [&str; 7] = [ENDPOINT, PROTOCOL, INSECURE, COMPRESSION, HEADERS, "CERTIFICATE", "TIMEOUT"];

/// What is exported, as keys and variables name it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct OtelSignal {
    key: &'static str,
    name: &'static str,
}

const METRICS: OtelSignal = OtelSignal { key: "metrics", name: "METRICS" };
pub(super) const SIGNALS: [OtelSignal; 2] = [OtelSignal { key: "traces", name: "TRACES" }, METRICS];

impl OtelSignal {
    /// Its own key, such as `otlp_traces_endpoint`.
    pub(super) fn key(self, subject: &str) -> String {
        format!("otlp_{}_{subject}", self.key)
    }

    /// Its own variable, such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.
    pub(super) fn variable(self, subject: &str) -> String {
        format!("{PREFIX}{}_{subject}", self.name)
    }

    fn exporter(self) -> String {
        format!("OTEL_{}_EXPORTER", self.name)
    }
}

/// The variable about all signals.
pub(super) fn shared(subject: &str) -> String {
    format!("{PREFIX}{subject}")
}

/// The variables that say of all signals, and of each, whether TLS is left out.
pub(super) fn insecure() -> impl Iterator<Item = String> {
    SIGNALS.map(|signal| signal.variable(INSECURE)).into_iter().chain([shared(INSECURE)])
}

/// Whether it is a variable about exports.
pub(super) fn is_about_exports(name: &str) -> bool {
    let subject = name.strip_prefix(PREFIX);
    subject.is_some_and(|subject| SUBJECTS.contains(&subject))
        || SIGNALS.iter().any(|signal| {
            signal.exporter() == name || SUBJECTS.iter().any(|subject| signal.variable(subject) == name)
        })
}

/// A variable about exports that says something.
struct Spoken<'a> {
    variable: String,
    value: &'a str,
    /// Whether it is about all signals.
    shared: bool,
}

enum Exporter {
    /// Said, not assumed.
    Otlp,
    None,
    Unsaid,
}

impl<'a> Filling<'a> {
    pub(super) fn exports(&mut self) {
        self.endpoints();
        self.fill_exported("timeout", "TIMEOUT", milliseconds);
        self.fill_exported("compression", COMPRESSION, compression);
        self.fill_exported("ca_file", "CERTIFICATE", certificate);
        self.compression_in_vain();
        self.headers();
    }

    /// An endpoint in the configuration is meant for everything, whatever the variables say of it.
    fn endpoints(&mut self) {
        if self.is_disabled() || self.section.contains_key("otlp_endpoint") {
            return;
        }
        for signal in SIGNALS {
            if !self.section.contains_key(&signal.key("endpoint")) {
                self.endpoint(signal);
            }
        }
    }

    fn endpoint(&mut self, signal: OtelSignal) {
        let (own, exporter) = (signal.key("endpoint"), signal.exporter());
        let asked_for = match self.exporter(signal) {
            Some(Exporter::Otlp) => true,
            Some(Exporter::Unsaid) => false,
            Some(Exporter::None) => return self.set(&own, Value::from("none"), &exporter),
            None => return,
        };
        match self.spoken(signal, ENDPOINT) {
            Some(endpoint) if self.speaks_grpc(signal, &endpoint.variable) => {
                let bare = is_bare(endpoint.value);
                let own_scheme = bare && self.environment.get_filled(&signal.variable(INSECURE)).is_some();
                let key = if endpoint.shared && !own_scheme { "otlp_endpoint" } else { &own };
                let scheme = if bare { self.scheme(signal) } else { "" };
                self.set(key, Value::from(format!("{scheme}{}", endpoint.value)), &endpoint.variable);
            }
            None if asked_for && self.speaks_grpc(signal, &shared(ENDPOINT)) => {
                self.set(&own, Value::from(DEFAULT_ENDPOINT), &exporter);
            }
            _ => {}
        }
    }

    /// What goes before a bare `collector:4317`.
    fn scheme(&self, signal: OtelSignal) -> &'static str {
        let insecure = self.spoken(signal, INSECURE).is_some_and(|insecure| is_true(insecure.value));
        if insecure { "http://" } else { "https://" }
    }

    /// Whether nothing asks for another protocol; `endpoint` is the variable to set if one does.
    fn speaks_grpc(&mut self, signal: OtelSignal, endpoint: &str) -> bool {
        let Some(protocol) = self.spoken(signal, PROTOCOL).filter(|protocol| protocol.value != "grpc") else {
            return true;
        };
        let variable = protocol.variable;
        let remedy = format!(
            "set {variable}=grpc, and {endpoint} to where the collector speaks gRPC (most often port 4317)"
        );
        let what = "must be grpc: no other protocol is available in this version";
        self.complain(&variable, Complaint::new(what, remedy));
        false
    }

    /// Which exporter is asked for; `None` if there is no such exporter. `/metrics` is served in any case, so
    /// that nothing is left to do for `prometheus`.
    fn exporter(&mut self, signal: OtelSignal) -> Option<Exporter> {
        let variable = signal.exporter();
        let Some(exporters) = self.environment.get_filled(&variable) else { return Some(Exporter::Unsaid) };
        let mut chosen = Exporter::None;
        for exporter in exporters.split(',').map(str::trim) {
            match exporter {
                "otlp" => chosen = Exporter::Otlp,
                "none" => {}
                "prometheus" if signal == METRICS => {}
                _ => {
                    let what = "names an exporter that is not available";
                    let remedy = "use otlp or none; /metrics is served in any case";
                    self.complain(&variable, Complaint::new(what, remedy));
                    return None;
                }
            }
        }
        Some(chosen)
    }

    /// Fills a key about exports where something is exported. A signal's own variable goes before that about all, and
    /// a key about all before both.
    fn fill_exported(&mut self, subject: &str, variable: &str, read: Read) {
        let of_all = format!("otlp_{subject}");
        if self.section.contains_key(&of_all) {
            return;
        }
        for signal in self.exported() {
            let own = signal.key(subject);
            if self.section.contains_key(&own) {
                continue;
            }
            if let Some(spoken) = self.spoken(signal, variable) {
                let key = if spoken.shared { &of_all } else { &own };
                self.set_read(key, &spoken.variable, read(spoken.value));
            }
        }
    }

    /// The exporter follows the variables where it is not told to compress, and can't be told not to.
    fn compression_in_vain(&mut self) {
        for signal in self.exported() {
            let own = signal.key("compression");
            let key = if self.section.contains_key(&own) { own } else { "otlp_compression".to_owned() };
            let refused = self.section.get(&key).is_some_and(|word| word.as_str() == Some("none"));
            let asked =
                self.spoken(signal, COMPRESSION).filter(|asked| asked.value.eq_ignore_ascii_case("gzip"));
            if let Some(asked) = asked.filter(|_| refused) {
                let what =
                    format!("asks for what telemetry.{key} = \"none\" refuses, and can't be overruled");
                self.complain(
                    &asked.variable,
                    Complaint::new(what, "remove the variable, or set it to none"),
                );
            }
        }
    }

    /// The signals that go somewhere.
    pub(super) fn exported(&self) -> Vec<OtelSignal> {
        let goes_somewhere = |signal: &OtelSignal| {
            let own = self.section.get(&signal.key("endpoint"));
            let endpoint = own.or_else(|| self.section.get("otlp_endpoint"));
            endpoint.is_some_and(|endpoint| endpoint.as_str() != Some("none"))
        };
        SIGNALS.into_iter().filter(goes_somewhere).collect()
    }

    /// What is said of a signal, by its own variable or else by that about all.
    fn spoken(&self, signal: OtelSignal, subject: &str) -> Option<Spoken<'a>> {
        let spoken = |variable: String, shared| {
            let value = self.environment.get_filled(&variable)?;
            Some(Spoken { variable, value, shared })
        };
        spoken(signal.variable(subject), false).or_else(|| spoken(shared(subject), true))
    }
}

/// Whether it is a host and a port without a scheme, which gRPC allows.
fn is_bare(endpoint: &str) -> bool {
    let port = endpoint.rsplit_once(':').map(|(_, port)| port);
    !endpoint.contains("://") && port.is_some_and(|port| port.parse::<u16>().is_ok())
}

fn compression(raw: &str) -> Result<Value, Complaint> {
    let word = raw.to_ascii_lowercase();
    match word.as_str() {
        "gzip" | "none" => Ok(Value::from(word)),
        _ => Err(Complaint::new("must be gzip or none", "use one of them, or remove it")),
    }
}

/// A file's name in a variable is relative to where the process runs, as everywhere else.
#[expect(clippy::unnecessary_wraps, reason = "one of several ways to read a variable")]
fn certificate(raw: &str) -> Result<Value, Complaint> {
    let absolute = path::absolute(raw).ok().and_then(|path| path.into_os_string().into_string().ok());
    Ok(Value::from(absolute.unwrap_or_else(|| raw.to_owned())))
}

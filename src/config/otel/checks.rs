//! Variables that fill no key: those that the SDK reads by itself are checked, since it passes over what it
//! can't read, and of the others it is said that they do nothing here.

use std::str::FromStr as _;

use http::{HeaderName, HeaderValue};

use super::{BY_RATIO, ENDPOINT, Filling, OtelSignal, PROTOCOL, RATIO, SAMPLER, SIGNALS, decoded};
use crate::config::problem::{Complaint, Problem, REDACTED};

/// The most names in one warning: an environment may be full of what is meant for others.
const NAMES_SHOWN_MAX: usize = 8;

const DISABLED: &str = "OTEL_SDK_DISABLED";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Read by the SDK.
const NUMBERS: [&str; 5] = [
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_CONCURRENT_EXPORTS",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
];

/// Everything else that is followed, signals' own variables apart. An endpoint has a scheme here, so there is
/// nothing left to say for `INSECURE`.
const FOLLOWED: [&str; 11] = [
    DISABLED,
    ENDPOINT,
    HEADERS,
    PROTOCOL,
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    SAMPLER,
    RATIO,
];

impl Filling<'_> {
    /// Whether the variables about endpoints do not count.
    pub(super) fn is_disabled(&mut self) -> bool {
        let Some(word) = self.environment.get_filled(DISABLED) else { return false };
        let disabled = word.eq_ignore_ascii_case("true");
        if !disabled && !word.eq_ignore_ascii_case("false") {
            self.complain(DISABLED, "must be true or false", "write one of them, or remove it");
        }
        disabled
    }

    /// The headers of what is exported must be readable: an export without its credential fails.
    pub(super) fn headers(&mut self) {
        for signal in SIGNALS.iter().filter(|signal| self.is_exported(signal)).collect::<Vec<_>>() {
            let own = self.environment.get(signal.headers).map(|headers| (signal.headers, headers));
            let shared = || self.environment.get(HEADERS).map(|headers| (HEADERS, headers));
            let Some((variable, headers)) = own.or_else(shared) else { continue };
            let sound = headers.split(',').map(str::trim).filter(|pair| !pair.is_empty()).all(is_header);
            if !sound {
                let remedy = "write it like key=value,key=value, with %20 for a blank and %2C for a comma";
                let redacted = Some(REDACTED.to_owned());
                self.complain_of(variable, redacted, Complaint::new("is no list of headers", remedy));
            }
        }
    }

    pub(super) fn numbers(&mut self) {
        for variable in NUMBERS {
            let number = self.environment.get(variable).filter(|number| !number.is_empty());
            if number.is_some_and(|number| number.parse::<u32>().is_err()) {
                self.complain(variable, "must be a whole number", "write digits only, or remove it");
            }
        }
    }

    /// What is set for nothing, in one warning.
    pub(super) fn without_effect(&mut self) {
        let names: Vec<&str> = self
            .environment
            .iter()
            .filter(|(name, value)| name.starts_with("OTEL_") && !value.trim().is_empty())
            .filter(|(name, value)| !self.is_followed(name) && !is_so_anyway(name, value.trim()))
            .map(|(name, _)| name)
            .collect();
        if names.is_empty() {
            return;
        }
        let mut shown = names.iter().take(NAMES_SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
        if names.len() > NAMES_SHOWN_MAX {
            shown = format!("{shown} and {} more", names.len() - NAMES_SHOWN_MAX);
        }
        let what = "is set, and nothing follows it here";
        let remedy = "look for a slip in the name, or for what is followed in docs/telemetry.md";
        self.warnings.push(Problem::at(shown, Complaint::new(what, remedy)));
    }

    fn is_followed(&self, name: &str) -> bool {
        let sampler = || self.environment.get_filled(SAMPLER).unwrap_or_default();
        is_known(name) && (name != RATIO || sampler().ends_with(BY_RATIO))
    }

    fn is_exported(&self, signal: &OtelSignal) -> bool {
        let endpoint = self.section.get(signal.key).or_else(|| self.section.get("otlp_endpoint"));
        endpoint.is_some_and(|endpoint| endpoint.as_str() != Some("none"))
    }
}

fn is_header(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(name, value)| {
        let value = decoded(value.trim()).filter(|value| !value.is_empty());
        HeaderName::from_str(name.trim()).is_ok()
            && value.is_some_and(|value| HeaderValue::from_str(&value).is_ok())
    })
}

fn is_known(name: &str) -> bool {
    FOLLOWED.contains(&name)
        || NUMBERS.contains(&name)
        || SIGNALS.iter().any(|signal| {
            [signal.exporter, signal.endpoint, signal.protocol, signal.headers, signal.insecure]
                .contains(&name)
        })
}

/// Whether it asks for what is done in any case.
fn is_so_anyway(name: &str, value: &str) -> bool {
    match name {
        "OTEL_PROPAGATORS" => {
            value.split(',').map(str::trim).all(|word| ["tracecontext", "baggage"].contains(&word))
        }
        "OTEL_LOGS_EXPORTER" => value == "none",
        _ => name.ends_with("_COMPRESSION") && value.eq_ignore_ascii_case("none"),
    }
}

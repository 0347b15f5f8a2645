//! Variables that fill no key: those that the SDK reads by itself are checked, since it passes over what it
//! can't read, and of the others it is said that they do nothing here.

use std::str::FromStr as _;

use http::{HeaderName, HeaderValue};

use super::{
    Filling, decoded,
    exports::{self, HEADERS},
    traces::{BY_RATIO, PROPAGATORS, RATIO, SAMPLER},
};
use crate::config::problem::{Complaint, Problem, REDACTED};

/// The most names in one warning: an environment may be full of what is meant for others.
const NAMES_SHOWN_MAX: usize = 8;

const DISABLED: &str = "OTEL_SDK_DISABLED";

/// Read by the SDK.
const SPAN_LIMITS: [&str; 3] =
    ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT"];

/// Everything else that is followed, variables about exports apart.
const FOLLOWED: [&str; 10] = [
    DISABLED,
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    PROPAGATORS,
    SAMPLER,
    RATIO,
];

impl Filling<'_> {
    /// Whether the variables about endpoints do not count.
    pub(super) fn is_disabled(&self) -> bool {
        self.environment.get_filled(DISABLED).is_some_and(is_true)
    }

    /// Booleans that are none count as false, which may not be what was meant.
    pub(super) fn booleans(&mut self) {
        for variable in exports::insecure().chain([DISABLED.to_owned()]) {
            let Some(word) = self.environment.get_filled(&variable) else { continue };
            if !is_true(word) && !word.eq_ignore_ascii_case("false") {
                let complaint = Complaint::new("counts as false", "write true or false, or remove it");
                self.warn(&variable, complaint);
            }
        }
    }

    /// The headers of what is exported must be readable: an export without its credential fails.
    pub(super) fn headers(&mut self) {
        let shared = exports::shared(HEADERS);
        for signal in self.exported() {
            let own = signal.variable(HEADERS);
            // Unlike elsewhere, an empty one counts: so it does for the exporter, which reads them by itself.
            let variable = if self.environment.get(&own).is_some() { &own } else { &shared };
            let Some(headers) = self.environment.get(variable) else { continue };
            let sound = headers.split(',').map(str::trim).filter(|pair| !pair.is_empty()).all(is_header);
            if !sound {
                let remedy = "write it like key=value,key=value, with %20 for a blank and %2C for a comma";
                let redacted = Some(REDACTED.to_owned());
                self.complain_of(variable, redacted, Complaint::new("is no list of headers", remedy));
            }
        }
    }

    pub(super) fn span_limits(&mut self) {
        for variable in SPAN_LIMITS {
            let number = self.environment.get(variable).filter(|number| !number.is_empty());
            if number.is_some_and(|number| number.parse::<u32>().is_err()) {
                let complaint = Complaint::new("must be a whole number", "write digits only, or remove it");
                self.complain(variable, complaint);
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
        let what = if names.len() > 1 {
            "are set, and nothing follows them here"
        } else {
            "is set, and nothing follows it here"
        };
        let remedy = "look for a slip in the name, or for what is followed in docs/telemetry.md";
        self.warnings.push(Problem::at(shown, Complaint::new(what, remedy)));
    }

    fn is_followed(&self, name: &str) -> bool {
        let sampler = || self.environment.get_filled(SAMPLER).unwrap_or_default();
        is_known(name) && (name != RATIO || sampler().ends_with(BY_RATIO))
    }
}

/// Whether a boolean variable is true.
pub(super) fn is_true(word: &str) -> bool {
    word.eq_ignore_ascii_case("true")
}

fn is_header(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(name, value)| {
        let value = decoded(value.trim()).filter(|value| !value.is_empty());
        HeaderName::from_str(name.trim()).is_ok()
            && value.is_some_and(|value| HeaderValue::from_str(&value).is_ok())
    })
}

fn is_known(name: &str) -> bool {
    FOLLOWED.contains(&name) || SPAN_LIMITS.contains(&name) || exports::is_about_exports(name)
}

/// Whether it asks for what is done in any case.
fn is_so_anyway(name: &str, value: &str) -> bool {
    match name {
        "OTEL_LOGS_EXPORTER" => value == "none",
        _ => name == "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION" && value.eq_ignore_ascii_case("none"),
    }
}

//! Every metric there is: the one list that registration, documentation and tests are made from.

pub mod labels;
pub mod list;

mod buckets;

pub use crate::extraction::label::OTHER;
pub use list::{ALL, SECTIONS};

/// One metric family.
#[derive(Debug)]
pub struct Metric {
    /// The OpenTelemetry name, dotted, without unit.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What its values mean.
    pub unit: Unit,
    /// One sentence for operators.
    pub help: &'static str,
    /// Its labels, in the order in which values are given.
    pub labels: &'static [Label],
}

/// The metrics of one part of the gateway.
#[derive(Debug)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// They themselves.
    pub metrics: &'static [&'static Metric],
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations below each of these bounds.
    Histogram(&'static [f64]),
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of these things, named as an annotation of UCUM: `{call}`. Not `1`, after which Prometheus would name
    /// a gauge that comes over OTLP a ratio.
    Count(&'static str),
    /// From 0 to 1.
    Ratio,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One dimension of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// The OpenTelemetry attribute, dotted.
    pub name: &'static str,
    /// What it can say.
    pub values: Values,
    /// Whether it can be absent.
    pub optional: bool,
}

/// What a label can say. There is no variant for free text.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// One of these.
    Closed(&'static [&'static str]),
    /// The name of a configured upstream, else `other`.
    Upstream,
    /// The name of a configured profile, else `other`.
    Profile,
    /// A place in the schema of a configured profile, else `other`.
    SchemaPointer,
    /// The model, host or port of a configured upstream.
    Endpoint,
    /// A method of this server, else `_OTHER`.
    RpcMethod,
    /// The name of a gRPC status.
    RpcStatus,
    /// An HTTP status from 100 to 599, else `other`.
    HttpStatus,
    /// What is known of this build.
    Build,
}

impl Metric {
    /// How many series one combination of labels is.
    pub fn series_each(&self) -> usize {
        match self.kind {
            Kind::Counter | Kind::Gauge => 1,
            // One more bucket has no bound, and then there are count and sum.
            Kind::Histogram(bounds) => bounds.len() + 3,
        }
    }

    /// The name on `/metrics`.
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            Unit::Count(_) | Unit::Ratio => "",
            Unit::Seconds => "_seconds",
            Unit::Bytes => "_bytes",
        };
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{total}", prometheus_label(self.name))
    }
}

impl Unit {
    /// As UCUM (the Unified Code for Units of Measure) spells it, which is what OTLP wants.
    pub fn ucum(self) -> &'static str {
        match self {
            Self::Count(things) => things,
            Self::Ratio => "1",
            Self::Seconds => "s",
            Self::Bytes => "By",
        }
    }
}

impl Label {
    /// A label with a closed set of values.
    pub const fn closed(name: &'static str, values: &'static [&'static str]) -> Self {
        Self { name, values: Values::Closed(values), optional: false }
    }

    /// A label whose values come from somewhere else.
    pub const fn from(name: &'static str, values: Values) -> Self {
        Self { name, values, optional: false }
    }

    /// The same label, absent where it has no meaning.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The name on `/metrics`.
    pub fn prometheus_name(&self) -> String {
        prometheus_label(self.name)
    }

    /// Whether `value` may be said, as far as that is known without the configuration.
    pub fn allows(&self, value: &str) -> bool {
        match self.values {
            Values::Closed(values) => values.contains(&value),
            Values::HttpStatus => {
                value == OTHER || value.parse().is_ok_and(|status: u16| (100..=599).contains(&status))
            }
            Values::RpcStatus => {
                !value.is_empty() && value.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            }
            Values::Upstream
            | Values::Profile
            | Values::SchemaPointer
            | Values::Endpoint
            | Values::RpcMethod
            | Values::Build => !value.is_empty(),
        }
    }
}

/// The name of a metric or label on `/metrics`, without suffixes.
pub fn prometheus_label(name: &str) -> String {
    name.replace('.', "_")
}

//! What is measured side by side.

use clap::ValueEnum;

/// One of the things that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub enum Lane {
    /// What no gateway that answers from memory can do without: gRPC, a hash, a map.
    FloorHit,
    /// What no gateway in front of an HTTP API can do without: gRPC, JSON, HTTP, JSON.
    FloorMiss,
    /// The gateway with nobody watching.
    Off,
    /// With metrics.
    Metrics,
    /// With metrics and a log line per call: what there is without any configuration.
    Logs,
    /// With one call in a hundred exported over OTLP besides, and metrics too.
    Some,
    /// With every call exported.
    All,
    /// The same, but the collector is not there.
    Refused,
    /// The same, but the collector never answers.
    Silent,
}

/// Who stands behind the gateway to collect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collector {
    /// Takes everything.
    Listens,
    /// Refuses connections.
    Refuses,
    /// Takes connections and says nothing.
    Silent,
}

impl Lane {
    /// How tables name it.
    pub fn title(self) -> &'static str {
        match self {
            Self::FloorHit => "floor: tonic, SHA-256, moka",
            Self::FloorMiss => "floor: tonic, serde, reqwest, serde",
            Self::Off => "telemetry off",
            Self::Metrics => "metrics",
            Self::Logs => "metrics, log",
            Self::Some => "metrics, log, 1 % traced",
            Self::All => "metrics, log, every call traced",
            Self::Refused => "the same, collector refuses",
            Self::Silent => "the same, collector silent",
        }
    }

    /// Who collects.
    pub fn collector(self) -> Option<Collector> {
        match self {
            Self::FloorHit | Self::FloorMiss | Self::Off | Self::Metrics | Self::Logs => None,
            Self::Some | Self::All => Some(Collector::Listens),
            Self::Refused => Some(Collector::Refuses),
            Self::Silent => Some(Collector::Silent),
        }
    }

    /// Keys of the configuration, as environment variables.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Metrics => &[("TIDEGATE__TELEMETRY__LOG_LEVEL", "off")],
            Self::Some => &[("TIDEGATE__TELEMETRY__TRACE_RATIO", "0.01")],
            Self::FloorHit
            | Self::FloorMiss
            | Self::Off
            | Self::Logs
            | Self::All
            | Self::Refused
            | Self::Silent => &[],
        }
    }
}

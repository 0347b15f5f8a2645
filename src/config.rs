//! From text to checked settings; every problem is reported at once.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    admission::AdmissionSettings, cache::CacheSettings, extraction::Profile, grpc::settings::ServerSettings,
    resilience::Policy, telemetry::TelemetrySettings, upstream::settings::UpstreamSettings,
};

/// Everything that can be configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The gRPC server.
    pub server: ServerSettings,
    /// The limits at the door.
    pub admission: AdmissionSettings,
    /// Where `/metrics`, `/healthz` and `/readyz` are served.
    pub admin_listen: SocketAddr,
    /// The upstreams, by name.
    pub upstreams: Vec<UpstreamSettings>,
    /// The profiles, by name; `entities` is always among them. `inline` lends route, timeout, cache
    /// policy and limits to extraction rules that callers bring along.
    pub profiles: Vec<Arc<Profile>>,
    /// Waits, limits and purse of retries.
    pub retry: Policy,
    /// The cache.
    pub cache: CacheSettings,
    /// Metrics, traces and logs.
    pub telemetry: TelemetrySettings,
}

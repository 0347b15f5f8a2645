//! From text to checked settings; every problem is reported at once.
//!
//! A value comes from the first of: `TIDEGATE__SECTION__KEY` in the environment, the file, for some keys
//! of `[telemetry]` the standard `OTEL_*` variables, the default. Nothing else reads the environment.

mod auth;
mod effective;
mod environment;
mod file;
mod form;
mod otel;
mod overlay;
mod path;
mod problem;
mod profile;
mod reader;
mod retry;
mod secret;
mod server;
mod suggest;
mod telemetry;
#[cfg(test)]
mod tests;
mod upstream;

use std::{
    net::SocketAddr,
    path::{Path, absolute},
    sync::Arc,
};

use toml::{Table, Value};
use url::Url;

use crate::{
    admission::AdmissionSettings, cache::CacheSettings, extraction::Profile, grpc::settings::ServerSettings,
    resilience::Policy, telemetry::TelemetrySettings, upstream::settings::UpstreamSettings,
};
use form::Bytes;
use reader::{Reading, Section};

pub use effective::effective;
pub use environment::Environment;
pub use problem::{ConfigProblems, Problem};

/// The most memory that the cache can be given, in bytes.
const CACHE_BYTES_MAX: u64 = 1 << 40;

/// Everything that can be configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The gRPC server.
    pub server: ServerSettings,
    /// The limits at the door.
    pub admission: AdmissionSettings,
    /// Where metrics, health and the live page are served.
    pub admin_listen: SocketAddr,
    /// Whether the live page answers only to `localhost` and IP addresses as names.
    pub admin_local_names_only: bool,
    /// How many of the last calls the live page can show.
    pub recorder_calls: usize,
    /// The upstreams, by name.
    pub upstreams: Vec<UpstreamSettings>,
    /// The profiles: `entities`, the others by name, `inline`. `inline` lends route, timeout, cache
    /// policy and limits to extraction rules that callers bring along; its own instructions are empty
    /// and its schema is that of `entities`, to be replaced by the caller's.
    pub profiles: Vec<Arc<Profile>>,
    /// Waits, limits and purse of retries.
    pub retry: Policy,
    /// The cache.
    pub cache: CacheSettings,
    /// Metrics, traces and logs.
    pub telemetry: TelemetrySettings,
    /// What does nothing or may be a mistake, though it stands in nobody's way.
    pub warnings: Vec<Problem>,
    /// All of the above as it was read; see [`effective()`].
    effective: Table,
}

impl Config {
    /// Reads a file, if one is named, under the environment. File names in it are relative to the
    /// directory it is in.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigProblems> {
        let table = path.map(file::table).transpose()?.unwrap_or_default();
        let directory = path.and_then(Path::parent).unwrap_or(Path::new(""));
        read(table, directory, environment).1
    }

    /// The configuration without a file: all defaults under the environment, and the embedded simulator
    /// as the only upstream.
    pub fn embedded(simulator_base_url: &Url, environment: &Environment) -> Result<Self, ConfigProblems> {
        let simulator = Table::from_iter(
            [("dialect", "openai"), ("base_url", simulator_base_url.as_str()), ("model", "simulator")]
                .map(|(key, value)| (key.to_owned(), Value::from(value))),
        );
        let upstreams = Table::from_iter([(overlay::EMBEDDED.to_owned(), Value::Table(simulator))]);
        let table = Table::from_iter([("upstreams".to_owned(), Value::Table(upstreams))]);
        read(table, Path::new(""), environment).1
    }
}

/// Reads all sections of `table`.
fn read(
    mut table: Table,
    directory: &Path,
    environment: &Environment,
) -> (Reading, Result<Config, ConfigProblems>) {
    let mut reading = Reading {
        environment: environment.clone(),
        directory: absolute(directory.join(".")).unwrap_or_else(|_| directory.to_owned()),
        ..Reading::default()
    };
    reading.problems = overlay::lay(&mut table, environment, &mut reading.origins);
    let said = otel::fill(&mut table, environment, &mut reading.origins);
    reading.problems.extend(said.problems);
    reading.warnings.extend(said.warnings);

    let mut root = Section::root(&mut reading, table);
    let credentials = auth::read(&mut root);
    let (server, admission) = server::read(&mut root, credentials);
    let (admin_listen, admin_local_names_only, recorder_calls) = server::read_admin(&mut root, server.listen);
    let upstreams = upstream::read(&mut root);
    let profiles = profile::read(&mut root, &upstreams, admission.timeout_max);
    let retry = retry::read(&mut root);
    let cache = cache(&mut root);
    let telemetry = telemetry::read(&mut root);
    let remedy = "remove [jobs]; until then a call lives as long as its caller waits";
    root.refuse("jobs", "is not available in this version", remedy);
    root.finish();

    let problems = ConfigProblems::of(std::mem::take(&mut reading.problems));
    let config = problems.map(|()| Config {
        server,
        admission,
        admin_listen,
        admin_local_names_only,
        recorder_calls,
        upstreams: upstreams.sound,
        profiles,
        retry,
        cache,
        telemetry,
        warnings: std::mem::take(&mut reading.warnings),
        effective: std::mem::take(&mut reading.effective),
    });
    (reading, config)
}

fn cache(root: &mut Section<'_>) -> CacheSettings {
    let mut cache = root.section("cache");
    let bytes_max = cache.or("bytes_max", &Bytes(0..=CACHE_BYTES_MAX), 64 << 20);
    cache.finish();
    CacheSettings { bytes_max }
}

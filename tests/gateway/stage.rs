//! A gateway between a client and a scripted AI API.

use std::time::Duration;

use tidegate::{
    proto::{self, extraction_service_client::ExtractionServiceClient},
    simulator::{
        Arrival, Script, Simulator,
        script::{Fault, Rule},
    },
};
use tokio::task::JoinSet;
use tonic::{Code, Request, Status, transport::Channel};

use crate::support::{self, Gateway, Metrics, PATIENCE};

pub(crate) type Client = ExtractionServiceClient<Channel>;
pub(crate) type Reply = Result<proto::ExtractResponse, Status>;

/// A text in which the simulator finds two persons, a place and a date.
pub(crate) const TEXT: &str = "Ada Lovelace met Charles Babbage in London on Friday.";

/// The waits of all tests that do not bring their own: as short as can be.
pub(crate) const QUICK: &str = r#"
backoff_base = "1ms"
throttle_base = "1ms"
backoff_max = "4ms"
"#;

/// What differs from the usual configuration, section by section, and the script.
pub(crate) struct Setup {
    pub(crate) script: Script,
    pub(crate) server: &'static str,
    pub(crate) admin: String,
    pub(crate) upstream: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) more: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            script: Script::default(),
            server: "",
            admin: String::new(),
            upstream: "",
            retry: QUICK,
            profile: "",
            more: String::new(),
        }
    }
}

impl Setup {
    /// The configuration of a gateway whose only upstream is `base_url`.
    pub(crate) fn config(&self, base_url: &str) -> String {
        let Self { server, admin, upstream, retry, profile, more, .. } = self;
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
{server}
[admin]
listen = "127.0.0.1:0"
{admin}
[upstreams.primary]
dialect = "openai"
base_url = "{base_url}"
model = "simulated"
{upstream}
[retry]
{retry}
[profiles.entities]
{profile}
[telemetry]
log_format = "json"
{more}
"#
        )
    }

    pub(crate) async fn start(self) -> Stage {
        let simulator = support::simulator(self.script.clone()).await;
        let gateway = Gateway::start(&self.config(&simulator.base_url())).await;
        let client = gateway.client().await;
        Stage { simulator, gateway, client }
    }
}

/// A script of one fault for every arrival.
pub(crate) fn always(fault: Fault) -> Script {
    Script::of([Rule::new(fault)])
}

/// A gateway between a client and a scripted AI API.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) gateway: Gateway,
    pub(crate) client: Client,
}

impl Stage {
    /// The usual configuration, and an AI API that does nothing wrong.
    pub(crate) async fn healthy() -> Self {
        Setup::default().start().await
    }

    /// The usual configuration, and an AI API that does as `script` says.
    pub(crate) async fn scripted(script: Script) -> Self {
        Setup { script, ..Setup::default() }.start().await
    }

    /// Calls, with time enough.
    pub(crate) async fn call(&self, message: proto::ExtractRequest) -> Reply {
        self.send(request(message, PATIENCE)).await
    }

    /// Calls for a text, with time enough.
    pub(crate) async fn extract(&self, text: &str) -> Reply {
        self.call(message(text)).await
    }

    /// Calls.
    pub(crate) async fn send(&self, request: Request<proto::ExtractRequest>) -> Reply {
        self.client.clone().extract(request).await.map(tonic::Response::into_inner)
    }

    /// Calls while the test goes on. Aborting the task means that the caller leaves.
    pub(crate) fn send_aside(&self, callers: &mut JoinSet<Reply>, request: Request<proto::ExtractRequest>) {
        let mut client = self.client.clone();
        callers.spawn(async move { client.extract(request).await.map(tonic::Response::into_inner) });
    }

    /// What has reached the AI API so far.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.simulator.log()
    }

    /// How many requests have reached the AI API so far.
    pub(crate) fn sent(&self) -> usize {
        self.arrivals().len()
    }

    /// What has reached the AI API, as soon as that is as `holds` says.
    pub(crate) async fn arrivals_when(&self, holds: impl FnMut(&[Arrival]) -> bool) -> Vec<Arrival> {
        let log = self.simulator.log_when(holds);
        tokio::time::timeout(PATIENCE, log).await.expect("the AI API's log never came to that")
    }

    /// The metrics, as soon as the sum of `name`'s series with these labels is `value`.
    pub(crate) async fn metrics_at(&self, name: &str, labels: &[(&str, &str)], value: f64) -> Metrics {
        self.gateway.metrics_when(|metrics| is(metrics.sum(name, labels), value)).await
    }

    /// Waits until so many calls are being served. What the cache had for a call is counted at its end,
    /// so that this is as near as one can come to knowing that it has joined a flight.
    pub(crate) async fn serving(&self, calls: u32) {
        let extract = [("rpc_method", "tidegate.v1.ExtractionService/Extract")];
        self.metrics_at("tidegate_server_active_calls", &extract, calls.into()).await;
    }

    /// The metrics, as soon as nothing is under way any more.
    pub(crate) async fn metrics_at_rest(&self) -> Metrics {
        self.metrics_at("tidegate_flights_active", &[], 0.0).await
    }
}

/// Whether two values of metrics are the same; counts are whole.
pub(crate) fn is(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-9
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A request for the default profile.
pub(crate) fn message(text: &str) -> proto::ExtractRequest {
    proto::ExtractRequest { text: text.to_owned(), ..Default::default() }
}

/// A request that uses the cache in this way.
pub(crate) fn cached(text: &str, mode: proto::CacheMode) -> proto::ExtractRequest {
    let cache = proto::CacheControl { mode: mode.into(), max_age: None };
    proto::ExtractRequest { cache: Some(cache), ..message(text) }
}

/// A request that brings its own rules.
pub(crate) fn inline(schema: &str, instructions: &str) -> proto::ExtractRequest {
    let inline = proto::InlineProfile { schema: schema.to_owned(), instructions: instructions.to_owned() };
    proto::ExtractRequest { inline: Some(inline), ..message(TEXT) }
}

/// A request to be answered within `timeout`.
pub(crate) fn request(message: proto::ExtractRequest, timeout: Duration) -> Request<proto::ExtractRequest> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

/// How an answer came about.
pub(crate) fn info(response: &proto::ExtractResponse) -> &proto::ExtractionInfo {
    response.info.as_ref().expect("every answer tells how it came about")
}

/// The cache's part in an answer.
pub(crate) fn cache_of(reply: &Reply) -> proto::CacheOutcome {
    match reply {
        Ok(response) => info(response).cache(),
        Err(status) => support::info_of(status).cache(),
    }
}

/// The words of the entities found.
pub(crate) fn words(response: &proto::ExtractResponse) -> Vec<&str> {
    support::extraction(response).entities.iter().map(|entity| entity.text.as_str()).collect()
}

/// Code and reason of a failure.
pub(crate) fn code_and_reason(status: &Status) -> (Code, String) {
    (status.code(), support::reason_of(status))
}

/// The wait that a failure's `RetryInfo` tells.
pub(crate) fn retry_info(status: &Status) -> Option<Duration> {
    use tonic_types::StatusExt as _;
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

/// One word of a failure's `ErrorInfo`.
pub(crate) fn metadata(status: &Status, key: &str) -> Option<String> {
    use tonic_types::StatusExt as _;
    status.get_details_error_info().and_then(|mut info| info.metadata.remove(key))
}

/// A duration of the wire.
pub(crate) fn time(duration: Option<prost_types::Duration>) -> Duration {
    duration.unwrap().try_into().unwrap()
}

/// In hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    let digits: Vec<_> = sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

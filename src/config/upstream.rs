//! `[upstreams.NAME]`: the AI endpoints.

mod body;

use std::{collections::HashSet, sync::Arc, time::Duration};

use http::HeaderName;
use toml::Value;
use url::{Host, Url};

use super::{
    form::{Bytes, Count, Flag, Form, Number, Span, Text, WebUrl, Word, wrong_kind},
    problem::Complaint,
    reader::Section,
    secret::{Plain, secret},
};
use crate::upstream::{
    RetrySafety,
    settings::{
        ApiKeyHeader, Clocks, Dialect, HttpVersion, MaxTokensField, Prices, Secret, StructuredOutput,
        UpstreamSettings,
    },
};

/// The most upstreams: their names become values of metric labels.
const UPSTREAMS_MAX: usize = 64;
/// The longest that any clock of an attempt can be set to.
const ATTEMPT_TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// The shortest that any clock of an attempt can be set to.
const ATTEMPT_TIMEOUT_MIN: Duration = Duration::from_millis(1);
/// The most bytes that an answer's body can be let have.
const ANSWER_BYTES_MAX: u64 = 256 << 20;
/// The most idle connections that can be kept.
const IDLE_CONNECTIONS_MAX: usize = 10_000;
/// The most headers that can be added.
const HEADERS_MAX: usize = 32;
/// The longest name of a model.
const MODEL_BYTES_MAX: usize = 256;

/// The highest price of a million tokens: far above any, in any currency.
const PRICE_MAX: f64 = 1e9;

const RETRY_SAFETY: Word<RetrySafety> =
    Word(&[("safe", RetrySafety::Safe), ("keyed", RetrySafety::Keyed), ("once", RetrySafety::Once)]);
/// How the answer is constrained.
pub(super) const STRUCTURED_OUTPUT: Word<StructuredOutput> = Word(&[
    ("schema", StructuredOutput::Schema),
    ("object", StructuredOutput::Object),
    ("prompt", StructuredOutput::Prompt),
]);
const API_KEY_HEADER: Word<ApiKeyHeader> =
    Word(&[("authorization", ApiKeyHeader::Authorization), ("api-key", ApiKeyHeader::ApiKey)]);
const TOKENS_FIELD: Word<Option<MaxTokensField>> = Word(&[
    ("auto", None),
    ("max_tokens", Some(MaxTokensField::MaxTokens)),
    ("max_completion_tokens", Some(MaxTokensField::MaxCompletionTokens)),
]);
const HTTP_VERSION: Word<HttpVersion> =
    Word(&[("auto", HttpVersion::Auto), ("1", HttpVersion::Http1), ("2", HttpVersion::Http2)]);

/// What was configured of upstreams: the names that stand there, and the sound ones in full.
pub(super) struct Upstreams {
    pub(super) names: Vec<String>,
    pub(super) sound: Vec<UpstreamSettings>,
}

impl Upstreams {
    /// The sound upstream of that name.
    pub(super) fn get(&self, name: &str) -> Option<&UpstreamSettings> {
        self.sound.iter().find(|upstream| *upstream.name == *name)
    }
}

/// Reads `[upstreams]`.
pub(super) fn read(root: &mut Section<'_>) -> Upstreams {
    let mut upstreams = root.section("upstreams");
    if upstreams.keys().is_empty() {
        let remedy = "add [upstreams.NAME]; `tidegate serve` without --config uses the embedded simulator";
        upstreams.complain_here(Complaint::new("names no upstream", remedy));
    }
    let names = upstreams.names(UPSTREAMS_MAX);
    let sound = names.iter().filter_map(|name| one(name, upstreams.section(name))).collect();
    upstreams.finish();
    Upstreams { names, sound }
}

fn one(name: &str, mut section: Section<'_>) -> Option<UpstreamSettings> {
    let dialect = section.required("dialect", &DialectForm, r#"write dialect = "openai""#);
    let base_url =
        section.required("base_url", &WebUrl, r#"write it like base_url = "https://api.example.com/v1""#);
    if base_url.as_ref().is_some_and(|url| url.path().trim_end_matches('/').ends_with("/chat/completions")) {
        let what = "must be the API's base: /chat/completions is added to it";
        section.complain("base_url", Complaint::new(what, "leave out /chat/completions"));
    }
    let model_form = Text { bytes_max: MODEL_BYTES_MAX };
    let model = section.required("model", &model_form, "name the model to ask for");
    let api_key_header = section.or("api_key_header", &API_KEY_HEADER, ApiKeyHeader::Authorization);
    let api_key = secret(&mut section, "api_key", Plain::Refused);
    if api_key.is_some() && base_url.as_ref().is_some_and(travels_in_the_open) {
        let what = "sends the API key in the open: whoever is on the way can read it";
        section.warn("base_url", Complaint::new(what, "use https, unless the way is secured otherwise"));
    }
    let answer_bytes = section.or("answer_bytes_max", &Bytes(1..=ANSWER_BYTES_MAX), 4 << 20);
    let headers = headers(&mut section, api_key.is_some().then_some(api_key_header));
    let retry_safety = section.or("retry_safety", &RETRY_SAFETY, RetrySafety::Safe);
    let structured_output = section.or("structured_output", &STRUCTURED_OUTPUT, StructuredOutput::Schema);
    let max_tokens_field = section.or("max_tokens_field", &TOKENS_FIELD, None);
    let temperature = section.optional("temperature", &Number(0.0..=2.0));
    let body = body::body(&mut section);
    let clocks = clocks(&mut section);
    let idle_connections_max = section.or("idle_connections_max", &Count(0..=IDLE_CONNECTIONS_MAX), 64);
    let http_version = section.or("http_version", &HTTP_VERSION, HttpVersion::Auto);
    let ca_pem = section.certificates_file("ca_file");
    let proxy = section.optional("proxy", &WebUrl);
    let propagate_trace = section.or("propagate_trace", &Flag, false);
    let prices = prices(section.section("prices"));
    let log_error_bodies = section.or("log_error_bodies", &Flag, false);
    if log_error_bodies {
        let what = "writes what the API's errors say into the log, which may quote the texts of callers";
        section.warn(
            "log_error_bodies",
            Complaint::new(what, "set it to false when you know what you wanted to know"),
        );
    }
    section.finish();
    Some(UpstreamSettings {
        name: name.into(),
        dialect: dialect?,
        base_url: base_url?,
        model: Arc::from(model?),
        api_key,
        api_key_header,
        retry_safety,
        structured_output,
        max_tokens_field,
        temperature,
        body,
        clocks,
        answer_bytes_max: usize::try_from(answer_bytes).unwrap_or(usize::MAX),
        idle_connections_max,
        http_version,
        ca_pem,
        proxy,
        headers,
        propagate_trace,
        prices,
        log_error_bodies,
    })
}

/// Whether what is sent there leaves this machine without TLS.
fn travels_in_the_open(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !local
}

/// The clocks within an attempt can't outlast it: those that are left open are cut to it, those that
/// are written must fit.
fn clocks(section: &mut Section<'_>) -> Clocks {
    let span = Span(ATTEMPT_TIMEOUT_MIN..=ATTEMPT_TIMEOUT_MAX);
    let total = section.or("attempt_timeout", &span, Duration::from_secs(30));
    let clocks = Clocks {
        connect: section.or("connect_timeout", &span, total.min(Duration::from_secs(5))),
        first_byte: section.or("first_byte_timeout", &span, total),
        idle: section.or("idle_timeout", &span, total.min(Duration::from_secs(30))),
        total,
    };
    let within = [
        ("connect_timeout", clocks.connect),
        ("first_byte_timeout", clocks.first_byte),
        ("idle_timeout", clocks.idle),
    ];
    for (key, clock) in within {
        let what = "must not be longer than attempt_timeout";
        section.law(&[key, "attempt_timeout"], clock <= total, what, "lower it or raise attempt_timeout");
    }
    clocks
}

/// Both prices or none: half a bill would look like a whole one.
fn prices(mut section: Section<'_>) -> Option<Prices> {
    const REMEDY: &str = "say both prices; 0.0 if there is no charge";
    if section.keys().is_empty() {
        section.finish();
        return None;
    }
    let price = Number(0.0..=PRICE_MAX);
    let input_per_million = section.required("input_per_million", &price, REMEDY);
    let output_per_million = section.required("output_per_million", &price, REMEDY);
    section.finish();
    Some(Prices { input_per_million: input_per_million?, output_per_million: output_per_million? })
}

/// Further headers; `taken` is the one that carries the credential.
fn headers(section: &mut Section<'_>, taken: Option<ApiKeyHeader>) -> Vec<(HeaderName, Secret)> {
    let mut table = section.section("headers");
    let names = table.keys();
    if names.len() > HEADERS_MAX {
        let what = format!("has {} entries, and at most {HEADERS_MAX} are allowed", names.len());
        table.complain_here(Complaint::new(what, "remove those that are not needed"));
    }
    let mut seen = HashSet::new();
    let mut headers = Vec::new();
    for key in names {
        let value = secret(&mut table, &key, Plain::Allowed);
        match header_name(&key, taken) {
            Ok(name) if seen.insert(name.clone()) => headers.extend(value.map(|value| (name, value))),
            Ok(_) => {
                table.complain(&key, Complaint::new("stands there twice", "headers ignore case: keep one"));
            }
            Err(complaint) => table.complain(&key, complaint),
        }
    }
    table.finish();
    headers
}

fn header_name(key: &str, taken: Option<ApiKeyHeader>) -> Result<HeaderName, Complaint> {
    const OURS: &[&str] = &[
        "connection",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "x-tidegate-attempt",
    ];
    let name = HeaderName::from_bytes(key.as_bytes())
        .map_err(|_| Complaint::new("is no header's name", "use letters, digits and -"))?;
    if OURS.contains(&name.as_str()) {
        return Err(Complaint::new("is a header that Tidegate sets itself", "remove it"));
    }
    if taken.is_some_and(|header| API_KEY_HEADER.write(&header).as_str() == Some(name.as_str())) {
        return Err(Complaint::new("is the header that carries api_key already", "remove one of them"));
    }
    Ok(name)
}

struct DialectForm;

impl Form for DialectForm {
    type Out = Dialect;

    fn read(&self, value: &Value) -> Result<Dialect, Complaint> {
        const REMEDY: &str = r#"use "openai", which all OpenAI-compatible servers speak"#;
        match value.as_str() {
            Some("openai") => Ok(Dialect::OpenAi),
            Some("anthropic" | "gemini" | "json") => {
                Err(Complaint::new("is not available in this version", REMEDY))
            }
            Some(_) => Err(Complaint::new("is unknown", REMEDY)),
            None => Err(wrong_kind("a string", value, REMEDY)),
        }
    }

    fn write(&self, out: &Dialect) -> Value {
        match out {
            Dialect::OpenAi => Value::from("openai"),
        }
    }
}

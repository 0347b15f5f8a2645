//! What of an upstream can be configured.

mod fields;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::RetrySafety;

pub use fields::{SENT_FIELDS, UNUSABLE_FIELDS};

/// One `[upstreams.NAME]` section, checked.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// The configured name.
    pub name: Arc<str>,
    /// The wire format.
    pub dialect: Dialect,
    /// Where the API is: scheme, host, port, path prefix, and a query string if the API wants one.
    pub base_url: url::Url,
    /// The model to ask for.
    pub model: Arc<str>,
    /// The credential, if the API wants one.
    pub api_key: Option<Secret>,
    /// Which header carries the credential.
    pub api_key_header: ApiKeyHeader,
    /// Whether the same question may be asked twice.
    pub retry_safety: RetrySafety,
    /// How the API is told what the answer must look like.
    pub structured_output: StructuredOutput,
    /// Which field limits the answer's tokens; absent: found out from the API's answers.
    pub max_tokens_field: Option<MaxTokensField>,
    /// Sampling temperature; absent: not sent.
    pub temperature: Option<f64>,
    /// Further fields of each request's body; none that the gateway writes itself.
    pub body: Map<String, Value>,
    /// The clocks of one attempt.
    pub clocks: Clocks,
    /// The most bytes an answer's body may have.
    pub answer_bytes_max: usize,
    /// The most idle connections kept.
    pub idle_connections_max: usize,
    /// Which HTTP versions are spoken.
    pub http_version: HttpVersion,
    /// PEM text of certificates to trust in place of the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through; the environment's proxy variables are not read.
    pub proxy: Option<url::Url>,
    /// Further headers to send; values are secret.
    pub headers: Vec<(http::HeaderName, Secret)>,
    /// Whether trace context is sent along.
    pub propagate_trace: bool,
    /// What the API charges, if that is known.
    pub prices: Option<Prices>,
    /// Whether the bodies of its errors go into the log; they may quote the caller's text.
    pub log_error_bodies: bool,
}

/// What an API charges for a million tokens, in whatever currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Tokens of the input.
    pub input_per_million: f64,
    /// Tokens of the answer.
    pub output_per_million: f64,
}

/// The clocks of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// From sending to the answer's head.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// From start to end.
    pub total: Duration,
}

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `OpenAI` chat completions and all that is compatible with it.
    OpenAi,
}

/// How an API is told what the answer must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructuredOutput {
    /// `response_format: json_schema`: the API constrains the answer to the schema.
    Schema,
    /// `response_format: json_object`: the API constrains the answer to JSON; the schema goes into
    /// the instructions.
    Object,
    /// Words only: the schema goes into the instructions.
    Prompt,
}

/// Which header carries the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyHeader {
    /// `authorization: Bearer KEY`.
    Authorization,
    /// `api-key: KEY` (Azure).
    ApiKey,
}

/// Which field limits the answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MaxTokensField {
    /// `max_tokens`: understood by every compatible server.
    MaxTokens,
    /// `max_completion_tokens`: what `OpenAI`'s newer models insist on.
    MaxCompletionTokens,
}

/// Which HTTP versions are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// Over TLS what the server prefers (ALPN), else HTTP/1.1.
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only, without TLS by prior knowledge.
    Http2,
}

/// A text that can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<Arc<str>>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for those who send or compare it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

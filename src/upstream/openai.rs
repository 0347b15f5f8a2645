//! `OpenAI` chat completions, and all that is compatible with them: Azure, Groq, vLLM, `OpenRouter`, …
//!
//! Never streaming: an answer counts only when it is complete and valid, so half of one is no use.

mod absent;
mod answer;
mod error_body;
mod error_part;
mod error_words;
mod finish;
mod message;
mod request;
mod stream;
mod strict;
mod tokens_field;

use std::sync::Arc;

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use futures_util::future::BoxFuture;

use super::{
    AttemptLabels, Endpoint, ErrorBodyText, Exchange, Fault, Question, Redaction, RetrySafety, SchemaSent,
    Upstream,
    http::{HttpAnswer, HttpClient, HttpClientError, HttpRequest},
    settings::{ApiKeyHeader, MaxTokensField, Secret, StructuredOutput, UpstreamSettings},
};
use crate::extraction::Schema;
use answer::Reading;
use error_words::SentFields;
use request::Bodies;
use tokens_field::TokensField;

/// How a schema goes out under these settings.
pub(super) fn schema_sent(settings: &UpstreamSettings, schema: &Schema) -> SchemaSent {
    match (settings.structured_output, strict::obstacle(&schema.value)) {
        (StructuredOutput::Schema, None) => SchemaSent::Strict,
        (StructuredOutput::Schema, Some(obstacle)) => {
            SchemaSent::NotStrict { place: schema.written_at(&obstacle.place), reason: obstacle.reason }
        }
        (StructuredOutput::Object, _) => SchemaSent::Words("object"),
        (StructuredOutput::Prompt, _) => SchemaSent::Words("prompt"),
    }
}

/// An upstream that speaks `OpenAI`'s chat completions.
pub struct OpenAi {
    settings: UpstreamSettings,
    endpoint: Arc<Endpoint>,
    http: HttpClient,
    url: url::Url,
    bodies: Bodies,
    sent: SentFields,
    tokens_field: TokensField,
    /// What every request carries, the credential included.
    headers: HeaderMap,
    /// What must not be logged of errors; absent if none are.
    redaction: Option<Redaction>,
}

impl OpenAi {
    /// Checks the settings and builds the client, without connecting.
    pub fn new(settings: UpstreamSettings) -> Result<Self, HttpClientError> {
        let http = HttpClient::new(&settings)?;
        let url = chat_url(&settings.base_url)?;
        let headers = constant_headers(&settings)?;
        let endpoint = Arc::new(endpoint(&settings, &url));
        let sent = SentFields::of(&settings);
        let tokens_field = TokensField::new(settings.max_tokens_field);
        let redaction = settings.log_error_bodies.then(|| redaction(&settings));
        let bodies = Bodies::new();
        Ok(Self { settings, endpoint, http, url, bodies, sent, tokens_field, headers, redaction })
    }

    async fn exchange(&self, question: &Question, labels: AttemptLabels) -> Exchange {
        let tokens_field = self.tokens_field.current();
        let request = match self.request(question, labels, tokens_field) {
            Ok(request) => request,
            Err(fault) => return Exchange::failed(fault),
        };
        match self.http.send(request).await {
            Ok(answer) => self.read(answer, tokens_field),
            Err(fault) => Exchange::failed(fault),
        }
    }

    fn request(
        &self,
        question: &Question,
        labels: AttemptLabels,
        tokens_field: MaxTokensField,
    ) -> Result<HttpRequest, Fault> {
        let mut headers = self.headers.clone();
        let mut label = |name: &'static str, value: String| {
            let value = HeaderValue::try_from(value).map_err(|_| Fault::Unsendable)?;
            headers.insert(HeaderName::from_static(name), value);
            Ok(())
        };
        label("x-tidegate-attempt", labels.attempt_id)?;
        match self.endpoint.retry_safety {
            RetrySafety::Keyed => label("idempotency-key", labels.idempotency_key)?,
            RetrySafety::Safe | RetrySafety::Once => {}
        }
        if self.endpoint.propagate_trace {
            headers.extend(labels.trace);
        }
        let body = self.bodies.body(&self.settings, tokens_field, question);
        let body = body.map_err(|_| Fault::Unsendable)?;
        Ok(HttpRequest { url: self.url.clone(), headers, body: body.into(), status: labels.status })
    }

    /// Reads what was answered to a request with that field.
    fn read(&self, answer: HttpAnswer, tokens_field: MaxTokensField) -> Exchange {
        let status = answer.status.as_u16();
        let body = answer.body.as_deref().map(unmarked);
        let mut reading = match (answer.status.is_success(), body) {
            (true, Ok(body)) => answer::read(&answer.headers, body, &self.sent),
            (true, Err(fault)) => Reading::failed(*fault),
            // What can't be read says nothing; the status stands.
            (false, body) => {
                let told = error_body::read(status, body.unwrap_or_default(), &self.sent);
                let fault = Fault::Status { status, word: told.word, form: told.form };
                Reading::of_error(fault, told)
            }
        };
        let refused = reading.refused.filter(|field| *field == tokens_field);
        if let Some(learned) = refused.and_then(|field| self.tokens_field.learn(field)) {
            reading.result = Err(Fault::OtherTokensField(learned));
        }
        let error_body = self.loggable(answer.status, &reading, body.unwrap_or_default());
        Exchange {
            result: reading.result,
            http_status: Some(status),
            headers: pushback_headers(answer.headers),
            body_retry_delay: reading.body_retry_delay,
            said: reading.said,
            error_body,
            usage: reading.usage,
            response: reading.response,
        }
    }

    /// What an error says, where the operator wants it logged. What a model said is none of it.
    fn loggable(&self, status: StatusCode, reading: &Reading, body: &[u8]) -> Option<ErrorBodyText> {
        let redaction = self.redaction.as_ref()?;
        let error = match reading.result.as_ref().err()? {
            Fault::Status { .. } | Fault::OtherTokensField(_) | Fault::ErrorBody { .. } => {
                match &reading.error {
                    Some(error) => Some(error_part::of_error(error)),
                    None if status.is_success() => error_part::of_bare(body),
                    None => error_part::of_body(body),
                }
            }
            Fault::Page => error_part::of_page(body),
            Fault::Connect(_)
            | Fault::ConnectTimeout
            | Fault::TlsUntrusted
            | Fault::TlsHandshake
            | Fault::Unsendable
            | Fault::NotProcessed
            | Fault::Reset
            | Fault::Timeout(_)
            | Fault::DeadlineExceeded
            | Fault::HeadTooLarge
            | Fault::BodyTooLarge
            | Fault::Malformed
            | Fault::BrokenOff
            | Fault::Truncated
            | Fault::Refused
            | Fault::Empty
            | Fault::NotJson
            | Fault::SchemaInvalid => None,
        };
        error.map(|error| ErrorBodyText::of(&error, redaction))
    }
}

impl Upstream for OpenAi {
    fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    fn attempt<'a>(&'a self, question: &'a Question, labels: AttemptLabels) -> BoxFuture<'a, Exchange> {
        Box::pin(self.exchange(question, labels))
    }
}

impl std::fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenAi").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A body without the mark that some servers, and some proxies, begin a text with. The one place where it is taken off:
/// whatever the body is, it is read the same with and without.
fn unmarked(body: &[u8]) -> &[u8] {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let mut text = body.trim_ascii_start();
    while let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
        text = rest.trim_ascii_start();
    }
    text
}

/// The base URL with `/chat/completions` after its path; its query stays (Azure's `?api-version=`).
fn chat_url(base: &url::Url) -> Result<url::Url, HttpClientError> {
    let mut url = base.clone();
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| HttpClientError::BaseUrl)?
        .pop_if_empty()
        .extend(["chat", "completions"]);
    Ok(url)
}

fn endpoint(settings: &UpstreamSettings, url: &url::Url) -> Endpoint {
    Endpoint {
        name: settings.name.clone(),
        provider: "openai",
        model: settings.model.clone(),
        host: url.host_str().unwrap_or_default().into(),
        port: url.port_or_known_default().unwrap_or_default(),
        url: format!("{}{}", url.origin().ascii_serialization(), url.path()).into(),
        retry_safety: settings.retry_safety,
        attempt_timeout: settings.clocks.total,
        propagate_trace: settings.propagate_trace,
    }
}

/// Finds the credentials that every request carries: in headers, and in parameters with the name of one.
fn redaction(settings: &UpstreamSettings) -> Redaction {
    const NAMES: [&str; 7] = ["key", "token", "secret", "sig", "code", "password", "auth"];
    let names_one = |name: &str| NAMES.iter().any(|part| name.to_ascii_lowercase().contains(part));
    let parameters: Vec<String> = settings
        .base_url
        .query_pairs()
        .filter(|(name, _)| names_one(name))
        .map(|(_, value)| value.into_owned())
        .collect();
    let headers = settings.headers.iter().map(|(_, value)| value);
    let headers = settings.api_key.iter().chain(headers).map(Secret::expose);
    Redaction::of(headers.chain(parameters.iter().map(String::as_str)))
}

fn constant_headers(settings: &UpstreamSettings) -> Result<HeaderMap, HttpClientError> {
    let mut headers = HeaderMap::new();
    for (name, secret) in &settings.headers {
        headers.append(name.clone(), secret_value(name, secret.expose())?);
    }
    if let Some(key) = &settings.api_key {
        let (name, value) = credential(settings.api_key_header, key);
        headers.insert(name.clone(), secret_value(&name, &value)?);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(headers)
}

fn credential(header: ApiKeyHeader, key: &Secret) -> (HeaderName, String) {
    match header {
        ApiKeyHeader::Authorization => (header::AUTHORIZATION, format!("Bearer {}", key.expose())),
        ApiKeyHeader::ApiKey => (HeaderName::from_static("api-key"), key.expose().to_owned()),
    }
}

fn secret_value(name: &HeaderName, secret: &str) -> Result<HeaderValue, HttpClientError> {
    let mut value = HeaderValue::from_str(secret).map_err(|_| HttpClientError::Header(name.clone()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Only what tells when, and whether, to ask again.
fn pushback_headers(mut headers: HeaderMap) -> HeaderMap {
    const NAMES: [&str; 6] =
        ["retry-after", "retry-after-ms", "x-ms-retry-after-ms", "date", "x-should-retry", "ratelimit"];
    let tells = |name: &str| {
        let of_a_limit = name.contains("limit") && (name.contains("remaining") || name.contains("reset"));
        of_a_limit || NAMES.contains(&name)
    };
    let others: Vec<HeaderName> = headers.keys().filter(|name| !tells(name.as_str())).cloned().collect();
    for name in others {
        headers.remove(name);
    }
    headers
}

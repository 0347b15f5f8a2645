//! One configured AI endpoint, asked exactly once per attempt.
//!
//! An upstream speaks one dialect under its own clocks (connect, first byte, idle). It never sleeps,
//! retries or measures: what went wrong is told as a [`Fault`], and others decide.

pub mod error_text;
pub mod fault;
pub mod http;
pub mod openai;
pub mod pushback;
pub mod settings;

mod date_text;
mod duration_text;

mod content;

use std::{sync::Arc, time::Duration};

use ::http::HeaderMap;
use futures_util::future::BoxFuture;

use crate::extraction::{HeadStatus, Profile, ResponseFacts, Said, Schema, Text, Usage};
use settings::{Dialect, UpstreamSettings};

pub use error_text::{ErrorBodyText, Redaction};
pub use fault::{BodyForm, ErrorWord, Fault, NoConnection, OtherTokensField, TimeoutPhase};
pub use pushback::Pushback;

/// Asks one AI endpoint.
pub trait Upstream: Send + Sync + 'static {
    /// What is known of the endpoint without asking it.
    fn endpoint(&self) -> &Arc<Endpoint>;

    /// Makes one HTTP exchange. Dropping the future gives the exchange up and closes its stream.
    fn attempt<'a>(&'a self, question: &'a Question, labels: AttemptLabels) -> BoxFuture<'a, Exchange>;
}

/// How a profile's schema reaches an upstream's model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaSent {
    /// As a schema that the API itself holds the model to.
    Strict,
    /// As a schema that the API takes for a hint: it does not take all schemas as strict.
    NotStrict {
        /// What stands in the way: a JSON Pointer behind a `#`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// In the instructions, under this value of `structured_output`.
    Words(&'static str),
}

impl std::fmt::Display for SchemaSent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Strict => f.write_str("strict"),
            Self::NotStrict { place, reason } => write!(f, "not strict: at {place} {reason}"),
            Self::Words(how) => write!(f, "in the instructions (structured_output = \"{how}\")"),
        }
    }
}

/// How a schema goes out to the upstream of these settings.
pub fn schema_sent(settings: &UpstreamSettings, schema: &Schema) -> SchemaSent {
    match settings.dialect {
        Dialect::OpenAi => openai::schema_sent(settings, schema),
    }
}

/// What is known of an upstream without asking it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The configured name.
    pub name: Arc<str>,
    /// The dialect's word for `gen_ai.provider.name`, for example `openai`.
    pub provider: &'static str,
    /// The configured model.
    pub model: Arc<str>,
    /// Host name or address.
    pub host: Arc<str>,
    /// Port.
    pub port: u16,
    /// The URL without user, password, query and fragment.
    pub url: Arc<str>,
    /// Whether the same question may be asked twice.
    pub retry_safety: RetrySafety,
    /// The longest one attempt may take.
    pub attempt_timeout: Duration,
    /// Whether trace context is sent along.
    pub propagate_trace: bool,
}

/// Whether asking twice can do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// Asking has no effect but the answer.
    Safe,
    /// The upstream recognises a repeated question by its idempotency key.
    Keyed,
    /// Asking may have effects: what may have been done is not asked again.
    Once,
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct Question {
    /// The text to extract from.
    pub text: Text,
    /// What to extract from it.
    pub profile: Arc<Profile>,
    /// What was wrong with the answer before, when this attempt is to mend it.
    pub repair: Option<Repair>,
}

/// What was wrong with an answer, in words for the model. Holds no caller's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// For example the JSON Pointers that violate the schema and the keyword violated.
    pub problem: String,
}

/// What an attempt has beside its question.
#[derive(Debug, Clone, Default)]
pub struct AttemptLabels {
    /// Unique per attempt; sent as `x-tidegate-attempt`, so that the upstream's log can be matched.
    pub attempt_id: String,
    /// The same for all attempts of one flight; sent as `idempotency-key` to upstreams that are
    /// [`RetrySafety::Keyed`].
    pub idempotency_key: String,
    /// Trace context headers, if the endpoint wants them.
    pub trace: HeaderMap,
    /// Where the answer's status is told as soon as its head has come.
    pub status: HeadStatus,
}

/// What one attempt brought.
#[derive(Debug)]
pub struct Exchange {
    /// The answer's content, or what went wrong.
    pub result: Result<Answer, Fault>,
    /// The HTTP status, if an answer's head came.
    pub http_status: Option<u16>,
    /// The answer's headers, empty if none came.
    pub headers: HeaderMap,
    /// The wait the answer's body asked for.
    pub body_retry_delay: Option<Pushback>,
    /// What the API said of its error, as far as its words are known.
    pub said: Said,
    /// The body of an error, for the log; only where that was asked for.
    pub error_body: Option<ErrorBodyText>,
    /// Tokens as reported, on failures too.
    pub usage: Usage,
    /// What the answer says of itself.
    pub response: ResponseFacts,
}

impl Exchange {
    /// An exchange that brought nothing but a fault.
    pub fn failed(fault: Fault) -> Self {
        Self {
            result: Err(fault),
            http_status: None,
            headers: HeaderMap::new(),
            body_retry_delay: None,
            said: Said::default(),
            error_body: None,
            usage: Usage::default(),
            response: ResponseFacts::default(),
        }
    }
}

/// A complete answer, not yet validated. Its words can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the model said: JSON text, if it did as it was told.
    pub content: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({} bytes)", self.content.len())
    }
}

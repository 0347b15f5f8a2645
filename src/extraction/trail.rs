//! The attempt trail: what was tried for an answer, in order. Carries no content.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{label::labels, response::ResponseFacts, said::Said, schema::Violation};

/// Everything tried for one answer, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trail {
    /// One record per attempt, the first first.
    pub attempts: Vec<AttemptRecord>,
    /// Tokens of all attempts together.
    pub usage: Usage,
    /// What the last answer that said something said of itself.
    pub response: ResponseFacts,
    /// The part of `usage` that went into answers that could not be used.
    pub wasted: Usage,
    /// The part of `usage` that went into the answer that was given.
    pub useful: Usage,
    /// Time spent waiting between attempts.
    pub backoff: Duration,
    /// Time spent in attempts.
    pub upstream: Duration,
    /// Time spent validating and grounding answers.
    pub validation: Duration,
    /// Why a retry that the last failure allowed was not made.
    pub withheld: Option<Withheld>,
    /// Why an answer that a repair may have mended was not mended.
    pub repair_withheld: Option<Withheld>,
}

impl Trail {
    /// How many attempts were made.
    pub fn made(&self) -> u32 {
        count(self.attempts.iter())
    }

    /// How many of them were retries.
    pub fn retries(&self) -> u32 {
        count(self.attempts.iter().filter(|attempt| attempt.kind == AttemptKind::Retry))
    }
}

fn count<'a>(attempts: impl Iterator<Item = &'a AttemptRecord>) -> u32 {
    u32::try_from(attempts.count()).unwrap_or(u32::MAX)
}

/// One HTTP exchange with one upstream.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// Unique; what the upstream sees as `x-tidegate-attempt`.
    pub id: Arc<str>,
    /// Counted from 1 within the flight.
    pub number: u32,
    /// Why the attempt was made.
    pub kind: AttemptKind,
    /// The configured name of the upstream.
    pub upstream: Arc<str>,
    /// How it ended; absent while it runs.
    pub outcome: Option<AttemptOutcome>,
    /// What went wrong, if `outcome` is a failure.
    pub error_type: Option<ErrorType>,
    /// What `error_type` leaves open, if `outcome` is a failure.
    pub failure: Option<Arc<FailureFacts>>,
    /// The HTTP status, if an answer came.
    pub http_status: Option<u16>,
    /// When it was sent.
    pub sent: Instant,
    /// From sending to the end of the answer's body.
    pub latency: Duration,
    /// The wait before this attempt.
    pub wait: Duration,
    /// What set the wait.
    pub wait_source: Option<WaitSource>,
}

/// What an [`ErrorType`] leaves open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureFacts {
    /// Which of several causes it was.
    pub detail: Option<ErrorDetail>,
    /// What the API said of its error, as far as its words are known.
    pub said: Said,
    /// Which part of its schema the answer broke, as telemetry may tell it ([`Profile::observable`]).
    ///
    /// [`Profile::observable`]: super::Profile::observable
    pub violation: Option<Violation>,
}

/// Tokens as an upstream reports them; absent means unknown, not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the input.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
}

impl Usage {
    /// Adds what is known of `other`.
    pub fn add(&mut self, other: Usage) {
        fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.saturating_add(b)),
                (known, None) | (None, known) => known,
            }
        }
        self.input_tokens = sum(self.input_tokens, other.input_tokens);
        self.output_tokens = sum(self.output_tokens, other.output_tokens);
    }

    /// Whether anything is known.
    pub fn is_known(self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some()
    }
}

labels! {
    /// Why an attempt was made.
    pub enum AttemptKind {
        /// The first attempt of a call.
        Initial = "initial",
        /// The first attempt of a job's further run.
        Rerun = "rerun",
        /// After a failure.
        Retry = "retry",
        /// At once, after the protocol said that the upstream never saw the attempt before, or the upstream that it wants
        /// the request in other words.
        Transparent = "transparent",
        /// Beside a late attempt.
        Hedge = "hedge",
        /// On the next upstream of the route.
        Fallback = "fallback",
        /// To mend an invalid answer.
        Repair = "repair",
    }
}

labels! {
    /// How an attempt ended.
    pub enum AttemptOutcome {
        /// With a valid answer.
        Success = "success",
        /// Without one.
        Failure = "failure",
        /// Given up because nobody waited for it any more.
        Cancelled = "cancelled",
    }
}

labels! {
    /// What went wrong with an attempt; the same word in metrics, spans, logs and error details.
    pub enum ErrorType {
        /// No connection: refused, unreachable, name not resolved, or not in time.
        Connect = "connect",
        /// The TLS handshake failed or the certificate is not trusted.
        Tls = "tls",
        /// The peer refused the exchange before it looked at it (HTTP/2 `REFUSED_STREAM`, GOAWAY).
        RefusedByProtocol = "refused_by_protocol",
        /// The connection broke while the exchange was running.
        Reset = "reset",
        /// No answer within one of the attempt's clocks.
        Timeout = "timeout",
        /// The caller's deadline ended the attempt.
        DeadlineExceeded = "deadline_exceeded",
        /// The upstream asked to slow down.
        RateLimited = "rate_limited",
        /// The upstream said it is overloaded.
        Overloaded = "overloaded",
        /// The upstream failed (5xx).
        ServerError = "server_error",
        /// Another request held a lock (409).
        Conflict = "conflict",
        /// The quota or the credit is used up: waiting does not help.
        QuotaExhausted = "quota_exhausted",
        /// The upstream did not accept the gateway's credential.
        Unauthorized = "unauthorized",
        /// The upstream did not accept the request.
        BadRequest = "bad_request",
        /// The upstream did not accept the schema, or that there is one.
        SchemaRejected = "schema_rejected",
        /// The upstream did not accept something that the gateway chose to send.
        ParameterRejected = "parameter_rejected",
        /// The upstream answered that what was asked for is somewhere else (3xx).
        Redirected = "redirected",
        /// Something before the upstream did not let the request through.
        Blocked = "blocked",
        /// The text and the tokens that its answer may take are together more than the model can take.
        ContextLength = "context_length",
        /// The model or path does not exist.
        NotFound = "not_found",
        /// The upstream can't do what was asked.
        Unsupported = "unsupported",
        /// The answer's head or body was larger than the limit.
        TooLarge = "too_large",
        /// The answer could not be read: not in the form that the API's answers have.
        Malformed = "malformed",
        /// The answer ended at the token limit.
        Truncated = "truncated",
        /// The model refused to answer.
        Refused = "refused",
        /// The answer had no content.
        Empty = "empty",
        /// What the model said is not JSON.
        NotJson = "not_json",
        /// The answer violates the profile's schema.
        SchemaInvalid = "schema_invalid",
        /// A request that could not be built or sent for a reason of the gateway's own.
        Internal = "internal",
    }
}

labels! {
    /// What an [`ErrorType`] leaves open, in spans and logs. Clocks have the names of their keys.
    pub enum ErrorDetail {
        /// The upstream's name has no address.
        Dns = "dns",
        /// Nobody listens at the upstream's address.
        ConnectRefused = "connect_refused",
        /// No connection came about, for another reason.
        ConnectFailed = "connect_failed",
        /// No connection within `connect_timeout`.
        ConnectTimeout = "connect_timeout",
        /// The upstream's certificate is not trusted.
        TlsUntrusted = "tls_untrusted",
        /// The TLS handshake broke.
        TlsHandshake = "tls_handshake",
        /// No answer within `first_byte_timeout`.
        FirstByteTimeout = "first_byte_timeout",
        /// The answer stood still for `idle_timeout`.
        IdleTimeout = "idle_timeout",
        /// No whole answer within `attempt_timeout`.
        AttemptTimeout = "attempt_timeout",
        /// The answer's head was larger than the limit.
        HeadTooLarge = "head_too_large",
        /// The answer's body was larger than the limit.
        BodyTooLarge = "body_too_large",
        /// The answer was a page for people, as proxies, firewalls and logins send it.
        HtmlPage = "html_page",
        /// The upstream wants the answer's tokens limited by another field, which is used from now on.
        MaxTokensField = "max_tokens_field",
        /// The generation broke off: the answer says so itself, or its end is missing.
        BrokenOff = "broken_off",
    }
}

labels! {
    /// What set the wait before an attempt.
    pub enum WaitSource {
        /// Exponential backoff with full jitter.
        Exponential = "exponential",
        /// The upstream's own word (Retry-After and its kin).
        Pushback = "pushback",
    }
}

labels! {
    /// Why a retry that the failure's class allowed was not made.
    pub enum Withheld {
        /// All attempts were used.
        MaxAttempts = "max_attempts",
        /// The retry budget does not allow it (see [`BudgetLimit`]).
        Budget = "budget",
        /// The wait and a useful attempt do not fit the deadline.
        Deadline = "deadline",
        /// The breaker is not closed.
        Breaker = "breaker",
        /// No place at the upstream in time.
        Limiter = "limiter",
        /// The upstream asked for a longer wait than is allowed.
        PushbackTooLong = "pushback_too_long",
        /// Nobody waits for the answer any more.
        Orphaned = "orphaned",
        /// The upstream may have done the work, and doing it twice is not allowed.
        Ambiguous = "ambiguous",
        /// The attempt failed too slowly for another to make sense.
        SlowFailure = "slow_failure",
    }
}

labels! {
    /// Which limit of the retry budget a withheld retry would have broken.
    pub enum BudgetLimit {
        /// The purse can't pay it.
        Empty = "empty",
        /// Too many of the attempts in flight are retries.
        InFlight = "in_flight",
        /// Its tenant has drained its half of the purse while others use the upstream too.
        TenantShare = "tenant_share",
    }
}

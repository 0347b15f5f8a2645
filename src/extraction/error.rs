//! How a call can fail, in the words of the domain. `grpc::status` turns it into the wire's.

use std::{sync::Arc, time::Duration};

use super::{ErrorType, FailureFacts, Trail, Violation, Withheld, label::labels};

/// Why a call has no answer. Cheap to clone: the callers of a shared flight get the same one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExtractError {
    /// Something in the request is not acceptable; every problem is listed.
    #[error("the request is not acceptable")]
    Invalid(Arc<[FieldViolation]>),
    /// No credential, or an unknown one.
    #[error("the call has no valid credential")]
    Unauthenticated,
    /// As many calls as are allowed are running.
    #[error("as many calls as allowed are running")]
    Saturated {
        /// When to call again.
        retry_after: Duration,
    },
    /// The gateway is shutting down.
    #[error("the gateway is shutting down")]
    Draining {
        /// When another replica, or the next process, can be expected.
        retry_after: Duration,
    },
    /// The caller wanted a cached answer only, and there is none.
    #[error("there is no cached answer")]
    NotCached,
    /// The caller's deadline passed.
    #[error("the deadline passed while {phase}")]
    DeadlineExceeded {
        /// What the call was doing.
        phase: Phase,
        /// What went wrong last before that, if anything had.
        last: Option<ErrorType>,
    },
    /// The upstreams gave no usable answer.
    #[error("{0}")]
    Upstream(Arc<UpstreamFailure>),
    /// The caller left before there was an answer.
    #[error("the caller left")]
    Cancelled,
    /// This version can't do what was asked.
    #[error("{what} is not available yet")]
    Unimplemented {
        /// What was asked for.
        what: &'static str,
    },
    /// A fault of the gateway's own.
    #[error("internal fault: {what}")]
    Internal {
        /// Where it happened.
        what: &'static str,
    },
}

/// Why the upstreams gave no usable answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("upstream {upstream} failed: {error_type}")]
pub struct UpstreamFailure {
    /// The configured name of the upstream asked last.
    pub upstream: Arc<str>,
    /// The model asked last, as configured.
    pub model: Arc<str>,
    /// What went wrong last.
    pub error_type: ErrorType,
    /// The HTTP status of the last attempt, if an answer came.
    pub http_status: Option<u16>,
    /// What that leaves open.
    pub facts: Arc<FailureFacts>,
    /// Which part of its schema the last answer broke: for the callers alone, who may have brought that schema.
    pub violation: Option<Violation>,
    /// Whether the caller brought the rules, and so the schema, itself.
    pub inline: bool,
    /// The upstream may have done the work although no answer came, and it must not be done twice.
    pub outcome_unknown: bool,
    /// Why no further attempt was made although the failure allowed one.
    pub withheld: Option<Withheld>,
    /// When calling again may help.
    pub retry_after: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
}

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field, in the proto's words, for example `cache.mode`; empty for the message as a whole.
    pub field: &'static str,
    /// What is wrong and what to do. Never holds the caller's text.
    pub description: String,
}

impl std::fmt::Display for FieldViolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colon = if self.field.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.field, self.description)
    }
}

labels! {
    /// What a call was doing when its deadline passed.
    pub enum Phase {
        /// It had not been sent anywhere: too little time was left from the start.
        Admission = "admission",
        /// It waited for another call's flight.
        Joined = "joined",
        /// An attempt was running.
        Attempt = "attempt",
        /// It waited between attempts.
        Backoff = "backoff",
    }
}

impl Phase {
    /// What a call is doing that got as far as `trail`; `joined` if it waits for another call's flight.
    pub fn of(trail: &Trail, joined: bool) -> Self {
        match trail.attempts.last() {
            _ if joined => Self::Joined,
            None => Self::Admission,
            // The flight may have cut its attempt for the same reason a moment earlier.
            Some(last) if last.error_type == Some(ErrorType::DeadlineExceeded) => Self::Attempt,
            Some(last) if last.outcome.is_none() => Self::Attempt,
            Some(_) => Self::Backoff,
        }
    }
}

labels! {
    /// How a call ended; each call has exactly one.
    pub enum Verdict {
        /// With a valid answer.
        Ok = "ok",
        /// The request was not acceptable.
        Invalid = "invalid",
        /// No valid credential.
        Unauthenticated = "unauthenticated",
        /// Refused at the door: as many calls as allowed were running.
        Saturated = "saturated",
        /// Refused at the door, or cut at the end of the drain: the gateway was shutting down.
        Draining = "draining",
        /// Nothing in the cache, and nothing else was wanted.
        NotCached = "not_cached",
        /// The deadline passed.
        DeadlineExceeded = "deadline_exceeded",
        /// The upstream asked to slow down, or its quota is used up.
        RateLimited = "rate_limited",
        /// The upstream failed or could not be reached.
        UpstreamFailed = "upstream_failed",
        /// The upstream did not accept the request.
        UpstreamRejected = "upstream_rejected",
        /// The answer could not be used: truncated, empty, malformed, not JSON or against the schema.
        AnswerInvalid = "answer_invalid",
        /// The model refused to answer.
        Refused = "refused",
        /// The caller left before its deadline.
        Cancelled = "cancelled",
        /// This version can't do what was asked.
        Unimplemented = "unimplemented",
        /// A fault of the gateway's own.
        Internal = "internal",
    }
}

impl ExtractError {
    /// One invalid field.
    pub fn invalid(field: &'static str, description: impl Into<String>) -> Self {
        Self::Invalid([FieldViolation { field, description: description.into() }].into())
    }

    /// How a call that failed this way is counted.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Invalid(_) => Verdict::Invalid,
            Self::Unauthenticated => Verdict::Unauthenticated,
            Self::Saturated { .. } => Verdict::Saturated,
            Self::Draining { .. } => Verdict::Draining,
            Self::NotCached => Verdict::NotCached,
            Self::DeadlineExceeded { .. } => Verdict::DeadlineExceeded,
            Self::Upstream(failure) => failure.error_type.verdict(),
            Self::Cancelled => Verdict::Cancelled,
            Self::Unimplemented { .. } => Verdict::Unimplemented,
            Self::Internal { .. } => Verdict::Internal,
        }
    }
}

impl ErrorType {
    /// How a call is counted whose last attempt failed this way.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Connect
            | Self::Tls
            | Self::RefusedByProtocol
            | Self::Reset
            | Self::Timeout
            | Self::Overloaded
            | Self::ServerError
            | Self::Conflict
            | Self::Blocked
            | Self::TooLarge => Verdict::UpstreamFailed,
            Self::DeadlineExceeded => Verdict::DeadlineExceeded,
            Self::RateLimited | Self::QuotaExhausted => Verdict::RateLimited,
            Self::Unauthorized
            | Self::BadRequest
            | Self::SchemaRejected
            | Self::ParameterRejected
            | Self::Redirected
            | Self::ContextLength
            | Self::NotFound
            | Self::Unsupported => Verdict::UpstreamRejected,
            Self::Malformed | Self::Truncated | Self::Empty | Self::NotJson | Self::SchemaInvalid => {
                Verdict::AnswerInvalid
            }
            Self::Refused => Verdict::Refused,
            Self::Internal => Verdict::Internal,
        }
    }
}

//! Every fact that the gateway reports, in the past tense.

mod answer;
mod attempt;
mod cache;
mod call;
mod connection;
mod delivery;
mod flight;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tracing::Span;

use crate::{
    extraction::{
        Alignment, AttemptOutcome, BudgetLimit, Entry, ErrorType, FailureFacts, ResponseFacts, Tenant, Usage,
        Violation, WaitSource, Withheld,
    },
    upstream::{Endpoint, ErrorBodyText},
};

pub use self::{
    answer::ValidationResult,
    attempt::AttemptFacts,
    cache::{CacheResult, EvictionCause},
    call::{CallEnded, Saved},
    connection::Refusal,
    delivery::{DropCause, Signal},
    flight::FlightEnded,
};

/// Is told what happens. Must be quick and must never fail.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of `event`.
    fn observe(&self, event: &Event<'_>);
}

/// One fact that operators may see. Carries no content and no secret.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server started to listen.
    ServerStarted {
        /// Address of the gRPC server.
        grpc: SocketAddr,
        /// Address of the admin server.
        admin: SocketAddr,
    },
    /// A setting does nothing or may be a mistake.
    ConfigDoubted {
        /// The key, or the environment variables.
        key: &'a str,
        /// What is the matter with it and what to do; no secret.
        doubt: &'a str,
    },
    /// The server stopped accepting calls and waits for those that run.
    ServerDraining {
        /// Calls still running.
        running: usize,
        /// The longest wait.
        limit: Duration,
    },
    /// The server ended.
    ServerStopped {
        /// Calls that were cut because the wait was over.
        cut: usize,
    },
    /// A connection to the gRPC server was accepted; it takes a place until it is closed.
    ConnectionOpened,
    /// A connection is gone; exactly one per opened connection.
    ConnectionClosed,
    /// A connection did not come about, or was cut before its peer could send a request.
    ConnectionRefused {
        /// Who came; absent if nobody could be accepted.
        peer: Option<SocketAddr>,
        /// Why.
        reason: Refusal,
    },
    /// Every place for connections is taken: whoever comes has to wait. Told once, until a place is free
    /// again.
    ConnectionsFull {
        /// How many places there are.
        limit: usize,
    },
    /// A request's message did not come in time; the request ends with `DEADLINE_EXCEEDED`.
    RequestLate {
        /// `package.Service/Method`, or `_OTHER`.
        method: &'static str,
        /// The time that it had.
        limit: Duration,
        /// The SERVER span.
        span: &'a Span,
    },
    /// A gRPC request came in, for a method this server knows (else `_OTHER`).
    RpcStarted {
        /// `package.Service/Method`, or `_OTHER`.
        method: &'static str,
    },
    /// A gRPC request was answered, or its caller left.
    RpcEnded {
        /// `package.Service/Method`, or `_OTHER`.
        method: &'static str,
        /// The status, for example `OK` or `DEADLINE_EXCEEDED`.
        code: &'static str,
        /// From the request's head to the end of the answer.
        elapsed: Duration,
        /// The SERVER span.
        span: &'a Span,
    },
    /// A call was accepted for service.
    CallStarted {
        /// By which way it came.
        entry: Entry,
        /// The profile's configured name, or `inline`.
        profile: &'a Arc<str>,
    },
    /// A call ended; exactly one per call, the ones refused at the door too.
    CallEnded(CallEnded<'a>),
    /// The cache was asked, or passed by; exactly one per call that got that far.
    CacheAnswered {
        /// The outcome.
        result: CacheResult,
        /// Age of the answer, for `hit` and `stale`.
        age: Option<Duration>,
        /// The call's span.
        span: &'a Span,
    },
    /// Answers left the cache.
    CacheEvicted {
        /// Why.
        cause: EvictionCause,
    },
    /// How full the cache is now.
    CacheLevel {
        /// Number of answers.
        entries: u64,
        /// Their memory in bytes.
        weight_bytes: u64,
    },
    /// A flight took off for one or more identical calls.
    FlightStarted {
        /// The first upstream of its route.
        endpoint: &'a Arc<Endpoint>,
        /// The flight's logical CLIENT span.
        span: &'a Span,
    },
    /// A flight ended; exactly one per flight.
    FlightEnded(FlightEnded<'a>),
    /// A call joined a running flight and stopped waiting.
    FlightWaited {
        /// Whether the flight's answer, good or bad, came in time.
        answered: bool,
        /// How long the call waited.
        elapsed: Duration,
        /// The flight's span; absent if it did not take off in that time.
        flight: Option<&'a Span>,
        /// The call's tenant.
        tenant: &'a Tenant,
        /// The span of the wait.
        span: &'a Span,
    },
    /// An attempt is about to be sent.
    AttemptStarted(&'a AttemptFacts),
    /// An attempt ended; exactly one per started attempt.
    AttemptEnded {
        /// The attempt.
        attempt: &'a AttemptFacts,
        /// How it ended.
        outcome: AttemptOutcome,
        /// What went wrong, if it failed.
        error_type: Option<ErrorType>,
        /// What that leaves open.
        failure: Option<&'a Arc<FailureFacts>>,
        /// What the API's error said, where operators want it in the log. For the log line alone.
        error_body: Option<&'a ErrorBodyText>,
        /// What the answer said of itself.
        response: &'a ResponseFacts,
        /// The HTTP status, if an answer's head came.
        http_status: Option<u16>,
        /// Tokens as reported.
        usage: Usage,
        /// From sending to the end of the answer's body.
        elapsed: Duration,
        /// From there to this event: the answer was validated and grounded.
        judging: Duration,
    },
    /// A retry was decided and its wait began.
    RetryScheduled {
        /// The upstream that will be asked.
        endpoint: &'a Arc<Endpoint>,
        /// What went wrong before.
        reason: ErrorType,
        /// What set the wait.
        source: WaitSource,
        /// The wait.
        delay: Duration,
        /// The number that the next attempt will have.
        next_number: u32,
        /// What is left of the budget, 0 to 1.
        budget_ratio: f64,
        /// What is left until the deadline.
        remaining: Duration,
        /// The flight's tenant.
        tenant: &'a Tenant,
        /// The flight's span.
        span: &'a Span,
    },
    /// A retry that the failure's class allowed was not made, or not sent after its wait.
    RetryWithheld {
        /// The upstream that would have been asked.
        endpoint: &'a Arc<Endpoint>,
        /// What went wrong before.
        error_type: ErrorType,
        /// Why not.
        reason: Withheld,
        /// Which limit of the budget stood against it, if that was the reason.
        budget_limit: Option<BudgetLimit>,
        /// The flight's tenant.
        tenant: &'a Tenant,
        /// The flight's span.
        span: &'a Span,
    },
    /// An answer that a repair may have mended was not mended.
    RepairWithheld {
        /// The profile's configured name, or `inline`.
        profile: &'a Arc<str>,
        /// What is wrong with the answer.
        error_type: ErrorType,
        /// Why not; `budget` is the tenant's purse for repairs.
        reason: Withheld,
        /// The flight's tenant.
        tenant: &'a Tenant,
        /// The flight's span.
        span: &'a Span,
    },
    /// An upstream said which field it wants the answer's tokens limited by, and gets it from now on. Told once.
    TokensFieldLearned {
        /// The upstream.
        endpoint: &'a Arc<Endpoint>,
        /// The field, as it is called on the wire.
        field: &'static str,
        /// The flight's span.
        span: &'a Span,
    },
    /// The budget of an upstream changed.
    BudgetMoved {
        /// The upstream.
        endpoint: &'a Arc<Endpoint>,
        /// What is left, 0 to 1.
        ratio: f64,
    },
    /// An answer was held against its schema.
    AnswerValidated {
        /// The profile's configured name, or `inline`.
        profile: &'a Arc<str>,
        /// What came of it.
        result: ValidationResult,
        /// Which part of the schema it broke first, if it did.
        violation: Option<&'a Violation>,
    },
    /// The entities of a valid answer were located in the text.
    EntityGrounded {
        /// The profile's configured name, or `inline`.
        profile: &'a Arc<str>,
        /// How well they match.
        alignment: Alignment,
        /// How many match that well.
        count: u64,
    },
    /// Some entities of a valid answer are not in the list of located ones, because a bound was met.
    EntitiesLeftOut {
        /// The profile's configured name, or `inline`.
        profile: &'a Arc<str>,
        /// How many.
        count: u64,
    },
    /// Telemetry could not be delivered and was dropped.
    TelemetryDropped {
        /// What was dropped.
        signal: Signal,
        /// How many items.
        count: u64,
        /// Why.
        cause: DropCause,
        /// Where they should have gone: scheme, host and port. Absent: not over a network.
        endpoint: Option<&'a str>,
    },
}

impl Event<'_> {
    /// The span that the event belongs to.
    pub fn span(&self) -> Option<&Span> {
        match *self {
            Self::RpcEnded { span, .. }
            | Self::RequestLate { span, .. }
            | Self::CallEnded(CallEnded { span, .. })
            | Self::CacheAnswered { span, .. }
            | Self::FlightStarted { span, .. }
            | Self::FlightEnded(FlightEnded { span, .. })
            | Self::FlightWaited { span, .. }
            | Self::RetryScheduled { span, .. }
            | Self::TokensFieldLearned { span, .. }
            | Self::RetryWithheld { span, .. }
            | Self::RepairWithheld { span, .. } => Some(span),
            Self::AttemptStarted(attempt) | Self::AttemptEnded { attempt, .. } => Some(&attempt.span),
            Self::ServerStarted { .. }
            | Self::ConfigDoubted { .. }
            | Self::ServerDraining { .. }
            | Self::ServerStopped { .. }
            | Self::ConnectionOpened
            | Self::ConnectionClosed
            | Self::ConnectionRefused { .. }
            | Self::ConnectionsFull { .. }
            | Self::RpcStarted { .. }
            | Self::CallStarted { .. }
            | Self::CacheEvicted { .. }
            | Self::CacheLevel { .. }
            | Self::BudgetMoved { .. }
            | Self::AnswerValidated { .. }
            | Self::EntityGrounded { .. }
            | Self::EntitiesLeftOut { .. }
            | Self::TelemetryDropped { .. } => None,
        }
    }
}

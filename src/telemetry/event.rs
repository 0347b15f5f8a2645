//! Every fact that the gateway reports, in the past tense.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::Span;

use super::flight::FlightEnd;
use crate::{
    extraction::{
        Alignment, AttemptKind, AttemptOutcome, BudgetLimit, Entry, ErrorDetail, ErrorType, Phase,
        ResponseFacts, Trail, Usage, Verdict, WaitSource, Withheld, label::labels,
    },
    upstream::Endpoint,
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
        detail: Option<ErrorDetail>,
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
            | Self::TelemetryDropped { .. } => None,
        }
    }
}

/// How a call ended.
#[derive(Debug)]
pub struct CallEnded<'a> {
    /// By which way it came.
    pub entry: Entry,
    /// The profile's configured name, or `inline`; absent when it could not be told.
    pub profile: Option<&'a Arc<str>>,
    /// Whether `CallStarted` was told for it.
    pub started: bool,
    /// How it ended.
    pub verdict: Verdict,
    /// What the last attempt failed with, if it did.
    pub error_type: Option<ErrorType>,
    /// What the call was doing when its deadline passed.
    pub phase: Option<Phase>,
    /// The cache's part in it.
    pub cache: Option<CacheResult>,
    /// Age of the answer, for `hit` and `stale`.
    pub cache_age: Option<Duration>,
    /// Whether it waited for a flight that another call had started.
    pub joined: bool,
    /// The span of that flight, which is in another trace; absent if it did not take off.
    pub flight: Option<&'a Span>,
    /// When it came.
    pub received: Instant,
    /// By when it had to be answered; absent if it was refused before that was settled.
    pub deadline: Option<Instant>,
    /// From receipt to answer.
    pub elapsed: Duration,
    /// The part of it that the gateway itself took.
    pub overhead: Option<Duration>,
    /// Attempts of the flight it had or shared.
    pub attempts: u32,
    /// Those among them that were retries.
    pub retries: u32,
    /// Tokens of all those attempts.
    pub usage: Usage,
    /// The upstream asked last.
    pub upstream: Option<&'a Arc<str>>,
    /// All that was tried, by its flight or the one it joined, as far as the call lived to see it.
    pub trail: &'a Trail,
    /// The call's span: SERVER for a gRPC call.
    pub span: &'a Span,
}

/// How a flight ended.
#[derive(Debug)]
pub struct FlightEnded<'a> {
    /// The upstream asked last.
    pub endpoint: &'a Arc<Endpoint>,
    /// How.
    pub end: FlightEnd,
    /// Attempts made.
    pub attempts: u32,
    /// Retries among them.
    pub retries: u32,
    /// Time without a running attempt between the first and the last one.
    pub retry_delay: Duration,
    /// Calls that joined it.
    pub followers: u64,
    /// Tokens of all attempts.
    pub usage: Usage,
    /// What the last answer said of itself.
    pub response: &'a ResponseFacts,
    /// From take-off to landing.
    pub elapsed: Duration,
    /// The flight's span.
    pub span: &'a Span,
}

/// What is known of an attempt when it starts.
#[derive(Debug)]
pub struct AttemptFacts {
    /// Unique; what the upstream sees as `x-tidegate-attempt`.
    pub id: Arc<str>,
    /// Counted from 1 within the flight.
    pub number: u32,
    /// Why it is made.
    pub kind: AttemptKind,
    /// Who is asked.
    pub endpoint: Arc<Endpoint>,
    /// The wait before it.
    pub wait: Duration,
    /// What set the wait.
    pub wait_source: Option<WaitSource>,
    /// The attempt's CLIENT span.
    pub span: Span,
}

labels! {
    /// Why a connection was refused.
    pub enum Refusal {
        /// No file descriptor was left to accept it with.
        OutOfFiles = "out_of_files",
        /// The system could not accept it, for another reason.
        AcceptFailed = "accept_failed",
        /// The peer did not say in time what every HTTP/2 connection begins with.
        Silent = "silent",
        /// The peer said something else.
        NotHttp2 = "not_http2",
        /// The peer did not speak TLS where TLS is spoken.
        TlsPlaintext = "tls_plaintext",
        /// The peer showed no certificate where one is demanded.
        TlsNoCertificate = "tls_no_certificate",
        /// The peer's certificate is of another authority, expired or otherwise not valid.
        TlsBadCertificate = "tls_bad_certificate",
        /// The peer refused: most often, it does not trust our certificate.
        TlsRejected = "tls_rejected",
        /// No version, cipher or application protocol that both sides know.
        TlsIncompatible = "tls_incompatible",
        /// The handshake began and was not complete in time.
        TlsTimeout = "tls_timeout",
        /// The peer left in the middle of the handshake.
        TlsClosed = "tls_closed",
        /// The handshake failed for another reason.
        TlsFailed = "tls_failed",
    }
}

labels! {
    /// The cache's part in a call.
    pub enum CacheResult {
        /// Answered from the cache.
        Hit = "hit",
        /// Nothing there: the call started a flight.
        Miss = "miss",
        /// Nothing there, but an identical call was running: the call joined it.
        Joined = "joined",
        /// Answered with an expired answer because the upstream failed.
        Stale = "stale",
        /// Not read, as asked or configured.
        Bypass = "bypass",
    }
}

labels! {
    /// Why an answer left the cache.
    pub enum EvictionCause {
        /// Its time was over.
        Expired = "expired",
        /// It was removed.
        Explicit = "explicit",
        /// A newer answer took its place.
        Replaced = "replaced",
        /// The room was needed.
        Size = "size",
    }
}

labels! {
    /// What came of holding an answer against its schema.
    pub enum ValidationResult {
        /// Valid, with something in it.
        Valid = "valid",
        /// Valid, be it after a repair, and nothing was found in the text.
        ValidEmpty = "valid_empty",
        /// Valid after a repair, with something in it.
        Repaired = "repaired",
        /// Against the schema, or not JSON.
        SchemaInvalid = "schema_invalid",
        /// Ended at the token limit.
        Truncated = "truncated",
        /// The model refused.
        Refused = "refused",
        /// No content.
        Empty = "empty",
    }
}

impl ValidationResult {
    /// What can't be given to a caller.
    pub const UNUSABLE: &'static [Self] = &[Self::SchemaInvalid, Self::Truncated, Self::Refused, Self::Empty];
}

labels! {
    /// A kind of telemetry.
    pub enum Signal {
        /// Spans of traces.
        Spans = "spans",
        /// Metric points.
        Metrics = "metrics",
        /// Log lines.
        Logs = "logs",
    }
}

labels! {
    /// Why telemetry could not be delivered.
    pub enum DropCause {
        /// It came faster than it could be delivered, and no place was left to wait in.
        QueueFull = "queue_full",
        /// The collector's name has no address.
        Dns = "dns",
        /// Nobody listens at the collector's address.
        ConnectRefused = "connect_refused",
        /// No connection came about, for another reason.
        Connect = "connect",
        /// TLS failed, or the collector's certificate is not trusted.
        Tls = "tls",
        /// The export took longer than it may.
        Timeout = "timeout",
        /// Somebody answers there, but not as a collector of OTLP over gRPC.
        NotOtlp = "not_otlp",
        /// The collector did not accept the credential, or wants one.
        Unauthorized = "unauthorized",
        /// The collector said that it can't take anything now.
        Unavailable = "unavailable",
        /// The collector did not accept what it was sent.
        Rejected = "rejected",
        /// None of these.
        Other = "other",
    }
}

//! Turns events into log lines, on stderr: stdout belongs to what the command line prints.
//!
//! A line names its trace and span itself. The layer that formats lines sees no spans: what `tracing-subscriber` would
//! keep of them for the lines costs a third of a call's processor time.

mod json;
mod throttle;
pub(super) mod writer;

use std::{io::IsTerminal, time::Duration};

use opentelemetry::trace::TraceContextExt;
use tracing::{Dispatch, Metadata, Span, Subscriber, dispatcher, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    Layer,
    filter::FilterFn,
    fmt::{self, MakeWriter},
    registry::LookupSpan,
};

use self::{json::JsonLines, throttle::Throttle};
use super::{
    event::{DropCause, Event, Observer, Signal},
    settings::{LogFormat, LogLevel},
    spans::TARGET,
};

/// The most lines a minute about undeliverable telemetry, per signal and cause: a collector that is down drops
/// something at every export.
const DROP_LINES_MAX: u32 = 1;

/// The most lines a minute about what was refused before it was a call, per reason: whoever scans ports must
/// not fill the log.
const REFUSAL_LINES_MAX: u32 = 10;

/// Takes events and logs those that operators may want to read.
pub struct Logs {
    dispatch: Dispatch,
    level: LevelFilter,
    drops: Throttle<(Signal, DropCause)>,
    refusals: Throttle<&'static str>,
}

/// Logs one line if its level is on; nothing is evaluated if it is off. What it is about stands first: the span, or
/// the attempt, whose lines all say which one it was.
macro_rules! line {
    ($logs:expr, $level:ident, $event:literal, $message:literal, attempt = $attempt:expr, $($fields:tt)*) => {
        line!(
            $logs,
            $level,
            $event,
            $message,
            span = &$attempt.span,
            tidegate.tenant = $attempt.tenant.as_str(),
            tidegate.upstream = &*$attempt.endpoint.name,
            tidegate.attempt.id = &*$attempt.id,
            tidegate.attempt.number = $attempt.number,
            tidegate.attempt.kind = $attempt.kind.as_str(),
            $($fields)*
        );
    };
    ($logs:expr, $level:ident, $event:literal, $message:literal, span = $span:expr, $($fields:tt)*) => {
        if $logs.level >= LevelFilter::$level {
            let (trace_id, span_id) = ids($span);
            line!($logs, $level, $event, $message, trace_id, span_id, $($fields)*);
        }
    };
    ($logs:expr, $level:ident, $event:literal, $message:literal, $($fields:tt)*) => {
        if $logs.level >= LevelFilter::$level {
            dispatcher::with_default(&$logs.dispatch, || {
                tracing::event!(target: "tidegate", tracing::Level::$level, event = $event, $($fields)* $message);
            });
        }
    };
}

// Below the macro, which they use.
mod attempts;
mod calls;
mod connections;
mod flights;
mod retries;
mod server;

impl Logs {
    /// Logs to `dispatch` what is at least as grave as `level`.
    pub fn new(dispatch: Dispatch, level: LogLevel) -> Self {
        Self {
            dispatch,
            level: level.into(),
            drops: Throttle::new(DROP_LINES_MAX),
            refusals: Throttle::new(REFUSAL_LINES_MAX),
        }
    }

    fn dropped(&self, signal: Signal, count: u64, cause: DropCause, endpoint: Option<&str>) {
        if let Some(left_out) = self.drops.pass((signal, cause), count) {
            self.undelivered(signal, left_out.saturating_add(count), cause, endpoint);
        }
    }

    /// Tells of what was dropped and had no line of its own so far.
    pub fn last_words(&self) {
        for ((signal, cause), dropped) in self.drops.rest() {
            self.undelivered(signal, dropped, cause, None);
        }
    }

    fn undelivered(&self, signal: Signal, dropped: u64, cause: DropCause, endpoint: Option<&str>) {
        line!(
            self,
            ERROR,
            "tidegate.telemetry.export_failed",
            "telemetry could not be delivered",
            signal = signal.as_str(),
            endpoint,
            cause = cause.as_str(),
            dropped,
        );
    }
}

impl Observer for Logs {
    fn observe(&self, event: &Event<'_>) {
        match *event {
            Event::ConnectionOpened
            | Event::ConnectionClosed
            | Event::RpcStarted { .. }
            | Event::CallStarted { .. }
            | Event::CacheAnswered { .. }
            | Event::CacheEvicted { .. }
            | Event::CacheLevel { .. }
            | Event::FlightStarted { .. }
            | Event::AttemptStarted(_)
            | Event::BudgetMoved { .. }
            | Event::AnswerValidated { .. }
            | Event::EntityGrounded { .. }
            | Event::EntitiesLeftOut { .. } => {}
            Event::ServerStarted { .. }
            | Event::ConfigDoubted { .. }
            | Event::ServerDraining { .. }
            | Event::ServerStopped { .. } => self.server(event),
            Event::ConnectionRefused { peer, reason } => self.connection_refused(peer, reason),
            Event::ConnectionsFull { limit } => self.connections_full(limit),
            Event::RequestLate { method, limit, span } => self.request_late(method, limit, span),
            Event::RpcEnded { method, code, elapsed, span } => {
                line!(
                    self,
                    DEBUG,
                    "tidegate.rpc.finished",
                    "gRPC request finished",
                    span = span,
                    rpc.method = method,
                    rpc.response.status_code = code,
                    duration_ms = milliseconds(elapsed),
                );
            }
            Event::CallEnded(ref call) => self.call_ended(call),
            Event::FlightEnded(ref flight) => self.flight_ended(flight),
            Event::FlightWaited { .. } => self.flight_waited(event),
            Event::AttemptEnded { .. } => self.attempt_ended(event),
            Event::TokensFieldLearned { endpoint, field, span } => {
                self.tokens_field_learned(endpoint, field, span);
            }
            Event::RetryScheduled { .. } | Event::RetryWithheld { .. } | Event::RepairWithheld { .. } => {
                self.retry(event);
            }
            Event::TelemetryDropped { signal, count, cause, endpoint } => {
                self.dropped(signal, count, cause, endpoint);
            }
        }
    }
}

/// The layer that formats lines: JSON, one flat object each, or text for eyes.
///
/// Foreign crates are heard from warnings on only, whatever the level: what they trace holds headers and
/// bodies.
pub fn layer<S, W>(format: LogFormat, level: LogLevel, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let own = LevelFilter::from(level);
    let foreign = own.min(LevelFilter::WARN);
    let filter = FilterFn::new(move |metadata: &Metadata<'_>| {
        let limit = if is_own(metadata.target()) { own } else { foreign };
        metadata.is_event() && *metadata.level() <= limit
    })
    .with_max_level_hint(own);
    let terminal = std::io::stderr().is_terminal();
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    if text {
        fmt::layer().with_ansi(terminal).with_writer(writer).with_filter(filter).boxed()
    } else {
        JsonLines::to(writer).with_filter(filter).boxed()
    }
}

fn is_own(target: &str) -> bool {
    target.strip_prefix(TARGET).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

fn ids(span: &Span) -> (Option<String>, Option<String>) {
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    if ids.is_valid() {
        (Some(ids.trace_id().to_string()), Some(ids.span_id().to_string()))
    } else {
        (None, None)
    }
}

/// With microseconds, which is as fine as anybody reads.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

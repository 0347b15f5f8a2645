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
    FlightEnd,
    event::{CallEnded, DropCause, Event, FlightEnded, Observer, Signal},
    settings::{LogFormat, LogLevel},
    spans::{TARGET, trace_id},
};
use crate::extraction::{AttemptOutcome, BudgetLimit, ErrorDetail, ErrorType};

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

/// Logs one line if its level is on; nothing is evaluated if it is off.
macro_rules! line {
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

// Below the macro, which it uses.
mod connections;

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

    fn call_ended(&self, call: &CallEnded<'_>) {
        line!(
            self,
            INFO,
            "tidegate.call.finished",
            "call finished",
            span = call.span,
            tidegate.call.entry = call.entry.as_str(),
            tidegate.profile = call.profile.map(|profile| &**profile),
            tidegate.call.verdict = call.verdict.as_str(),
            "error.type" = call.error_type.map(ErrorType::as_str),
            tidegate.deadline.phase = call.phase.map(crate::extraction::Phase::as_str),
            tidegate.cache.result = call.cache.map(crate::telemetry::event::CacheResult::as_str),
            tidegate.upstream = call.upstream.map(|upstream| &**upstream),
            tidegate.call.joined = call.joined,
            tidegate.flight.trace_id = call.flight.and_then(trace_id),
            tidegate.call.attempts = call.attempts,
            tidegate.call.retries = call.retries,
            gen_ai.usage.input_tokens = call.usage.input_tokens,
            gen_ai.usage.output_tokens = call.usage.output_tokens,
            duration_ms = milliseconds(call.elapsed),
            overhead_ms = call.overhead.map(milliseconds),
        );
    }

    fn flight_ended(&self, flight: &FlightEnded<'_>) {
        line!(
            self,
            DEBUG,
            "tidegate.flight.finished",
            "flight finished",
            span = flight.span,
            tidegate.upstream = &*flight.endpoint.name,
            "error.type" = flight.end.error_type().map(ErrorType::as_str),
            cancelled = flight.end == FlightEnd::GivenUp,
            tidegate.call.attempts = flight.attempts,
            tidegate.call.retries = flight.retries,
            retry_delay_ms = milliseconds(flight.retry_delay),
            followers = flight.followers,
            duration_ms = milliseconds(flight.elapsed),
        );
    }

    fn attempt_ended(&self, event: &Event<'_>) {
        let Event::AttemptEnded { attempt, outcome, error_type, detail, http_status, usage, elapsed, .. } =
            *event
        else {
            return;
        };
        if outcome == AttemptOutcome::Failure {
            line!(
                self,
                WARN,
                "tidegate.attempt.failed",
                "attempt failed",
                span = &attempt.span,
                tidegate.upstream = &*attempt.endpoint.name,
                tidegate.attempt.id = &*attempt.id,
                tidegate.attempt.number = attempt.number,
                tidegate.attempt.kind = attempt.kind.as_str(),
                "error.type" = error_type.map(ErrorType::as_str),
                tidegate.error.detail = detail.map(ErrorDetail::as_str),
                http.response.status_code = http_status,
                duration_ms = milliseconds(elapsed),
            );
        } else {
            line!(
                self,
                DEBUG,
                "tidegate.attempt.finished",
                "attempt finished",
                span = &attempt.span,
                tidegate.upstream = &*attempt.endpoint.name,
                tidegate.attempt.id = &*attempt.id,
                tidegate.attempt.number = attempt.number,
                tidegate.attempt.kind = attempt.kind.as_str(),
                tidegate.attempt.outcome = outcome.as_str(),
                http.response.status_code = http_status,
                gen_ai.usage.input_tokens = usage.input_tokens,
                gen_ai.usage.output_tokens = usage.output_tokens,
                duration_ms = milliseconds(elapsed),
            );
        }
    }

    fn server(&self, event: &Event<'_>) {
        if let Event::ServerStarted { grpc, admin } = *event {
            line!(self, INFO, "tidegate.server.started", "server started",
                grpc = %grpc, admin = %admin, version = env!("CARGO_PKG_VERSION"),
            );
        }
        if let Event::ConfigDoubted { key, doubt } = *event {
            line!(
                self,
                WARN,
                "tidegate.config.doubted",
                "a setting does nothing or may be a mistake",
                key,
                doubt,
            );
        }
        if let Event::ServerDraining { running, limit } = *event {
            line!(
                self,
                INFO,
                "tidegate.server.draining",
                "server draining",
                running,
                limit_ms = milliseconds(limit),
            );
        }
        if let Event::ServerStopped { cut } = *event {
            line!(self, INFO, "tidegate.server.stopped", "server stopped", cut,);
        }
    }

    fn retry(&self, event: &Event<'_>) {
        if let Event::RetryScheduled {
            endpoint,
            reason,
            source,
            delay,
            next_number,
            budget_ratio,
            remaining,
            span,
        } = *event
        {
            line!(
                self,
                INFO,
                "tidegate.retry.scheduled",
                "retry scheduled",
                span = span,
                tidegate.upstream = &*endpoint.name,
                tidegate.attempt.number = next_number,
                reason = reason.as_str(),
                tidegate.attempt.wait_ms = milliseconds(delay),
                tidegate.attempt.wait_source = source.as_str(),
                budget_ratio,
                deadline_remaining_ms = milliseconds(remaining),
            );
        }
        if let Event::RetryWithheld { endpoint, error_type, reason, budget_limit, span } = *event {
            line!(
                self,
                WARN,
                "tidegate.retry.withheld",
                "retry withheld",
                span = span,
                tidegate.upstream = &*endpoint.name,
                reason = reason.as_str(),
                tidegate.retry.budget_limit = budget_limit.map(BudgetLimit::as_str),
                "error.type" = error_type.as_str(),
            );
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
            | Event::EntityGrounded { .. } => {}
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
            Event::FlightWaited { answered, elapsed, flight, span } => {
                line!(
                    self,
                    DEBUG,
                    "tidegate.flight.waited",
                    "wait for a flight ended",
                    span = span,
                    answered,
                    tidegate.flight.trace_id = flight.and_then(trace_id),
                    duration_ms = milliseconds(elapsed),
                );
            }
            Event::AttemptEnded { .. } => self.attempt_ended(event),
            Event::RetryScheduled { .. } | Event::RetryWithheld { .. } => self.retry(event),
            Event::RepairWithheld { profile, error_type, reason, span } => {
                line!(
                    self,
                    WARN,
                    "tidegate.repair.withheld",
                    "repair withheld",
                    span = span,
                    tidegate.profile = &**profile,
                    reason = reason.as_str(),
                    "error.type" = error_type.as_str(),
                );
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

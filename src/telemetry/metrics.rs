//! Turns events into metrics: the only place that creates or moves instruments.

mod cache;
mod calls;
mod connections;
mod exemplars;
mod fractions;
mod instruments;
mod page;
mod process;
mod rpc;
mod runtime;
pub(super) mod series;
mod table;
mod upstreams;

use std::sync::Arc;

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::BuildError;
use opentelemetry::metrics::Meter;

use self::{
    cache::CacheMetrics,
    calls::CallMetrics,
    connections::ConnectionMetrics,
    instruments::{Instruments, word},
    page::Page,
    process::ProcessMetrics,
    rpc::RpcMetrics,
    runtime::RuntimeMetrics,
    series::SeriesCount,
    table::Grid,
    upstreams::{AttemptEnd, UpstreamTable},
};
use super::{
    catalogue::list,
    event::{Event, Signal},
    settings::Configured,
    spans::SpanIds,
};

/// All metrics of one gateway.
pub struct Metrics {
    instruments: Arc<Instruments>,
    page: Page,
    connections: ConnectionMetrics,
    rpc: RpcMetrics,
    calls: CallMetrics,
    cache: CacheMetrics,
    upstreams: UpstreamTable,
    dropped: Grid<Counter>,
    series: Gauge,
    series_overflow: Counter,
    runtime: RuntimeMetrics,
    process: ProcessMetrics,
}

impl Metrics {
    /// Makes all instruments that can be known now, each counter at zero: the first increase of a series
    /// that springs into being is invisible to `rate()`. With a meter they go out over OTLP too.
    pub fn new(configured: &Configured, meter: Option<Meter>) -> Result<Self, BuildError> {
        let instruments = Arc::new(Instruments::new(meter, SeriesCount::new())?);
        let build = [env!("CARGO_PKG_VERSION"), env!("TIDEGATE_COMMIT"), env!("TIDEGATE_RUSTC")].map(word);
        instruments.gauge(&list::BUILD, build).set(1.0);
        Ok(Self {
            page: instruments.page(),
            connections: ConnectionMetrics::new(&instruments),
            rpc: RpcMetrics::new(&instruments),
            calls: CallMetrics::new(&instruments, configured),
            cache: CacheMetrics::new(&instruments),
            upstreams: UpstreamTable::new(&instruments, configured),
            dropped: Grid::new(&[()], Signal::ALL, |(), signal| {
                instruments.counter(&list::DROPPED, [word(signal.as_str())])
            }),
            series: instruments.gauge(&list::SERIES, []),
            series_overflow: instruments.counter(&list::SERIES_OVERFLOW, []),
            runtime: RuntimeMetrics::new(&instruments),
            process: ProcessMetrics::new(&instruments),
            instruments,
        })
    }

    /// How many series there are now.
    pub fn series(&self) -> usize {
        self.instruments.count().made()
    }

    /// Brings everything that is only set on reading up to date.
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^52 series")]
    pub fn sample(&self) {
        let series = self.instruments.count();
        self.series.set(series.made() as f64);
        self.series_overflow.absolute(series.refused() as u64);
        self.connections.open.sample();
        self.rpc.sample();
        self.calls.sample();
        self.cache.flights.sample();
        self.upstreams.sample();
        self.runtime.sample();
        self.process.sample();
    }

    /// The page of `/metrics`, in Prometheus' text format 0.0.4.
    pub fn render(&self) -> String {
        self.sample();
        self.page.text()
    }

    /// The page of `/metrics`, in `OpenMetrics` 1.0, with exemplars.
    pub fn render_open_metrics(&self) -> String {
        self.sample();
        self.page.open_metrics()
    }

    /// Moves what histograms collected into their buckets. Without it, memory grows with every call
    /// between two scrapes.
    pub fn upkeep(&self) {
        self.sample();
        self.page.upkeep();
    }

    /// Takes note of `event`. `span` is the event's, if it is sampled.
    pub fn observe(&self, event: &Event<'_>, span: Option<SpanIds>) {
        match *event {
            Event::ServerStarted { .. }
            | Event::ConfigDoubted { .. }
            | Event::ServerDraining { .. }
            | Event::ServerStopped { .. }
            | Event::TokensFieldLearned { .. } => {}
            Event::ConnectionOpened => self.connections.open.up(),
            Event::ConnectionClosed => self.connections.open.down(),
            Event::ConnectionRefused { reason, .. } => self.connections.refused(reason),
            Event::ConnectionsFull { .. } => self.connections.full.increment(1),
            Event::RequestLate { .. } => self.connections.late_requests.increment(1),
            Event::RpcStarted { method } => self.rpc.started(method),
            Event::RpcEnded { method, code, elapsed, .. } => self.rpc.ended(method, code, elapsed, span),
            Event::CallStarted { .. } => self.calls.started(),
            Event::CallEnded(ref call) => {
                self.calls.ended(call, span);
                if let Some(saved) = call.saved {
                    self.cache.saved(saved.usage);
                    self.upstreams.named(&saved.upstream).saved(saved.usage);
                }
            }
            Event::CacheAnswered { result, .. } => self.cache.answered(result),
            Event::CacheEvicted { cause } => self.cache.evicted(cause),
            Event::CacheLevel { entries, weight_bytes } => self.cache.level(entries, weight_bytes),
            Event::FlightStarted { .. } => self.cache.flights.up(),
            Event::FlightEnded(ref flight) => {
                self.cache.flights.down();
                self.upstreams.of(flight.endpoint).flight_ended(flight, span);
            }
            Event::FlightWaited { answered, elapsed, .. } => self.cache.waited(answered, elapsed, span),
            Event::AttemptStarted(attempt) => self.upstreams.of(&attempt.endpoint).attempt_started(),
            Event::AttemptEnded {
                attempt,
                outcome,
                error_type,
                http_status,
                usage,
                elapsed,
                response,
                ..
            } => {
                let end = AttemptEnd { outcome, error_type, http_status, usage, elapsed };
                let upstream = self.upstreams.of(&attempt.endpoint);
                upstream.attempt_ended(attempt, end, span);
                upstream.told(response);
            }
            Event::RetryScheduled { endpoint, reason, source, budget_ratio, .. } => {
                self.upstreams.of(endpoint).retry_scheduled(reason, source, budget_ratio, span);
            }
            Event::RetryWithheld { endpoint, reason, .. } => {
                self.upstreams.of(endpoint).retry_withheld(reason, span);
            }
            Event::RepairWithheld { profile, reason, .. } => {
                self.calls.repair_withheld(profile, reason, span);
            }
            Event::BudgetMoved { endpoint, ratio } => self.upstreams.of(endpoint).budget_moved(ratio),
            Event::AnswerValidated { profile, result, violation } => {
                self.calls.validated(profile, result, violation);
            }
            Event::EntityGrounded { profile, alignment, count } => {
                self.calls.grounded(profile, alignment, count);
            }
            Event::EntitiesLeftOut { profile, count } => self.calls.left_out(profile, count),
            Event::TelemetryDropped { signal, count, .. } => {
                if let Some(dropped) = self.dropped.at(0, signal as usize) {
                    dropped.increment(count);
                }
            }
        }
    }
}

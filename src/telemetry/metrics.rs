//! Turns events into metrics: the only place that creates or moves instruments.

mod cache;
mod calls;
mod instruments;
mod process;
mod rpc;
mod table;
mod upstreams;

use std::sync::Arc;

use metrics::Counter;
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use opentelemetry::metrics::Meter;

use self::{
    cache::CacheMetrics,
    calls::CallMetrics,
    instruments::{Instruments, word},
    process::ProcessMetrics,
    rpc::RpcMetrics,
    table::Grid,
    upstreams::{AttemptEnd, UpstreamTable},
};
use super::{
    catalogue::list,
    event::{Event, Observer, Signal},
    settings::Configured,
};

/// All metrics of one gateway.
pub struct Metrics {
    prometheus: PrometheusHandle,
    rpc: RpcMetrics,
    calls: CallMetrics,
    cache: CacheMetrics,
    upstreams: UpstreamTable,
    dropped: Grid<Counter>,
    process: ProcessMetrics,
}

impl Metrics {
    /// Makes all instruments that can be known now, each counter at zero: the first increase of a series
    /// that springs into being is invisible to `rate()`. With a meter they go out over OTLP too.
    pub fn new(configured: &Configured, meter: Option<Meter>) -> Result<Self, BuildError> {
        let instruments = Arc::new(Instruments::new(meter)?);
        instruments.gauge(&list::BUILD, [word(env!("CARGO_PKG_VERSION"))]).set(1.0);
        Ok(Self {
            prometheus: instruments.handle(),
            rpc: RpcMetrics::new(&instruments),
            calls: CallMetrics::new(&instruments, &configured.profiles),
            cache: CacheMetrics::new(&instruments),
            upstreams: UpstreamTable::new(&instruments, &configured.upstreams),
            dropped: Grid::new(&[()], Signal::ALL, |(), signal| {
                instruments.counter(&list::DROPPED, [word(signal.as_str())])
            }),
            process: ProcessMetrics::new(&instruments),
        })
    }

    /// Brings everything that is only set on reading up to date.
    pub fn sample(&self) {
        self.rpc.sample();
        self.cache.flights.sample();
        self.upstreams.sample();
        self.process.sample();
    }

    /// The page of `/metrics`, in Prometheus' text format 0.0.4.
    pub fn render(&self) -> String {
        self.sample();
        self.prometheus.render()
    }

    /// Moves what histograms collected into their buckets. Without it, memory grows with every call
    /// between two scrapes.
    pub fn upkeep(&self) {
        self.sample();
        self.prometheus.run_upkeep();
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event<'_>) {
        match *event {
            Event::ServerStarted { .. }
            | Event::ServerDraining { .. }
            | Event::ServerStopped { .. }
            | Event::CallStarted { .. } => {}
            Event::RpcStarted { method } => self.rpc.started(method),
            Event::RpcEnded { method, code, elapsed, .. } => self.rpc.ended(method, code, elapsed),
            Event::CallEnded(ref call) => self.calls.ended(call),
            Event::CacheAnswered { result, .. } => self.cache.answered(result),
            Event::CacheEvicted { cause } => self.cache.evicted(cause),
            Event::CacheLevel { entries, weight_bytes } => self.cache.level(entries, weight_bytes),
            Event::FlightStarted { .. } => self.cache.flights.up(),
            Event::FlightEnded(ref flight) => {
                self.cache.flights.down();
                self.upstreams.of(flight.endpoint).flight_ended(flight);
            }
            Event::FlightWaited { answered, elapsed, .. } => self.cache.waited(answered, elapsed),
            Event::AttemptStarted(attempt) => self.upstreams.of(&attempt.endpoint).attempt_started(),
            Event::AttemptEnded { attempt, outcome, error_type, http_status, usage, elapsed } => {
                let end = AttemptEnd { outcome, error_type, http_status, usage, elapsed };
                self.upstreams.of(&attempt.endpoint).attempt_ended(attempt, end);
            }
            Event::RetryScheduled { endpoint, reason, source, budget_ratio, .. } => {
                self.upstreams.of(endpoint).retry_scheduled(reason, source, budget_ratio);
            }
            Event::RetryWithheld { endpoint, reason, .. } => {
                self.upstreams.of(endpoint).retry_withheld(reason);
            }
            Event::BudgetMoved { endpoint, ratio } => self.upstreams.of(endpoint).budget_moved(ratio),
            Event::AnswerValidated { profile, result } => self.calls.validated(profile, result),
            Event::EntityGrounded { profile, alignment, count } => {
                self.calls.grounded(profile, alignment, count);
            }
            Event::TelemetryDropped { signal, count } => {
                if let Some(dropped) = self.dropped.at(0, signal as usize) {
                    dropped.increment(count);
                }
            }
        }
    }
}

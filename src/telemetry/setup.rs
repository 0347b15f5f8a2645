//! Puts the parts of telemetry together, for one gateway.

use std::{io, sync::Arc, time::Duration};

use metrics_exporter_prometheus::BuildError;
use opentelemetry::{
    KeyValue,
    metrics::MeterProvider as _,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    resource::TelemetryResourceDetector,
    trace::{IdGenerator as _, RandomIdGenerator, SdkTracerProvider},
};
use tokio::time::MissedTickBehavior;
use tracing::{Dispatch, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::FilterFn, layer::SubscriberExt, registry::Registry};

use super::{
    drops::Drops,
    event::{Event, Observer},
    export,
    logs::{self, Logs, writer::LineWriter},
    metrics::Metrics,
    recorder::Recorder,
    settings::{Configured, TelemetrySettings},
    spans::{self, CallersTrace, Spans, TARGET},
};

/// How often histograms are folded and losses reported.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// The longest that the last exports may take.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);
/// The longest that the last log lines may take.
const LOG_FLUSH_MAX: Duration = Duration::from_secs(1);

/// Everything that watches one gateway. Several can live in one process: nothing here is global but what
/// [`Telemetry::install`] makes so.
pub struct Telemetry {
    parts: Arc<Parts>,
    dispatch: Dispatch,
    spans: Spans,
    tracers: SdkTracerProvider,
    meters: Option<SdkMeterProvider>,
    lines: LineWriter,
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The exporter could not be built.
    #[error("OTLP export can't be set up: {0}")]
    Otlp(#[from] ExporterBuildError),
    /// The catalogue is not acceptable to the exporter.
    #[error("metrics can't be set up: {0}")]
    Metrics(#[from] BuildError),
    /// The log writer's thread could not be started.
    #[error("logging can't be set up: {0}")]
    Logs(#[from] io::Error),
}

impl Telemetry {
    /// Sets up metrics, traces and logs on stderr. Needs a tokio runtime if an OTLP endpoint is configured.
    pub fn start(settings: &TelemetrySettings, configured: &Configured) -> Result<Self, TelemetryError> {
        Self::start_with(settings, configured, io::stderr())
    }

    /// The same, with log lines written to `sink`.
    pub fn start_with(
        settings: &TelemetrySettings,
        configured: &Configured,
        sink: impl io::Write + Send + 'static,
    ) -> Result<Self, TelemetryError> {
        let (drops, resource) = (Arc::new(Drops::of(settings)), resource(settings));
        let tracers = match &settings.traces {
            Some(export) => export::traces(settings, export, resource.clone(), &drops)?,
            None => export::no_traces(),
        };
        let meters = settings.metrics.as_ref();
        let meters = meters.map(|export| export::metrics(settings, export, resource.clone(), &drops));
        let meters = meters.transpose()?;
        let lines = LineWriter::start(sink, Arc::clone(&drops))?;
        let dispatch = subscriber(settings, &tracers, lines.clone());
        let parts = Arc::new(Parts {
            metrics: Metrics::new(configured, meters.as_ref().map(|meters| meters.meter(TARGET)))?,
            logs: Logs::new(dispatch.clone(), settings.log_level),
            recorder: Recorder::new(configured),
            drops,
        });
        let spans = Spans::new(dispatch.clone(), CallersTrace::of(settings));
        Ok(Self { parts, dispatch, spans, tracers, meters, lines })
    }

    /// Who is to be told of events.
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.parts) as Arc<dyn Observer>
    }

    /// Who starts traces.
    pub fn spans(&self) -> Spans {
        self.spans.clone()
    }

    /// What `/metrics` serves.
    pub fn page(&self) -> MetricsPage {
        MetricsPage { parts: Arc::clone(&self.parts) }
    }

    /// What the live page shows.
    pub fn recorder(&self) -> Recorder {
        self.parts.recorder.clone()
    }

    /// The subscriber behind spans and log lines.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Makes warnings of foreign crates, and panics, go to this log, for the whole process. Says whether
    /// this was the first to do so; if not, all but those works all the same.
    pub fn install(&self) -> bool {
        let first = tracing::dispatcher::set_global_default(self.dispatch.clone()).is_ok();
        if first {
            std::panic::set_hook(Box::new(panicked));
        }
        first
    }

    /// Keeps memory flat and losses reported. Runs until it is dropped.
    pub fn upkeep(&self) -> impl Future<Output = ()> + Send + 'static {
        let parts = Arc::clone(&self.parts);
        async move {
            let mut ticks = tokio::time::interval(UPKEEP_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                parts.drops.report(&*parts);
                parts.metrics.upkeep();
            }
        }
    }

    /// Delivers what is still waiting, within five seconds, and ends. Call it last; what happens
    /// afterwards is counted but not exported.
    pub async fn shutdown(self) {
        let Self { parts, tracers, meters, lines, dispatch, spans: _ } = self;
        parts.metrics.sample();
        // Both block, and both need the runtime's workers while they do.
        let traces = tokio::task::spawn_blocking(move || tracers.shutdown_with_timeout(SHUTDOWN_MAX));
        let metrics = tokio::task::spawn_blocking(move || {
            meters.map(|meters| meters.shutdown_with_timeout(SHUTDOWN_MAX))
        });
        // What went wrong is in the counts already, but for what is still under way.
        let _ = tokio::time::timeout(SHUTDOWN_MAX, async { tokio::join!(traces, metrics) }).await;
        parts.drops.give_up();
        parts.drops.report(&*parts);
        parts.logs.last_words();
        let _ = tokio::task::spawn_blocking(move || lines.flush(LOG_FLUSH_MAX)).await;
        drop(dispatch);
    }
}

/// Logs where a panic happened, and not what it said: that may hold anything.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(target: TARGET, event = "tidegate.panic", place, "a fault of the gateway's own");
}

/// The page of metrics. Cheap to clone.
#[derive(Clone)]
pub struct MetricsPage {
    parts: Arc<Parts>,
}

impl MetricsPage {
    /// The page in Prometheus' text format 0.0.4, as of now. Blocks for some milliseconds.
    pub fn render(&self) -> String {
        self.parts.drops.report(&*self.parts);
        self.parts.metrics.render()
    }

    /// The page in `OpenMetrics` 1.0, with exemplars, as of now. Blocks for some milliseconds.
    pub fn render_open_metrics(&self) -> String {
        self.parts.drops.report(&*self.parts);
        self.parts.metrics.render_open_metrics()
    }
}

/// Who is told, in a fixed order.
struct Parts {
    metrics: Metrics,
    logs: Logs,
    recorder: Recorder,
    drops: Arc<Drops>,
}

impl Observer for Parts {
    fn observe(&self, event: &Event<'_>) {
        // Looked up once for all; an unsampled call costs nothing further.
        let recording = event.span().and_then(spans::recording);
        self.metrics.observe(event, recording.as_ref().and_then(spans::sampled));
        if let Some(context) = recording {
            spans::record(event, &context.span());
        }
        self.logs.observe(event);
        self.recorder.observe(event);
    }
}

/// One layer sees spans only, the other events only; neither sees what telemetry itself causes elsewhere.
fn subscriber(settings: &TelemetrySettings, provider: &SdkTracerProvider, lines: LineWriter) -> Dispatch {
    let own_spans =
        FilterFn::new(|metadata: &Metadata<'_>| metadata.is_span() && metadata.target() == TARGET)
            .with_max_level_hint(LevelFilter::INFO);
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(TARGET))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_error_events_to_status(false)
        .with_error_events_to_exceptions(false)
        .with_error_records_to_exceptions(false)
        .with_error_fields_to_exceptions(false)
        .with_filter(own_spans);
    let log = logs::layer(settings.log_format, settings.log_level, lines);
    Dispatch::new(Registry::default().with(traces).with(log))
}

/// Everything is said explicitly: the SDK's own reading of the environment would come second to what the
/// configuration has already resolved.
fn resource(settings: &TelemetrySettings) -> Resource {
    let configured = settings.resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes([
            KeyValue::new("service.instance.id", instance_id()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .with_attributes(configured)
        .with_service_name(settings.service_name.clone())
        .build()
}

/// A random UUID (version 4): without one, the metrics of several replicas would overwrite each other.
fn instance_id() -> String {
    const VERSION: u128 = 0xf000 << 64;
    const VARIANT: u128 = 0b11 << 62;
    let random = u128::from_be_bytes(RandomIdGenerator::default().new_trace_id().to_bytes());
    let id = format!("{:032x}", random & !VERSION & !VARIANT | 0x4000 << 64 | 0b10 << 62);
    let part = |range| id.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

//! OTLP export that counts what it loses and never holds up a call.

mod cause;
mod sampling;

use std::{sync::Arc, time::Duration};

use opentelemetry::Context;
use opentelemetry_otlp::{
    Compression, ExporterBuildError, MetricExporter, SpanExporter as OtlpSpanExporter, WithExportConfig,
    WithTonicConfig,
    tonic_types::transport::{Certificate, ClientTlsConfig},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{
        Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality, data::ResourceMetrics,
        exporter::PushMetricExporter,
    },
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Span, SpanData, SpanExporter,
        SpanProcessor,
    },
};

use super::{
    catalogue::{self, Metric, list},
    drops::Drops,
    event::{DropCause, Signal},
    settings::{OtlpCompression, OtlpSettings, TelemetrySettings},
};

/// The most series of one instrument: 256 profiles x 3 entries x 15 verdicts, and some.
const SERIES_MAX: usize = 16_384;

/// Traces without a collector: every span has ids, none is sampled.
pub(super) fn no_traces() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build()
}

/// Traces that go to a collector. Needs a tokio runtime.
pub(super) fn traces(
    settings: &TelemetrySettings,
    export: &OtlpSettings,
    resource: Resource,
    drops: &Arc<Drops>,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = configured(OtlpSpanExporter::builder().with_tonic(), export).build()?;
    let exporter = CountingSpans { next: exporter, drops: Arc::clone(drops) };
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(settings.spans_waiting_max)
        .with_max_export_batch_size(settings.spans_per_export_max)
        .with_scheduled_delay(settings.spans_delay)
        .build();
    let next = BatchSpanProcessor::builder(exporter).with_batch_config(batch).build();
    let waiting_max = settings.spans_waiting_max as u64;
    Ok(SdkTracerProvider::builder()
        .with_sampler(sampling::sampler(settings.trace_ratio, settings.trace_trust_callers))
        .with_resource(resource)
        .with_span_processor(BoundedSpans { next, waiting_max, drops: Arc::clone(drops) })
        .build())
}

/// Metrics that go to a collector. Needs a tokio runtime.
pub(super) fn metrics(
    settings: &TelemetrySettings,
    export: &OtlpSettings,
    resource: Resource,
    drops: &Arc<Drops>,
) -> Result<SdkMeterProvider, ExporterBuildError> {
    let exporter = MetricExporter::builder().with_tonic().with_temporality(Temporality::Cumulative);
    let exporter = configured(exporter, export).build()?;
    let exporter = CountingMetrics { next: exporter, drops: Arc::clone(drops) };
    let reader = PeriodicReader::builder(exporter).with_interval(settings.otlp_metrics_interval).build();
    Ok(SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(reader)
        .with_view(as_catalogued)
        .build())
}

/// The catalogue's unit, and room for the series of instruments that have one per profile or upstream and much
/// else: the SDK would lump together all beyond 2,000.
fn as_catalogued(instrument: &Instrument) -> Option<Stream> {
    let metric = catalogue::ALL.iter().find(|metric| metric.name == instrument.name())?;
    let stream = Stream::builder().with_unit(metric.unit.ucum());
    let crowded = [
        &list::CALLS,
        &list::ATTEMPTS,
        &list::RETRIES_SCHEDULED,
        &list::HTTP_DURATION,
        &list::VALIDATION_TOTAL,
    ];
    let crowded = crowded.iter().any(|crowded| std::ptr::eq::<Metric>(*crowded, *metric));
    if crowded { stream.with_cardinality_limit(SERIES_MAX) } else { stream }.build().ok()
}

/// The exporter that `export` describes. What it says nothing of, such as headers, the exporter reads from the
/// standard variables by itself.
fn configured<B: WithExportConfig + WithTonicConfig>(exporter: B, export: &OtlpSettings) -> B {
    let exporter = exporter
        .with_endpoint(&export.endpoint)
        .with_tls_config(tls(export.ca_pem.as_deref()))
        .with_timeout(export.timeout);
    match export.compression {
        OtlpCompression::None => exporter,
        OtlpCompression::Gzip => exporter.with_compression(Compression::Gzip),
    }
}

/// TLS for collectors behind `https`: the certificates in `ca_pem` are trusted, or else the system's.
fn tls(ca_pem: Option<&[u8]>) -> ClientTlsConfig {
    match ca_pem {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    }
}

/// Lets only so many spans wait, and counts those it turns away: the batch processor behind it would do
/// the first, but tells nobody.
#[derive(Debug)]
struct BoundedSpans<P> {
    next: P,
    waiting_max: u64,
    drops: Arc<Drops>,
}

impl<P: SpanProcessor> SpanProcessor for BoundedSpans<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.drops.wait(Signal::Spans, 1) < self.waiting_max {
            self.next.on_end(span);
        } else {
            self.drops.settle(Signal::Spans, 1);
            self.drops.add(Signal::Spans, 1, DropCause::QueueFull);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// Counts the spans of exports that failed.
#[derive(Debug)]
struct CountingSpans<E> {
    next: E,
    drops: Arc<Drops>,
}

impl<E: SpanExporter> SpanExporter for CountingSpans<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let result = self.next.export(batch).await;
        self.drops.settle(Signal::Spans, spans);
        if let Err(error) = &result {
            self.drops.add(Signal::Spans, spans, cause::of(error));
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// Counts exports that failed. Nothing is lost by one for good: the next brings the same sums.
struct CountingMetrics<E> {
    next: E,
    drops: Arc<Drops>,
}

impl<E: PushMetricExporter> PushMetricExporter for CountingMetrics<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.drops.wait(Signal::Metrics, 1);
        let result = self.next.export(metrics).await;
        self.drops.settle(Signal::Metrics, 1);
        if let Err(error) = &result {
            self.drops.add(Signal::Metrics, 1, cause::of(error));
        }
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.next.temporality()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use opentelemetry::trace::{Tracer as _, TracerProvider as _};

    use super::*;
    use crate::telemetry::settings::{LogFormat, LogLevel};

    const WAITING_MAX: usize = 100;
    const TOO_MANY: usize = 1000;

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_beyond_those_that_may_wait_are_dropped_and_counted() {
        // Connections are made, and nobody ever takes or answers them.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let export = OtlpSettings {
            endpoint: format!("http://{}", silent.local_addr().unwrap()),
            timeout: Duration::from_secs(60),
            compression: OtlpCompression::None,
            ca_pem: None,
        };
        let settings = TelemetrySettings {
            traces: Some(export.clone()),
            metrics: None,
            spans_delay: Duration::from_millis(1),
            spans_waiting_max: WAITING_MAX,
            spans_per_export_max: 30,
            otlp_metrics_interval: Duration::from_secs(60),
            trace_ratio: 1.0,
            trace_join_callers: true,
            trace_trust_callers: true,
            service_name: "test".to_owned(),
            resource: Vec::new(),
            log_format: LogFormat::Json,
            log_level: LogLevel::Off,
        };
        let drops = Arc::new(Drops::default());
        let provider = traces(&settings, &export, Resource::builder_empty().build(), &drops).unwrap();
        let tracer = provider.tracer("test");
        for _ in 0..WAITING_MAX + TOO_MANY {
            drop(tracer.start("span"));
        }
        assert_eq!(drops.count(Signal::Spans), TOO_MANY as u64);
        // It waits for the collector in vain.
        let _ = provider.shutdown_with_timeout(Duration::from_millis(1));
        drops.give_up();
        assert_eq!(drops.count(Signal::Spans), (WAITING_MAX + TOO_MANY) as u64, "all are lost by now");
    }
}

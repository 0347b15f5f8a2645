//! Makes instruments from the catalogue, for Prometheus and, if configured, OTLP at once.

use std::sync::Arc;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Label as MetricLabel, Level,
    Metadata, Recorder, SharedString,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};
use metrics_opentelemetry::{OpenTelemetryMetrics, OpenTelemetryRecorder};
use opentelemetry::metrics::Meter;

use super::{
    exemplars::{ExemplarIndex, Exemplars, Traced},
    fractions::{Fraction, Fractions},
    page::{Page, exporter_key, series},
    series::SeriesCount,
};
use crate::telemetry::catalogue::{self, Kind, Metric, Unit};

/// The recorders of one gateway: values, not globals, so that several can live in one process.
pub(super) struct Instruments {
    prometheus: PrometheusRecorder,
    otlp: Option<OpenTelemetryRecorder>,
    exemplars: Arc<ExemplarIndex>,
    fractions: Arc<Fractions>,
    meter: Option<Meter>,
    count: SeriesCount,
}

/// The value of one label; absent where the label has no meaning.
pub(super) type LabelValue = Option<SharedString>;

/// A value from a closed set.
#[expect(clippy::unnecessary_wraps, reason = "reads well in a list of label values")]
pub(super) fn word(value: &'static str) -> LabelValue {
    Some(SharedString::const_str(value))
}

/// A configured name.
#[expect(clippy::unnecessary_wraps, reason = "reads well in a list of label values")]
pub(super) fn name(value: &Arc<str>) -> LabelValue {
    Some(SharedString::from(Arc::clone(value)))
}

static METADATA: Metadata<'static> = Metadata::new("tidegate", Level::INFO, None);

impl Instruments {
    /// Describes the whole catalogue to both recorders. That has to come before the first instrument:
    /// units and bounds are read when one is made.
    pub(super) fn new(meter: Option<Meter>, count: SeriesCount) -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new().with_recommended_naming(true);
        let recorder = |meter| OpenTelemetryRecorder::new(OpenTelemetryMetrics::new(meter));
        let mut otlp = meter.clone().map(recorder);
        for metric in catalogue::ALL {
            if let Kind::Histogram(buckets) = metric.kind {
                builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
                if let Some(otlp) = &mut otlp {
                    otlp.set_histogram_bounds_mut(std::iter::once(KeyName::from(metric.name)), buckets);
                }
            }
        }
        let instruments = Self {
            prometheus: builder.build_recorder(),
            otlp,
            exemplars: Arc::default(),
            fractions: Arc::default(),
            meter,
            count,
        };
        for metric in catalogue::ALL {
            describe(&instruments.prometheus, metric);
            if let Some(otlp) = &instruments.otlp {
                describe(otlp, metric);
            }
        }
        Ok(instruments)
    }

    /// The page that shows them all.
    pub(super) fn page(&self) -> Page {
        Page::new(self.prometheus.handle(), Arc::clone(&self.fractions), Arc::clone(&self.exemplars))
    }

    /// How many series there are, and how many there are not.
    pub(super) fn count(&self) -> &SeriesCount {
        &self.count
    }

    /// The counter of `metric` for these values, given in the order of its labels.
    pub(super) fn counter<const N: usize>(
        &self,
        metric: &'static Metric,
        values: [LabelValue; N],
    ) -> Counter {
        self.counter_of(metric, &key(metric, values))
    }

    /// The same, with exemplars.
    pub(super) fn traced_counter<const N: usize>(
        &self,
        metric: &'static Metric,
        values: [LabelValue; N],
    ) -> Traced<Counter> {
        let key = key(metric, values);
        let counter = self.counter_of(metric, &key);
        Traced::new(counter, self.exemplars_of(metric, &key))
    }

    fn counter_of(&self, metric: &'static Metric, key: &Key) -> Counter {
        if !self.count.admit(metric, key) {
            return Counter::noop();
        }
        let one = self.prometheus.register_counter(&exporter_key(key), &METADATA);
        match &self.otlp {
            Some(otlp) => Counter::from_arc(Arc::new(Both(one, otlp.register_counter(key, &METADATA)))),
            None => one,
        }
    }

    /// The counter of `metric` for these values, given in the order of its labels, for parts of one.
    pub(super) fn fraction<const N: usize>(
        &self,
        metric: &'static Metric,
        values: [LabelValue; N],
    ) -> Fraction {
        let key = key(metric, values);
        if self.count.admit(metric, &key) {
            self.fractions.counter(metric, &key, self.meter.as_ref())
        } else {
            Fraction::default()
        }
    }

    /// The gauge of `metric` for these values, given in the order of its labels.
    pub(super) fn gauge<const N: usize>(&self, metric: &'static Metric, values: [LabelValue; N]) -> Gauge {
        let key = key(metric, values);
        if !self.count.admit(metric, &key) {
            return Gauge::noop();
        }
        let one = self.prometheus.register_gauge(&exporter_key(&key), &METADATA);
        match &self.otlp {
            Some(otlp) => Gauge::from_arc(Arc::new(Both(one, otlp.register_gauge(&key, &METADATA)))),
            None => one,
        }
    }

    /// The histogram of `metric` for these values, given in the order of its labels.
    pub(super) fn histogram<const N: usize>(
        &self,
        metric: &'static Metric,
        values: [LabelValue; N],
    ) -> Histogram {
        self.histogram_of(metric, &key(metric, values))
    }

    /// The same, with exemplars.
    pub(super) fn traced_histogram<const N: usize>(
        &self,
        metric: &'static Metric,
        values: [LabelValue; N],
    ) -> Traced<Histogram> {
        let key = key(metric, values);
        let histogram = self.histogram_of(metric, &key);
        Traced::new(histogram, self.exemplars_of(metric, &key))
    }

    /// The exemplars of a series that was made before; those of one that there was no room for are found by
    /// nobody.
    fn exemplars_of(&self, metric: &'static Metric, key: &Key) -> Arc<Exemplars> {
        let bounds = if let Kind::Histogram(bounds) = metric.kind { bounds } else { &[] };
        if self.count.has(key) {
            self.exemplars.of(series(metric, key), bounds)
        } else {
            Arc::new(Exemplars::new(bounds))
        }
    }

    fn histogram_of(&self, metric: &'static Metric, key: &Key) -> Histogram {
        if !self.count.admit(metric, key) {
            return Histogram::noop();
        }
        let one = self.prometheus.register_histogram(&exporter_key(key), &METADATA);
        match &self.otlp {
            Some(otlp) => Histogram::from_arc(Arc::new(Both(one, otlp.register_histogram(key, &METADATA)))),
            None => one,
        }
    }
}

fn key<const N: usize>(metric: &'static Metric, values: [LabelValue; N]) -> Key {
    debug_assert_eq!(metric.labels.len(), N, "{}: one value per label", metric.name);
    let labels: Vec<MetricLabel> = metric
        .labels
        .iter()
        .zip(values)
        .filter_map(|(label, value)| {
            debug_assert!(value.is_some() || label.optional, "{}: {} is missing", metric.name, label.name);
            debug_assert!(
                value.as_deref().is_none_or(|value| label.allows(value)),
                "{}: {} can't be {value:?}",
                metric.name,
                label.name
            );
            value.map(|value| MetricLabel::new(label.name, value))
        })
        .collect();
    Key::from_parts(metric.name, labels)
}

fn describe(recorder: &impl Recorder, metric: &'static Metric) {
    let (key, help) = (KeyName::from(metric.name), SharedString::const_str(metric.help));
    // OTLP's units are set where it is exported: this has no words for things that are counted.
    let unit = match metric.unit {
        Unit::Count(_) | Unit::Ratio => None,
        Unit::Seconds => Some(metrics::Unit::Seconds),
        Unit::Bytes => Some(metrics::Unit::Bytes),
    };
    match metric.kind {
        Kind::Counter => recorder.describe_counter(key, unit, help),
        Kind::Gauge => recorder.describe_gauge(key, unit, help),
        Kind::Histogram(_) => recorder.describe_histogram(key, unit, help),
    }
}

/// One recording for two readers.
struct Both<T>(T, T);

impl CounterFn for Both<Counter> {
    fn increment(&self, value: u64) {
        self.0.increment(value);
        self.1.increment(value);
    }

    fn absolute(&self, value: u64) {
        self.0.absolute(value);
        self.1.absolute(value);
    }
}

impl GaugeFn for Both<Gauge> {
    fn increment(&self, value: f64) {
        self.0.increment(value);
        self.1.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.0.decrement(value);
        self.1.decrement(value);
    }

    fn set(&self, value: f64) {
        self.0.set(value);
        self.1.set(value);
    }
}

impl HistogramFn for Both<Histogram> {
    fn record(&self, value: f64) {
        self.0.record(value);
        self.1.record(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::catalogue::list;

    #[test]
    fn what_there_is_no_room_for_is_counted_once_with_exemplars_too() {
        let instruments = Instruments::new(None, SeriesCount::up_to(0)).unwrap();
        instruments.counter(&list::CACHE_REQUESTS, [word("hit")]).increment(1);
        assert_eq!(instruments.count().refused(), 1);
        let labels = || [word("grpc"), word("_OTHER"), word("OK"), None];
        drop(instruments.traced_histogram(&list::RPC_DURATION, labels()));
        assert_eq!(instruments.count().refused(), 1 + list::RPC_DURATION.series_each());
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_and_not_made() {
        let instruments = Instruments::new(None, SeriesCount::up_to(2)).unwrap();
        instruments.counter(&list::CACHE_REQUESTS, [word("hit")]).increment(1);
        instruments.counter(&list::CACHE_REQUESTS, [word("hit")]).increment(1);
        instruments.histogram(&list::FLIGHT_WAIT, [word("left")]).record(1.0);
        instruments.gauge(&list::FLIGHTS, []).set(1.0);
        instruments.counter(&list::CACHE_REQUESTS, [word("miss")]).increment(1);
        instruments.fraction(&list::PROCESS_CPU, []).add(1);
        let page = instruments.page().text();
        let samples: Vec<&str> = page.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
        assert_eq!(
            samples,
            [r#"tidegate_cache_requests_total{result="hit"} 2"#, "tidegate_flights_active 1"]
        );
        let count = instruments.count();
        assert_eq!((count.made(), count.refused()), (2, 18 + 1 + 1));
    }
}

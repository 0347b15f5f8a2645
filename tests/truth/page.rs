//! Metrics as numbers by series, whichever way they were told: on the page or over OTLP.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::KeyValue,
    metrics::v1::{Metric, NumberDataPoint, metric::Data, number_data_point::Value},
};

use crate::{sink::attributes, support::Metrics};

/// The name of a series and its labels, with underscores.
pub type Series = (String, BTreeMap<String, String>);

/// Values by series.
pub type Samples = BTreeMap<Series, f64>;

/// The page, read line by line.
#[derive(Debug, Default)]
pub struct Page {
    /// `counter`, `gauge`, … by family.
    pub types: BTreeMap<String, String>,
    /// The help by family.
    pub helps: BTreeMap<String, String>,
    pub samples: Samples,
}

impl Page {
    pub fn read(metrics: &Metrics) -> Self {
        let mut page = Self::default();
        for line in metrics.0.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                page.types.extend(rest.split_once(' ').map(owned));
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                page.helps.extend(rest.split_once(' ').map(owned));
            } else {
                let (series, value) = line.rsplit_once(' ').expect(line);
                let before = page.samples.insert(series_of(series), value.parse().expect(line));
                assert_eq!(before, None, "{series} stands there twice");
            }
        }
        page
    }

    /// The family that a sample belongs to.
    pub fn family<'a>(&self, name: &'a str) -> Option<&'a str> {
        let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
        [name].into_iter().chain(parts).find(|family| self.types.contains_key(*family))
    }

    /// Counters, and the counts, sums and buckets of histograms.
    pub fn cumulative(&self) -> Samples {
        let samples = self.samples.iter().filter(|((name, _), _)| {
            let family = self.family(name).unwrap_or_else(|| panic!("{name} has no type"));
            matches!(self.types[family].as_str(), "counter" | "histogram")
        });
        samples.map(|(series, value)| (series.clone(), *value)).collect()
    }
}

/// What the last export said of counters and histograms, in the words of the page.
pub fn exported(exports: &[ExportMetricsServiceRequest]) -> Samples {
    let last = exports.last().expect("metrics were exported");
    let cumulative = metrics_of(last).filter(|metric| !matches!(metric.data, Some(Data::Gauge(_))));
    samples_of(cumulative)
}

/// The metrics of an export.
pub fn metrics_of(export: &ExportMetricsServiceRequest) -> impl Iterator<Item = &Metric> {
    let scopes = export.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics)
}

/// What they say, in the words of the page.
pub fn samples_of<'a>(metrics: impl Iterator<Item = &'a Metric>) -> Samples {
    let mut samples = Samples::new();
    for metric in metrics {
        for (series, value) in metric_samples(metric) {
            let before = samples.insert(series.clone(), value);
            assert_eq!(before, None, "{series:?} was exported twice");
        }
    }
    samples
}

/// The name that Prometheus and collectors give to what comes over OTLP, but for `_total`.
fn prometheus_name(metric: &Metric, data: &Data) -> String {
    let name = metric.name.replace('.', "_");
    match metric.unit.as_str() {
        "s" => name + "_seconds",
        "By" => name + "_bytes",
        "1" if matches!(data, Data::Gauge(_)) => name.trim_end_matches("_ratio").to_owned() + "_ratio",
        annotation if annotation.starts_with('{') && annotation.ends_with('}') => name,
        unit => panic!("{name}: what becomes of the unit {unit:?}?"),
    }
}

fn metric_samples(metric: &Metric) -> Samples {
    let data = metric.data.as_ref().expect("a metric has data");
    let name = prometheus_name(metric, data);
    let mut samples = Samples::new();
    match data {
        Data::Sum(sum) => {
            assert!(sum.is_monotonic, "{name} can fall");
            assert_eq!(sum.aggregation_temporality, 2, "{name} is not cumulative");
            for point in &sum.data_points {
                samples.insert((format!("{name}_total"), labels(&point.attributes)), number(point));
            }
        }
        Data::Histogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2, "{name} is not cumulative");
            for point in &histogram.data_points {
                let labels = labels(&point.attributes);
                samples.insert((format!("{name}_count"), labels.clone()), float(point.count));
                samples.insert((format!("{name}_sum"), labels.clone()), point.sum.expect("a sum"));
                let bounds = point.explicit_bounds.iter().copied().chain([f64::INFINITY]);
                let mut below = 0;
                for (bound, count) in bounds.zip(&point.bucket_counts) {
                    below += count;
                    let mut labels = labels.clone();
                    labels.insert("le".to_owned(), canonical(bound));
                    samples.insert((format!("{name}_bucket"), labels), float(below));
                }
            }
        }
        Data::Gauge(gauge) => {
            for point in &gauge.data_points {
                samples.insert((name.clone(), labels(&point.attributes)), number(point));
            }
        }
        other => panic!("{name} is none of ours: {other:?}"),
    }
    samples
}

fn labels(of: &[KeyValue]) -> BTreeMap<String, String> {
    attributes(of).into_iter().map(|(key, value)| (key.replace('.', "_"), value)).collect()
}

fn number(point: &NumberDataPoint) -> f64 {
    match point.value.expect("a point has a value") {
        Value::AsDouble(value) => value,
        Value::AsInt(value) => float(u64::try_from(value).expect("a counter is not negative")),
    }
}

fn float(number: u64) -> f64 {
    u32::try_from(number).expect("tests count to a million at most").into()
}

/// `0.0050` and `0.005` are one bound.
fn canonical(bound: f64) -> String {
    if bound.is_infinite() { "+Inf".to_owned() } else { bound.to_string() }
}

fn series_of(series: &str) -> Series {
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let mut labels = BTreeMap::new();
    let mut rest = rest.strip_suffix('}').expect(series);
    while let Some((key, more)) = rest.split_once("=\"") {
        let end = more.find('"').expect(series);
        let value = &more[..end];
        assert!(!value.contains('\\'), "no label needs escapes: {series}");
        let value = if key == "le" { canonical(value.parse().expect(series)) } else { value.to_owned() };
        labels.insert(key.to_owned(), value);
        rest = more[end + 1..].trim_start_matches(',');
    }
    (name.to_owned(), labels)
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[test]
fn the_page_is_read_as_it_stands() {
    let page = [
        "# HELP a_total Some help.",
        "# TYPE a_total counter",
        r#"a_total{x="1",y="b c"} 3"#,
        "# TYPE h_seconds histogram",
        r#"h_seconds_bucket{le="0.50"} 1"#,
        r#"h_seconds_bucket{le="+Inf"} 2"#,
    ]
    .join("\n");
    let page = Page::read(&Metrics(page));
    let keys: Vec<_> = page.samples.keys().map(|(name, labels)| format!("{name}{labels:?}")).collect();
    assert_eq!(
        keys,
        [
            r#"a_total{"x": "1", "y": "b c"}"#,
            r#"h_seconds_bucket{"le": "+Inf"}"#,
            r#"h_seconds_bucket{"le": "0.5"}"#
        ]
    );
    assert_eq!(page.family("h_seconds_bucket"), Some("h_seconds"));
    assert_eq!(page.family("b_total"), None);
}

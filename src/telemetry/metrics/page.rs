//! The page of `/metrics`, in either of its forms, made from what the exporter renders.
//!
//! The exporter writes one form only, and no exemplars. Its samples are taken over line by line: what a family
//! is comes from the catalogue, and a series is known by the very text that the exporter writes for it, which
//! [`series`] makes beforehand. Bounds are written alike in both forms: what one reads in a terminal is what
//! Prometheus stores.

use std::{borrow::Cow, collections::HashMap, fmt::Write, sync::Arc};

use metrics::{Key, Label};
use metrics_exporter_prometheus::PrometheusHandle;

use super::{exemplars::ExemplarIndex, fractions::Fractions};
use crate::telemetry::catalogue::{self, Kind, Metric, Unit, prometheus_label};

/// Renders all metrics of one gateway.
pub(super) struct Page {
    handle: PrometheusHandle,
    fractions: Arc<Fractions>,
    exemplars: Arc<ExemplarIndex>,
    families: HashMap<String, &'static Metric>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    OpenMetrics,
}

impl Page {
    pub(super) fn new(
        handle: PrometheusHandle,
        fractions: Arc<Fractions>,
        exemplars: Arc<ExemplarIndex>,
    ) -> Self {
        let families = catalogue::ALL.iter().map(|metric| (metric.prometheus_name(), *metric)).collect();
        Self { handle, fractions, exemplars, families }
    }

    /// The page in Prometheus' text format 0.0.4.
    pub(super) fn text(&self) -> String {
        self.render(Form::Text)
    }

    /// The page in `OpenMetrics`, with exemplars.
    pub(super) fn open_metrics(&self) -> String {
        let mut page = self.render(Form::OpenMetrics);
        page.push_str("# EOF\n");
        page
    }

    /// Moves what histograms collected into their buckets.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn render(&self, form: Form) -> String {
        let mut source = self.handle.render();
        self.fractions.render(&mut source);
        let mut page = String::with_capacity(source.len() + source.len() / 4);
        let mut family = None;
        for line in source.split_terminator('\n') {
            if let Some((name, _)) = line.strip_prefix("# TYPE ").and_then(|family| family.split_once(' ')) {
                family = self.families.get_key_value(name);
                if let (Form::OpenMetrics, Some((name, metric))) = (form, family) {
                    head(&mut page, name, metric);
                }
            }
            if let (Some((name, _)), false) = (family, line.is_empty() || line.starts_with('#')) {
                self.sample(&mut page, name, line, form);
            } else if form == Form::Text {
                page.push_str(line);
                page.push('\n');
            }
        }
        page
    }

    fn sample(&self, page: &mut String, family: &str, line: &str, form: Form) {
        // The value is the last word.
        let (series, value) = line.rsplit_once(' ').unwrap_or((line, ""));
        let is_bucket = series.strip_prefix(family).is_some_and(|rest| rest.starts_with("_bucket{"));
        // Of a bucket's labels, `le` is the last one; quotes within the others are escaped.
        let bucket = is_bucket.then(|| series.rsplit_once("le=\"")).flatten();
        let bound = bucket.and_then(|(_, bound)| bound.trim_end_matches("\"}").parse().ok());
        let bound = bound.unwrap_or(f64::INFINITY);
        // Writing to a string can't fail, here and below.
        let _ = match bucket {
            Some((before, _)) => write!(page, "{before}le=\"{}\"}} {value}", canonical(bound)),
            None => write!(page, "{series} {value}"),
        };
        if form == Form::OpenMetrics {
            self.exemplars.write(page, bucket.map_or(series, |(before, _)| before), bound);
        }
        page.push('\n');
    }
}

/// What stands on the page before a counter's value, or before `le` in the lines of a histogram's buckets.
pub(super) fn series(metric: &Metric, key: &Key) -> String {
    let name = metric.prometheus_name();
    let label = |label: &Label| format!("{}=\"{}\"", prometheus_label(label.key()), escaped(label.value()));
    let labels: Vec<String> = key.labels().map(label).collect();
    match (metric.kind, labels.is_empty()) {
        (Kind::Histogram(_), true) => format!("{name}_bucket{{"),
        (Kind::Histogram(_), false) => format!("{name}_bucket{{{},", labels.join(",")),
        (Kind::Counter | Kind::Gauge, true) => name,
        (Kind::Counter | Kind::Gauge, false) => format!("{name}{{{}}}", labels.join(",")),
    }
}

/// The key as the exporter must be told it: it takes a backslash for the beginning of an escape, unless there
/// are two.
pub(super) fn exporter_key(key: &Key) -> Cow<'_, Key> {
    if key.labels().all(|label| !label.value().contains('\\')) {
        return Cow::Borrowed(key);
    }
    let doubled = |label: &Label| Label::new(label.key().to_owned(), label.value().replace('\\', r"\\"));
    Cow::Owned(Key::from_parts(key.name().to_owned(), key.labels().map(doubled).collect::<Vec<_>>()))
}

/// What `OpenMetrics` wants to know of a family before its samples.
fn head(page: &mut String, name: &str, metric: &Metric) {
    let (family, kind) = match metric.kind {
        Kind::Counter => (name.strip_suffix("_total").unwrap_or(name), "counter"),
        Kind::Gauge => (name, "gauge"),
        Kind::Histogram(_) => (name, "histogram"),
    };
    let unit = match metric.unit {
        Unit::Count(_) | Unit::Ratio => None,
        Unit::Seconds => Some("seconds"),
        Unit::Bytes => Some("bytes"),
    };
    let _ = writeln!(page, "# TYPE {family} {kind}");
    if let Some(unit) = unit {
        let _ = writeln!(page, "# UNIT {family} {unit}");
    }
    let _ = writeln!(page, "# HELP {family} {}", escaped(metric.help));
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A bound as `OpenMetrics` wants it, which is how Go writes a float: two spellings would be two series.
fn canonical(bound: f64) -> String {
    if bound.is_infinite() {
        return "+Inf".to_owned();
    }
    let scientific = format!("{bound:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        format!("{bound:?}")
    } else {
        format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs())
    }
}

#[cfg(test)]
mod tests;

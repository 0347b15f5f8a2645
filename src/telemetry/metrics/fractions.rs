//! Counters whose values are no whole numbers: seconds and money.
//!
//! The exporters count in whole numbers only. Seconds cut to whole ones make every rate lie, and a name of
//! its own for thousandths would be known to no dashboard of other people's. So these counters are kept in
//! billionths here, and both readers are told the same quotient.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::Key;
use opentelemetry::{KeyValue, metrics::Meter};

use crate::telemetry::catalogue::Metric;

/// How many of the counted parts make one.
const PARTS: f64 = 1e9;

/// A counter of billionths. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Fraction(Arc<AtomicU64>);

/// All of them, by family.
#[derive(Default)]
pub(super) struct Fractions {
    families: Mutex<Vec<Family>>,
}

struct Family {
    metric: &'static Metric,
    series: Arc<RwLock<Vec<Series>>>,
}

struct Series {
    labels: Vec<(String, String)>,
    value: Fraction,
}

impl Fraction {
    /// Counts so many billionths more.
    pub(super) fn add(&self, billionths: u64) {
        self.0.fetch_add(billionths, Ordering::Relaxed);
    }

    /// Says how many billionths there are in all; a smaller number than before is none.
    pub(super) fn absolute(&self, billionths: u64) {
        self.0.fetch_max(billionths, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "the readers know no more than 2^53 parts either")]
    fn value(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / PARTS
    }
}

impl Fractions {
    /// The counter of `metric` with the labels of `key`: the same one for who asks again.
    pub(super) fn counter(&self, metric: &'static Metric, key: &Key, meter: Option<&Meter>) -> Fraction {
        let value = Fraction::default();
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        let series = Series { labels, value: value.clone() };
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.iter().find(|family| std::ptr::eq(family.metric, metric)) {
            let mut known = family.series.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(same) = known.iter().find(|known| known.labels == series.labels) {
                return same.value.clone();
            }
            known.push(series);
        } else {
            let family = Family { metric, series: Arc::new(RwLock::new(vec![series])) };
            if let Some(meter) = meter {
                family.export(meter);
            }
            families.push(family);
        }
        value
    }

    /// Adds them to a page in Prometheus' text format 0.0.4.
    pub(super) fn render(&self, page: &mut String) {
        for family in &*self.families.lock().unwrap_or_else(PoisonError::into_inner) {
            let name = family.metric.prometheus_name();
            // Writing to a string can't fail, here and below.
            let _ = writeln!(page, "# HELP {name} {}\n# TYPE {name} counter", family.metric.help);
            for series in &*family.series.read().unwrap_or_else(PoisonError::into_inner) {
                let _ = writeln!(page, "{name}{} {}", series.prometheus_labels(), series.value.value());
            }
            page.push('\n');
        }
    }
}

impl Family {
    /// Tells OTLP: the callback is asked before each export.
    fn export(&self, meter: &Meter) {
        let series = Arc::clone(&self.series);
        // The instrument lives as long as its meter.
        let _ = meter
            .f64_observable_counter(self.metric.name)
            .with_description(self.metric.help)
            .with_unit(self.metric.unit.ucum())
            .with_callback(move |observer| {
                for series in &*series.read().unwrap_or_else(PoisonError::into_inner) {
                    observer.observe(series.value.value(), &series.attributes());
                }
            })
            .build();
    }
}

impl Series {
    fn attributes(&self) -> Vec<KeyValue> {
        self.labels.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone())).collect()
    }

    fn prometheus_labels(&self) -> String {
        let label = |(name, value): &(String, String)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{}=\"{value}\"", crate::telemetry::catalogue::prometheus_label(name))
        };
        let labels: Vec<String> = self.labels.iter().map(label).collect();
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
    }
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;
    use crate::telemetry::catalogue::list;

    #[test]
    fn parts_of_one_are_told() {
        let fractions = Fractions::default();
        let cpu = fractions.counter(&list::PROCESS_CPU, &Key::from_name("cpu"), None);
        let cost = |useful| {
            let labels = [("upstream", "a\"b"), ("useful", useful)]
                .map(|(name, value)| Label::from_static_parts(name, value));
            fractions.counter(&list::COST_TOTAL, &Key::from_parts("cost", labels.to_vec()), None)
        };
        let (useful, _) = (cost("true"), cost("false"));
        cpu.absolute(1_230_000_000);
        cpu.absolute(1_000_000_000);
        useful.add(1);
        cost("true").add(2);
        let mut page = String::new();
        fractions.render(&mut page);
        let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "process_cpu_seconds_total 1.23",
            "",
            r#"tidegate_cost_total{upstream="a\"b",useful="true"} 0.000000003"#,
            r#"tidegate_cost_total{upstream="a\"b",useful="false"} 0"#,
            "",
        ];
        assert_eq!(samples, expected);
        assert_eq!(page.matches("# TYPE tidegate_cost_total counter\n").count(), 1);
    }
}

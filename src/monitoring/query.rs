//! `PromQL`, built from the catalogue.

use std::fmt;

use crate::telemetry::catalogue::{Label, Metric, prometheus_label};

/// Selects series of one metric.
#[derive(Debug, Clone)]
pub struct Selector {
    name: String,
    matchers: Vec<String>,
}

/// A query, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(String);

/// The series of a counter or gauge.
pub fn series(metric: &Metric) -> Selector {
    Selector { name: metric.prometheus_name(), matchers: Vec::new() }
}

/// The buckets of a histogram.
pub fn buckets(metric: &Metric) -> Selector {
    part(metric, "bucket")
}

/// How many observations a histogram holds.
pub fn counts(metric: &Metric) -> Selector {
    part(metric, "count")
}

/// The sum of the observations of a histogram.
pub fn sums(metric: &Metric) -> Selector {
    part(metric, "sum")
}

/// The series of a name that Prometheus itself gives, such as `up`.
pub fn named(name: &str) -> Selector {
    Selector { name: name.to_owned(), matchers: Vec::new() }
}

fn part(metric: &Metric, part: &str) -> Selector {
    Selector { name: format!("{}_{part}", metric.prometheus_name()), matchers: Vec::new() }
}

impl Selector {
    /// Only those whose `label` has this value.
    #[must_use]
    pub fn is(self, label: &Label, value: &str) -> Self {
        self.matching(&name(label), "=", value)
    }

    /// Only those whose `label` has another value, or is absent.
    #[must_use]
    pub fn is_not(self, label: &Label, value: &str) -> Self {
        self.matching(&name(label), "!=", value)
    }

    /// Only those whose `label` has one of these values.
    #[must_use]
    pub fn one_of(self, label: &Label, values: &[&str]) -> Self {
        self.matching(&name(label), "=~", &values.join("|"))
    }

    /// Only those whose `label` has none of these values, or that lack it.
    #[must_use]
    pub fn none_of(self, label: &Label, values: &[&str]) -> Self {
        self.matching(&name(label), "!~", &values.join("|"))
    }

    /// Only those that have `label`.
    #[must_use]
    pub fn has(self, label: &Label) -> Self {
        self.matching(&name(label), "=~", ".+")
    }

    /// Only those that lack `label`.
    #[must_use]
    pub fn lacks(self, label: &Label) -> Self {
        self.matching(&name(label), "=", "")
    }

    /// Only those that fit a matcher on a label that the catalogue does not know, such as `job`.
    #[must_use]
    pub fn matching(mut self, label: &str, operator: &str, value: &str) -> Self {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.matchers.push(format!("{label}{operator}\"{value}\""));
        self
    }

    /// How fast it grew per second within `window`.
    pub fn rate(&self, window: &str) -> Query {
        Query(format!("rate({self}[{window}])"))
    }

    /// What a function over time, such as `max` or `last`, says of a gauge within `window`.
    pub fn over_time(&self, function: &str, window: &str) -> Query {
        Query(format!("{function}_over_time({self}[{window}])"))
    }

    /// How much it grew within `window`.
    pub fn increase(&self, window: &str) -> Query {
        Query(format!("increase({self}[{window}])"))
    }
}

impl Query {
    /// This as a share of another; no series where the other is zero.
    #[must_use]
    pub fn over(&self, whole: &Self) -> Self {
        Self(format!("{self} / ({whole} > 0)"))
    }

    /// The sum of this and another, where both have a series.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(format!("({self} + {other})"))
    }

    /// Each series of this as a share of one figure; none where that is zero.
    #[must_use]
    pub fn over_all(&self, whole: &Self) -> Self {
        Self(format!("{self} / on () group_left () ({whole} > 0)"))
    }

    /// Only those series for which `other` has one with the same values of these labels.
    #[must_use]
    pub fn and_on(&self, labels: &[&str], other: &Self) -> Self {
        Self(format!("({self} and on ({}) {other})", labels.join(", ")))
    }
}

/// The sum over all labels but these.
pub fn sum_by(labels: &[&str], of: impl fmt::Display) -> Query {
    if labels.is_empty() {
        Query(format!("sum({of})"))
    } else {
        Query(format!("sum by ({}) ({of})", labels.join(", ")))
    }
}

/// An aggregation over all labels but these: `max`, `min`, `avg`, `count`.
pub fn aggregate(operator: &str, labels: &[&Label], of: &Query) -> Query {
    let names: Vec<String> = labels.iter().map(|label| name(label)).collect();
    if names.is_empty() {
        Query(format!("{operator}({of})"))
    } else {
        Query(format!("{operator} by ({}) ({of})", names.join(", ")))
    }
}

/// An estimate of a quantile from the rates of buckets.
pub fn quantile_of(q: f64, rates: &Query) -> Query {
    Query(format!("histogram_quantile({q}, {rates})"))
}

/// An estimate of a quantile of the histogram that `buckets` selects, by these labels.
pub fn quantile(q: f64, labels: &[&str], buckets: &Selector, window: &str) -> Query {
    let labels: Vec<&str> = std::iter::once("le").chain(labels.iter().copied()).collect();
    Query(format!("histogram_quantile({q}, {})", sum_by(&labels, buckets.rate(window))))
}

/// The name of `label` in a query.
pub fn name(label: &Label) -> String {
    prometheus_label(label.name)
}

impl From<String> for Query {
    fn from(query: String) -> Self {
        Self(query)
    }
}

impl From<Selector> for Query {
    fn from(selector: Selector) -> Self {
        Self(selector.to_string())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.matchers.is_empty() { Ok(()) } else { write!(f, "{{{}}}", self.matchers.join(",")) }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::catalogue::{labels, list};

    #[test]
    fn queries_name_what_the_catalogue_names() {
        let retries = series(&list::ATTEMPTS).is(&labels::KIND, "retry").matching("job", "=~", "$job");
        assert_eq!(
            sum_by(&["upstream"], retries.rate("5m")).to_string(),
            r#"sum by (upstream) (rate(tidegate_upstream_attempts_total{kind="retry",job=~"$job"}[5m]))"#
        );
        assert_eq!(
            quantile(0.95, &[], &buckets(&list::RPC_DURATION).has(&labels::RPC_ERROR), "1m").to_string(),
            "histogram_quantile(0.95, sum by (le) \
             (rate(rpc_server_call_duration_seconds_bucket{error_type=~\".+\"}[1m])))"
        );
    }
}

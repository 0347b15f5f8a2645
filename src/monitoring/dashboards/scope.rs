//! Queries within what is chosen above a board: the variables `job`, `instance`, `upstream` and `profile`.

use crate::{
    monitoring::query::{self, Query, Selector},
    telemetry::catalogue::{Label, Metric, labels, list},
};

/// The window of every rate: Grafana makes it at least four scrapes long.
pub(super) const WINDOW: &str = "$__rate_interval";

/// What Grafana has to take for the interval of scrapes so that [`WINDOW`] is the 5 minutes that alerts judge by.
const STEP: &str = "75s";

/// The same for the 15 minutes of [`SELDOM`].
const STEP_OF_SELDOM: &str = "225s";

/// What comes so seldom that alerts judge it by a quarter of an hour.
const SELDOM: [&Metric; 3] = [&list::VALIDATION_TOTAL, &list::ENTITIES_TOTAL, &list::FLIGHT_RETRIES];

/// All the time that a board shows.
const SHOWN: &str = "$__range";

/// Labels that are variables, if a metric has them.
const CHOSEN: &[&Label] = &[&labels::UPSTREAM, &labels::PROFILE];

/// The chosen series of a counter or gauge.
pub(super) fn series(metric: &Metric) -> Selector {
    chosen(query::series(metric), metric)
}

/// The series of a counter or gauge, whatever upstream or profile is chosen: where a figure stands beside another that has
/// no such label, to narrow one of them would mislead.
pub(super) fn all_series(metric: &Metric) -> Selector {
    targets(query::series(metric))
}

/// The buckets of a histogram, whatever upstream or profile is chosen.
pub(super) fn all_buckets(metric: &Metric) -> Selector {
    targets(query::buckets(metric))
}

/// The buckets of the chosen series of a histogram.
pub(super) fn buckets(metric: &Metric) -> Selector {
    chosen(query::buckets(metric), metric)
}

/// How many observations the chosen series of a histogram hold.
pub(super) fn counts(metric: &Metric) -> Selector {
    chosen(query::counts(metric), metric)
}

/// The sums of the chosen series of a histogram.
pub(super) fn sums(metric: &Metric) -> Selector {
    chosen(query::sums(metric), metric)
}

fn chosen(selector: Selector, metric: &Metric) -> Selector {
    CHOSEN
        .iter()
        .filter(|label| metric.labels.iter().any(|own| own.name == label.name))
        .fold(targets(selector), |selector, label| {
            selector.matching(label.name, "=~", &format!("${}", label.name))
        })
}

/// The step with which a rate that speaks of now looks back as far as the alerts on the same figure, whatever time is
/// shown. Anything else needs none.
pub(super) fn step_of_now(query: &Query) -> Option<&'static str> {
    let query = query.to_string();
    let seldom = SELDOM.iter().any(|metric| query.contains(&metric.prometheus_name()));
    query.contains(WINDOW).then_some(if seldom { STEP_OF_SELDOM } else { STEP })
}

fn targets(selector: Selector) -> Selector {
    selector.matching("job", "=~", "$job").matching("instance", "=~", "$instance")
}

/// Whether Prometheus reaches each chosen target of a job of gateways: 1 or 0. A job is one of gateways as long
/// as the board shows a time at which it had one, so that it is seen after the last has died.
pub(super) fn reached() -> Query {
    let up = targets(query::named("up"));
    let gateways = targets(query::series(&list::BUILD)).over_time("last", SHOWN);
    Query::from(up).and_on(&["job"], &gateways)
}

/// The chosen series of a gauge, as a query.
pub(super) fn gauge(metric: &Metric) -> Query {
    of_gateways(series(metric).into(), metric.name)
}

/// How fast each of these grows per second.
pub(super) fn rate(selector: &Selector) -> Query {
    of_gateways(selector.rate(WINDOW), &selector.to_string())
}

/// How fast these grow per second, summed over all labels but these.
pub(super) fn rate_by(labels: &[&Label], selector: &Selector) -> Query {
    sum_by(labels, &rate(selector))
}

/// A sum over all labels but these.
pub(super) fn sum_by(labels: &[&Label], of: &Query) -> Query {
    let names: Vec<String> = labels.iter().map(|label| query::name(label)).collect();
    query::sum_by(&names.iter().map(String::as_str).collect::<Vec<_>>(), of)
}

/// One rate as a share of another; no series where the other is zero, so that idle times are gaps.
pub(super) fn share(labels: &[&Label], part: &Selector, whole: &Selector) -> Query {
    rate_by(labels, part).over(&rate_by(labels, whole))
}

/// An estimate of a quantile of a histogram, by these labels.
pub(super) fn quantile(q: f64, labels: &[&Label], metric: &Metric) -> Query {
    quantile_of(q, labels, &buckets(metric))
}

/// An estimate of a quantile of the histogram that these buckets belong to, by these labels.
pub(super) fn quantile_of(q: f64, labels: &[&Label], buckets: &Selector) -> Query {
    let names: Vec<String> = labels.iter().map(|label| query::name(label)).collect();
    let names: Vec<&str> = std::iter::once("le").chain(names.iter().map(String::as_str)).collect();
    query::quantile_of(q, &query::sum_by(&names, rate(buckets)))
}

/// How many observations fell below the bound of each of these buckets within a window, for a heat map.
pub(super) fn over_time(buckets: &Selector) -> Query {
    query::sum_by(&["le"], of_gateways(buckets.increase(WINDOW), &buckets.to_string()))
}

/// The greatest value by these labels.
pub(super) fn max_by(labels: &[&Label], of: &Query) -> Query {
    query::aggregate("max", labels, of)
}

/// The least value by these labels.
pub(super) fn min_by(labels: &[&Label], of: &Query) -> Query {
    query::aggregate("min", labels, of)
}

/// What a series is called by the value of its label.
pub(super) fn legend(label: &Label) -> String {
    format!("{{{{{}}}}}", query::name(label))
}

/// Only what gateways say. "All" stands for every job and instance that Prometheus knows, and some names are
/// everybody's: without this, the runtime board would show the memory of Prometheus.
fn of_gateways(query: Query, name: &str) -> Query {
    if name.starts_with("tidegate") {
        return query;
    }
    query.and_on(&["job", "instance"], &targets(query::series(&list::BUILD)).into())
}

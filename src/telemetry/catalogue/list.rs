//! The list itself: a file for each part of the gateway, which holds all metrics of that part.

use super::{Kind, Label, Metric, Section, Unit};

const fn counter(name: &'static str, unit: Unit, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit, help, labels }
}

const fn gauge(name: &'static str, unit: Unit, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help, labels }
}

const fn histogram(
    name: &'static str,
    buckets: &'static [f64],
    unit: Unit,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit, help, labels }
}

/// The metrics of one part, each as a static of its own.
macro_rules! catalogue {
    ($title:literal: $($name:ident = $metric:expr;)+) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: see its help.")]
            pub static $name: Metric = $metric;
        )+

        pub(super) const SECTION: super::Section =
            super::Section { title: $title, metrics: &[$(&$name,)+] };
    };
}

/// The parts, in the order of the documentation.
macro_rules! sections {
    ($($part:ident)+) => {
        $(
            mod $part;
            pub use $part::*;
        )+

        /// Every metric by the part of the gateway that it tells of.
        pub static SECTIONS: &[Section] = &[$($part::SECTION,)+];

        const METRICS: usize = 0 $(+ $part::SECTION.metrics.len())+;
    };
}

sections! { calls connections upstreams conventions cache answers telemetry process }

/// Every metric, in the order of the documentation.
pub static ALL: &[&Metric] = &assembled();

const fn assembled() -> [&'static Metric; METRICS] {
    let (mut all, mut placed) = ([&CALLS; METRICS], 0);
    let mut sections = SECTIONS;
    while let Some((section, later)) = sections.split_first() {
        let mut metrics = section.metrics;
        while let Some((metric, next)) = metrics.split_first() {
            if let Some(place) = all.split_at_mut(placed).1.first_mut() {
                *place = *metric;
            }
            (metrics, placed) = (next, placed + 1);
        }
        sections = later;
    }
    all
}

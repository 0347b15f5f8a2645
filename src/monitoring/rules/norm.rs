//! What is unusual: above a floor, and above what is normal for the series itself.

use std::time::Duration;

use super::Options;
use crate::monitoring::query::Query;

/// What is normal is the average over this time …
const NORM_WINDOW: Duration = Duration::from_hours(6);

/// … up to this long ago, so that what just began does not hide itself.
const NORM_OFFSET: Duration = Duration::from_mins(15);

/// A recorded share, and how much must happen for it to mean something.
pub(super) struct Unusual<'a> {
    /// The series, with matchers if need be.
    pub(super) share: &'a str,
    pub(super) above: f64,
    /// What happens per second.
    pub(super) traffic: &'a str,
    pub(super) traffic_above: f64,
    /// The labels that `share` and `traffic` have in common.
    pub(super) on: &'a str,
    pub(super) scale: Scale,
}

/// What a share can be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// A part of a whole: never above 1. What is normally above a half can't double; that of what it leaves half is
    /// gone is as unusual.
    Part,
    /// Any number.
    Open,
}

impl Unusual<'_> {
    /// What has been bad for as long as the window is its own norm and silent here; without any history the floor
    /// decides alone.
    pub(super) fn query(&self, options: &Options) -> Query {
        let Self { share, above, traffic, traffic_above, on, scale } = self;
        let (window, offset) = (options.time(NORM_WINDOW), options.time(NORM_OFFSET));
        let factor = options.thresholds.norm_factor;
        let norm = format!("(avg_over_time({share}[{window}] offset {offset}) or 0 * {share})");
        let news = match scale {
            Scale::Open => format!("{share}\n  > {factor} * {norm}"),
            Scale::Part => {
                format!("(\n  {share} > {factor} * {norm}\n  or 1 - {share} < (1 - {norm}) / {factor}\n)")
            }
        };
        Query::from(format!("{share} > {above}\nand {news}\nand on ({on}) {traffic} > {traffic_above}"))
    }
}

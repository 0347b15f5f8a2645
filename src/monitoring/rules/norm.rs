//! What is unusual: above a floor, and above what is normal for the series itself.

use super::{Options, recording::Share};
use crate::monitoring::query::Query;

/// What alerts say of it. Without any history the floor decides alone, and the words must be true then too.
pub(super) const NEWS: &str = "far from the norm of a week if there is one yet";

/// A recorded share, and how much must happen for it to mean something.
pub(super) struct Unusual<'a> {
    pub(super) share: Share,
    /// Which of its series; empty for all.
    pub(super) matchers: &'a str,
    pub(super) above: f64,
    /// What must happen per second.
    pub(super) traffic_above: f64,
}

impl Unusual<'_> {
    /// A part of a whole is never above 1, and what is normally above a half can't double: that of what it leaves half
    /// is gone is as unusual.
    pub(super) fn query(&self, options: &Options) -> Query {
        let Self { share, matchers, above, traffic_above } = self;
        let factor = options.thresholds.norm_factor;
        let (labels, traffic) = (share.labels(), share.whole());
        let norm = format!("({}{matchers} or 0 * {}{matchers})", share.norm(), share.name());
        let now = format!("{}{matchers}", share.name());
        let news = match share {
            Share::Retries => format!("{now}\n  > {factor} * {norm}"),
            Share::Slow | Share::Left | Share::Answers | Share::Entities => {
                format!("(\n  {now} > {factor} * {norm}\n  or 1 - {now} < (1 - {norm}) / {factor}\n)")
            }
        };
        Query::from(format!("{now} > {above}\nand {news}\nand on ({labels}) {traffic} > {traffic_above}"))
    }
}

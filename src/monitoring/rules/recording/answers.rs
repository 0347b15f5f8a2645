//! Answers and their entities, by profile.

use std::time::Duration;

use super::{ANSWER_SHARE, ANSWERS, ENTITIES, ENTITY_SHARE};
use crate::{
    monitoring::{
        query::{Query, name, series, sum_by},
        rules::{Group, INTERVAL, Options, Rule},
    },
    telemetry::catalogue::{
        Label, Metric,
        labels::{ALIGNMENT, PROFILE, VALIDATION},
        list,
    },
};

/// Longer than elsewhere: one profile has fewer answers than an upstream has attempts.
const WINDOW: Duration = Duration::from_mins(15);

pub(super) fn group(options: &Options) -> Group {
    let mut rules = shares(options, &list::VALIDATION_TOTAL, &VALIDATION, ANSWERS, ANSWER_SHARE);
    rules.extend(shares(options, &list::ENTITIES_TOTAL, &ALIGNMENT, ENTITIES, ENTITY_SHARE));
    Group { name: "tidegate.recording.answers", interval: INTERVAL, rules }
}

/// All of `metric` per second, and the share of each value of `label` in it.
fn shares(options: &Options, metric: &Metric, label: &Label, all: &str, share: &str) -> Vec<Rule> {
    let rate = series(metric).rate(&options.time(WINDOW));
    let (profile, label) = (name(&PROFILE), name(label));
    let parts = sum_by(&["job", &profile, &label], &rate);
    let share_expr = Query::from(format!("{parts}\n/ on (job, {profile}) group_left () ({all} > 0)"));
    [(all, sum_by(&["job", &profile], &rate)), (share, share_expr)]
        .map(|(name, expr)| Rule::Record { name: name.to_owned(), expr })
        .into()
}
